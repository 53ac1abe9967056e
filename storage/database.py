"""Opening the database and the unit of work. The one place that knows what SQLite and PostgreSQL each need.

A unit of work rolls back unless `commit()` was called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from routing.errors import ConfigError, StaleError
from routing.sentences import said
from storage.attachments import Attachments
from storage.bell import Bell
from storage.channel_states import ChannelStates
from storage.colleagues import Colleagues
from storage.corrections import Corrections
from storage.costs import Costs
from storage.edits import Edits
from storage.follow import Follow
from storage.form_uses import FormUses
from storage.guards import Guards
from storage.inbox import Inbox
from storage.journal import Journal
from storage.leases import Leases
from storage.mail_ways import MailWays
from storage.meldingen import Meldingen
from storage.model_log import ModelLog
from storage.nearby import Links
from storage.notes import Notes
from storage.outbox import Outbox
from storage.persons import Persons
from storage.points import Commit, Watch, after, before, unwatched
from storage.presence import Presence
from storage.retention import Retention
from storage.splitting import Splitting
from storage.staff import Staff
from storage.tasks import Tasks
from storage.trouble import tell_apart
from storage.watching import Watching

BUSY_TIMEOUT_SECONDS = 30
# In READ COMMITTED every statement sees its own moment, with a transaction around it or without: so on PostgreSQL reading is
# spared the two messages that begin and end one.
_READING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"reads_only": True},
    "postgresql": {"reads_only": True, "isolation_level": "AUTOCOMMIT"},
}


def open_engine(url: str) -> sa.Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://...`. Raises ConfigError for any other address."""
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigError("database.url is geen databaseadres; gebruik sqlite:///pad of postgresql+psycopg://...") from error
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        # READ COMMITTED is enough: what must not happen twice is forbidden by unique constraints and row locks.
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10, max_overflow=10, hide_parameters=True
        )
        tell_apart(engine)
        return engine
    raise ConfigError(f"database.url: '{parsed.get_backend_name()}' wordt niet ondersteund; gebruik sqlite of postgresql")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS},
        pool_size=10,
        max_overflow=10,
        pool_use_lifo=True,  # a connection keeps what it read as long as no other connection wrote
        hide_parameters=True,
    )

    tell_apart(engine)

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes the write lock at once, so that reading and writing in one transaction cannot deadlock.
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


class UnitOfWork:
    """One transaction and the repositories that work in it. Use as a context manager; call `commit()` to keep the work."""

    def __init__(self, database: Database, point: Commit | None = None, *, reads_only: bool = False) -> None:
        self._database, self._point, self._reads_only = database, point, reads_only

    def __enter__(self) -> Self:
        self._connection = self._database.reading() if self._reads_only else self._database.engine.connect()
        self._transaction = self._connection.begin()
        self.inbox = Inbox(self._connection)
        self.channels = ChannelStates(self._connection)
        self.colleagues = Colleagues(self._connection)
        self.attachments = Attachments(self._connection)
        self.meldingen = Meldingen(self._connection)
        self.outbox = Outbox(self._connection)
        self.guards = Guards(self._connection)
        self.follow = Follow(self._connection)
        self.staff = Staff(self._connection)
        self.corrections = Corrections(self._connection)
        self.model_log = ModelLog(self._connection)
        self.leases = Leases(self._connection)
        self.presence = Presence(self._connection)
        self.form_uses = FormUses(self._connection)
        self.costs = Costs(self._connection)
        self.watching = Watching(self._connection)
        self.edits = Edits(self._connection)
        self.journal = Journal(self._connection)
        self.notes = Notes(self._connection)
        self.tasks = Tasks(self._connection)
        self.links = Links(self._connection)
        self.retention = Retention(self._connection)
        self.persons = Persons(self._connection)
        self.mail_ways = MailWays(self._connection)
        self.splitting = Splitting(self._connection)
        return self

    def commit(self) -> None:
        """Make everything done so far durable.

        Raises StaleError when the database refused because of a rival change, StorageUnavailableError when it takes nothing.
        """
        if self._point is not None:
            self._database.bell.ring_with(self._connection, self._point)
            self._database.watch(before(self._point))
        try:
            self._transaction.commit()
        except DBAPIError as error:
            raise StaleError(said("De melding is intussen door iemand anders gewijzigd. Laad de pagina opnieuw.")) from error
        if self._point is not None:
            self._database.watch(after(self._point))
            self._database.bell.ring_after(self._point)
        for listener in self._database.listeners:
            listener()

    def savepoint(self) -> sa.NestedTransaction:
        """A part that can be undone by itself: leave it with an exception and only that part is rolled back."""
        return self._connection.begin_nested()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._transaction.is_active:
                self._transaction.rollback()
        finally:
            self._connection.close()


class Database:
    """The opened database: makes units of work for writing and connections for reading. `watch` hears the named points."""

    def __init__(self, engine: sa.Engine, watch: Watch = unwatched) -> None:
        self.engine, self.watch, self.bell = engine, watch, Bell(engine)
        self._readers = engine.execution_options(**_READING[engine.dialect.name])
        self.listeners: list[Callable[[], None]] = []  # called after every commit, in the thread that committed

    @classmethod
    def open(cls, url: str, watch: Watch = unwatched) -> Database:
        return cls(open_engine(url), watch)

    def work(self, point: Commit | None = None) -> UnitOfWork:
        """A transaction. `point` is the name of what its commit makes durable, for whoever watches."""
        return UnitOfWork(self, point)

    def looking(self) -> UnitOfWork:
        """A transaction that only reads: it waits for no writer and is never committed."""
        return UnitOfWork(self, reads_only=True)

    def reading(self) -> sa.Connection:
        """A read-only connection for query functions; close it with `with`."""
        return self._readers.connect()

    def close(self) -> None:
        self.bell.hang_up()
        self.engine.dispose()
