"""Cities of several sizes to measure side by side: made once, and used again when a folder was named to keep them in."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from benchmarks.growth import grow, measure_up
from storage.database import Database
from storage.migrate import upgrade
from tests.databases import serving_postgres

SMALL = 10_000


def options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options that every measurement of a grown city has."""
    parser.add_argument("--meldingen", type=int, default=1_000_000, help="the size of the large city (default 1000000)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--folder", type=Path, default=None, help="where cities are kept and found again (default: nowhere)")
    arguments = parser.parse_args()
    if arguments.meldingen <= SMALL:
        parser.error(f"the large city needs more than {SMALL} meldingen")
    return arguments


@contextmanager
def cities(arguments: argparse.Namespace) -> Iterator[tuple[Database, Database]]:
    """The small and the large city. As many meldingen are open in both: the work of an office does not grow with its archive."""
    with ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wb-city-")))
        folder.mkdir(parents=True, exist_ok=True)
        place = partial(_sqlite, folder)
        if arguments.database == "postgres":
            place = partial(_postgres, stack.enter_context(serving_postgres(folder / "pg")))
        small, large = (place(size) for size in (SMALL, arguments.meldingen))
        stack.callback(small.close)
        stack.callback(large.close)
        yield small, large


def _sqlite(folder: Path, size: int) -> Database:
    path, unfinished = folder / f"city-{size}.sqlite3", folder / f"city-{size}.part"
    if not path.exists():
        unfinished.unlink(missing_ok=True)
        _make(Database.open(f"sqlite:///{unfinished}"), size)
        unfinished.rename(path)
    return _opened(f"sqlite:///{path}")


def _postgres(server: str, size: int) -> Database:
    name, unfinished = f"city_{size}", f"unfinished_{size}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    address: Callable[[str], str] = lambda name: str(sa.make_url(server).set(database=name).render_as_string(hide_password=False))  # noqa: E731
    with admin.connect() as connection:
        known = {row[0] for row in connection.exec_driver_sql("SELECT datname FROM pg_database")}
        if name not in known:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {unfinished}")
            connection.exec_driver_sql(f"CREATE DATABASE {unfinished}")
            city = Database.open(address(unfinished))
            _make(city, size, and_then=measure_up)
            connection.exec_driver_sql(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    admin.dispose()
    return _opened(address(name))


def _make(database: Database, size: int, and_then: Callable[[Database], None] = lambda _: None) -> None:
    upgrade(database.engine)
    started = time.monotonic()

    def tell(number: int) -> None:
        print(f"\r{number} van {size} meldingen, {time.monotonic() - started:.0f} s ", end="", file=sys.stderr, flush=True)  # noqa: T201

    grow(database, size, tell=tell)
    and_then(database)
    print(f"\r{size} meldingen gemaakt in {time.monotonic() - started:.0f} s", file=sys.stderr)  # noqa: T201
    database.close()


def _opened(address: str) -> Database:
    database = Database.open(address)
    upgrade(database.engine)
    return database
