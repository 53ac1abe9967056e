"""Step two of a message's way: decide what each waiting message is, and make or change its melding.

A message's own state, the melding, its events and the reply rows are written in one transaction, a few messages together: waiting
for the disk takes longer than the work. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.answering import MACHINE, Answering, has_photo
from bot.beginning import Beginning
from bot.commands import Commands, via_colleague
from bot.continuing import Continuing
from bot.locatieserver import OnlinePlaces
from bot.matching import as_known, find_candidates, own_meldingen
from bot.promises import Promises
from bot.replies import Replies
from routing.conversation import Turn, Verdict, judge
from routing.decision import Decision, Router
from routing.errors import StaleError, StorageUnavailableError
from routing.melding import TO_JUDGE, Event, may
from routing.messages import GeoPoint
from routing.sentences import said
from routing.turns import second_matter_at
from storage import queries
from storage.database import Database, UnitOfWork
from storage.inbox import StoredMessage
from storage.meldingen import Change, Melding
from storage.points import Commit
from storage.splitting import SecondMatter

TRIES = 3
AT_ONCE = 10  # messages of a transaction: so long others wait to write, and so much is done again after a crash
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """Handles waiting messages. `now` is the clock."""

    database: Database
    router: Router
    replies: Replies
    promises: Promises
    now: Callable[[], datetime]
    places: OnlinePlaces | None = None

    def run(self, limit: int = 50) -> int:
        """Handle waiting messages until none is left or `limit` were handled. Returns how many."""
        if self.places is not None:
            with self.database.reading() as connection:
                texts = queries.waiting_texts(connection, limit)
            self.places.prepare(texts)  # no transaction is open while another machine is asked
        handled = 0
        while handled < limit and (more := self._handle_some(min(AT_ONCE, limit - handled))):
            handled += more
        return handled

    def _handle_some(self, most: int) -> int:
        with self.database.work(Commit.TRIAGE) as work:
            handled = 0
            for message in work.inbox.claim_waiting(most):
                if not self._handle_or_set_aside(work, message, tries=1 if handled else TRIES):
                    if handled:
                        break  # the rival may wait for what was decided before in this transaction: it waits for the next
                    problem = said("de melding werd steeds door iemand anders gewijzigd; bekijk het bericht zelf")
                    work.inbox.mark_unreadable(message.id, problem)
                handled += 1
            if handled:
                work.commit()
        return handled

    def _handle_or_set_aside(self, work: UnitOfWork, message: StoredMessage, *, tries: int) -> bool:
        """Handle the message; one that cannot be handled goes before staff and does not hold up the others.

        False when a rival was first every time; then nothing is decided.
        """
        for _ in range(tries):
            try:
                with work.savepoint():
                    self._handle(work, message)
            except StaleError:
                _log.info("a colleague changed the melding meanwhile: judging again", message_id=message.id)
            except StorageUnavailableError:
                raise  # nothing is wrong with the message
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others go on
                _log.exception("message could not be handled", message_id=message.id)
                problem = said("niet te verwerken (%(problem)s); bekijk het bericht zelf", problem=type(error).__name__)
                work.inbox.mark_unreadable(message.id, problem)
                return True
            else:
                return True
        return False

    def _handle(self, work: UnitOfWork, message: StoredMessage) -> None:
        answering = Answering(replies=self.replies, promises=self.promises, now=self.now)
        own = own_meldingen(work, message, self.now())
        if Commands(answering).handle(work, message, own):
            return
        decision = self._decide(message)
        candidates = find_candidates(work, message, own)
        verdict = self._judge(work, message, decision, candidates, answering)
        target = next((melding for melding in candidates if melding.id == verdict.melding_id), None)
        if target is None:
            melding = Beginning(answering).begin(work, message, decision, verdict)
        else:
            melding = Continuing(answering, self.router).go_on(work, message, decision, verdict, target)
        if verdict.is_unsure or verdict.may_be_two:
            self._call_colleague(work, message, melding, verdict)
        work.inbox.mark_handled(message.id, melding_id=melding.id, action=verdict.action.value)

    def _judge(
        self,
        work: UnitOfWork,
        message: StoredMessage,
        decision: Decision,
        candidates: tuple[Melding, ...],
        answering: Answering,
    ) -> Verdict:
        turn = Turn(
            text=message.text,
            decision=decision,
            has_photo=has_photo(message),
            has_location=message.lat is not None,
            is_edit=message.edits is not None,
        )
        known = as_known(work, message, candidates, answering)
        verdict, colleague = judge(turn, known), work.colleagues.name_of(message.person_id or 0)
        return verdict if colleague is None else via_colleague(verdict, colleague, known, message)

    def _call_colleague(self, work: UnitOfWork, message: StoredMessage, melding: Melding, verdict: Verdict) -> None:
        """Put the melding (back) before staff: the message may be something else than what it was taken for, or be two."""
        second = self._second_matter(message) if verdict.may_be_two else None
        is_seen = melding.status in TO_JUDGE and second is None
        if is_seen or not may(melding.status, Event.TER_BEOORDELING):
            return
        why = (
            said("misschien twee kwesties in een bericht: %(reason)s", reason=verdict.reason)
            if verdict.may_be_two
            else said("twijfel over dit bericht: %(reason)s", reason=verdict.reason)
        )
        data = second.as_data() if second else {}
        change = Change(event=Event.TER_BEOORDELING, actor=MACHINE, why=why, data=data)
        work.meldingen.record(melding, change, self.now())

    def _second_matter(self, message: StoredMessage) -> SecondMatter | None:
        start = second_matter_at(message.text)
        if start is None:
            return None
        alone = self.router.route(message.text[start:])
        return SecondMatter(message_id=message.id, second_at=start, lead=alone.lead, topic=alone.topic, kind=alone.kind)

    def _decide(self, message: StoredMessage) -> Decision:
        point = _point(message)
        decision = self.router.route(message.text, point=point)
        return decision if self.places is None or point is not None else self.places.sharpen(decision, message.text)


def _point(message: StoredMessage) -> GeoPoint | None:
    return GeoPoint(lat=message.lat, lon=message.lon) if message.lat is not None and message.lon is not None else None
