"""Direct messages on X: a stream of its own, with its own place in the cursor, its own pace and its own failures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.twitter import XSimulator
from channels.simulator.twitter_wire import Vocabulary
from channels.twitter import XChannel
from channels.twitter_client import XSettings
from routing.messages import AttachmentKind, InboundMessage, Page, Visibility
from tests.builders import SettableClock

NOOR, JAN = "70010001", "70010002"


@pytest.fixture(params=list(Vocabulary))
def x(request: pytest.FixtureRequest, clock: SettableClock) -> Iterator[XSimulator]:
    with XSimulator(vocabulary=request.param, clock=clock) as simulator:
        yield simulator


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def channel(x: XSimulator, clock: SettableClock) -> AsyncIterator[XChannel]:
    channel = a_channel(x, clock)
    yield channel
    await channel.aclose()


def a_channel(x: XSimulator, clock: SettableClock, **more: Any) -> XChannel:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
    return XChannel(XSettings(**keys, base_url=x.url, page_size=5, direct_page_size=3, **more), now=clock)


def texts(page: Page) -> list[str]:
    return [item.text for item in page.items if isinstance(item, InboundMessage)]


async def test_a_direct_message_comes_in_beside_a_mention(x: XSimulator, channel: XChannel) -> None:
    x.resident_writes(NOOR, "Noor", "in het openbaar")
    x.resident_sends_direct_message(NOOR, "Noor", "5 < 6", photo=True)

    page = await channel.fetch(None)

    public, private = page.items
    assert isinstance(public, InboundMessage)
    assert isinstance(private, InboundMessage)
    assert (public.visibility, private.visibility) == (Visibility.PUBLIC, Visibility.PRIVATE)
    assert private.text == "5 < 6"
    assert private.sender == public.sender
    assert [photo.kind for photo in private.attachments] == [AttachmentKind.PHOTO]


async def test_between_two_rounds_the_pace_of_x_is_kept(x: XSimulator, channel: XChannel, clock: SettableClock) -> None:
    cursor = (await channel.fetch(None)).cursor
    x.resident_sends_direct_message(NOOR, "Noor", "hallo")

    early = await channel.fetch(cursor)
    clock.advance(seconds=61)
    later = await channel.fetch(early.cursor)

    assert (texts(early), texts(later)) == ([], ["hallo"])


async def test_a_clock_that_was_two_days_ahead_keeps_no_message_waiting(
    x: XSimulator, channel: XChannel, clock: SettableClock
) -> None:
    clock.advance(days=2)
    cursor = (await channel.fetch(None)).cursor
    clock.advance(days=-2)
    x.resident_sends_direct_message(NOOR, "Noor", "hallo")
    assert texts(await channel.fetch(cursor)) == ["hallo"]


async def test_a_round_goes_back_until_the_last_known_message(x: XSimulator, channel: XChannel, clock: SettableClock) -> None:
    for number in range(4):
        x.resident_sends_direct_message(str(int(NOOR) + number), "Noor", f"eerst {number}")
    cursor, found = None, []
    for number in range(8):
        page = await channel.fetch(cursor)
        found += texts(page)
        cursor = page.cursor
        clock.advance(seconds=61)
        if number == 3:
            for later in range(5):
                x.resident_sends_direct_message(JAN, "Jan", f"later {later}")

    assert sorted(found) == sorted([f"eerst {n}" for n in range(4)] + [f"later {n}" for n in range(5)])


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.SERVER_ERROR, FaultKind.EXPIRED_TOKEN])
async def test_trouble_with_direct_messages_is_told_and_does_not_hold_up_mentions(
    x: XSimulator, channel: XChannel, clock: SettableClock, kind: FaultKind
) -> None:
    x.faults.add(Fault(kind=kind, side=Side.READ, method="dm_events", retry_after=timedelta(minutes=10)))
    x.resident_writes(NOOR, "Noor", "in het openbaar")
    x.resident_sends_direct_message(NOOR, "Noor", "onder ons")

    page = await channel.fetch(None)
    clock.advance(minutes=11)
    later = await channel.fetch(page.cursor)

    assert texts(page) == ["@wijkbureau in het openbaar"]
    assert "privéberichten" in page.problem
    assert (texts(later), later.problem) == (["onder ons"], "")


async def test_what_was_written_before_the_start_stays_out(x: XSimulator, clock: SettableClock) -> None:
    x.resident_sends_direct_message(NOOR, "Noor", "oud")
    channel = a_channel(x, clock, start=clock() + timedelta(seconds=1))
    clock.advance(seconds=2)
    x.resident_sends_direct_message(NOOR, "Noor", "nieuw")

    page = await channel.fetch(None)
    await channel.aclose()

    assert texts(page) == ["nieuw"]
    assert not page.more


async def test_a_cursor_from_before_direct_messages_goes_on_where_it_was(
    x: XSimulator, channel: XChannel, clock: SettableClock
) -> None:
    x.resident_writes(NOOR, "Noor", "oud")
    old = json.dumps(json.loads((await channel.fetch(None)).cursor)["mentions"])
    x.resident_writes(NOOR, "Noor", "nieuw")
    clock.advance(seconds=61)

    assert texts(await channel.fetch(old)) == ["@wijkbureau nieuw"]
