"""A switchable script of what goes wrong at a platform. Decides which fault strikes; carrying it out is the server's part."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

Item = TypeVar("Item")


class Side(StrEnum):
    """What a request does at the platform."""

    READ = "read"
    WRITE = "write"


class FaultKind(StrEnum):
    """What can go wrong. "accept" means that the platform did its part: a post stands, an offset was taken."""

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY_HTML = "bad_gateway_html"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    RESET_BEFORE = "reset_before"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_TRUNCATE = "accept_then_truncate"
    ACCEPT_THEN_BAD_GATEWAY = "accept_then_bad_gateway"
    REPEATED_PAGE = "repeated_page"
    DUPLICATES = "duplicates"
    OUT_OF_ORDER = "out_of_order"


PAGE_FAULTS = frozenset({FaultKind.REPEATED_PAGE, FaultKind.DUPLICATES, FaultKind.OUT_OF_ORDER})
"""Faults in what a read delivers; the exchange itself is sound."""
EXCHANGE_FAULTS = frozenset(FaultKind) - PAGE_FAULTS
"""Faults in the exchange of request and answer."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One line of the script. `side` and `method` None strike anywhere; `times` None strikes until it is taken away."""

    kind: FaultKind
    side: Side | None = None
    method: str | None = None
    times: int | None = 1
    probability: float = 1.0
    retry_after: timedelta = timedelta(seconds=30)

    def fits(self, side: Side, method: str) -> bool:
        return self.side in (None, side) and self.method in (None, method) and self.times != 0


class Faults:
    """The script. Safe to use from any thread; the same seed and the same requests give the same faults."""

    def __init__(self, *, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - a repeatable script, nothing secret
        self._script: list[Fault] = []
        self._struck: list[FaultKind] = []

    def add(self, fault: Fault | FaultKind) -> None:
        """Append a line; a bare kind strikes once, on the first request that it can strike."""
        line = Fault(kind=fault) if isinstance(fault, FaultKind) else fault
        with self._lock:
            self._script.append(line)

    def clear(self) -> None:
        with self._lock:
            self._script.clear()

    @property
    def struck(self) -> tuple[FaultKind, ...]:
        """What has struck so far, oldest first."""
        with self._lock:
            return tuple(self._struck)

    def draw(self, side: Side, method: str, among: frozenset[FaultKind] = EXCHANGE_FAULTS) -> Fault | None:
        """The first line that strikes this request, and count it. `method` is the platform's own name of the call."""
        with self._lock:
            for line in self._script:
                if line.kind in among and line.fits(side, method) and self._random.random() < line.probability:
                    if line.times is not None:
                        line.times -= 1
                    self._struck.append(line.kind)
                    return line
        return None

    def shuffled(self, items: list[Item]) -> list[Item]:
        """Another order of the same items, never the given one when there are two or more different ones."""
        with self._lock:
            order = items[:]
            self._random.shuffle(order)
        return order if order != items else items[::-1]


class PageDelivery:
    """Lets the page faults work on what a read delivers. One per stream of one simulator (mentions, updates, comments)."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._last: object = None

    def deliver(self, method: str, items: list[Item]) -> list[Item]:
        """The items as they go over the wire. A repeated page is the one that this stream delivered before."""
        fault = self._faults.draw(Side.READ, method, PAGE_FAULTS)
        kind = fault.kind if fault else None
        if kind is FaultKind.REPEATED_PAGE and isinstance(self._last, list):
            return list(self._last)
        self._last = items
        if kind is FaultKind.DUPLICATES:
            return [item for item in items for _ in range(2)]
        return self._faults.shuffled(items) if kind is FaultKind.OUT_OF_ORDER else items
