"""The few places where SQLite and PostgreSQL speak differently."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> int | None:
    """Insert a row unless a unique constraint already holds it. Returns its id, or None when it was there. Idempotent."""
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    statement = insert.values(values).on_conflict_do_nothing().returning(table.c.id)
    found: int | None = connection.execute(statement).scalar_one_or_none()
    return found


def upsert(connection: sa.Connection, table: sa.Table, key: str, values: dict[str, object]) -> None:
    """Insert a row or update the one with the same `key`. Idempotent."""
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    changes = {name: value for name, value in values.items() if name != key}
    connection.execute(insert.values(values).on_conflict_do_update(index_elements=[key], set_=changes))


def skipping_locked(connection: sa.Connection, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    """Claim rows without waiting for a rival. SQLite has one writer at a time, so there is nobody to skip."""
    if connection.dialect.name == "postgresql":
        return query.with_for_update(skip_locked=True, of=table)
    return query
