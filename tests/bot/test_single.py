"""What one process does at a time stays its own for as long as the work takes, and no longer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.single import Singles
from storage.database import Database
from tests.builders import SettableClock

LENGTH = timedelta(minutes=1)
NAME = "ophalen messenger"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


class Paused:
    """A pause that lets time pass at once, and tells after how many."""

    def __init__(self, clock: SettableClock, often: int) -> None:
        self._clock, self._left, self.is_over = clock, often, asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self._clock.advance(seconds=seconds)
        self._left -= 1
        if self._left == 0:
            self.is_over.set()
        await asyncio.sleep(0)


def singles(database: Database, clock: SettableClock, holder: str, pause: Paused) -> Singles:
    return Singles(database=database, holder=holder, now=clock, length=LENGTH, pause=pause)


async def test_work_that_takes_longer_than_the_lease_is_not_taken_over(database: Database, clock: SettableClock) -> None:
    pause = Paused(clock, often=20)
    ours, theirs = singles(database, clock, "a", pause), singles(database, clock, "b", pause)
    async with ours.kept(NAME) as lease:
        assert lease is not None
        await asyncio.wait_for(pause.is_over.wait(), 30)
        assert theirs.take(NAME) is None
        with database.work() as work:
            assert work.leases.is_held(lease)
    clock.moment += 2 * LENGTH
    assert theirs.take(NAME) is not None


async def test_who_does_not_get_it_waits_for_nothing(database: Database, clock: SettableClock) -> None:
    pause = Paused(clock, often=1)
    ours, theirs = singles(database, clock, "a", pause), singles(database, clock, "b", pause)
    assert theirs.take(NAME) is not None
    async with ours.kept(NAME) as lease:
        assert lease is None


async def test_who_was_overtaken_renews_nothing(database: Database, clock: SettableClock) -> None:
    pause = Paused(clock, often=1)
    ours, theirs = singles(database, clock, "a", pause), singles(database, clock, "b", pause)
    lease = ours.take(NAME)
    assert lease is not None
    clock.advance(minutes=2)
    taken = theirs.take(NAME)
    assert taken is not None
    async with ours.kept(NAME) as still:
        assert still is None
        with database.work() as work:
            assert (work.leases.is_held(lease), work.leases.is_held(taken)) == (False, True)
