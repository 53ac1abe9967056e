"""What the product is measured against: plain commits and plain imports, on the same machine and file system."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from benchmarks.measure import per_second

IMPORTS = "import sqlalchemy, fastapi, sklearn"


def one_row_commits(folder: Path, count: int) -> float:
    """SQLAlchemy, one row a commit, SQLite in WAL with synchronous=FULL. Commits a second."""
    path = folder / f"yardstick-{time.monotonic_ns()}.sqlite3"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")

    def commit() -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.commit()
            for number in range(count):
                connection.execute(sa.text("INSERT INTO row (text) VALUES (:text)"), {"text": f"rij {number}"})
                connection.commit()

    rate = per_second(count, commit)
    engine.dispose()
    return rate


def python_process(code: str) -> float:
    """Seconds until a fresh Python has done this."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter and our own code
    return time.perf_counter() - started
