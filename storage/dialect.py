"""The few places where SQLite and PostgreSQL speak differently.

A statement is made once and executed with values: making one costs more than SQLite needs to carry it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> int | None:
    """Insert a row unless a unique constraint already holds it. Returns its id, or None when it was there. Idempotent."""
    found: int | None = connection.execute(_inserting_new(table, connection.dialect.name), values).scalar_one_or_none()
    return found


@cache
def _inserting_new(table: sa.Table, dialect: str) -> sa.Executable:
    return insert_for(table, dialect).on_conflict_do_nothing().returning(table.c.id)


def insert_for(table: sa.Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do about a row that is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def ensure_row(connection: sa.Connection, table: sa.Table, values: dict[str, object]) -> None:
    """Insert a row unless one with its primary key is there. Idempotent."""
    ensure_rows(connection, table, [values])


def ensure_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """As `ensure_row`, for one or more."""
    connection.execute(insert_for(table, connection.dialect.name).on_conflict_do_nothing(), rows)


def upsert(connection: sa.Connection, table: sa.Table, key: str | tuple[str, ...], values: dict[str, object]) -> None:
    """Insert a row or update the one with the same `key` (one column, or several together). Idempotent."""
    keys = (key,) if isinstance(key, str) else key
    connection.execute(_upserting(table, connection.dialect.name, keys, tuple(values)), values)


@cache
def _upserting(table: sa.Table, dialect: str, keys: tuple[str, ...], names: tuple[str, ...]) -> sa.Executable:
    insert = insert_for(table, dialect)
    changes = {name: insert.excluded[name] for name in names if name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=changes)


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


def microseconds(moment: sa.ColumnElement[datetime], dialect: str) -> sa.ColumnElement[int]:
    """The whole microseconds from the beginning of 1970 until a moment."""
    if dialect == "postgresql":
        return sa.cast(sa.extract("epoch", moment) * 1_000_000, sa.BigInteger)
    until, rest = sa.func.substr(moment, 1, 19), sa.func.substr(moment, 21)  # strftime itself would round to milliseconds
    return sa.cast(sa.func.strftime("%s", until), sa.BigInteger) * 1_000_000 + sa.cast(rest, sa.BigInteger)
