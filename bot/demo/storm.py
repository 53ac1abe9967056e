"""`demo --storm`: hundreds write within minutes about a few things. Danger goes first, and staff decide each thing once."""

from __future__ import annotations

import asyncio
import random
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.bootstrap import Application
from bot.demo.city import CHANNELS, City
from bot.demo.once import COLLEAGUE, THE_DAY, DemoClock, print_promises, replay, until_quiet
from bot.demo.promises import Promise, check_promises
from bot.logs import set_up_logging
from channels.simulator.faults import Fault, FaultKind, Side
from routing.errors import InvalidTransitionError
from routing.melding import Event, News, may
from storage import audit, queries
from storage.meldingen import Melding
from storage.nearby import clusters

MESSAGES = 600
_MINUTES = 10
_SEED = 20261124
_WINDOW = timedelta(days=1)
_HOURS_AFTER = 6
# Under load platforms stumble: some say "not now", some take a post and never say so.
_FAULTS = (
    Fault(kind=FaultKind.RATE_LIMITED, side=Side.WRITE, times=None, probability=0.02, retry_after=timedelta(seconds=5)),
    Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE, times=None, probability=0.01),
    Fault(kind=FaultKind.DUPLICATES, side=Side.READ, times=None, probability=0.2),
)


def play_storm(console: Console, count: int = MESSAGES) -> int:
    """Play, show how it went, and check. Returns 0 when every promise was kept and danger was answered first."""
    clock = DemoClock(THE_DAY.replace(hour=16, minute=0))
    with tempfile.TemporaryDirectory(prefix="wijkbalie-storm-") as folder, City(Path(folder), now=clock) as city:
        promises = asyncio.run(_play_and_check(city, clock, console, count))
    print_promises(console, promises)
    return 0 if all(not promise.broken for promise in promises) else 1


def the_storm(count: int, dice: random.Random) -> list[str]:
    """What is written, in order: so many ordinary messages, and every cry for help once, somewhere in between."""
    themes = tomllib.loads((files("bot.demo") / "storm.toml").read_text(encoding="utf-8"))["thema"]
    common = [theme for theme in themes if theme["aandeel"]]
    said = []
    for theme in dice.choices(common, weights=[theme["aandeel"] for theme in common], k=count):
        text = dice.choice(theme["teksten"])
        said.append(text.replace("{plek}", dice.choice(theme["plekken"])) if theme["plekken"] else text)
    for theme in themes:
        for text in theme["teksten"] if not theme["aandeel"] else ():
            said.insert(dice.randrange(len(said) // 2, len(said)), text)
    return said


async def _play_and_check(city: City, clock: DemoClock, console: Console, count: int) -> tuple[Promise, ...]:
    application = city.application()
    set_up_logging(application.config)
    try:
        await _storm(city, application, clock, console, count)
        _merge_clusters(application, console)
        for _ in range(_HOURS_AFTER):
            await until_quiet(application)
            clock.moment += timedelta(minutes=61)
        await replay(city, application)
        return (*check_promises(city, application), _danger_first(application))
    finally:
        await application.aclose()


async def _storm(city: City, application: Application, clock: DemoClock, console: Console, count: int) -> None:
    dice = random.Random(_SEED)  # noqa: S311 - the same storm every time
    for simulator in city.simulators:
        for fault in _FAULTS:
            simulator.faults.add(fault)
    said = the_storm(count, dice)
    table = Table("minuut", "geschreven", "wacht op beoordeling", "antwoorden wachten", "verzonden", title="De storm")
    with console.status("De storm trekt over ..."):
        for minute in range(_MINUTES):
            start, stop = (len(said) * part // _MINUTES for part in (minute, minute + 1))
            for number in range(start, stop):
                channel = dice.choice(tuple(CHANNELS))
                city.writes(channel, (f"{9_000_000 + number}", f"Bewoner {number}"), said[number])
            await application.clock.turn()
            table.add_row(str(minute + 1), str(stop), *_backlog(application))
            clock.moment += timedelta(minutes=1)
        for simulator in city.simulators:
            simulator.faults.clear()
        for minutes in (1, 11, 12, 13):  # uncertain replies are looked for, and looked for again
            await until_quiet(application)
            table.add_row(f"+{minutes}", str(len(said)), *_backlog(application))
            clock.moment += timedelta(minutes=minutes)
        await until_quiet(application)
    console.print(table)


def _backlog(application: Application) -> tuple[str, str, str]:
    with application.database.reading() as connection:
        health = queries.health(connection, application.now())
        sent = sum(reply.sent_at is not None for reply in audit.all_replies(connection))
    return str(health.waiting_messages), str(health.due_replies), str(sent)


def _merge_clusters(application: Application, console: Console) -> None:
    """Samira looks at each proposed cluster once, and plans it once: every melder hears."""
    handling, merged = application.handling, 0
    table = Table("onderwerp", "plek", "meldingen", title="Hoort bij elkaar")
    with application.database.reading() as connection:
        found = clusters(connection, since=application.now() - _WINDOW)
    for cluster in found:
        root, *others = cluster.meldingen
        table.add_row(cluster.topic, cluster.place, str(cluster.size))
        for other in others:
            handling.carry_out(other, handling.merge(other, into=root), account=COLLEAGUE)
            merged += 1
        _plan(application, handling.get(root.id))
    console.print(table)
    console.print(f"{merged} meldingen samengevoegd met {len(found)} besluiten.", highlight=False)


def _plan(application: Application, root: Melding) -> None:
    handling = application.handling
    if not may(root.status, Event.INGEPLAND):
        root = handling.carry_out(root, handling.confirm(root), account=COLLEAGUE)
    step = handling.plan(
        root, planned_for=application.now() + timedelta(days=1), explanation="Onze ploegen ruimen eerst de wegen."
    )
    try:
        handling.carry_out(root, step, account=COLLEAGUE)
    except InvalidTransitionError:
        return  # what asked for no action has nothing to plan


def _danger_first(application: Application) -> Promise:
    return Promise(
        "Gevaar gaat voor",
        "elk 112-antwoord ging weg voor de gewone antwoorden die tegelijk klaar stonden",
        tuple(_late(application)),
    )


def _late(application: Application) -> Iterator[str]:
    with application.database.reading() as connection:
        replies = audit.all_replies(connection)
    urgent = [reply for reply in replies if reply.news == News.NOODGEVAL.value]
    if not urgent:
        yield "geen enkel noodgeval kreeg antwoord"
    for reply in urgent:
        if reply.attempts == 0:
            yield f"{reply.token} is nooit verstuurd ({reply.state})"
        elif reply.sent_at is not None and not reply.looks and reply.attempts == 1:  # else the platform kept us in the dark first
            overtaken = [
                other.token
                for other in replies
                if other.channel == reply.channel and other.news != reply.news and other.sent_at is not None
                if other.created_at > reply.created_at and other.sent_at < reply.sent_at
            ]
            if overtaken:
                yield f"{reply.token} kwam na {len(overtaken)} gewone antwoorden die later besloten waren"
