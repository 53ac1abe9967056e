"""A municipality gives the pages its own look: the sheet comes last on every page, and a wrong one stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.web.assets import Theme, load_theme
from routing.errors import ConfigError
from storage.database import Database
from tests.web.desk import a_desk

CSS = ".proefstad-theme { --wb-brand: #0b5394 }"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def test_the_theme_comes_last_on_every_page_and_gives_the_class_it_is_for(database: Database) -> None:
    desk = a_desk(database, theme=Theme(css=CSS.encode(), class_name="proefstad-theme"))
    for path in ("/inloggen", "/volg/onbekend", "/", "/kaart"):
        if path == "/":
            await desk.log_in()
        page = await desk.get(path)
        sheets = [line.split('"')[3] for line in page.text.splitlines() if 'rel="stylesheet"' in line]
        assert sheets[-1].startswith("/static/thema.css?v="), path
        assert ' class="proefstad-theme">' in page.text.split("<head>")[0], path


async def test_the_theme_is_served_by_the_desk_itself_to_everybody(database: Database) -> None:
    desk = a_desk(database, theme=Theme(css=CSS.encode()))
    sheet = await desk.get("/static/thema.css")
    assert (sheet.status_code, sheet.text) == (200, CSS)
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]


async def test_without_a_theme_there_is_none(database: Database) -> None:
    desk = a_desk(database)
    assert "thema.css" not in (await desk.get("/inloggen")).text
    assert (await desk.get("/static/thema.css")).status_code == 404


def test_a_theme_that_cannot_be_read_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"web.theme_css: .*verbeter het pad"):
        load_theme(tmp_path / "nergens.css", "")
    odd = tmp_path / "thema.css"
    odd.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is niet te lezen"):
        load_theme(odd, "")
    odd.write_bytes(b" " * 1_000_001)
    with pytest.raises(ConfigError, match="groter dan 1 MB"):
        load_theme(odd, "")
