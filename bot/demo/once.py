"""`demo --once`: play the morning on a clock of its own, let staff decide, and check every promise."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.bootstrap import Application
from bot.demo.city import CHANNELS, City
from bot.demo.morning import Scene, the_morning
from bot.demo.promises import Promise, check_promises
from bot.handling import Step
from bot.logs import set_up_logging
from channels.simulator.faults import Fault, FaultKind, Side
from routing.melding import TO_JUDGE, Status
from routing.office_hours import AMSTERDAM
from storage import audit
from storage.meldingen import Melding
from storage.outbox import Reply

THE_DAY = datetime(2026, 11, 24, tzinfo=AMSTERDAM)
COLLEAGUE = "samira"
# What platforms do on an ordinary morning, struck once each.
MISHAPS = (
    (0, Fault(kind=FaultKind.DUPLICATES)),
    (0, Fault(kind=FaultKind.RATE_LIMITED, side=Side.WRITE, retry_after=timedelta(seconds=20))),
    (1, Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE)),
    (1, Fault(kind=FaultKind.OUT_OF_ORDER)),
    (2, Fault(kind=FaultKind.ACCEPT_THEN_BAD_GATEWAY, side=Side.WRITE)),
    (2, Fault(kind=FaultKind.REPEATED_PAGE)),
    (3, Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE)),
    (3, Fault(kind=FaultKind.OUT_OF_ORDER)),
)


class DemoClock:
    """A clock that the demonstration moves."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


def play_once(console: Console) -> int:
    """Play, print what came in and what was answered, and check. Returns 0 when every promise was kept."""
    clock = DemoClock(THE_DAY.replace(hour=8, minute=30))
    with tempfile.TemporaryDirectory(prefix="wijkbalie-demo-") as folder, City(Path(folder), now=clock) as city:
        promises = asyncio.run(_play_and_check(city, clock, console))
    print_promises(console, promises)
    return 0 if all(not promise.broken for promise in promises) else 1


async def _play_and_check(city: City, clock: DemoClock, console: Console) -> tuple[Promise, ...]:
    application = city.application()
    set_up_logging(application.config)
    try:
        with console.status("De ochtend wordt gespeeld ..."):
            await _play(city, application, clock)
        _print_morning(console, application)
        return check_promises(city, application)
    finally:
        await application.aclose()


async def _play(city: City, application: Application, clock: DemoClock) -> None:
    for number, fault in MISHAPS:
        city.simulators[number].faults.add(fault)
    ids: dict[str, str] = {}
    for scene in the_morning():
        clock.moment = datetime.combine(THE_DAY.date(), scene.at, AMSTERDAM)
        _say(city, scene, ids)
        await until_quiet(application)
    for minutes in (11, 12, 13):  # uncertain replies are looked for, and looked for again
        clock.moment += timedelta(minutes=minutes)
        await until_quiet(application)
    _staff_decide(application, {scene.text: scene.belongs_to for scene in the_morning() if scene.belongs_to})
    await until_quiet(application)
    clock.moment += timedelta(days=9)
    for _ in range(4):  # who has more than one thing to hear, hears one an hour
        await until_quiet(application)
        clock.moment += timedelta(minutes=61)
    await replay(city, application)


def _say(city: City, scene: Scene, ids: dict[str, str]) -> None:
    below = ids[scene.below] if scene.below else None
    message_id = city.writes(scene.channel, scene.person, scene.text, photo=scene.has_photo, below=below)
    if scene.name:
        ids[scene.name] = message_id


async def until_quiet(application: Application) -> None:
    for _ in range(20):
        if not await application.clock.turn():
            return


def _staff_decide(application: Application, belongs_to: dict[str, str]) -> None:
    """Samira works through the queue: she confirms a right proposal, corrects a wrong one, and gets a few meldingen further."""
    with application.database.reading() as connection:
        meldingen, messages = audit.all_meldingen(connection), audit.all_messages(connection)
    right = {
        message.melding_id: code for message in messages for text, code in belongs_to.items() if text and text in message.text
    }
    for melding in meldingen:
        if melding.status in TO_JUDGE and not melding.is_emergency:
            step = _decision(application, melding, right.get(melding.id, melding.lead))
            application.handling.carry_out(melding, step, account=COLLEAGUE, version=melding.event_count)
    with application.database.reading() as connection:
        passed_on = [melding for melding in audit.all_meldingen(connection) if melding.status is Status.DOORGEZET]
    for melding, what in zip(passed_on, ("plan", "solve", "ask", "close"), strict=False):
        _take_further(application, melding, what)


def _decision(application: Application, melding: Melding, lead: str) -> Step:
    code, _, partner = lead.partition("/")
    if code == melding.lead and not partner:
        return application.handling.confirm(melding)
    if code == "extern":
        return application.handling.refer(melding, partner=partner)
    if code == "geen_actie":
        return application.handling.confirm(replace(melding, lead=code))
    return application.handling.assign(melding, lead=code)


def _take_further(application: Application, melding: Melding, what: str) -> None:
    handling = application.handling
    steps = {
        "plan": lambda: handling.plan(melding, planned_for=application.now() + timedelta(days=2)),
        "solve": lambda: handling.solve(melding, explanation="Onze monteur is geweest."),
        "ask": lambda: handling.ask(melding, question="Aan welke kant van de straat is het?"),
        "close": lambda: handling.close_unsolved(melding, reason="reeds_ingepland"),
    }
    handling.carry_out(melding, steps[what](), account=COLLEAGUE)


async def replay(city: City, application: Application) -> None:
    """The platforms hand over everything once more, as they may after an outage."""
    for simulator in city.simulators:
        simulator.faults.add(Fault(kind=FaultKind.DUPLICATES, times=5))
    with application.database.work() as work:
        work.inbox.forget_cursors()
        work.commit()
    await until_quiet(application)


def _print_morning(console: Console, application: Application) -> None:
    with application.database.reading() as connection:
        messages, replies = audit.all_messages(connection), audit.all_replies(connection)
        meldingen = {melding.id: melding for melding in audit.all_meldingen(connection)}
    answers: dict[int, list[Reply]] = {}
    for reply in replies:
        answers.setdefault(reply.melding_id, []).append(reply)
    table = Table("kanaal", "bericht", "was", "kenmerk", "naar", "zeker", "status", "antwoorden", title="De ochtend")
    for message in messages:
        melding = meldingen[message.melding_id] if message.melding_id else None
        table.add_row(
            CHANNELS[message.channel],
            _short(message.text) or "(geen tekst)",
            message.action or message.state,
            melding.kenmerk if melding else "-",
            application.municipality.name_of(melding.lead) if melding else "-",
            f"{melding.confidence:.0%}" if melding else "-",
            melding.status if melding else "-",
            ", ".join(f"{reply.news} ({reply.state})" for reply in answers.pop(message.melding_id or 0, [])),
        )
    console.print(table)


def _short(text: str, length: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def print_promises(console: Console, promises: tuple[Promise, ...]) -> None:
    table = Table("belofte", "gehouden", "hoe het is nagegaan", title="De beloften")
    for promise in promises:
        table.add_row(promise.name, "nee" if promise.broken else "ja", promise.checked)
    console.print(table)
    for promise in promises:
        for line in promise.broken:
            console.print(f"[bold red]Gebroken:[/] {promise.name}: {line}", highlight=False)
