"""Which model runs, and who decided so: an append-only, hash-chained log of promotions and rollbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from routing.errors import StaleError
from routing.sentences import said
from storage.event_log import chain_hash
from storage.tables import model_promotions


class ModelStep(StrEnum):
    PROMOTED = "gepromoveerd"
    ROLLED_BACK = "teruggedraaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPromotion:
    """A step about to be taken. `model` is a file's name in the office's model folder, or "" for the shipped model.

    `version` is that of the file, so that a changed file shows; `figures` are what the step was decided on.
    """

    actor: str
    step: ModelStep
    model: str
    version: str
    figures: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A step that was taken."""

    seq: int
    at: datetime
    actor: str
    step: ModelStep
    model: str
    version: str
    figures: Mapping[str, Any]
    why: str
    previous_hash: str
    hash: str

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "step": ModelStep(row.step)})


class ModelLog:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def history(self) -> tuple[Promotion, ...]:
        """Every step, the oldest first."""
        rows = self._connection.execute(sa.select(model_promotions).order_by(model_promotions.c.seq))
        return tuple(Promotion.from_row(row) for row in rows)

    def append(self, new: NewPromotion, now: datetime) -> None:
        """Add a step. Raises StaleError when a colleague took one at the same moment."""
        history = self.history()
        previous = history[-1].hash if history else ""
        body = _body(len(history) + 1, new, now)
        row = {**body, "at": now, "previous_hash": previous, "hash": chain_hash(previous, body)}
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(model_promotions).values(row))
        except IntegrityError as error:
            raise StaleError(
                said("Een collega wisselde zojuist van model. Kijk met 'wijkbalie model list' en kies opnieuw.")
            ) from error


def _body(seq: int, new: NewPromotion | Promotion, at: datetime) -> dict[str, Any]:
    names = ("actor", "model", "version", "why")
    return {
        **{name: getattr(new, name) for name in names},
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(),
        "step": new.step.value,
        "figures": dict(new.figures),
    }


def is_whole(history: Sequence[Promotion]) -> bool:
    """Whether the log is complete and untouched."""
    previous = ""
    for number, step in enumerate(history, start=1):
        if step.previous_hash != previous or step.hash != chain_hash(previous, _body(number, step, step.at)):
            return False
        previous = step.hash
    return True


def running(history: Sequence[Promotion]) -> tuple[Promotion, ...]:
    """The promotions that stand, the running one last; empty means the shipped model. A rollback takes the last one away."""
    standing: list[Promotion] = []
    for step in history:
        if step.step is ModelStep.PROMOTED:
            standing.append(step)
        elif standing:
            standing.pop()
    return tuple(standing)
