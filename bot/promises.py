"""When a resident is promised news, and keeping that promise: real news, or "nog geen nieuws", once per promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.replies import Replies, Telling
from routing.decision import Decision
from routing.errors import StaleError
from routing.melding import Event, News
from routing.office_hours import OfficeHours
from routing.sentences import said
from routing.vakafdelingen import Municipality
from storage.database import Database, UnitOfWork
from storage.meldingen import Change, Melding
from storage.points import Commit

MACHINE = "wijkbalie"
# The "nog geen nieuws" message leaves this long before the promised moment, so that it arrives in time.
AHEAD = timedelta(hours=2)
WARN_DAYS = 1
_URGENT_DAYS = 1
_PERSONAL_DAYS = 1
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Sets promised moments by the norm of the topic, in working days of the office."""

    hours: OfficeHours
    municipality: Municipality

    def first(self, decision: Decision, now: datetime) -> datetime:
        if decision.urgency in {"hoog", "noodgeval"}:
            return self.hours.add_working_days(now, _URGENT_DAYS)
        return self.hours.add_working_days(now, self.municipality.norm_of(decision.topic))

    def next(self, melding: Melding, now: datetime) -> datetime:
        return self.hours.add_working_days(now, self.municipality.norm_of(melding.topic))

    def personal(self, now: datetime) -> datetime:
        return self.hours.add_working_days(now, _PERSONAL_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKeeper:
    """Tells "nog geen nieuws" to the melders of a melding whose promised moment comes near."""

    database: Database
    promises: Promises
    replies: Replies
    now: Callable[[], datetime]

    def run(self, limit: int = 50) -> int:
        """Keep the promises that fall due. Returns how many messages were queued. Idempotent: a promise is kept once.

        A promised moment is a closing time of the office, so what is queued for it can leave by day.
        """
        kept = 0
        with self.database.looking() as work:
            due = work.meldingen.find_promises_due(self.now() + AHEAD, limit)
        for melding in due:
            kept += self._keep(melding)
        return kept

    def _keep(self, melding: Melding) -> bool:
        now = self.now()
        broken = melding.promises_broken + 1
        columns = {
            "promised_at": self.promises.next(melding, now),
            "promise_no": melding.promise_no + 1,
            "promises_broken": broken,
        }
        change = Change(event=Event.NOG_GEEN_NIEUWS, actor=MACHINE, why=said("beloofd moment nadert"), columns=columns)
        try:
            with self.database.work(Commit.PROMISE) as work:
                recorded = work.meldingen.record(melding, change, now)
                work.outbox.drop_unsent(melding.id, News.NOG_GEEN_NIEUWS.value)
                self.replies.tell(work, recorded, Telling(news=News.NOG_GEEN_NIEUWS), now)
                self._propose_escalation(work, recorded.melding)
                work.commit()
        except StaleError:
            _log.info("promise left: the melding changed meanwhile", melding_id=melding.id)
            return False
        return True

    def _propose_escalation(self, work: UnitOfWork, melding: Melding) -> None:
        """After the second promise in a row without real news a colleague is asked to go one step up the ladder."""
        ladder = ladder_of(self.promises.municipality, melding)
        step = min(melding.promises_broken - 1, len(ladder))
        if step <= melding.escalation_proposed:
            return
        facts = {"count": melding.promises_broken, "role": ladder[step - 1]}
        why = said("%(count)s beloften zonder nieuws: leg voor aan %(role)s", **facts)
        columns = {"escalation_proposed": step}
        change = Change(event=Event.ESCALATIE_VOORGESTELD, actor=MACHINE, why=why, columns=columns)
        work.meldingen.record(melding, change, self.now())

    def warn(self, limit: int = 50) -> int:
        """Warn staff a working day before a promise breaks, once per promise. Returns how many were warned of. Idempotent."""
        soon = self.promises.hours.add_working_days(self.now(), WARN_DAYS)
        with self.database.looking() as work:
            at_risk = work.meldingen.find_unwarned(soon, limit)
        return sum(self._warn(melding) for melding in at_risk)

    def _warn(self, melding: Melding) -> bool:
        columns = {"warned_for": melding.promised_at}
        change = Change(
            event=Event.BELOFTE_NADERT, actor=MACHINE, why=said("er is nog geen nieuws voor de melder"), columns=columns
        )
        try:
            with self.database.work() as work:
                work.meldingen.record(melding, change, self.now())
                work.commit()
        except StaleError:
            _log.info("warning left: the melding changed meanwhile", melding_id=melding.id)
            return False
        return True


def ladder_of(municipality: Municipality, melding: Melding) -> tuple[str, ...]:
    """The roles to put a melding before, the nearest first; those of the wijkbureau while no vakafdeling leads."""
    lead = municipality.vakafdelingen.get(melding.lead)
    return (lead.ladder if lead else ()) or municipality.vakafdelingen["wijkbureau"].ladder
