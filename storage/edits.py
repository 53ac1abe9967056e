"""What the desk changed in the tables and texts of the municipality. Append-only: taking back is one more change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.dialect import one_at_a_time
from storage.tables import edits

_LOCK = 7_240_119  # any fixed number that no other lock has


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEdit:
    """One change. `subject` is a topic or a text, `field` a part of it; a value that is None means: as the file has it."""

    subject: str
    field: str
    value: str | None
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(NewEdit):
    id: int
    at: datetime


class Edits:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def hold(self) -> None:
        """One colleague at a time, until the end of the transaction."""
        one_at_a_time(self._connection, _LOCK)

    def add(self, new: NewEdit, now: datetime) -> None:
        self._connection.execute(sa.insert(edits).values(**asdict(new), at=now))

    def newest(self) -> Mapping[tuple[str, str], str]:
        """What counts now, by subject and field; what was put back to the file is not in it."""
        last = sa.select(sa.func.max(edits.c.id)).group_by(edits.c.subject, edits.c.field)
        rows = self._connection.execute(sa.select(edits).where(edits.c.id.in_(last), edits.c.value.is_not(None)))
        return {(row.subject, row.field): row.value for row in rows}

    def history(self, subject: str) -> tuple[Edit, ...]:
        """Every change of a subject, the newest first."""
        rows = self._connection.execute(sa.select(edits).where(edits.c.subject == subject).order_by(edits.c.id.desc()))
        return tuple(Edit(**{name: row._mapping[name] for name in Edit.__dataclass_fields__}) for row in rows)
