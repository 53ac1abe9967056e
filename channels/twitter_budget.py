"""What X costs this month, and the end of the budget.

X charges each item once per day (UTC), however often it is read, and each reply. Prices: X documentation, August 2026; mentions
are read by the account they are addressed to ("owned reads"). Where a price depends on what X sees in it, the higher one counts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from channels.payload import JsonObject, id_of, list_of, size_of, text_of

PRICE_OF_MENTION = 0.001
PRICE_OF_DIRECT_MESSAGE = 0.010
PRICE_OF_LOOK_UP = 0.005
PRICE_OF_OWN_POST = 0.001
PRICE_OF_REPLY = 0.015
PRICE_OF_REPLY_WITH_LINK = 0.200
_MOST_SEEN = 3000
_MOST_READINGS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """`spent`: thousandths of a dollar in `month` (2026-11). `seen`: what was charged on `day` (2026-11-29)."""

    month: str = ""
    day: str = ""
    spent: int = 0
    seen: tuple[str, ...] = ()

    @property
    def dollars(self) -> float:
        return self.spent / 1000

    def at(self, now: datetime) -> Usage:
        """As it stands now: a new month begins at nothing, a new day charges everything anew."""
        month, day = now.astimezone(UTC).strftime("%Y-%m"), now.astimezone(UTC).strftime("%Y-%m-%d")
        usage = self if month == self.month else Usage(month=month)
        return usage if usage.day == day else replace(usage, day=day, seen=())

    def charged(self, ids: Iterable[str], price: float) -> Usage:
        """After reading these, of which those that were read today already cost nothing."""
        new = tuple(identifier for identifier in dict.fromkeys(ids) if identifier not in self.seen)
        return replace(self, spent=self.spent + round(price * 1000) * len(new), seen=(*self.seen, *new)[-_MOST_SEEN:])

    def paid(self, price: float) -> Usage:
        """After a reply."""
        return replace(self, spent=self.spent + round(price * 1000))

    def as_values(self) -> dict[str, object]:
        return {"month": self.month, "day": self.day, "spent": self.spent, "seen": self.seen}


class Meanwhile:
    """What was spent between two rounds of reading, until a round of this process writes it down.

    A process that ends before that forgets it, and one that never reads keeps no more than the latest readings.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: deque[tuple[tuple[str, ...], float]] = deque(maxlen=_MOST_READINGS)
        self._replies = 0.0

    def note_reading(self, ids: Iterable[str], price: float) -> None:
        with self._lock:
            self._readings.append((tuple(ids), price))

    def note_reply(self, price: float) -> None:
        with self._lock:
            self._replies += price

    def move_to(self, usage: Usage) -> Usage:
        """The usage with all of it; nothing is left here."""
        with self._lock:
            readings = list(self._readings)
            self._readings.clear()
            replies, self._replies = self._replies, 0.0
        for ids, price in readings:
            usage = usage.charged(ids, price)
        return usage.paid(replies)


def usage_of(values: JsonObject) -> Usage:
    return Usage(
        month=text_of(values.get("month")),
        day=text_of(values.get("day")),
        spent=size_of(values.get("spent")) or 0,
        seen=tuple(identifier for identifier in map(id_of, list_of(values.get("seen"))) if identifier),
    )


def until_next_month(now: datetime) -> timedelta:
    now = now.astimezone(UTC)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1) - now
