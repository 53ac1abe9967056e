"""The lines of the table: what is measured of the product itself."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.measure import Line, per_second
from benchmarks.yardsticks import IMPORTS, one_row_commits, python_process
from bot.promises import Promises
from bot.replies import Replies
from bot.texts import load_texts
from bot.triage import Triage
from routing.decision import Router
from routing.messages import InboundMessage, Page, Person, Visibility
from routing.office_hours import DEFAULT_OFFICE_HOURS
from routing.vakafdelingen import Municipality
from storage.database import Database
from storage.migrate import upgrade
from storage.points import Commit

PAGE = 50
_READY = "from routing.engine import load_engine; from routing.vakafdelingen import load_municipality; import bot.running; "
COLD_START = f"{_READY}load_engine(load_municipality())"
_numbers = itertools.count(1)


def lines(folder: Path, router: Router, municipality: Municipality, count: int) -> tuple[Line, ...]:
    commits = partial(one_row_commits, folder, count)
    return (
        Line(
            name="duurzaam aannemen: ontdubbelen, opslaan, vastleggen",
            unit="/s",
            settings=f"SQLite FULL, 1 bericht per commit, {count} berichten, zonder HTTP",
            goal=0.5,
            more_is_better=True,
            ours=partial(_accept, folder, count),
            yardstick=commits,
        ),
        Line(
            name="hele inname: opnemen, routeren, melding, gebeurtenissen, antwoord",
            unit="/s",
            settings=f"SQLite FULL, bladzijden van {PAGE}, {count} berichten, een proces",
            goal=0.3,
            more_is_better=True,
            ours=partial(_full_intake, folder, router, municipality, count),
            yardstick=commits,
        ),
        Line(
            name="koude start tot model en onderdelen geladen",
            unit="s",
            settings=f'tegen python -c "{IMPORTS}"',
            goal=2.0,
            more_is_better=False,
            ours=partial(python_process, COLD_START),
            yardstick=partial(python_process, IMPORTS),
        ),
    )


def _accept(folder: Path, count: int) -> float:
    database = _database(folder)

    def accept() -> None:
        for _ in range(count):
            with database.work(Commit.INTAKE) as work:
                work.inbox.take_pushed("telegram", (_message(),), _now())
                work.commit()

    rate = per_second(count, accept)
    database.close()
    return rate


def _full_intake(folder: Path, router: Router, municipality: Municipality, count: int) -> float:
    database = _database(folder)
    replies = Replies(texts=load_texts(), municipality=municipality, office="wijkbureau")
    promises = Promises(hours=DEFAULT_OFFICE_HOURS, municipality=municipality)
    triage = Triage(database=database, router=router, replies=replies, promises=promises, now=_now)

    def take_in() -> None:
        for start in range(0, count, PAGE):
            items = tuple(_message() for _ in range(min(PAGE, count - start)))
            with database.work(Commit.INTAKE) as work:
                work.inbox.take_in("telegram", Page(items=items, cursor=str(start), more=False), _now())
                work.commit()
            while triage.run():
                pass

    rate = per_second(count, take_in)
    database.close()
    return rate


def _database(folder: Path) -> Database:
    database = Database.open(f"sqlite:///{folder / f'ours-{time.monotonic_ns()}.sqlite3'}")
    upgrade(database.engine)
    return database


def _now() -> datetime:
    return datetime.now(UTC)


def _message() -> InboundMessage:
    number = next(_numbers)
    return InboundMessage(
        channel="telegram",
        external_id=f"{number}:1",
        thread=str(number),
        reply_to="1",
        visibility=Visibility.PRIVATE,
        sent_at=_now(),
        sender=Person(external_id=str(number), display_name="Bewoner"),
        text=f"de lantaarnpaal bij nummer {number} in de Voorstraat is stuk",
        raw="{}",
    )
