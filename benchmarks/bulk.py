"""Writing rows by the million, past the product: by the way each database has for much at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Database

Rows = dict[str, list[dict[str, Any]]]
# In the order in which their foreign keys allow.
_ORDER = (
    *("people", "meldingen", "melders", "messages", "attachments", "events", "replies", "attempts", "corrections"),
    *("guard_trips", "follow_links", "notes", "tasks", "followers"),
)


@contextmanager
def hurrying(database: Database) -> Iterator[sa.Connection]:
    """A connection that waits for no disk, while the indexes are away: they are quicker made afterwards, in one go."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    database.engine.dispose()
    with database.engine.connect() as connection:
        if is_sqlite:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA synchronous=OFF")
            driver.execute("PRAGMA cache_size=-500000")
        with connection.begin():
            indexes = connection.exec_driver_sql(_SQLITE_INDEXES if is_sqlite else _POSTGRESQL_INDEXES).all()
            for name, _statement in indexes:
                connection.exec_driver_sql(f"DROP INDEX {name}")
        yield connection
        with connection.begin():
            for _name, statement in indexes:
                connection.exec_driver_sql(statement)
    database.engine.dispose()


_SQLITE_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX ix_%'"
_POSTGRESQL_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE 'CREATE INDEX ix\\_%%'"


def write(connection: sa.Connection, rows: Rows) -> None:
    """By the way each driver has for much at once: a statement built by SQLAlchemy costs as much per row as the whole insert."""
    for name in _ORDER:
        if not rows[name]:
            continue
        columns = ", ".join(rows[name][0])
        if connection.dialect.name == "postgresql":
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
                for row in rows[name]:
                    copy.write_row(row.values())
        else:
            marks = ", ".join("?" for _ in rows[name][0])
            values = [tuple(map(_as_sqlite, row.values())) for row in rows[name]]
            connection.exec_driver_sql(f"INSERT INTO {name} ({columns}) VALUES ({marks})", values)  # noqa: S608 - names of ours


def _as_sqlite(value: Any) -> Any:
    """A moment as `storage.tables.UtcDateTime` keeps it."""
    return value.isoformat(" ", "microseconds")[:26] if type(value) is datetime else value


def go_on_numbering(connection: sa.Connection) -> None:
    """The rows brought their own numbers; PostgreSQL numbers on after them. (SQLite does so by itself.)"""
    if connection.dialect.name != "postgresql":
        return
    for name in _ORDER:
        if "id" in tables.metadata.tables[name].c:
            last = connection.execute(sa.select(sa.func.max(tables.metadata.tables[name].c.id))).scalar_one()
            connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(name, "id"), last or 1)))
