"""One process at a time: leases with fences, and the bell that wakes others."""

from __future__ import annotations

import threading
from datetime import timedelta

from bot.intake import Intake
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from storage import audit
from storage.bell import RELAY, TRIAGE
from storage.database import Database
from storage.leases import Lease
from storage.points import Commit
from tests.builders import MONDAY, SettableClock

LENGTH = timedelta(minutes=1)


def take(database: Database, holder: str, minutes: float = 0) -> Lease | None:
    with database.work() as work:
        lease = work.leases.take("ophalen x", holder, MONDAY + timedelta(minutes=minutes), LENGTH)
        work.commit()
    return lease


def held(database: Database, lease: Lease) -> bool:
    with database.work() as work:
        return work.leases.is_held(lease)


def test_one_holds_it_until_it_ends_and_the_fence_grows(database: Database) -> None:
    first = take(database, "a")
    assert first is not None
    assert take(database, "b") is None
    kept = take(database, "a", minutes=0.5)
    assert kept is not None
    assert kept.fence == first.fence
    second = take(database, "b", minutes=2)
    assert second is not None
    assert second.fence == first.fence + 1
    assert not held(database, first)
    assert held(database, second)


def test_a_lease_that_is_given_back_is_free_at_once(database: Database) -> None:
    lease = take(database, "a")
    assert lease is not None
    with database.work() as work:
        work.leases.release(lease, MONDAY)
        work.commit()
    assert take(database, "b") is not None


def test_a_lease_from_before_the_clock_was_set_back_is_free(database: Database) -> None:
    assert take(database, "a", minutes=600) is not None
    assert take(database, "b") is not None


async def test_a_page_of_who_was_overtaken_is_not_kept(database: Database) -> None:
    with TelegramSimulator() as simulator:
        channel = TelegramChannel(TelegramSettings(token=simulator.token, base_url=simulator.url))
        simulator.resident_writes("1", "Ada", "de lamp is stuk")
        slow = take(database, "slow")
        quick = take(database, "quick", minutes=2)
        intake = Intake(database, SettableClock())
        assert await intake.fetch(channel, slow) == 0
        assert await intake.fetch(channel, quick) == 1
        await channel.aclose()
    with database.reading() as connection:
        assert len(audit.all_messages(connection)) == 1


def test_a_commit_wakes_who_waits_for_its_work_also_in_another_process(database: Database) -> None:
    other = database if database.engine.dialect.name == "sqlite" else Database(database.engine)
    heard: list[str] = []
    rung = threading.Event()

    def answer(what: str) -> None:
        heard.append(what)
        rung.set()

    other.bell.answer(answer)
    for point, what in ((Commit.INTAKE, TRIAGE), (Commit.DESK, RELAY)):
        rung.clear()
        for _ in range(50):  # a listener that is still connecting misses a ring, as it may
            with database.work(point) as work:
                work.staff.find_account("nobody")
                work.commit()
            if rung.wait(0.2):
                break
        assert heard[-1] == what
    other.bell.hang_up()


def test_what_is_rolled_back_wakes_nobody(database: Database) -> None:
    heard: list[str] = []
    database.bell.answer(heard.append)
    with database.work(Commit.INTAKE) as work:
        work.staff.find_account("nobody")
    assert heard == []
    database.bell.hang_up()
