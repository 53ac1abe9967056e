"""What one process does at a time stays its own for as long as the work takes, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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


def singles(database: Database, clock: SettableClock, holder: str) -> Singles:
    async def pause(seconds: float) -> None:
        clock.moment += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    return Singles(database=database, holder=holder, now=clock, length=LENGTH, pause=pause)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0)


async def test_work_that_takes_longer_than_the_lease_is_not_taken_over(database: Database, clock: SettableClock) -> None:
    ours, theirs = singles(database, clock, "a"), singles(database, clock, "b")
    begin = clock.moment
    async with ours.kept(NAME) as lease:
        assert lease is not None
        await until(lambda: clock.moment - begin > 5 * LENGTH)
        assert theirs.take(NAME) is None
        with database.work() as work:
            assert work.leases.is_held(lease)
    clock.moment += 2 * LENGTH
    assert theirs.take(NAME) is not None


async def test_who_does_not_get_it_waits_for_nothing(database: Database, clock: SettableClock) -> None:
    ours, theirs = singles(database, clock, "a"), singles(database, clock, "b")
    assert theirs.take(NAME) is not None
    async with ours.kept(NAME) as lease:
        assert lease is None


async def test_who_was_overtaken_stops_renewing(database: Database, clock: SettableClock) -> None:
    ours, theirs = singles(database, clock, "a"), singles(database, clock, "b")
    async with ours.kept(NAME) as lease:
        assert lease is not None
        with database.work() as work:
            work.leases.release(lease, clock.moment)
            work.commit()
        taken = theirs.take(NAME)
        assert taken is not None
        await until(lambda: NAME not in ours._held)
        with database.work() as work:
            assert (work.leases.is_held(lease), work.leases.is_held(taken)) == (False, True)
