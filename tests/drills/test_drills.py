"""What breaks under a running office: each time it keeps what it accepted, says what is wrong, and goes on by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.attachments import Attachments
from bot.check_up import CheckUp
from bot.clock import Clock, Rhythm
from bot.config import RetentionTable
from bot.edited_tables import EditedTables
from bot.files import FileStore
from bot.intake import Intake
from bot.relay import Relay
from bot.retention import RetentionKeeper
from bot.single import Singles
from bot.wellbeing import judge_health
from channels.base import Channel, Finding
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.errors import StorageUnavailableError
from storage import audit, queries
from storage.database import Database
from storage.migrate import upgrade
from storage.outbox import ReplyState
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter
from tests.databases import server_gone, until_somebody_waits

Breaking = Callable[[Database], Any]


class Counter:
    """A whole office on one simulated platform, ticked by hand as the scheduler ticks it."""

    def __init__(self, database: Database, simulator: TelegramSimulator) -> None:
        self.office: Office = an_office(database)
        self.simulator = simulator
        settings = TelegramSettings(token=simulator.token, base_url=simulator.url, read_timeout=2.0, connect_timeout=3.0)
        self.channel: Channel = TelegramChannel(settings)
        no_files = FileStore(folder=Path("residents send none here"))
        rhythm = Rhythm(**dict.fromkeys(("fetch", "triage", "relay", "promises"), timedelta(seconds=1)))
        self.clock = Clock(
            channels=(self.channel,),
            intake=Intake(database, self.office.clock),
            triage=self.office.triage,
            relay=Relay(database=database, now=self.office.clock, pause=self.wait),
            keeper=self.office.keeper,
            questions=self.office.questions,
            check_up=CheckUp(database=database, now=self.office.clock),
            attachments=Attachments(database=database, store=no_files, router=ScriptedRouter(), now=self.office.clock),
            retention=RetentionKeeper(database=database, periods=RetentionTable().as_periods(), now=self.office.clock),
            rhythm=rhythm,
            tables=EditedTables(database, self.office.handling.replies.municipality, self.office.handling.replies.texts),
            singles=Singles(database=database, holder="drill", now=self.office.clock, length=timedelta(minutes=1)),
        )
        self.waited: list[float] = []
        self.when_waiting: Callable[[], None] = lambda: None

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.when_waiting()
        await asyncio.sleep(0)

    async def tick(self) -> None:
        await self.clock.tick()

    def texts(self) -> list[str]:
        with self.office.database.reading() as connection:
            return [message.text for message in audit.all_messages(connection)]

    def concerns(self) -> list[str]:
        with self.office.database.reading() as connection:
            health = queries.health(connection, self.office.clock())
        return judge_health(health, self.office.triage.replies.municipality, self.office.clock())


class SlowToCheck(TelegramChannel):
    """Its daily look takes until somebody says that it may end."""

    def __init__(self, settings: TelegramSettings) -> None:
        super().__init__(settings)
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.looks = 0

    async def check(self) -> tuple[Finding, ...]:
        self.looks += 1
        self.begun.set()
        await self.may_end.wait()
        return await super().check()


@pytest.fixture
def simulator() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@contextmanager
def disk_full(database: Database) -> Iterator[None]:
    """SQLite may not grow by a page: the same error, from the same place, as on a full disk."""
    with _pragma(database, "max_page_count=1", "max_page_count=1073741823"):
        yield


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    with _pragma(database, "query_only=ON", "query_only=OFF"):
        yield


@contextmanager
def _pragma(database: Database, on: str, off: str) -> Iterator[None]:
    def set_on(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA {on}")

    def set_off(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA {off}")

    sa.event.listen(database.engine, "checkout", set_on)
    try:
        yield
    finally:
        sa.event.remove(database.engine, "checkout", set_on)
        sa.event.listen(database.engine, "checkout", set_off)


@pytest.fixture(
    params=[("sqlite_url", disk_full), ("sqlite_url", read_only), ("postgres_url", server_gone)], ids=lambda p: p[1].__name__
)
def broken(request: pytest.FixtureRequest) -> Iterator[tuple[Database, Breaking]]:
    address, breaking = request.param
    database = Database.open(request.getfixturevalue(address))
    upgrade(database.engine)
    yield database, breaking
    database.close()


async def test_what_was_accepted_is_kept_and_the_office_recovers_by_itself(
    broken: tuple[Database, Breaking], simulator: TelegramSimulator
) -> None:
    database, breaking = broken
    counter = Counter(database, simulator)
    simulator.resident_writes("1", "Ada", "voor de storing " * 400)
    await counter.tick()
    with breaking(database):
        simulator.resident_writes("2", "Bo", "tijdens de storing " * 400)
        await counter.tick()
        counter.office.clock.advance(minutes=5)
        await counter.tick()
        assert any("De database werkt niet mee" in why for why in counter.clock.trouble.values())
    await counter.tick()
    await counter.tick()
    assert counter.clock.trouble == {}
    assert [text.split()[0] for text in counter.texts()] == ["voor", "tijdens"]
    assert all(reply.state is ReplyState.SENT for reply in counter.office.replies())
    assert len(simulator.posted) == 2
    await counter.channel.aclose()


async def test_an_answer_of_the_platform_is_remembered_until_the_database_is_back(
    broken: tuple[Database, Breaking], simulator: TelegramSimulator
) -> None:
    database, breaking = broken
    counter = Counter(database, simulator)
    simulator.resident_writes("1", "Ada", "de lamp is stuk")
    await counter.clock.intake.fetch(counter.channel)
    counter.office.triage.run()
    trouble = ExitStack()

    def break_after_the_send(point: str) -> None:
        if point == "na versturen":
            trouble.enter_context(breaking(database))

    def mend() -> None:
        if counter.waited[-1] == 5.0:
            trouble.close()

    database.watch = break_after_the_send
    counter.when_waiting = mend
    with trouble:
        assert await counter.clock.relay.run(counter.channel) == 1
    assert counter.office.replies()[0].state is ReplyState.SENT
    assert len(simulator.posted) == 1
    await counter.channel.aclose()


async def test_trouble_of_the_database_never_sets_a_good_message_aside(simulator: TelegramSimulator, sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    upgrade(database.engine)
    counter = Counter(database, simulator)
    simulator.resident_writes("1", "Ada", "de lamp is stuk")
    await counter.clock.intake.fetch(counter.channel)
    with read_only(database), pytest.raises(StorageUnavailableError, match="schrijfrechten"):
        counter.office.triage.run()
    counter.office.triage.run()
    assert len(counter.office.meldingen()) == 1
    await counter.channel.aclose()
    database.close()


async def test_a_clock_set_back_stops_nothing_and_is_told(database: Database, simulator: TelegramSimulator) -> None:
    counter = Counter(database, simulator)
    simulator.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.WRITE, retry_after=timedelta(seconds=30)))
    simulator.resident_writes("1", "Ada", "de lamp is stuk")
    await counter.tick()
    assert len(simulator.posted) == 0
    counter.office.clock.advance(hours=-1)
    await counter.tick()
    assert len(simulator.posted) == 1
    assert any("klok van deze machine loopt achter" in concern for concern in counter.concerns())
    counter.office.clock.advance(hours=2)
    assert not any("klok" in concern for concern in counter.concerns())
    await counter.channel.aclose()


async def test_a_claim_from_before_the_clock_was_set_back_is_looked_into(
    database: Database, simulator: TelegramSimulator
) -> None:
    counter = Counter(database, simulator)
    simulator.resident_writes("1", "Ada", "de lamp is stuk")
    await counter.clock.intake.fetch(counter.channel)
    counter.office.triage.run()
    with database.work() as work:
        assert work.outbox.claim_due("telegram", counter.office.clock(), lease=timedelta(minutes=5)) is not None
        work.commit()
    counter.office.clock.advance(hours=-1)
    await counter.tick()
    assert counter.office.replies()[0].state is ReplyState.UNCERTAIN
    await counter.channel.aclose()


async def test_who_sends_for_long_keeps_the_channel_to_itself(database: Database, simulator: TelegramSimulator) -> None:
    counter = Counter(database, simulator)
    clock = counter.office.clock
    for number in range(4):
        simulator.resident_writes(str(number), "Bewoner", f"lamp {number} is stuk")
    rival = Singles(database=database, holder="rival", now=clock, length=timedelta(minutes=1))

    def a_while_passes() -> None:
        clock.advance(seconds=40)
        assert rival.take("versturen telegram") is None

    counter.when_waiting = a_while_passes
    await counter.tick()
    assert len(simulator.posted) == 4
    await counter.channel.aclose()


async def test_who_was_overtaken_while_sending_stops(database: Database, simulator: TelegramSimulator) -> None:
    counter = Counter(database, simulator)
    clock = counter.office.clock
    for number in range(4):
        simulator.resident_writes(str(number), "Bewoner", f"lamp {number} is stuk")
    rival = Singles(database=database, holder="rival", now=clock, length=timedelta(minutes=1))

    def the_machine_stands_still() -> None:
        clock.advance(minutes=2)
        rival.take("versturen telegram")

    counter.when_waiting = the_machine_stands_still
    await counter.tick()
    assert len(simulator.posted) == 1
    await counter.channel.aclose()


async def test_a_storm_does_not_wait_for_the_next_tick(database: Database, simulator: TelegramSimulator) -> None:
    counter = Counter(database, simulator)
    for number in range(120):
        simulator.resident_writes(str(number), "Bewoner", f"lamp {number} is stuk")
    await counter.tick()
    assert len(simulator.posted) == 120
    await counter.channel.aclose()


async def test_who_has_to_stop_begins_no_further_portion(database: Database, simulator: TelegramSimulator) -> None:
    counter = Counter(database, simulator)
    for number in range(120):
        simulator.resident_writes(str(number), "Bewoner", f"lamp {number} is stuk")
    await counter.clock.intake.fetch(counter.channel)
    assert await counter.clock.rest()
    await counter.tick()
    assert len(counter.office.meldingen()) == 0
    assert len(simulator.posted) == 0
    await counter.channel.aclose()


async def test_an_outcome_that_meets_a_rival_is_written_down_all_the_same(
    postgres_url: str, simulator: TelegramSimulator
) -> None:
    database = Database.open(postgres_url)
    counter = Counter(database, simulator)
    simulator.resident_writes("1", "Ada", "de lamp is stuk")
    await counter.clock.intake.fetch(counter.channel)
    counter.office.triage.run()
    with database.engine.begin() as rival:
        rival.exec_driver_sql("SET LOCAL deadlock_timeout = '1h'")  # so that it is the other one that has to give way

        def hold_the_attempt(point: str) -> None:
            if point == "na versturen":
                rival.exec_driver_sql("SELECT * FROM attempts FOR UPDATE")

        database.watch = hold_the_attempt
        relaying = asyncio.create_task(counter.clock.relay.run(counter.channel))
        await asyncio.to_thread(until_somebody_waits, database)
        await asyncio.to_thread(rival.exec_driver_sql, "UPDATE replies SET looks = 0")
    assert await relaying == 1
    assert counter.office.replies()[0].state is ReplyState.SENT
    assert len(simulator.posted) == 1
    await counter.channel.aclose()
    database.close()


def until_it_waits(simulator: TelegramSimulator) -> None:
    deadline = time.monotonic() + 60
    while not simulator.faults.struck:
        assert time.monotonic() < deadline, "nothing is asked of the platform"
        time.sleep(0.01)


async def test_a_step_under_way_at_a_stop_is_let_finish_and_is_no_error_in_the_log(
    database: Database, simulator: TelegramSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    counter = Counter(database, simulator)
    simulator.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_TIMEOUT, side=Side.READ, times=None))
    scheduler = counter.clock.start()
    scheduler.modify_job("fetch telegram", next_run_time=datetime.now(UTC))
    await asyncio.to_thread(until_it_waits, simulator)
    scheduler.shutdown(wait=False)
    assert await counter.clock.rest(timedelta(seconds=60))
    assert [record.getMessage() for record in caplog.records if record.name.startswith("apscheduler")] == []
    await counter.channel.aclose()


async def test_two_processes_pay_for_one_daily_look(database: Database, simulator: TelegramSimulator) -> None:
    counter = Counter(database, simulator)
    channel = SlowToCheck(
        TelegramSettings(token=simulator.token, base_url=simulator.url, read_timeout=20.0, connect_timeout=20.0)
    )
    singles = counter.clock.singles
    ours = replace(counter.clock, channels=(channel,))
    theirs = replace(ours, singles=replace(singles, holder="another process", _held={}), trouble={})
    looking = asyncio.create_task(ours.tick())
    await asyncio.wait_for(channel.begun.wait(), 60)

    await asyncio.wait_for(theirs.tick(), 60)
    channel.may_end.set()
    await looking
    await asyncio.wait_for(theirs.tick(), 60)

    assert (channel.looks, ours.trouble, theirs.trouble) == (1, {}, {})
    await channel.aclose()
    await counter.channel.aclose()
