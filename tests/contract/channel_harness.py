"""What a channel brings to the contract suite: its simulator, the channel on top of it, and how residents write there.

To register a channel: write a `ChannelCase` in `<channel>_case.py` and add it to `channel_cases.py`. A case that a
platform cannot have is named in `left_out`, with the reason; everything else runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from channels.base import Channel
from channels.simulator.server import Simulator
from routing.messages import Delivery, InboundMessage, OutboundMessage, Page, UnreadableItem, Visibility

TOKEN = "WB-2026-00042/2"
A_RESIDENT = "70010001"
A_NEIGHBOUR = "70010002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody wrote at the platform, in the words in which the channel must report it."""

    external_id: str
    thread: str
    person_id: str


class ChannelCase(ABC):
    """One channel in the suite. A new one is made for every test; its simulator runs while the test does."""

    name: ClassVar[str]
    visibility: ClassVar[Visibility]
    delivery: ClassVar[Delivery]
    several_pages: ClassVar[int]
    """So many messages that the platform needs more than one page for them."""
    secrets: ClassVar[tuple[str, ...]]
    """Marker tokens that `channel()` is built with: none may show in an error or a log."""
    left_out: ClassVar[Mapping[str, str]] = {}
    """Name of the test -> why this platform cannot have the case."""

    simulator: Simulator
    start: datetime | None = None
    """What was written before it is not ours; `channel()` passes it on."""
    platform_is_off = timedelta()
    """By how much the platform's clock, `platform_clock`, is off."""
    we_are_off = timedelta()
    """The same for the channel's own clock, `our_clock`."""

    def platform_clock(self) -> datetime:
        return datetime.now(UTC) + self.platform_is_off

    def our_clock(self) -> datetime:
        return datetime.now(UTC) + self.we_are_off

    @abstractmethod
    def channel(self) -> Channel:
        """A fresh channel object on the simulator, as after a restart. Time-outs of at most 0.5 s, no long poll."""

    @abstractmethod
    def resident_writes(self, text: str, *, person_id: str = A_RESIDENT) -> Written:
        """A message of a person. Two messages of one person are in one conversation where the platform has those."""

    @abstractmethod
    def resident_sends_a_photo(self) -> Written:
        """A photo without any text."""

    @abstractmethod
    def somebody_writes(self, text: str) -> Written:
        """A message whose author the platform does not tell; `person_id` is empty."""

    @abstractmethod
    def platform_hands_over_nonsense(self) -> None:
        """One item that nobody can read, among the others."""

    @abstractmethod
    def our_own_post_comes_along(self, text: str) -> None:
        """Our own post appears in what we read."""

    def resident_edits(self, written: Written, text: str) -> None:
        """Another text for what was written before. For a platform where an edit is seen by reading."""
        raise NotImplementedError

    def resident_takes_back(self, written: Written) -> None:
        """For a platform where that is seen by reading, or by asking."""
        raise NotImplementedError

    def expire_token(self) -> None:
        self.simulator.is_token_expired = True

    def time_passes(self) -> None:
        """An hour later, for a channel that waits between two readings."""
        self.we_are_off += timedelta(hours=1)

    def answer(self, message: InboundMessage, text: str) -> OutboundMessage:
        """A reply, made of nothing but what the channel itself reported."""
        assert message.sender is not None
        return OutboundMessage(
            channel=message.channel,
            delivery=self.delivery,
            to=message.sender.external_id,
            thread=message.thread,
            reply_to=message.reply_to,
            text=text,
            token=TOKEN,
        )


@dataclass(slots=True)
class Inbox:
    """Takes in as `bot.intake` does: a page and its cursor together, an external id once."""

    messages: dict[str, InboundMessage] = field(default_factory=dict)
    unreadable: dict[str, UnreadableItem] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    cursor: str | None = None

    def keep(self, page: Page) -> int:
        """Returns how many items were new."""
        before = len(self.messages) + len(self.unreadable)
        for item in page.items:
            if isinstance(item, InboundMessage):
                self.messages.setdefault(item.external_id, item)
            elif isinstance(item, UnreadableItem):
                self.unreadable.setdefault(item.external_id, item)
            else:
                self.removed.add(item.external_id)
        self.cursor = page.cursor
        return len(self.messages) + len(self.unreadable) - before

    def texts(self) -> list[str]:
        return sorted(message.text for message in self.messages.values())


async def take_in(channel: Channel, inbox: Inbox, *, patience: int = 60) -> Inbox:
    """Fetch until the channel has nothing more. A channel that never comes to an end fails the test."""
    for _ in range(patience):
        page = await channel.fetch(inbox.cursor)
        if not inbox.keep(page) and not page.more:
            return inbox
    raise AssertionError(f"{channel.name} never came to an end in {patience} fetches")


async def the_message(channel: Channel, inbox: Inbox | None = None) -> InboundMessage:
    """The one message that waits there."""
    [message] = (await take_in(channel, inbox or Inbox())).messages.values()
    return message
