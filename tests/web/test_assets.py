"""What the desk brings along: licences, no addresses of others, and a plain word when it was not built."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.web import assets
from storage.database import Database
from tests.web.desk import a_desk, readable

WEB = Path(assets.__file__).parent
LOCKED = (WEB / "frontend", Path(__file__).parent / "provider")  # folders with a lock file of npm


@pytest.mark.parametrize("folder", LOCKED, ids=lambda folder: folder.name)
def test_the_lock_file_names_digests_and_no_addresses(folder: Path) -> None:
    text = (folder / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
    packages = {name: item for name, item in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(item["integrity"].startswith("sha512-") for item in packages.values())


@pytest.mark.parametrize("folder", LOCKED, ids=lambda folder: folder.name)
def test_versions_are_pinned_and_the_proprietary_tokens_stay_out(folder: Path) -> None:
    packages = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages.values())
    assert not [name for name in packages if "design-tokens" in name]


def test_our_own_files_ask_nothing_of_other_hosts() -> None:
    for path in (*WEB.glob("static/*.css"), *WEB.glob("static/*.js"), *WEB.glob("templates/*.html")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]+\.|@import", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:", text), path.name


async def test_without_its_style_sheets_the_desk_works_and_says_what_to_do(database: Database, tmp_path: Path) -> None:
    desk = a_desk(database, static=tmp_path)
    await desk.log_in()
    page = await desk.get("/")
    assert page.status_code == 200
    assert "Voer scripts/build-web uit en start Wijkbalie opnieuw." in readable(page)
