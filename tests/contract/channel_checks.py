"""What the tests of the contract share: opening a channel, naming its requests, and judging what was told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from channel_harness import ChannelCase

from channels.base import Channel
from channels.simulator.faults import Side
from routing.errors import TemporaryChannelError
from routing.messages import CannotTell, NotFound, Sent

RETRY_AFTER = timedelta(seconds=90)


@asynccontextmanager
async def opened(case: ChannelCase) -> AsyncIterator[Channel]:
    channel = case.channel()
    try:
        yield channel
    finally:
        await channel.aclose()


async def requests_of(case: ChannelCase, side: Side | None, work: Callable[[Channel], Awaitable[object]]) -> list[str]:
    """The platform's names of the calls that this work makes on a fresh channel."""
    async with opened(case) as fresh:
        case.simulator.asked.clear()
        await work(fresh)
    return sorted({method for its_side, method in case.simulator.asked if side in (None, its_side)})


def assert_waits(error: TemporaryChannelError, wait: timedelta) -> None:
    assert error.retry_after is not None
    assert abs(error.retry_after - wait) <= timedelta(seconds=2)


def assert_truthful(found: object, case: ChannelCase, channel: Channel, *, can_look: bool = True) -> None:
    if not (channel.limits.can_read_back and can_look):
        assert isinstance(found, CannotTell)
        assert found.reason
    elif len(case.simulator.posted):
        assert isinstance(found, Sent)
    else:
        assert isinstance(found, NotFound)
