"""Measuring two things in turn, round after round, and telling their ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table. `ours` and `yardstick` each do their work once and return a figure: a rate or a time.

    `goal` bounds the ratio ours / yardstick: from below for rates (`more_is_better`), from above for times.
    """

    name: str
    unit: str
    settings: str
    goal: float
    more_is_better: bool
    ours: Callable[[], float]
    yardstick: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    line: Line
    ours: float
    yardstick: float
    ratio: float

    @property
    def is_reached(self) -> bool:
        return self.ratio >= self.line.goal if self.line.more_is_better else self.ratio <= self.line.goal


def measure(line: Line, rounds: int, tell: Callable[[int], None] = lambda _: None) -> Measured:
    """Both in turn, `rounds` times; medians, and the median of the ratios per round. `tell` hears each round that begins."""
    pairs = []
    for number in range(1, rounds + 1):
        tell(number)
        pairs.append((line.ours(), line.yardstick()))
    return Measured(
        line=line,
        ours=statistics.median(ours for ours, _ in pairs),
        yardstick=statistics.median(yardstick for _, yardstick in pairs),
        ratio=statistics.median(ours / yardstick for ours, yardstick in pairs),
    )


def per_second(count: int, work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)
