"""The contract every channel keeps. A channel turns platform payloads into values and back; it stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO, Protocol, runtime_checkable

from routing.messages import CannotTell, Delivery, Item, NotFound, OutboundMessage, Page, Removal, Sent, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A platform's rules as data. Source and date of each figure stand with the channel that declares it.

    `max_length` counts as `length_of` counts. `min_interval` is the time between two posts on the whole channel,
    `min_interval_per_thread` between two posts in one conversation. `reply_window` is how long after the person's last
    message a machine may write (None: no limit) and `private_reply_window` the same for the one private reply
    to a public post (None: the platform has none). `can_read_back` tells whether `find_sent` can ever answer.
    """

    max_length: dict[Delivery, int]
    min_interval: timedelta
    min_interval_per_thread: timedelta
    length_of: Callable[[str], int] = len
    reply_window: timedelta | None = None
    private_reply_window: timedelta | None = None
    can_read_back: bool = True
    settle_delay: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, in a plain sentence for whoever manages the channel. `expires_at`: when a token ends."""

    text: str
    is_good: bool = True
    expires_at: datetime | None = None


class Channel(Protocol):
    """One way in and out. Implementations are safe to call from one task at a time per method.

    `fetch(None)` starts at the configured beginning. It has no side effect on the platform that loses messages:
    calling it again with the same cursor gives at least the same items again. It raises TemporaryChannelError or
    ChannelAuthError.

    `send` posts at most once and never retries. It returns `Sent`, or `Unknown` when the outcome cannot be told; it
    raises a `ChannelError` only when the platform provably did not post.

    `find_sent` looks for the post that carries `message.token`. It never raises for a failed look: `CannotTell`.
    """

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    async def fetch(self, cursor: str | None) -> Page: ...

    async def send(self, message: OutboundMessage) -> Sent | Unknown: ...

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The answer that proves to a platform that the address of a webhook is ours."""

    body: str
    media_type: str = "text/plain"


@runtime_checkable
class Receiver(Protocol):
    """A channel whose platform can post to a webhook, beside or instead of being polled. All of it is pure.

    `webhook_path` names the platform's address; two channels of one platform share it and each reads its own part.
    `answer_challenge` gives None to a stranger. `is_genuine` compares in constant time. `parse_webhook` never raises: what
    cannot be read becomes an UnreadableItem. Its items have the ids that polling gives them.
    """

    @property
    def name(self) -> str: ...

    @property
    def webhook_path(self) -> str: ...

    def answer_challenge(self, query: Mapping[str, str]) -> Challenge | None: ...

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool: ...

    def parse_webhook(self, body: bytes, now: datetime) -> tuple[Item, ...]: ...


@runtime_checkable
class AttachmentSource(Protocol):
    """A channel whose attachments can be fetched.

    `download` writes the file that `reference` names to `target`, at most `limit` bytes, and asks no address but the
    platform's. It raises MessageRejectedError for what will never be had, another ChannelError for what may be later.
    """

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None: ...


@runtime_checkable
class Checkable(Protocol):
    """A channel that can tell whether its tokens, rights and addresses are right.

    `check` posts nothing and never raises for what the platform says: a refusal is a finding.
    """

    @property
    def name(self) -> str: ...

    async def check(self) -> tuple[Finding, ...]: ...


class Ledger(Protocol):
    """What a channel costs, in thousandths of a dollar, for all processes together. Safe to use from any thread.

    `charge` counts each of these items once a day, whoever read it before; `refund` takes one back; `spent` is what the month
    of this day cost. All raise StorageUnavailableError.
    """

    def charge(self, day: date, items: Iterable[str], cost: int) -> None: ...

    def refund(self, day: date, item: str) -> None: ...

    def spent(self, day: date) -> int: ...


@runtime_checkable
class Costed(Protocol):
    """A channel that costs money, and stops reading at the end of its budget. It counts in the ledger that it was given."""

    def count_in(self, ledger: Ledger) -> None: ...

    def cost_so_far(self) -> Finding:
        """Blocking: it asks the ledger."""
        ...


@runtime_checkable
class RemovalFinder(Protocol):
    """A channel whose platform does not tell removals, but can be asked about messages one by one."""

    async def find_removed(self, external_ids: Sequence[str]) -> tuple[Removal, ...]:
        """Those of these public messages that are gone. Raises a ChannelError when it could not be asked."""
        ...
