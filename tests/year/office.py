"""An office that lives through a year: residents who write, colleagues who work or are away, and a process that crashes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from bot.handling import Handling
from bot.intake import Intake
from bot.promises import PromiseKeeper, Promises
from bot.questions import QuestionKeeper
from bot.relay import Relay
from bot.replies import Replies
from bot.texts import load_texts
from bot.triage import Triage
from routing.decision import Located, Zone
from routing.melding import Status
from routing.messages import InboundMessage, Person, Visibility
from routing.office_hours import AMSTERDAM, OfficeHours
from routing.vakafdelingen import load_municipality
from storage import queries
from storage.database import Database
from storage.meldingen import Melding
from storage.points import POINTS
from storage.queues import Asked, Queue, page
from tests.builders import ScriptedRouter, SettableClock, a_decision
from tests.year.platform import Platform

FIRST_DAY = date(2026, 1, 1)
DAYS = int(os.environ.get("YEAR_DAYS", "365"))
TIMES = (time(8, 5), time(11, 30), time(15, 10), time(16, 30), time(22))
CLOSURES = frozenset(date(2026, 8, 3) + timedelta(days=number) for number in range(12))
HOURS = OfficeHours(opens=dict.fromkeys(range(5), (time(9), time(17))), extra_closed=CLOSURES)
_PRIVATE = {"telegram": True, "messenger": True, "x": False}
_CHATTER = ("hoe staat het?", "is er al nieuws?", "bedankt!", "nog steeds niet gemaakt", "laat maar, is al opgelost", "ja", "nee")


class Crash(BaseException):
    """The process stops here: nothing after this line happens."""


@dataclass(slots=True, kw_only=True)
class Year:
    """`meldingen` is about how many new matters residents write about. The dice make every run the same."""

    database: Database
    clock: SettableClock
    dice: random.Random
    meldingen: int
    platforms: tuple[Platform, ...]
    written: int = 0
    crash_at: str | None = None
    crashes: int = 0

    @classmethod
    def begin(cls, url: str, *, meldingen: int, seed: int) -> Year:
        clock, dice = SettableClock(datetime(2026, 1, 1, tzinfo=UTC)), random.Random(seed)
        year = cls(database=Database.open(url), clock=clock, dice=dice, meldingen=meldingen, platforms=())
        year.database.watch = year.pass_point
        sa.event.listen(year.database.engine, "connect", _without_waiting_for_the_disk)
        year.platforms = tuple(Platform(name=name, now=clock, dice=dice, outages=tuple(_outages(dice))) for name in _PRIVATE)
        return year

    def pass_point(self, point: str) -> None:
        if point == self.crash_at:
            self.crash_at = None
            self.crashes += 1
            raise Crash(point)

    def moments(self) -> Iterator[datetime]:
        for number in range(DAYS):
            day = FIRST_DAY + timedelta(days=number)
            for at in TIMES:
                yield datetime.combine(day, at, AMSTERDAM).astimezone(UTC)

    # -- residents

    def residents_write(self) -> None:
        share = self.meldingen * 1.4 / (DAYS * len(TIMES))
        for _ in range(int(share) + (self.dice.random() < share % 1)):
            self._write()

    def _write(self) -> None:
        self.written += 1
        platform = self.dice.choice(self.platforms)
        is_private = _PRIVATE[platform.name] or self.dice.random() < 0.3
        who = f"{platform.name}-{self.dice.randrange(self.meldingen)}"
        is_new = self.dice.random() < 0.72 or not platform.written
        text = f"de lamp is stuk bij paal {self.written}" if is_new else self.dice.choice(_CHATTER)
        if not is_new:
            who = self.dice.choice(platform.written[-200:]).sender.external_id  # type: ignore[union-attr]  # all have one
        platform.written.append(
            InboundMessage(
                channel=platform.name,
                external_id=f"{platform.name}:{self.written}",
                thread=who if is_private else f"draad-{self.written}",
                reply_to=str(self.written),
                visibility=Visibility.PRIVATE if is_private else Visibility.PUBLIC,
                sent_at=self.clock(),
                sender=Person(external_id=who, display_name=who, is_bot=self.dice.random() < 0.003),
                text=text,
                raw="{}",
            )
        )

    # -- colleagues

    def colleagues_work(self, handling: Handling) -> None:
        """They do what they can, never enough, and never when the office is closed."""
        if not HOURS.is_open(self.clock()):
            return
        with self.database.reading() as connection:
            to_judge = self._queue(connection, Queue.TO_JUDGE, limit=6)
            under_way = self._queue(connection, Queue.UNDER_WAY, limit=400)
        for melding in to_judge:
            handling.carry_out(melding, handling.confirm(melding), account="samira")
        for melding in self.dice.sample(under_way, k=min(5, len(under_way))):
            self._go_on(handling, melding)
        with self.database.reading() as connection:
            unsent = queries.unsent_replies(connection, limit=20)
        for reply in unsent:
            handling.mark_posted(reply.id, account="samira")

    def _queue(self, connection: sa.Connection, queue: Queue, *, limit: int) -> tuple[Melding, ...]:
        asked = Asked(queue=queue, now=self.clock(), soon=self.clock())
        return page(connection, asked, limit=limit).meldingen

    def _go_on(self, handling: Handling, melding: Melding) -> None:
        choice = self.dice.random()
        if melding.is_escalation_proposed:
            step = handling.escalate(melding)
        elif melding.status is Status.DOORGEZET and choice < 0.3:
            step = handling.take_up(melding)
        elif choice < 0.4:
            step = handling.plan(melding, planned_for=self.clock() + timedelta(days=self.dice.randrange(1, 20)))
        elif choice < 0.5:
            step = handling.ask(melding, question="Welke kleur heeft de paal?")
        elif choice < 0.6:
            step = handling.close_unsolved(melding, reason="niet_nu")
        else:
            step = handling.solve(melding)
        handling.carry_out(melding, step, account="samira")

    # -- the machine

    async def turn(self) -> None:
        """One turn of the machine; when it crashes, a new process takes over and does the turn again."""
        if self.dice.random() < 0.03:
            self.crash_at = self.dice.choice(POINTS)
        with contextlib.suppress(Crash):
            await self._run()
            self.crash_at = None
            return
        await self._run()

    async def _run(self) -> None:
        parts = self.parts()
        for platform in self.platforms:
            await parts.intake.fetch(platform)
        await asyncio.to_thread(parts.triage.run, 1000)
        await asyncio.to_thread(parts.keeper.run, 1000)
        await asyncio.to_thread(parts.keeper.warn, 1000)
        await asyncio.to_thread(parts.questions.run, 1000)
        for platform in self.platforms:
            await parts.relay.settle(platform)
            await parts.relay.run(platform, limit=1000)

    def parts(self) -> Parts:
        municipality = _MUNICIPALITY
        promises = Promises(hours=HOURS, municipality=municipality)
        shared = {"database": self.database, "now": self.clock, "replies": _REPLIES}
        return Parts(
            intake=Intake(self.database, self.clock),
            triage=Triage(router=_ROUTER, promises=promises, **shared),
            keeper=PromiseKeeper(promises=promises, **shared),
            questions=QuestionKeeper(hours=HOURS, **shared),
            relay=Relay(database=self.database, now=self.clock, pause=_no_pause),
            handling=Handling(promises=promises, **shared),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A process: it remembers nothing but the database."""

    intake: Intake
    triage: Triage
    keeper: PromiseKeeper
    questions: QuestionKeeper
    relay: Relay
    handling: Handling


_MUNICIPALITY = load_municipality()
_REPLIES = Replies(texts=load_texts(), municipality=_MUNICIPALITY, office="wijkbureau Binnenstad")
_UNSURE = a_decision(zone=Zone.SUGGEST, confidence=0.6, located=Located())
_CHAT = a_decision(lead="wijkbureau", topic="onduidelijk", confidence=0.3, zone=Zone.PERSON, located=Located())
_ROUTER = ScriptedRouter(_CHAT, **{"paal 1": _UNSURE, "lamp": a_decision(located=Located())})


def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    """A process that crashes leaves what it handed to the system; only a power cut loses that, and none happens here."""
    connection.execute("PRAGMA synchronous=OFF")


async def _no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def _outages(dice: random.Random) -> Iterator[tuple[datetime, datetime]]:
    """A day or two without the platform, every other month."""
    for month in range(1, 13, 2):
        start = datetime(2026, month, dice.randrange(1, 26), dice.randrange(24), tzinfo=UTC)
        yield start, start + timedelta(hours=dice.randrange(12, 60))
