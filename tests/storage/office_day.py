"""A day at an office with a long past: everything that colleagues open and do, and everything that the machine does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from benchmarks.growth import COLLEAGUE, NOW
from bot.attachments import Attachments
from bot.cooperation import Cooperation
from bot.files import FileStore
from bot.handling import Step
from bot.intake import Intake
from bot.metrics import Meters
from bot.relay import Relay
from bot.retention import RetentionKeeper
from bot.single import Singles
from routing.melding import NotSolved
from routing.messages import Attachment, AttachmentKind, Person, Removal, UnreadableItem, Visibility
from storage import queries
from storage.database import Database
from storage.meldingen import Melding
from storage.queues import Asked, Queue, page
from storage.retention import RetentionPeriods
from storage.tasks import NewTask, TaskState
from tests.builders import ScriptedRouter, a_message, take_in
from tests.web.desk import UNSURE, DeskAtWork, a_desk
from tests.year.platform import Platform

PAGES = (
    *(f"/?queue={queue.value}" for queue in Queue),
    *(f"/?queue={queue.value}&na=2.500" for queue in Queue),
    *(f"/?queue={queue.value}&voor=2.500" for queue in Queue),
    "/?queue=afgesloten&wijk=Oost",
    "/?queue=te_beoordelen&wijk=Oost&kanaal=x",
    "/?queue=loopt&vakafdeling=vth&onderwerp=horeca_geluid&soort=klacht&dagen=10&melder=Ada",
    "/zoeken?q=lamp",
    "/zoeken?q=fietsen voor de deur",
    "/zoeken?q=WB-2026-11000",
    "/zoeken?q=Ada",
    "/zoeken?q=straat&na=9000",
    "/kaart",
    "/kaart?wijk=Oost",
    "/cijfers?dagen=90",
    "/hoort-bij-elkaar",
    "/niet-verzonden",
    "/niet-leesbaar",
    "/remmen",
    "/gezondheid",
    "/health",
    "/metrics",
    "/beheer",
    "/beheer/dagboek",
    "/beheer/tabellen",
    "/wie-doet-wat",
    "/mijn",
)

PHOTO = Attachment(kind=AttachmentKind.PHOTO, reference="f1")
PERIODS = RetentionPeriods(raw=timedelta(days=30), content=timedelta(days=3600), chatter=timedelta(days=3000))


@dataclass(slots=True)
class OfficeDay:
    database: Database
    folder: Path

    async def live(self) -> None:
        """Everything once, in the order in which it needs each other."""
        desk = a_desk(self.database, ScriptedRouter(UNSURE))
        desk.office.clock.moment = NOW
        await desk.log_in()
        await asyncio.to_thread(self._residents_write, desk)
        await self._colleagues_look(desk)
        await asyncio.to_thread(self._colleagues_decide, desk)
        await self._colleagues_work_together(desk)
        await self._machine_works(desk)

    def _residents_write(self, desk: DeskAtWork) -> None:
        """Somebody new, somebody known, in public, with a photo, an edit, a status question, a removal, something unreadable."""
        now = desk.office.clock()
        known, other = Person(external_id="3", display_name="Ada"), Person(external_id="nieuw", display_name="Bo")
        public = {"channel": "x", "visibility": Visibility.PUBLIC, "thread": "draad-11990", "sent_at": now}
        first = a_message("de lamp is stuk", sender=known, thread="gesprek-3", attachments=(PHOTO,), sent_at=now)
        desk.office.receive(
            first,
            a_message("de lamp is stuk", sender=other, thread="nieuw", album="album", attachments=(PHOTO,), sent_at=now),
            a_message("", sender=other, thread="nieuw", album="album", attachments=(PHOTO,), sent_at=now),
            a_message("hoe staat het met WB-2026-00012?", sender=known, thread="gesprek-3", sent_at=now),
            a_message("de lampen zijn stuk", sender=known, edits=first.external_id, thread="gesprek-3", sent_at=now),
            a_message("/meldingen", sender=known, thread="gesprek-3", sent_at=now),
            a_message("stuur mijn nieuws naar ada@bewoner.example", sender=known, thread="gesprek-3", sent_at=now),
        )
        desk.office.receive(
            a_message("bij ons ook", sender=other, **public),
            Removal(channel="x", external_id="5"),
            Removal(channel="x", external_id="6", doubt="niet meer te zien"),
            UnreadableItem(channel="x", external_id="raar", reason="onbekend", raw="{}"),
        )
        take_in(self.database, a_message("en nog iets", sender=other, thread="nieuw", sent_at=now), now=now)

    async def _colleagues_look(self, desk: DeskAtWork) -> None:
        with self.database.reading() as connection:
            assert queries.log_position(connection)
        for path in PAGES:
            response = await desk.get(path)
            assert response.status_code in {200, 303, 503}, (path, response.text)  # a monitor hears that work waits
        for number in (11, 700, *(melding.id for queue in Queue for melding in self._queue(queue, 2))):
            assert (await desk.get(f"/meldingen/{number}")).status_code == 200

    def _colleagues_decide(self, desk: DeskAtWork) -> None:
        handling, now = desk.office.handling, desk.office.clock()

        def decide(melding: Melding, *steps: Callable[[Melding], Step]) -> Melding:
            for step in steps:
                melding = handling.carry_out(melding, step(melding), account=COLLEAGUE)
            return melding

        one, two, three, four, five, six = self._queue(Queue.TO_JUDGE, 6)
        one = decide(one, handling.confirm, handling.take_up, lambda it: handling.plan(it, planned_for=now + timedelta(days=3)))
        decide(one, lambda it: handling.ask(it, question="Welke kleur?"))
        two = decide(two, lambda it: handling.assign(it, lead="vth"), handling.solve, handling.reopen)
        handling.undo(two.id, two.event_count, account=COLLEAGUE)
        decide(three, lambda it: handling.merge(it, into=four), handling.unmerge)
        decide(
            four,
            lambda it: handling.write(it, text="We kijken ernaar."),
            lambda it: handling.put_off(it, until=now + timedelta(5)),
        )
        decide(five, lambda it: handling.refer(it, partner="overig"))
        decide(six, lambda it: handling.close_unsolved(it, reason=NotSolved.NIET_NU.value))
        with self.database.reading() as connection:
            for reply in queries.unsent_replies(connection, limit=2):
                handling.mark_posted(reply.id, account=COLLEAGUE)

    async def _colleagues_work_together(self, desk: DeskAtWork) -> None:
        melding, other = self._queue(Queue.UNDER_WAY, 2)
        await desk.get(f"/meldingen/{melding.id}")
        await desk.post(f"/meldingen/{melding.id}/inzien")
        for action in ("afhandelen", "inplannen"):
            await desk.post(f"/meldingen/{melding.id}/{action}/bekijken", einde="opgelost", reden="", dag="2026-12-04")
        together = Cooperation(desk.office.handling)
        together.note(melding.id, f"@{COLLEAGUE} kijk jij?", account=COLLEAGUE)
        together.link(melding.id, other.id, account=COLLEAGUE, is_linked=True)
        together.link(melding.id, other.id, account=COLLEAGUE, is_linked=False)
        together.give_task(melding.id, NewTask(vakafdeling="vth", what="kijken"), account=COLLEAGUE)
        with self.database.looking() as work:
            task = work.tasks.unfinished(melding.id)[-1]
        together.update_task(task.id, TaskState.DONE, "gedaan", account=COLLEAGUE)
        with self.database.reading() as connection:
            line = next(line for line in queries.conversation(connection, melding.id) if line.message_id is not None)
        together.split(melding.id, line.message_id or 0, account=COLLEAGUE)
        await desk.get(f"/meldingen/{melding.id}")

    async def _machine_works(self, desk: DeskAtWork) -> None:
        clock = desk.office.clock
        meters = Meters()
        meters.read_tables(self.database, clock)
        relay = Relay(database=self.database, now=clock, pause=_no_pause)
        singles = Singles(database=self.database, holder="een", now=clock, length=timedelta(minutes=1))
        store = FileStore(folder=self.folder, largest=1_000_000, clamd="")
        files = Attachments(database=self.database, store=store, router=ScriptedRouter(), now=clock)
        for name in ("messenger", "facebook"):
            platform = Platform(name=name, now=clock, dice=Random(1), outages=())
            platform.written.append(a_message("kapotte bank", channel=name, sent_at=clock()))
            await Intake(self.database, clock).fetch(platform, singles.take(f"ophalen {name}"))
            await asyncio.to_thread(desk.office.triage.run)
            clock.advance(minutes=10)
            await relay.settle(platform)
            await relay.run(platform)
            await files.run(platform)
            with self.database.work() as work:
                work.inbox.public_of_open_meldingen(name, 500)
                work.attachments.claim_due(name, clock(), lease=timedelta(minutes=5))
                work.outbox.hand_to_staff(name, "dit kanaal neemt alleen in")
        files.sweep()
        clock.advance(days=4)
        assert desk.office.keeper.run() + desk.office.keeper.warn() + desk.office.questions.run() > 0
        keeper = RetentionKeeper(database=self.database, periods=PERIODS, now=clock)
        assert keeper.run(limit=20) > 0
        meters.exposition()
        singles.release()

    def _queue(self, queue: Queue, limit: int) -> tuple[Melding, ...]:
        with self.database.reading() as connection:
            return page(connection, Asked(queue=queue, now=NOW, soon=NOW), limit=limit).meldingen


async def _no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)
