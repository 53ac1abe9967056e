"""How fast due replies leave: claimed, handed to a platform that answers at once, the outcome written down."""

from __future__ import annotations

import asyncio
import itertools
from datetime import time, timedelta
from pathlib import Path

from benchmarks.intake import new_database, now, take_in
from benchmarks.measure import per_second
from bot.relay import Relay
from channels.base import Limits
from routing.decision import Router
from routing.guards import GuardRules
from routing.messages import CannotTell, Delivery, OutboundMessage, Page, Sent
from routing.vakafdelingen import Municipality


class AtOnce:
    """A channel without a network: every post is confirmed before the caller can blink."""

    name = "telegram"
    limits = Limits(
        max_length=dict.fromkeys(Delivery, 10_000),
        length_of=len,
        min_interval=timedelta(),
        min_interval_per_thread=timedelta(),
        can_read_back=False,
    )

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    async def fetch(self, cursor: str | None) -> Page:
        return Page(items=(), cursor=cursor or "")

    async def send(self, message: OutboundMessage) -> Sent:
        return Sent(external_id=f"{message.thread}:{next(self._numbers)}")

    async def find_sent(self, message: OutboundMessage) -> CannotTell:  # noqa: ARG002 - the contract's parameter
        return CannotTell(reason="hier is niets terug te lezen")

    async def aclose(self) -> None:
        return


def dispatched_per_second(folder: Path, router: Router, municipality: Municipality, count: int) -> float:
    database = new_database(folder)
    take_in(database, router, municipality, count)
    relay = Relay(database=database, now=now, guards=GuardRules(quiet_from=time(0), quiet_until=time(0)))

    def dispatch() -> None:
        sent = asyncio.run(relay.run(AtOnce(), limit=count))
        if sent != count:
            raise RuntimeError(f"{sent} of {count} replies left")

    rate = per_second(count, dispatch)
    database.close()
    return rate
