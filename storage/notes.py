"""What colleagues write to each other about a melding. A melder never sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from storage.dialect import upsert
from storage.tables import accounts, followers, notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: int
    username: str
    text: str = field(repr=False)
    at: datetime


class Notes:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, melding_id: int, username: str, text: str, now: datetime) -> None:
        self._connection.execute(sa.insert(notes).values(melding_id=melding_id, username=username, text=text, at=now))

    def mention(self, melding_id: int, usernames: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Let colleagues who were named follow the melding. Returns the names that are accounts. Idempotent."""
        query = sa.select(accounts.c.username).where(accounts.c.username.in_(usernames), accounts.c.active)
        known = tuple(self._connection.execute(query.order_by(accounts.c.username)).scalars())
        for username in known:
            values: dict[str, object] = {"username": username, "melding_id": melding_id, "since": now, "mentioned_at": now}
            upsert(self._connection, followers, ("username", "melding_id"), values)
        return known


_OF_MELDING = sa.select(notes).where(notes.c.melding_id == sa.bindparam("of_melding")).order_by(notes.c.id)


def notes_of(connection: sa.Connection, melding_id: int) -> tuple[Note, ...]:
    """The oldest first."""
    rows = connection.execute(_OF_MELDING, {"of_melding": melding_id})
    return tuple(Note(id=row.id, username=row.username, text=row.text, at=row.at) for row in rows)
