"""Deliveries that come together are committed together; each is answered after its commit, and a bad one fails alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from bot.deliveries import TOGETHER, Deliveries
from bot.metrics import Meters
from routing.errors import StorageUnavailableError
from routing.messages import InboundMessage, Item, Removal
from storage import audit
from storage.database import Database
from storage.points import Commit, after, before, unwatched
from tests.builders import SettableClock, a_message

READER_PATIENCE = 60


def parts(*items: Item) -> list[tuple[str, Callable[[datetime], tuple[Item, ...]]]]:
    return [(item.channel, partial(_read, item)) for item in items]


def _read(item: Item, _now: datetime) -> tuple[Item, ...]:
    return (item,)


def texts(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(message.text for message in audit.all_messages(connection))


class Gate:
    """A watcher that lets the first commit wait until it is opened, and counts the commits."""

    def __init__(self) -> None:
        self.commits = 0
        self._reached, self._open = threading.Event(), threading.Event()

    def __call__(self, point: str) -> None:
        if point == before(Commit.INTAKE):
            self._reached.set()
            assert self._open.wait(READER_PATIENCE)
        if point == after(Commit.INTAKE):
            self.commits += 1

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, READER_PATIENCE)

    def open(self) -> None:
        self._open.set()


async def together(database: Database, *deliveries: InboundMessage) -> tuple[Gate, list[BaseException | None]]:
    """Hand the deliveries in while a first one is being committed. Returns what each of them met."""
    gate = Gate()
    database.watch = gate
    room = Deliveries(database, SettableClock())
    first = asyncio.create_task(room.keep(parts(a_message("eerst"))))
    await gate.reached()
    others = [asyncio.create_task(room.keep(parts(item))) for item in deliveries]
    await asyncio.sleep(0)
    assert not any(task.done() for task in (first, *others)), "answered before the commit"
    gate.open()
    await first
    met = await asyncio.gather(*others, return_exceptions=True)
    return gate, met


async def test_who_waits_while_another_is_committed_goes_along_in_one_commit(database: Database) -> None:
    words = [f"bericht {number}" for number in range(16)]
    gate, met = await together(database, *map(a_message, words))
    assert met == [None] * 16
    assert gate.commits == 2
    assert texts(database) == sorted(["eerst", *words])


async def test_a_storm_is_committed_in_portions(database: Database) -> None:
    gate, _ = await together(database, *(a_message(f"bericht {number}") for number in range(TOGETHER + 1)))
    assert gate.commits == 3


async def test_one_that_cannot_be_kept_fails_alone(database: Database) -> None:
    """Half of a pair of surrogates: no database takes it. Channels clean what they read; this is what comes when one does not."""
    gate, met = await together(database, a_message("goed"), a_message("slecht \ud800"), a_message("ook goed"))
    assert [type(problem) for problem in met] == [type(None), UnicodeEncodeError, type(None)]
    assert gate.commits == 3
    assert texts(database) == ["eerst", "goed", "ook goed"]


async def test_one_that_cannot_be_read_fails_alone(database: Database) -> None:
    def stumble(_now: datetime) -> tuple[Item, ...]:
        raise ValueError("kapot")

    room = Deliveries(database, SettableClock())
    met = await asyncio.gather(room.keep(parts(a_message("goed"))), room.keep([("telegram", stumble)]), return_exceptions=True)
    assert (met[0], str(met[1])) == (None, "kapot")
    assert texts(database) == ["goed"]


async def test_a_delivery_is_kept_whole_or_not_at_all(database: Database) -> None:
    room = Deliveries(database, SettableClock())
    good, bad = a_message("goed", channel="facebook"), a_message("\ud800", channel="messenger")
    with pytest.raises(UnicodeEncodeError):
        await room.keep(parts(good, bad))
    assert texts(database) == []


async def test_repeats_in_one_commit_are_taken_once_and_every_one_is_answered(database: Database) -> None:
    message = a_message("een keer")
    _, met = await together(database, message, message, message)
    assert met == [None] * 3
    assert texts(database) == ["een keer", "eerst"]


async def test_what_was_taken_back_in_the_same_commit_stays_out_of_sight(database: Database) -> None:
    message = a_message("geheim")
    room = Deliveries(database, SettableClock())
    gone = Removal(channel=message.channel, external_id=message.external_id)
    await asyncio.gather(room.keep(parts(message)), room.keep(parts(gone)))
    assert texts(database) == [""]


async def test_while_the_database_takes_nothing_all_hear_so_and_later_they_are_kept(database: Database) -> None:
    def nothing_goes(point: str) -> None:
        if point == before(Commit.INTAKE):
            raise StorageUnavailableError("De database werkt niet mee: de schijf is vol.")

    room = Deliveries(database, SettableClock())
    messages = [a_message("een"), a_message("twee")]
    database.watch = nothing_goes
    met = await asyncio.gather(*(room.keep(parts(message)) for message in messages), return_exceptions=True)
    assert [type(problem) for problem in met] == [StorageUnavailableError] * 2
    assert texts(database) == []

    database.watch = unwatched
    await asyncio.gather(*(room.keep(parts(message)) for message in messages))
    assert texts(database) == ["een", "twee"]


async def test_whoever_posted_and_went_away_is_kept_all_the_same(database: Database) -> None:
    gate = Gate()
    database.watch = gate
    room = Deliveries(database, SettableClock())
    gone = asyncio.create_task(room.keep(parts(a_message("weg"))))
    await gate.reached()
    gone.cancel()
    gate.open()
    await room.keep(parts(a_message("blijft")))
    assert texts(database) == ["blijft", "weg"]


async def test_two_processes_that_take_the_same_people_in_another_order_both_keep_all(database: Database) -> None:
    """On PostgreSQL they can stand in each other's way; then each delivery gets its own commit."""
    people = [a_message(f"bericht {number}", channel=channel) for number in range(8) for channel in ("x", "telegram")]
    rooms = [Deliveries(database, SettableClock()) for _ in range(2)]
    orders = (people, [*reversed(people)])
    await asyncio.gather(*(room.keep(parts(item)) for room, order in zip(rooms, orders, strict=True) for item in order))
    assert texts(database) == sorted(message.text for message in people)


async def test_the_meters_count_what_was_new(database: Database) -> None:
    meters, message = Meters(), a_message()
    room = Deliveries(database, SettableClock(), meters)
    for _ in range(2):
        await room.keep(parts(message))
    assert b'wijkbalie_taken_in_messages_total{channel="telegram"} 1.0' in meters.exposition()
