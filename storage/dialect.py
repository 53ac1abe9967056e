"""The few places where SQLite and PostgreSQL speak differently."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> int | None:
    """Insert a row unless a unique constraint already holds it. Returns its id, or None when it was there. Idempotent."""
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    statement = insert.values(values).on_conflict_do_nothing().returning(table.c.id)
    found: int | None = connection.execute(statement).scalar_one_or_none()
    return found


def ensure_row(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> None:
    """Insert a row unless one with its primary key is there. Idempotent."""
    ensure_rows(connection, table, [values])


def ensure_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """As `ensure_row`, for one or more."""
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    connection.execute(insert.on_conflict_do_nothing(), rows)


def upsert(connection: sa.Connection, table: sa.Table, key: str | tuple[str, ...], values: dict[str, object]) -> None:
    """Insert a row or update the one with the same `key` (one column, or several together). Idempotent."""
    keys = (key,) if isinstance(key, str) else key
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    changes = {name: value for name, value in values.items() if name not in keys}
    connection.execute(insert.values(values).on_conflict_do_update(index_elements=keys, set_=changes))


def one_at_a_time(connection: sa.Connection, number: int) -> None:
    """Wait until nobody else holds the lock of this number; it is let go at the end of the transaction. SQLite has one writer."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def hold_name(connection: sa.Connection, name: str) -> None:
    """As `one_at_a_time`, for a name instead of a number."""
    one_at_a_time(connection, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True))


def skipping_locked(connection: sa.Connection, query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    """Claim rows without waiting for a rival. SQLite has one writer at a time, so there is nobody to skip."""
    if connection.dialect.name == "postgresql":
        return query.with_for_update(skip_locked=True, of=table)
    return query
