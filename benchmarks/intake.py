"""How fast messages become meldingen with a reply waiting: taken in by pages and judged, in this process."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import per_second
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
_numbers = itertools.count(1)


def taken_in_per_second(folder: Path, router: Router, municipality: Municipality, count: int) -> float:
    database = new_database(folder)
    rate = per_second(count, lambda: take_in(database, router, municipality, count))
    database.close()
    return rate


def take_in(database: Database, router: Router, municipality: Municipality, count: int) -> None:
    """So many messages of as many people, each with a melding and a reply that waits."""
    replies = Replies(texts=load_texts(), municipality=municipality, office="wijkbureau")
    promises = Promises(hours=DEFAULT_OFFICE_HOURS, municipality=municipality)
    triage = Triage(database=database, router=router, replies=replies, promises=promises, now=now)
    for start in range(0, count, PAGE):
        items = tuple(_message() for _ in range(min(PAGE, count - start)))
        with database.work(Commit.INTAKE) as work:
            work.inbox.take_in("telegram", Page(items=items, cursor=str(start), more=False), now())
            work.commit()
        while triage.run():
            pass


def new_database(folder: Path) -> Database:
    database = Database.open(f"sqlite:///{folder / f'ours-{time.monotonic_ns()}.sqlite3'}")
    upgrade(database.engine)
    return database


def now() -> datetime:
    return datetime.now(UTC)


def _message() -> InboundMessage:
    number = next(_numbers)
    return InboundMessage(
        channel="telegram",
        external_id=f"{number}:1",
        thread=str(number),
        reply_to="1",
        visibility=Visibility.PRIVATE,
        sent_at=now(),
        sender=Person(external_id=str(number), display_name="Bewoner"),
        text=f"de lantaarnpaal bij nummer {number} in de Voorstraat is stuk",
        raw="{}",
    )
