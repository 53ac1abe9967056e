"""The monthly budget of a channel that costs money holds for all processes together."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from bot.costs import DatabaseLedger, share_costs
from channels.simulator.twitter import XSimulator
from channels.twitter import XChannel
from channels.twitter_client import XSettings
from routing.errors import StorageUnavailableError, TemporaryChannelError
from routing.messages import Delivery, InboundMessage, OutboundMessage, Page
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import cursors
from tests.builders import MONDAY, SettableClock

NOOR, TODAY = "70010001", MONDAY.date()


@pytest.fixture
def databases(database_url: str) -> Iterator[tuple[Database, Database]]:
    """Two processes on one database."""
    one, other = Database.open(database_url), Database.open(database_url)
    upgrade(one.engine)
    yield one, other
    one.close()
    other.close()


@pytest.fixture
def x() -> Iterator[XSimulator]:
    with XSimulator(clock=SettableClock()) as simulator:
        yield simulator


def a_channel(x: XSimulator, database: Database) -> XChannel:
    settings = XSettings(
        consumer_key="k",
        consumer_secret="k",
        access_token="k",
        access_token_secret="k",
        base_url=x.url,
        monthly_budget=0.040,
    )
    channel = XChannel(settings, now=SettableClock())
    share_costs(channel, database)
    return channel


def an_answer_to(message: InboundMessage, number: int) -> OutboundMessage:
    token = f"WB-2026-0004{number}/1"
    return OutboundMessage(
        channel="x",
        delivery=Delivery.PUBLIC_REPLY,
        to=NOOR,
        thread=message.thread,
        reply_to=message.reply_to,
        text=f"Dank u. {token}",
        token=token,
    )


def only_message(page: Page) -> InboundMessage:
    [message] = page.items
    assert isinstance(message, InboundMessage)
    return message


async def test_what_one_process_sends_stops_the_reading_of_the_other(x: XSimulator, databases: tuple[Database, Database]) -> None:
    reader, sender = (a_channel(x, database) for database in databases)
    x.resident_writes(NOOR, "Noor", "lamp stuk")
    page = await reader.fetch(None)
    for number in range(3):
        assert not (await reader.fetch(page.cursor)).problem
        await sender.send(an_answer_to(only_message(page), number))
    assert "budget" in (await reader.fetch(page.cursor)).problem
    assert reader.cost_so_far() == sender.cost_so_far()
    assert "$0.05 van $0.04" in reader.cost_so_far().text
    restarted = a_channel(x, databases[0])
    assert "budget" in (await restarted.fetch(None)).problem
    for channel in (reader, sender, restarted):
        await channel.aclose()


async def test_what_both_read_is_charged_once(x: XSimulator, databases: tuple[Database, Database]) -> None:
    x.resident_sends_direct_message(NOOR, "Noor", "lamp stuk")
    for database in databases:
        channel = a_channel(x, database)
        await channel.fetch(None)
        await channel.aclose()
    assert DatabaseLedger(database=databases[0], channel="x").spent(TODAY) == 10


def test_processes_that_charge_at_the_same_time_count_everything_once(databases: tuple[Database, Database]) -> None:
    ledgers = [DatabaseLedger(database=database, channel="x") for database in databases]

    def charge(number: int) -> None:
        for first in range(10):
            items = [str(item) for item in range(first, first + 20)]
            ledgers[number % 2].charge(TODAY, items if number < 2 else items[::-1], 1)

    threads = [threading.Thread(target=charge, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [ledger.spent(TODAY) for ledger in ledgers] == [29, 29]


def test_a_new_month_begins_at_nothing_and_forgets_the_old_one(databases: tuple[Database, Database]) -> None:
    ledger, other = (DatabaseLedger(database=databases[0], channel=name) for name in ("x", "y"))
    for day in (date(2026, 11, 1), date(2026, 11, 30)):
        ledger.charge(day, ["1"], 5)
        other.charge(day, ["1"], 7)
    assert (ledger.spent(date(2026, 11, 30)), ledger.spent(date(2026, 12, 1))) == (10, 0)
    ledger.charge(date(2026, 12, 1), ["2"], 5)
    assert (ledger.spent(date(2026, 11, 30)), other.spent(date(2026, 11, 30))) == (5, 14)


async def test_nothing_is_posted_while_its_cost_cannot_be_written_down(
    x: XSimulator, databases: tuple[Database, Database]
) -> None:
    channel = a_channel(x, databases[0])
    x.resident_writes(NOOR, "Noor", "lamp stuk")
    page = await channel.fetch(None)

    class Away(DatabaseLedger):
        def charge(self, *_: object) -> None:
            raise StorageUnavailableError("de database is even weg")

    channel.count_in(Away(database=databases[0], channel="x"))
    with pytest.raises(TemporaryChannelError, match="niet op te schrijven"):
        await channel.send(an_answer_to(only_message(page), 1))
    assert len(x.posted) == 0
    await channel.aclose()


def test_what_was_counted_in_the_cursor_comes_along(database_url: str) -> None:
    """Whoever upgrades half way through a month does not get a second budget."""
    database = Database.open(database_url)
    if database.engine.dialect.name == "postgresql":  # it came with the whole schema
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    upgrade(database.engine, "0022")  # before there were costs
    values = {"usage": {"month": "2026-11", "day": TODAY.isoformat(), "spent": 4321, "seen": ["1"]}}
    with database.engine.begin() as connection:
        row = {"channel": "x", "cursor": json.dumps(values), "updated_at": MONDAY}
        connection.execute(sa.insert(cursors).values(row))
    upgrade(database.engine)
    ledger = DatabaseLedger(database=database, channel="x")
    assert ledger.spent(TODAY) == 4321
    assert ledger.spent(TODAY + timedelta(days=31)) == 0
    database.close()
