from __future__ import annotations

import pytest

from storage.database import Database
from tests.builders import a_message
from tests.databases import database, database_url, postgres_template, postgres_url, sqlite_url
from tests.web.desk import DeskAtWork, a_desk
from tests.web.organisation import bram, certified, organisation_desk, provider_process

__all__ = [
    "bram",
    "certified",
    "database",
    "database_url",
    "organisation_desk",
    "postgres_template",
    "postgres_url",
    "provider_process",
    "sqlite_url",
]


@pytest.fixture
def strangers_desk(database: Database) -> DeskAtWork:
    """A desk where nobody is logged in."""
    return a_desk(database)


@pytest.fixture
async def desk(strangers_desk: DeskAtWork) -> DeskAtWork:
    """A desk where Samira is logged in."""
    await strangers_desk.log_in()
    return strangers_desk


@pytest.fixture
async def open_desk(desk: DeskAtWork) -> DeskAtWork:
    """A desk with one melding to judge, whose page is open."""
    desk.office.receive(a_message())
    await desk.get("/meldingen/1")
    return desk
