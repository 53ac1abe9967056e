"""The doctor names each part, what is wrong with it and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Config, DatabaseTable
from bot.demo.city import City
from bot.doctor import Finding, Verdict, examine
from channels.simulator.faults import Fault, FaultKind
from storage.database import Database
from storage.migrate import upgrade
from tests.builders import a_message, take_in

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City(tmp_path) as city:
        yield city


async def by_part(config: Config, now: datetime = NOW) -> dict[str, Finding]:
    return {finding.part: finding for finding in await examine(config, lambda: now)}


async def test_a_sound_office_is_good_in_every_part(city: City) -> None:
    found = await by_part(city.config())
    assert {finding.verdict for finding in found.values()} == {Verdict.GOOD}
    assert {"instellingen", "schijf", "model", "database", "klok", "kanaal telegram", "kanaal x"} <= found.keys()


async def test_what_is_wrong_is_named_with_its_remedy_and_hides_nothing_else(city: City, tmp_path: Path) -> None:
    database = Database.open(city.config().database.url)
    upgrade(database.engine)
    take_in(database, a_message(), now=NOW)
    database.close()
    city.x.faults.add(Fault(kind=FaultKind.EXPIRED_TOKEN, times=None))
    city.telegram.faults.add(Fault(kind=FaultKind.SERVER_ERROR, times=None))
    found = await by_part(city.config(), NOW - timedelta(hours=1))
    assert found["klok"].verdict is Verdict.WRONG
    assert "tijdserver" in found["klok"].words
    assert found["kanaal x"].verdict is Verdict.WRONG
    assert found["kanaal x"].words
    assert found["kanaal telegram"].verdict is Verdict.WRONG
    assert found["kanaal facebook"].verdict is Verdict.GOOD
    broken = city.config().model_copy(update={"database": DatabaseTable(url=f"sqlite:///{tmp_path}")})
    found = await by_part(broken)
    assert found["database"].verdict is Verdict.WRONG
    assert "kan niet worden geopend" in found["database"].words
