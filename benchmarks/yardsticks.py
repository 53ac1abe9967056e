"""What the product is measured against: plain commits, jobs, round trips and imports, on the same machine and file system."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.measure import per_second
from benchmarks.product import HOST, free_port, is_answering, resident_megabytes, until

IMPORTS = "import sqlalchemy, fastapi, sklearn"
# An application that does nothing, with scikit-learn beside it.
IDLE_APP = """
import sys
import sklearn, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def answer(request):
    return PlainTextResponse("ok")

uvicorn.run(Starlette(routes=[Route("/", answer)]), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def one_row_commits(folder: Path, count: int) -> float:
    """SQLAlchemy, one row a commit, SQLite in WAL with synchronous=FULL. Commits a second."""
    with _plain_table(folder) as connection:
        return per_second(count, lambda: _commit_rows(connection, count))


def two_commits_and_a_round_trip(folder: Path, count: int) -> float:
    """Milliseconds for two such commits and one request to an idle application on loopback: the median of so many times."""
    with (
        _plain_table(folder) as connection,
        _idle_app() as (port, _),
        closing(http.client.HTTPConnection(HOST, port, timeout=30)) as client,
    ):

        def once() -> float:
            started = time.perf_counter()
            _commit_rows(connection, 2)
            client.request("GET", "/")
            client.getresponse().read()
            return time.perf_counter() - started

        once()
        return 1000 * statistics.median(once() for _ in range(count))


def executed_jobs_per_second(folder: Path, count: int) -> float:
    """APScheduler with due jobs of one time each in its SQLAlchemyJobStore, as both come: SQLite, a thread pool of ten."""
    path = folder / f"jobs-{time.monotonic_ns()}.sqlite3"
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{path}")}, timezone=UTC)
    scheduler.start(paused=True)
    for _ in range(count):
        scheduler.add_job(_Executed.one_more, "date", run_date=datetime.now(UTC), misfire_grace_time=None)
    _Executed.expect(count)

    def execute() -> None:
        scheduler.resume()
        _Executed.all_done.wait()
        until(lambda: not scheduler.get_jobs(), "the jobs are not removed", every=0.01)

    rate = per_second(count, execute)
    scheduler.shutdown()
    return rate


class _Executed:
    """Counts the jobs. Of the class, because the job store writes down by what name a job is called."""

    lock = threading.Lock()
    all_done = threading.Event()
    left = 0

    @classmethod
    def expect(cls, count: int) -> None:
        cls.left = count
        cls.all_done.clear()

    @classmethod
    def one_more(cls) -> None:
        with cls.lock:
            cls.left -= 1
            if cls.left == 0:
                cls.all_done.set()


def idle_megabytes() -> float:
    with _idle_app() as (_, pid):
        return resident_megabytes(pid)


def python_process(code: str) -> float:
    """Seconds until a fresh Python has done this."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter and our own code
    return time.perf_counter() - started


@contextmanager
def _plain_table(folder: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{folder / f'yardstick-{time.monotonic_ns()}.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
        connection.commit()
        yield connection
    engine.dispose()


def _commit_rows(connection: sa.Connection, count: int) -> None:
    for number in range(count):
        connection.execute(sa.text("INSERT INTO row (text) VALUES (:text)"), {"text": f"rij {number}"})
        connection.commit()


@contextmanager
def _idle_app() -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", IDLE_APP, str(port)])  # noqa: S603 - our own interpreter and our own code
    try:
        until(lambda: is_answering(port, "/"), "the idle application does not start")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)
