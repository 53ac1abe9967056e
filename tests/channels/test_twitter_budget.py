"""What reading on X costs, when it stops, and how fast X lets us go."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.twitter import XSimulator
from channels.twitter import XChannel
from channels.twitter_budget import Usage, until_next_month
from channels.twitter_client import XSettings
from channels.twitter_refusals import parse_pace
from channels.twitter_walk import decode_cursor
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
async def channel(x: XSimulator, clock: SettableClock) -> AsyncIterator[XChannel]:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
    built = XChannel(XSettings(**keys, base_url=x.url, monthly_budget=0.025), now=clock)
    yield built
    await built.aclose()


def test_an_item_is_charged_once_a_day_and_a_new_month_begins_at_nothing() -> None:
    usage = Usage().at(MONDAY).charged(["1", "2"], 0.010).charged(["2", "3"], 0.010)
    assert usage.dollars == pytest.approx(0.03)
    tomorrow = usage.at(MONDAY + timedelta(days=1)).charged(["1"], 0.010)
    assert tomorrow.dollars == pytest.approx(0.04)
    assert tomorrow.at(MONDAY + timedelta(days=30)).dollars == 0
    assert until_next_month(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == timedelta(hours=1)


async def test_at_the_end_of_the_budget_nothing_is_read_and_nothing_is_lost(
    x: XSimulator, channel: XChannel, clock: SettableClock
) -> None:
    for number in range(3):
        x.resident_sends_direct_message(str(70010001 + number), "Noor", f"bericht {number}")
    spent = await channel.fetch(None)
    x.resident_writes("70010009", "Jan", "na het einde")
    stopped = await channel.fetch(spent.cursor)

    assert (len(spent.items), stopped.items) == (3, ())
    assert "budget" in stopped.problem
    assert stopped.again_after is not None
    assert not channel.cost_so_far(stopped.cursor).is_good

    clock.advance(days=9)
    [message] = (await channel.fetch(stopped.cursor)).items
    assert message.external_id == x.posts.mentions[0].post["id"]


async def test_reading_the_same_again_costs_nothing_more(x: XSimulator, channel: XChannel, clock: SettableClock) -> None:
    x.resident_sends_direct_message("70010001", "Noor", "hallo")
    page = await channel.fetch(None)
    for _ in range(5):
        clock.advance(minutes=2)
        page = await channel.fetch(page.cursor)
    assert decode_cursor(page.cursor).usage.dollars == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("remaining", "seconds"), [("299", None), ("75", None), ("74", 900 / 74), ("1", 900.0), ("0", 900.0), ("veel", None)]
)
def test_the_pace_follows_what_is_left_of_the_window(remaining: str, seconds: float | None) -> None:
    reset = int((MONDAY + timedelta(minutes=15)).timestamp())
    headers = {"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": remaining, "X-Rate-Limit-Reset": str(reset)}
    pace = parse_pace(headers, MONDAY)
    assert (None if pace is None else pace.total_seconds()) == (None if seconds is None else pytest.approx(seconds))


async def test_a_quoted_post_costs_what_a_look_up_costs_once_a_day(
    x: XSimulator, channel: XChannel, clock: SettableClock
) -> None:
    quoted = x.resident_posts_elsewhere("70010002", "Jan", "lamp stuk")
    page = await channel.fetch(None)
    for number in range(2):
        x.resident_quotes("70010001", "Noor", f"kijk {number}", quoted)
        page = await channel.fetch(page.cursor)
    assert decode_cursor(page.cursor).usage.dollars == pytest.approx(0.002 + 0.005)


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
    ("text", "fault", "dollars"),
    [
        ("Dank u.", None, 0.015),
        ("Zie https://utrecht.example/.", None, 0.200),
        ("Dank u.", FaultKind.ACCEPT_THEN_RESET, 0.015),
        ("Dank u.", FaultKind.RATE_LIMITED, 0),
    ],
)
async def test_a_reply_is_counted_when_it_may_have_been_charged(
    x: XSimulator, channel: XChannel, text: str, fault: FaultKind | None, dollars: float
) -> None:
    x.resident_writes(NOOR, "Noor", "lamp stuk")
    page = await channel.fetch(None)
    [message] = page.items
    assert isinstance(message, InboundMessage)
    if fault is not None:
        x.faults.add(Fault(kind=fault, side=Side.WRITE))
    with contextlib.suppress(TemporaryChannelError):
        await channel.send(an_answer_to(message, Delivery.PUBLIC_REPLY, f"{text} {TOKEN}"))

    usage = decode_cursor((await channel.fetch(page.cursor)).cursor).usage

    assert usage.dollars == pytest.approx(0.001 + dollars)
    assert channel.cost_so_far(page.cursor).is_good


async def test_looking_up_and_reading_back_are_counted_once_a_day(x: XSimulator, channel: XChannel) -> None:
    post = x.resident_writes(NOOR, "Noor", "lamp stuk")
    page = await channel.fetch(None)
    [message] = page.items
    assert isinstance(message, InboundMessage)
    answer = an_answer_to(message, Delivery.PUBLIC_REPLY)
    x.account_posts("een ander bericht van ons")
    for _ in range(2):
        await channel.find_removed([post])
        await channel.find_sent(answer)

    page = await channel.fetch(page.cursor)
    again = await channel.fetch(page.cursor)

    # The mention was charged today already, so that looking it up costs nothing more; our own post costs its reading.
    assert decode_cursor(again.cursor).usage.dollars == pytest.approx(0.001 + 0.001)


async def test_what_was_spent_counts_at_the_end_of_the_budget_too(x: XSimulator, channel: XChannel) -> None:
    x.resident_writes(NOOR, "Noor", "lamp stuk")
    page = await channel.fetch(None)
    [message] = page.items
    assert isinstance(message, InboundMessage)
    for number in range(3):
        await channel.send(an_answer_to(message, Delivery.PUBLIC_REPLY, f"Dank u {number}. {TOKEN}"))
    spent = await channel.fetch(page.cursor)
    stopped = await channel.fetch(spent.cursor)
    assert "budget" in stopped.problem
    assert decode_cursor(stopped.cursor).usage.dollars == pytest.approx(0.001 + 3 * 0.015)
