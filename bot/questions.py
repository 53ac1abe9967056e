"""Questions that wait for an answer: one reminder, and after a while the melding goes on with what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.replies import Replies, Telling
from routing.errors import StaleError
from routing.melding import Event, News
from routing.office_hours import OfficeHours
from routing.questions import Question
from routing.sentences import said
from storage.database import Database
from storage.meldingen import Change, Melding

MACHINE = "wijkbalie"
REMIND_AFTER_DAYS = 1
EXPIRE_AFTER_DAYS = 2
# No working day ends sooner after a question than this; the office hours decide the rest.
_SOONEST = timedelta(hours=8)
NOT_ASKED: dict[str, Any] = {"question": None, "asked_person_id": None, "asked_at": None, "reminded_at": None}
_log = structlog.get_logger(__name__)


def asking(melding_asked: frozenset[str], question: str | None, person_id: int | None, now: datetime) -> dict[str, Any]:
    """The columns of a melding once `question` is put to a person (None: to every melder). No question clears them."""
    if question is None:
        return dict(NOT_ASKED)
    asked = melding_asked | {question} if question in set(Question) else melding_asked
    return {
        "question": question,
        "asked_person_id": person_id,
        "asked_at": now,
        "reminded_at": None,
        "asked": " ".join(sorted(asked)),
    }


def telling_of(question: str, **others: Any) -> Telling:
    """What is told: a prepared question by its name, or a colleague's own words."""
    is_prepared = question in set(Question)
    return Telling(question_word=question if is_prepared else None, question="" if is_prepared else question, **others)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionKeeper:
    """Reminds once of an open question, and lets it go when no answer comes. `now` is the clock."""

    database: Database
    replies: Replies
    hours: OfficeHours
    now: Callable[[], datetime]

    def run(self, limit: int = 50) -> int:
        """Do what is due. Returns how many meldingen were touched. Idempotent: one reminder, one end per question."""
        before = self.now() - _SOONEST
        with self.database.looking() as work:
            silent = work.meldingen.find_questions(before, limit, is_reminded=False)
            given_up = work.meldingen.find_questions(before, limit, is_reminded=True)
        due = [(melding, self._remind) for melding in silent if self._is_over(melding.asked_at, REMIND_AFTER_DAYS)]
        due += [(melding, self._expire) for melding in given_up if self._is_over(melding.reminded_at, EXPIRE_AFTER_DAYS)]
        return sum(step(melding) for melding, step in due)

    def _is_over(self, since: datetime | None, days: int) -> bool:
        return since is not None and self.hours.add_working_days(since, days) <= self.now()

    def _remind(self, melding: Melding) -> bool:
        change = Change(event=Event.HERINNERD, actor=MACHINE, why=said("nog geen antwoord"), columns={"reminded_at": self.now()})
        telling = telling_of(melding.question or "", news=News.HERINNERING, only_person=melding.asked_person_id)
        return self._record(melding, change, telling)

    def _expire(self, melding: Melding) -> bool:
        why = said("geen antwoord op de vraag: verder met wat bekend is")
        return self._record(melding, Change(event=Event.VRAAG_VERLOPEN, actor=MACHINE, why=why, columns=dict(NOT_ASKED)), None)

    def _record(self, melding: Melding, change: Change, telling: Telling | None) -> bool:
        try:
            with self.database.work() as work:
                recorded = work.meldingen.record(melding, change, self.now())
                if telling is not None:
                    self.replies.tell(work, recorded, telling, self.now())
                work.commit()
        except StaleError:
            _log.info("question left: the melding changed meanwhile", melding_id=melding.id)
            return False
        return True
