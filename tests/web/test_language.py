"""The desk in Dutch and English: whose language it is, that every word is in the catalogues, that no page holds bare Dutch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.checkers import checkers
from babel.messages.pofile import read_po

from bot.web.language import CATALOGUES, wished
from tests.web.desk import DeskAtWork

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Languages stand before every database: one is enough."""
    return sqlite_url


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "nl"),
        ("nl", "nl"),
        ("en-US,en;q=0.9", "en"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7", "nl"),
        ("en;q=0.5, nl;q=0.8", "nl"),
        ("fr, de;q=0.9, en;q=0.1", "en"),
        ("en;q=0", "nl"),
        ("fr", "nl"),
        ("*", "nl"),
        ("en;q=veel, \x00,,;", "nl"),
    ],
)
def test_a_browser_gets_the_language_it_likes_best_of_those_the_desk_speaks(header: str, language: str) -> None:
    assert wished(header) == language


async def test_before_the_login_the_desk_speaks_as_the_browser_does(strangers_desk: DeskAtWork) -> None:
    page = await strangers_desk.get("/inloggen", accept_language="en-GB,nl;q=0.5")
    assert '<html lang="en"' in page.text
    assert "Password" in page.text
    assert '<html lang="nl"' in (await strangers_desk.get("/inloggen")).text


async def test_a_page_that_does_not_exist_speaks_as_the_browser_does_too(strangers_desk: DeskAtWork) -> None:
    await strangers_desk.get("/inloggen", accept_language="en")
    assert "Deze pagina bestaat niet." in (await strangers_desk.get("/bestaat-niet")).text
    assert "This page does not exist." in (await strangers_desk.get("/bestaat-niet", accept_language="en")).text


async def test_a_colleague_chooses_a_language_and_keeps_it_in_every_browser(desk: DeskAtWork) -> None:
    await desk.get("/mijn")
    page = await desk.follow(await desk.post("/mijn/taal", taal="en"))
    assert "The desk now speaks English." in page.text
    assert "To judge" in (await desk.get("/", accept_language="nl")).text
    await desk.get("/mijn")
    await desk.post("/mijn/taal", taal="")
    assert "Te beoordelen" in (await desk.get("/", accept_language="nl")).text
    assert "To judge" in (await desk.get("/", accept_language="en")).text


async def test_a_language_that_the_desk_does_not_speak_is_refused(desk: DeskAtWork) -> None:
    await desk.get("/mijn")
    refused = await desk.post("/mijn/taal", taal="fy")
    assert refused.status_code == 400
    assert "Kies een taal uit de lijst." in refused.text


async def test_a_choice_is_of_one_colleague_alone(desk: DeskAtWork) -> None:
    desk.add_colleague("noor", "Noor")
    await desk.get("/mijn")
    await desk.post("/mijn/taal", taal="en")
    await desk.post("/uitloggen")
    await desk.log_in(username="noor")
    assert "Te beoordelen" in (await desk.get("/")).text


def test_every_word_in_the_source_is_in_the_catalogues_and_no_other() -> None:
    checked = subprocess.run(
        [sys.executable, "scripts/translate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"Run .venv/bin/python scripts/translate.py.\n{checked.stdout}{checked.stderr}"


@pytest.mark.parametrize("path", sorted(CATALOGUES.rglob("*.po")), ids=lambda path: path.stem)
def test_every_word_has_a_translation_with_the_same_facts(path: Path) -> None:
    catalogue = _read(path)
    assert [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)] == []
    assert [message.id for message in catalogue if message.id and not _agrees(message.id, message.string)] == []
    assert list(catalogue.obsolete) == []
    for message in catalogue:
        for check in checkers:
            check(catalogue, message)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def _agrees(said: str | tuple[str, ...], told: str | tuple[str, ...]) -> bool:
    """Whether both name the same facts and carry the same tags; every plural on its own."""
    saids, tolds = (said,) if isinstance(said, str) else said, (told,) if isinstance(told, str) else told
    return all(tolds) and all(_parts(one) == _parts(other) for one, other in zip(saids, tolds, strict=True))


def _parts(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%%|\{\w+\}|</?\w+>", text))
