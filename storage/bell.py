"""Waking who waits for work: LISTEN/NOTIFY between processes on PostgreSQL, a plain call within the one process of SQLite.

A ring is a hint and may be lost: what is due stands in the tables and the next tick finds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from routing.errors import StorageUnavailableError
from storage.points import Commit

CHANNEL = "wijkbalie"
TRIAGE, RELAY = "triage", "relay"
# What a commit makes possible.
RINGS = {Commit.INTAKE: TRIAGE, Commit.TRIAGE: RELAY, Commit.DESK: RELAY, Commit.PROMISE: RELAY}
_LOOK_UP_SECONDS = 0.5
_REST_SECONDS = 5.0

Ringing = Callable[[str], None]


class Bell:
    """Rung by every unit of work that makes work for others. One per opened database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_shared = engine.dialect.name == "postgresql"
        self._answer: Ringing | None = None
        self._stop = threading.Event()
        self._listener: threading.Thread | None = None

    def ring_with(self, connection: sa.Connection, point: Commit) -> None:
        """Before the commit: other processes hear it when, and only when, the transaction is committed."""
        if self._is_shared and point in RINGS:
            connection.execute(sa.select(sa.func.pg_notify(CHANNEL, RINGS[point])))

    def ring_after(self, point: Commit) -> None:
        """After the commit, for this process."""
        if not self._is_shared and self._answer is not None and point in RINGS:
            self._answer(RINGS[point])

    def answer(self, answer: Ringing) -> None:
        """Call `answer` with what to wake, from any thread, until `hang_up`."""
        self._answer = answer
        self._stop.clear()
        if self._is_shared:
            self._listener = threading.Thread(target=self._listen, name="bell", daemon=True)
            self._listener.start()

    def hang_up(self) -> None:
        """Hear nothing more. Waits until the listener has closed its connection, about half a second."""
        self._answer = None
        self._stop.set()
        if self._listener is not None:
            self._listener.join(_REST_SECONDS)
            self._listener = None

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen_once()
            except (StorageUnavailableError, sa.exc.DBAPIError, OSError):
                self._stop.wait(_REST_SECONDS)  # the steps themselves tell that the database is away

    def _listen_once(self) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver: Any = connection.connection.driver_connection
            connection.detach()  # its own, so that nobody inherits what it listens to
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            while not self._stop.is_set():
                for heard in driver.notifies(timeout=_LOOK_UP_SECONDS):
                    if self._answer is not None:
                        self._answer(heard.payload)
                connection.exec_driver_sql("SELECT 1")  # notices a server that went away
