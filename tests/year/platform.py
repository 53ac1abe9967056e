"""A platform in memory for a year that must pass in minutes: it hands over what residents wrote, and it fails as platforms do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.base import Limits
from routing.errors import TemporaryChannelError
from routing.messages import Delivery, InboundMessage, NotFound, OutboundMessage, Page, Sent, Unknown

_LIMITS = Limits(
    max_length=dict.fromkeys(Delivery, 10_000),
    min_interval=timedelta(0),
    min_interval_per_thread=timedelta(0),
    settle_delay=timedelta(minutes=1),
)
_BATCH = 100


@dataclass(slots=True, kw_only=True)
class Platform:
    """`outages` are the spans in which it does not answer; `posts` is what residents can read there, with the moment."""

    name: str
    now: Callable[[], datetime]
    dice: random.Random
    outages: tuple[tuple[datetime, datetime], ...]
    written: list[InboundMessage] = field(default_factory=list)
    posts: list[tuple[datetime, OutboundMessage]] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        return _LIMITS

    async def fetch(self, cursor: str | None) -> Page:
        self._answer()
        start = int(cursor or 0)
        items = tuple(self.written[start : start + _BATCH])
        return Page(items=items, cursor=str(start + len(items)), more=start + len(items) < len(self.written))

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        self._answer()
        luck = self.dice.random()
        if luck < 0.01:
            return Unknown(reason="verbinding verbroken voor het versturen")
        self.posts.append((self.now(), message))
        return Unknown(reason="verbinding verbroken na het versturen") if luck < 0.02 else Sent(external_id=message.token)

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound:
        found = any(post.token == message.token for _, post in self.posts)
        return Sent(external_id=message.token) if found else NotFound()

    async def aclose(self) -> None:
        """Nothing is held open."""

    def is_down(self, moment: datetime) -> bool:
        return any(start <= moment < end for start, end in self.outages)

    def _answer(self) -> None:
        if self.is_down(self.now()):
            raise TemporaryChannelError(f"{self.name}: storing")
