"""Judged messages side by side: who was taken for whom, how much is sure enough, and whether one model beats another. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.model.corpus import Example

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Two models on the same messages. `gained` are those only the second had right, `lost` those only the first had.

    `chance` is how likely a difference this large is when both are equally good (two-sided sign test).
    """

    both: int
    gained: int
    lost: int
    neither: int
    chance: float


def confusion(examples: Sequence[Example], probabilities: Probabilities, leads: Sequence[str]) -> NDArray[np.int64]:
    """Counts: one row per true lead, one column per chosen lead."""
    table = np.zeros((len(leads), len(leads)), dtype=np.int64)
    for example, chosen in zip(examples, probabilities.argmax(axis=1), strict=True):
        table[leads.index(example.lead), chosen] += 1
    return table


def is_defensible(examples: Sequence[Example], probabilities: Probabilities, leads: Sequence[str]) -> NDArray[np.bool_]:
    """Per message whether the chosen lead is the label or one the label calls defensible too."""
    chosen = probabilities.argmax(axis=1)
    pairs = zip(examples, chosen, strict=True)
    return np.array([leads[number] in {example.lead, *example.lead_alt} for example, number in pairs], dtype=bool)


def coverage_at(confidence: NDArray[np.float32], right: NDArray[np.bool_], precision: float) -> tuple[float, float]:
    """The largest share of messages, the surest first, of which `precision` is right; and the confidence it begins at."""
    order = np.argsort(-confidence, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(reached >= precision)
    if not enough.size:
        return 0.0, 1.0
    return float((enough[-1] + 1) / len(order)), float(confidence[order[enough[-1]]])


def duel(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Duel:
    gained, lost = int((~first & second).sum()), int((first & ~second).sum())
    return Duel(
        both=int((first & second).sum()),
        gained=gained,
        lost=lost,
        neither=int((~first & ~second).sum()),
        chance=_sign_test(gained, lost),
    )


def _sign_test(gained: int, lost: int) -> float:
    total = gained + lost
    if total == 0:
        return 1.0
    tail = sum(math.comb(total, number) for number in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail / 2**total))
