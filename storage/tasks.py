"""The parts of a melding that involved vakafdelingen do. The lead coordinates; a task knows no melder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa

from routing.errors import NotFoundError
from routing.sentences import said
from storage.tables import tasks


class TaskState(StrEnum):
    OPEN = "open"
    BUSY = "bezig"
    DONE = "klaar"
    NOT_OURS = "niet_van_ons"
    WITHDRAWN = "ingetrokken"


UNFINISHED = (TaskState.OPEN.value, TaskState.BUSY.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What a vakafdeling is asked to do, and by when."""

    vakafdeling: str
    what: str
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`why` is the reason of the last change, `by` who made it."""

    id: int
    melding_id: int
    vakafdeling: str
    what: str
    state: TaskState
    due_on: date | None
    why: str
    by: str
    at: datetime

    @property
    def is_unfinished(self) -> bool:
        return self.state.value in UNFINISHED

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "state": TaskState(row.state)})


class Tasks:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def give(self, melding_id: int, asked: NewTask, *, by: str, now: datetime) -> None:
        values = {"melding_id": melding_id, "vakafdeling": asked.vakafdeling, "what": asked.what, "due_on": asked.due_on}
        values |= {"by": by, "at": now}
        self._connection.execute(sa.insert(tasks).values(**values, state=TaskState.OPEN.value))

    def get(self, task_id: int) -> Task:
        """Locked until the end of the transaction. Raises NotFoundError."""
        row = self._connection.execute(sa.select(tasks).where(tasks.c.id == task_id).with_for_update()).one_or_none()
        if row is None:
            raise NotFoundError(said("Deze taak bestaat niet. Kijk bij de melding."))
        return Task.from_row(row)

    def set_state(self, task: Task, state: TaskState, why: str, *, by: str, now: datetime) -> None:
        values = {"state": state.value, "why": why, "by": by, "at": now}
        self._connection.execute(sa.update(tasks).where(tasks.c.id == task.id).values(values))

    def unfinished(self, melding_id: int) -> tuple[Task, ...]:
        return tuple(task for task in tasks_of(self._connection, melding_id) if task.is_unfinished)


_OF_MELDING = sa.select(tasks).where(tasks.c.melding_id == sa.bindparam("of_melding")).order_by(tasks.c.id)


def tasks_of(connection: sa.Connection, melding_id: int) -> tuple[Task, ...]:
    return tuple(Task.from_row(row) for row in connection.execute(_OF_MELDING, {"of_melding": melding_id}))


def meldingen_with_task(vakafdeling: str | sa.BindParameter[str]) -> sa.Select[tuple[int]]:
    """The ids of the meldingen in which a vakafdeling has a task that is not finished."""
    return sa.select(tasks.c.melding_id).where(tasks.c.vakafdeling == vakafdeling, tasks.c.state.in_(UNFINISHED))
