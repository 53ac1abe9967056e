"""The desk can be timed on two cities, and a queue page with all it loads stays light."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.desk import WEIGHT_GOAL, pages, time_pages
from benchmarks.growth import grow
from storage.database import Database
from storage.migrate import upgrade
from tests.builders import ScriptedRouter


def a_city(path: Path, meldingen: int) -> Database:
    database = Database.open(f"sqlite:///{path}")
    upgrade(database.engine)
    grow(database, meldingen)
    return database


def test_every_page_of_the_desk_is_timed_on_two_cities(tmp_path: Path) -> None:
    both = (a_city(tmp_path / "small.sqlite3", 200), a_city(tmp_path / "large.sqlite3", 300))
    found, weight = asyncio.run(time_pages(both, ScriptedRouter(), pages(200), 2))
    assert {len(one.clock) for _, timed in found for one in timed} == {2}
    assert all(one.p99() >= one.p50() > 0 for _, timed in found for one in timed)
    assert weight < WEIGHT_GOAL * 1000
