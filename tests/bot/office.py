"""A whole office for tests: real storage, real texts, a scripted router and a settable clock."""

from __future__ import annotations

from dataclasses import dataclass

from bot.handling import Handling
from bot.locatieserver import OnlinePlaces
from bot.promises import PromiseKeeper, Promises
from bot.questions import QuestionKeeper
from bot.replies import Replies
from bot.texts import load_texts
from bot.triage import Triage
from routing.melding import Event
from routing.office_hours import DEFAULT_OFFICE_HOURS
from routing.vakafdelingen import load_municipality
from storage import queries
from storage.database import Database
from storage.meldingen import Melding
from storage.outbox import Reply
from storage.queues import Asked, Queue, page
from storage.tables import replies as replies_table
from tests.builders import ScriptedRouter, SettableClock, take_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    database: Database
    clock: SettableClock
    triage: Triage
    handling: Handling
    keeper: PromiseKeeper
    questions: QuestionKeeper

    def receive(self, *messages: object) -> None:
        """Take in and triage messages, as intake and triage do."""
        take_in(self.database, *messages, now=self.clock())  # type: ignore[arg-type]  # builders make them
        self.triage.run()

    def meldingen(self) -> list[Melding]:
        with self.database.reading() as connection:
            found = [
                melding
                for queue in (Queue.CLOSED, Queue.TO_JUDGE, Queue.UNDER_WAY, Queue.WAITING, Queue.SNOOZED)
                for melding in page(connection, Asked(queue=queue, now=self.clock(), soon=self.clock()), limit=100).meldingen
            ]
        return sorted(found, key=lambda melding: melding.id)

    def replies(self) -> list[Reply]:
        with self.database.reading() as connection:
            return [Reply.from_row(row) for row in connection.execute(replies_table.select().order_by(replies_table.c.id))]

    def events(self, melding_id: int) -> list[str]:
        with self.database.reading() as connection:
            return [line.event for line in queries.event_log(connection, melding_id)]

    def has_event(self, melding_id: int, event: Event) -> bool:
        return event.value in self.events(melding_id)


def an_office(
    database: Database,
    router: ScriptedRouter | None = None,
    clock: SettableClock | None = None,
    places: OnlinePlaces | None = None,
    *,
    sends_mail: bool = False,
) -> Office:
    clock = clock or SettableClock()
    municipality = load_municipality()
    promises = Promises(hours=DEFAULT_OFFICE_HOURS, municipality=municipality)
    replies = Replies(texts=load_texts(), municipality=municipality, office="wijkbureau Binnenstad", sends_mail=sends_mail)
    router = router or ScriptedRouter()
    return Office(
        database=database,
        clock=clock,
        triage=Triage(database=database, router=router, replies=replies, promises=promises, now=clock, places=places),
        handling=Handling(database=database, replies=replies, promises=promises, now=clock),
        keeper=PromiseKeeper(database=database, promises=promises, replies=replies, now=clock),
        questions=QuestionKeeper(database=database, replies=replies, hours=DEFAULT_OFFICE_HOURS, now=clock),
    )
