"""Nothing that the product asks gets slower with what was ever kept: every statement of a day of the office is explained."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.growth import grow, measure_up
from benchmarks.plans import Explained, watching
from storage.database import Database
from storage.migrate import upgrade
from tests.databases import a_postgres_database
from tests.storage.office_day import OfficeDay

MELDINGEN, STILL_OPEN = 20_000, 300
# The most that one statement may take, in steps of SQLite's machine or rows that PostgreSQL reads. Reading 40,000 messages takes
# some 400,000 steps; the most here is the dashboard, which goes through every melding of its period.
MOST_WORK = {"sqlite": 60_000, "postgresql": 8_000}
# What may read from an end of a whole table, and why: a limit stops it there.
ALLOWED = {
    r"SELECT max\(events\.id\)": "the newest of two tables",
    r"FROM attempts ORDER BY attempts\.id DESC\s+LIMIT": "the newest thousand",
    r"SELECT messages\.received_at\s+FROM messages ORDER BY messages\.id DESC\s+LIMIT": "the newest",
    r"FROM guard_trips JOIN replies .* ORDER BY guard_trips\.id DESC\s+LIMIT": "the newest hundred",
}
# PostgreSQL joins this by hash while what is open is more than one in a hundred. Once a day.
ONCE_A_DAY = r"SELECT messages\.channel, messages\.external_id"


@pytest.fixture(scope="module")
def grown_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grown") / "city.sqlite3"
    database = Database.open(f"sqlite:///{path}")
    upgrade(database.engine)
    grow(database, MELDINGEN, still_open=STILL_OPEN)
    database.close()
    return path


@pytest.fixture(scope="module")
def grown_postgres(postgres_template: str) -> str:
    address = a_postgres_database(postgres_template)
    database = Database.open(address)
    grow(database, MELDINGEN, still_open=STILL_OPEN)
    measure_up(database)
    database.close()
    return address


@pytest.fixture(params=["sqlite", "sqlite that was analysed", "postgresql"])
def grown(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A city with a past. Nothing analyses a SQLite, unless somebody does it by hand."""
    if request.param == "postgresql":
        database = Database.open(request.getfixturevalue("grown_postgres"))
    else:
        path = tmp_path / "city.sqlite3"
        shutil.copy(request.getfixturevalue("grown_sqlite"), path)
        database = Database.open(f"sqlite:///{path}")
    if request.param == "sqlite that was analysed":
        measure_up(database)
    yield database
    database.close()


async def test_no_statement_of_a_day_reads_a_whole_table(grown: Database, tmp_path: Path) -> None:
    with watching(grown) as plans:
        await OfficeDay(grown, tmp_path).live()
    name = grown.engine.dialect.name
    allowed = [*ALLOWED, ONCE_A_DAY] if name == "postgresql" else list(ALLOWED)
    whole = [one for one in plans.reading_whole() if not is_one_of(one, allowed)]
    heavy = [one for one in plans.found.values() if one.work > MOST_WORK[name] and not is_one_of(one, [ONCE_A_DAY])]
    assert whole + heavy == [], "\n\n".join(map(told, whole + heavy))
    assert len(plans.found) > 200  # the day was a full one


def test_what_reads_a_whole_table_is_noticed(grown: Database) -> None:
    with watching(grown) as plans, grown.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM messages WHERE album = 'a'").scalar_one()
        connection.exec_driver_sql("SELECT text FROM messages WHERE melding_id = 12").all()
    bad, good = plans.found.values()
    assert "messages" in bad.scans
    assert not good.scans
    assert bad.work > MOST_WORK[grown.engine.dialect.name] > good.work


def is_one_of(one: Explained, patterns: list[str]) -> bool:
    return any(re.search(pattern, one.statement, re.DOTALL) for pattern in patterns)


def told(one: Explained) -> str:
    plan = "\n  ".join(one.plan)
    return f"reads whole {sorted(one.scans)}, work {one.work}: {one.statement}\n  {plan}"
