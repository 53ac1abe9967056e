"""The named points that a message passes on its way, for whoever wants to watch them or stop a process exactly there.

Every commit that carries a promise has a name; a watcher hears of it just before and just after. Nothing else happens here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

Watch = Callable[[str], None]
"""Told the name of each point as it is passed, in the thread that passes it."""


class Commit(StrEnum):
    """What a transaction makes durable."""

    INTAKE = "opnemen"
    TRIAGE = "triage"
    DESK = "balie"
    PROMISE = "belofte"
    CLAIM = "claim"
    OUTCOME = "uitkomst"
    LAPSED = "verlopen_claim"
    LOOK = "teruglezen"


SEND = "versturen"


def before(step: str) -> str:
    return f"voor {step}"


def after(step: str) -> str:
    return f"na {step}"


POINTS = tuple(name(step) for step in (*Commit, SEND) for name in (before, after))
"""Every named point, in the order of a message's way."""


def unwatched(_point: str) -> None:
    """Nobody watches: the normal case."""
