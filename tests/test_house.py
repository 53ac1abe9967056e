"""The house stands as drawn: imports point one way, and each outside library has its one room."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "channels", "routing", "storage")
ALLOWED = {
    "bot": {"bot", "channels", "routing", "storage"},
    "channels": {"channels", "routing"},
    "storage": {"storage", "routing"},
    "routing": {"routing"},
}
# Library -> the only places that may import it.
ONE_ROOM = {
    "sqlalchemy": ("storage/",),
    "alembic": ("storage/",),
    "telegram": ("channels/telegram.py", "channels/telegram_api.py"),
    "tweepy": ("channels/twitter",),
    "facebook": ("channels/graph.py",),
    "mastodon": ("channels/mastodon_client.py",),
    "apscheduler": ("bot/clock.py",),
    "sklearn": ("routing/model/training.py", "routing/model/evaluation.py"),
    "authlib": ("bot/oidc.py",),
    "argon2": ("bot/passwords.py",),
    "typer": ("bot/cli",),
    "aiohttp": ("channels/simulator/",),
}
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where things come from"
            yield node.module or ""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_one_way(path: Path) -> None:
    room = relative(path).split("/")[0]
    wrong = {name for name in imports_of(path) if name.split(".")[0] in ROOMS and name.split(".")[0] not in ALLOWED[room]}
    assert wrong == set()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_each_library_is_used_in_its_one_room(path: Path) -> None:
    place = relative(path)
    wrong = {
        name
        for name in imports_of(path)
        if (rooms := ONE_ROOM.get(name.split(".")[0])) is not None and not place.startswith(rooms)
    }
    assert wrong == set()


def test_screens_use_queries_and_use_cases_never_tables_or_sdks() -> None:
    forbidden = {"storage.tables", "storage.inbox", "storage.dialect", "channels.telegram", "channels.twitter", "channels.graph"}
    for path in (ROOT / "bot" / "web").rglob("*.py"):
        assert forbidden.isdisjoint(imports_of(path)), relative(path)


def test_the_product_needs_no_pickle() -> None:
    for path in MODULES:
        assert {"pickle", "joblib", "dill", "cloudpickle", "shelve"}.isdisjoint(imports_of(path)), relative(path)


def test_only_the_settings_read_the_environment() -> None:
    readers = {relative(path) for path in MODULES if "os.environ" in path.read_text(encoding="utf-8")}
    assert readers <= {"bot/config.py", "bot/cli.py", "channels/telegram_api.py"}


def test_migrations_are_one_line_of_history() -> None:
    """Two changes that took the same number would leave the database between them."""
    files = sorted((ROOT / "storage" / "migrations" / "versions").glob("[0-9]*.py"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    revisions = [re.findall(r'^revision = "(\w+)"', text, re.MULTILINE)[0] for text in texts]
    before = [re.findall(r'^down_revision = (?:"(\w+)"|None)', text, re.MULTILINE)[0] for text in texts]
    assert revisions == [path.name.split("_")[0] for path in files]
    assert before == ["", *revisions[:-1]]
    assert len(set(revisions)) == len(revisions)
