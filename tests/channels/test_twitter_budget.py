"""What reading on X costs, when it stops, and how fast X lets us go."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.twitter import XSimulator
from channels.twitter import XChannel
from channels.twitter_budget import PRICE_OF_DIRECT_MESSAGE, MemoryLedger, until_next_month
from channels.twitter_client import XSettings
from channels.twitter_refusals import parse_pace
from routing.errors import TemporaryChannelError
from routing.messages import Delivery, InboundMessage, OutboundMessage, Removal
from tests.builders import MONDAY, SettableClock

NOOR, TOKEN = "70010001", "WB-2026-00042/2"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def x(clock: SettableClock) -> Iterator[XSimulator]:
    with XSimulator(clock=clock) as simulator:
        yield simulator


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
async def channel(x: XSimulator, clock: SettableClock, ledger: MemoryLedger) -> AsyncIterator[XChannel]:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
    built = XChannel(XSettings(**keys, base_url=x.url, monthly_budget=0.025), now=clock)
    built.count_in(ledger)
    yield built
    await built.aclose()


def test_an_item_is_charged_once_a_day_and_a_new_month_begins_at_nothing() -> None:
    ledger, monday = MemoryLedger(), MONDAY.date()
    for ids in (["1", "2"], ["2", "3"]):
        ledger.charge(monday, ids, PRICE_OF_DIRECT_MESSAGE)
    assert ledger.spent(monday) == 30
    tuesday = monday + timedelta(days=1)
    ledger.charge(tuesday, ["1"], PRICE_OF_DIRECT_MESSAGE)
    assert ledger.spent(tuesday) == 40
    assert ledger.spent(monday + timedelta(days=30)) == 0
    assert until_next_month(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == timedelta(hours=1)


async def test_at_the_end_of_the_budget_nothing_is_read_and_nothing_is_lost(
    x: XSimulator, channel: XChannel, clock: SettableClock
) -> None:
    for number in range(3):
        x.resident_sends_direct_message(str(70010001 + number), "Noor", f"bericht {number}")
    page = await channel.fetch(None)
    x.resident_writes("70010009", "Jan", "na het einde")
    stopped = await channel.fetch(page.cursor)

    assert (len(page.items), stopped.items) == (3, ())
    assert "budget" in stopped.problem
    assert stopped.again_after is not None
    assert not channel.cost_so_far().is_good

    clock.advance(days=9)
    [message] = (await channel.fetch(stopped.cursor)).items
    assert message.external_id == x.posts.mentions[0].post["id"]


async def test_reading_the_same_again_costs_nothing_more(
    x: XSimulator, channel: XChannel, clock: SettableClock, ledger: MemoryLedger
) -> None:
    x.resident_sends_direct_message("70010001", "Noor", "hallo")
    page = await channel.fetch(None)
    for _ in range(5):
        clock.advance(minutes=2)
        page = await channel.fetch(page.cursor)
    assert ledger.spent(MONDAY.date()) == 10


@pytest.mark.parametrize(
    ("remaining", "seconds"), [("299", None), ("75", None), ("74", 900 / 74), ("1", 900.0), ("0", 900.0), ("veel", None)]
)
def test_the_pace_follows_what_is_left_of_the_window(remaining: str, seconds: float | None) -> None:
    reset = int((MONDAY + timedelta(minutes=15)).timestamp())
    headers = {"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": remaining, "X-Rate-Limit-Reset": str(reset)}
    pace = parse_pace(headers, MONDAY)
    assert (None if pace is None else pace.total_seconds()) == (None if seconds is None else pytest.approx(seconds))


async def test_a_quoted_post_costs_what_a_look_up_costs_once_a_day(
    x: XSimulator, channel: XChannel, ledger: MemoryLedger
) -> None:
    quoted = x.resident_posts_elsewhere("70010002", "Jan", "lamp stuk")
    page = await channel.fetch(None)
    for number in range(2):
        x.resident_quotes("70010001", "Noor", f"kijk {number}", quoted)
        page = await channel.fetch(page.cursor)
    assert ledger.spent(MONDAY.date()) == 2 + 5


async def test_posts_that_are_gone_are_found_and_hidden_ones_are_not_taken_for_it(x: XSimulator, channel: XChannel) -> None:
    gone = x.resident_writes("70010001", "Noor", "weg")
    there = x.resident_writes("70010001", "Noor", "blijft")
    x.resident_deletes(gone)
    assert await channel.find_removed([gone, there]) == (Removal(channel="x", external_id=gone),)


def an_answer_to(message: InboundMessage, delivery: Delivery, text: str = f"Dank u. {TOKEN}") -> OutboundMessage:
    return OutboundMessage(
        channel="x", delivery=delivery, to=NOOR, thread=message.thread, reply_to=message.reply_to, text=text, token=TOKEN
    )


@pytest.mark.parametrize(
    ("text", "fault", "cost"),
    [
        ("Dank u.", None, 15),
        ("Zie https://utrecht.example/.", None, 200),
        ("Dank u.", FaultKind.ACCEPT_THEN_RESET, 15),
        ("Dank u.", FaultKind.RATE_LIMITED, 0),
    ],
)
async def test_a_reply_is_counted_when_it_may_have_been_charged(
    x: XSimulator, channel: XChannel, text: str, fault: FaultKind | None, cost: int
) -> None:
    ledger = MemoryLedger()
    channel.count_in(ledger)
    x.resident_writes(NOOR, "Noor", "lamp stuk")
    [message] = (await channel.fetch(None)).items
    assert isinstance(message, InboundMessage)
    if fault is not None:
        x.faults.add(Fault(kind=fault, side=Side.WRITE))
    with contextlib.suppress(TemporaryChannelError):
        await channel.send(an_answer_to(message, Delivery.PUBLIC_REPLY, f"{text} {TOKEN}"))
    assert ledger.spent(MONDAY.date()) == 1 + cost


async def test_looking_up_and_reading_back_are_counted_once_a_day(x: XSimulator, channel: XChannel, ledger: MemoryLedger) -> None:
    post = x.resident_writes(NOOR, "Noor", "lamp stuk")
    [message] = (await channel.fetch(None)).items
    assert isinstance(message, InboundMessage)
    answer = an_answer_to(message, Delivery.PUBLIC_REPLY)
    x.account_posts("een ander bericht van ons")
    for _ in range(2):
        await channel.find_removed([post])
        await channel.find_sent(answer)

    # The mention was charged today already, so that looking it up costs nothing more; our own post costs its reading.
    assert ledger.spent(MONDAY.date()) == 1 + 1


async def test_what_replies_cost_brings_the_end_of_the_budget(x: XSimulator, channel: XChannel, ledger: MemoryLedger) -> None:
    x.resident_writes(NOOR, "Noor", "lamp stuk")
    page = await channel.fetch(None)
    [message] = page.items
    assert isinstance(message, InboundMessage)
    for number in range(3):
        await channel.send(an_answer_to(message, Delivery.PUBLIC_REPLY, f"Dank u {number}. {TOKEN}"))
    stopped = await channel.fetch(page.cursor)
    assert "budget" in stopped.problem
    assert ledger.spent(MONDAY.date()) == 1 + 3 * 15
