"""The command line: helpful, clear about mistakes, and safe to run twice. Each command runs as a real process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import typer

from bot.cli import app
from channels.simulator.telegram import TelegramSimulator

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "een-lang-wachtwoord"


def every_command(command: typer.core.TyperGroup, *way: str) -> Iterator[list[str]]:
    for name, below in command.commands.items():
        if isinstance(below, typer.core.TyperGroup):
            yield from every_command(below, *way, name)
        else:
            yield [*way, name]


COMMANDS = list(every_command(cast("typer.core.TyperGroup", typer.main.get_command(app))))


def wijkbalie(*arguments: str, cwd: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WIJKBALIE_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, text=True, timeout=120, env=environment, check=False
    )


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder in which `init` has run."""
    result = wijkbalie("init", "--username", "samira", "--name", "Samira", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str], tmp_path: Path) -> None:
    result = wijkbalie(*command, "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert "Usage" in result.stdout


def test_init_twice_changes_nothing(office: Path) -> None:
    before = (office / "config.toml").read_text(encoding="utf-8")
    again = wijkbalie("init", "--username", "samira", "--name", "Samira", cwd=office)
    assert again.returncode == 0
    assert "bestaat al en blijft zoals het is" in again.stdout
    assert "bestond al" in again.stdout
    assert (office / "config.toml").read_text(encoding="utf-8") == before


def test_a_short_password_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    result = wijkbalie("init", "--username", "s", "--name", "S", "--password", "kort", cwd=tmp_path)
    assert result.returncode == 2
    assert "minstens 12 tekens" in result.stderr
    assert not (tmp_path / "config.toml").exists()


@pytest.mark.parametrize("command", [["run"], ["queue"], ["health"], ["channel", "login", "x"]], ids=" ".join)
def test_without_settings_every_command_says_how_to_begin(command: list[str], tmp_path: Path) -> None:
    result = wijkbalie(*command, cwd=tmp_path)
    assert result.returncode == 2
    assert "wijkbalie init" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fresh_office_has_an_empty_queue_and_speaks_of_its_health(office: Path) -> None:
    assert "Niets te beoordelen" in wijkbalie("queue", cwd=office).stdout
    health = wijkbalie("health", cwd=office)
    assert health.returncode in {0, 1}  # 1 when contacts have not been checked for half a year
    assert "Alles loopt." in health.stdout or "nagekeken" in health.stdout


def test_a_melding_that_is_not_there_cannot_be_held(office: Path) -> None:
    assert "0" in wijkbalie("retention", "show", cwd=office).stdout
    for kenmerk, problem in (("WB-2026-00009", "bestaat niet"), ("onzin", "schrijf het als WB-2026-00042")):
        refused = wijkbalie("retention", "hold", kenmerk, "--why", "Woo", cwd=office)
        assert refused.returncode == 2
        assert problem in refused.stderr


def test_a_channel_that_is_not_switched_on_cannot_be_resumed(office: Path) -> None:
    result = wijkbalie("channel", "login", "x", cwd=office)
    assert result.returncode == 2
    assert "kanaal 'x' staat niet aan" in result.stderr


def test_a_first_connection_takes_in_nothing_older_than_the_day_of_init(office: Path) -> None:
    settings = tomllib.loads((office / "config.toml").read_text(encoding="utf-8"))
    starts = [
        table["start"] for name, table in settings["channels"].items() if name in {"telegram", "x", "facebook", "messenger"}
    ]
    assert len(starts) == 4
    assert all(abs(datetime.now(UTC) - start) < timedelta(minutes=10) for start in starts)


def test_a_channel_is_checked_resumed_and_switched_from_the_command_line(office: Path) -> None:
    with TelegramSimulator() as telegram:
        config = office / "config.toml"
        settings = config.read_text(encoding="utf-8")
        settings = settings.replace("[channels.telegram]\nenabled = false", "[channels.telegram]\nenabled = true")
        settings = settings.replace('"env:TELEGRAM_TOKEN"', f'"{telegram.token}"')
        config.write_text(settings.replace('"https://api.telegram.org"', f'"{telegram.url}"'), encoding="utf-8")

        good = wijkbalie("channel", "check", "telegram", cwd=office)
        telegram.is_token_expired = True
        bad = wijkbalie("channel", "login", "telegram", cwd=office)
        telegram.is_token_expired = False
        resumed = wijkbalie("channel", "login", "telegram", cwd=office)
    stopped = wijkbalie("channel", "mode", "telegram", "stop", "--why", "storing", cwd=office)
    wrong = wijkbalie("channel", "mode", "telegram", "uit", cwd=office)

    assert (good.returncode, bad.returncode, resumed.returncode) == (0, 1, 0)
    assert "de bot heet @" in good.stdout
    assert "blijft gestopt" in bad.stdout
    assert "@BotFather" in bad.stdout
    assert "is hervat" in resumed.stdout
    assert "werkt nu als 'stop'" in stopped.stdout
    assert (wrong.returncode, "kies uit full" in wrong.stderr) == (2, True)
    assert "stop" in wijkbalie("channel", "list", cwd=office).stdout


def test_route_answers_in_order_and_survives_broken_lines(tmp_path: Path) -> None:
    lines = ['{"id": "a", "channel": "telegram", "text": "lantaarnpaal stuk op de Springweg"}', "{kapot", '{"id": "b"}', ""]
    lines += ['{"id": "c", "channel": "x", "text": "\\ud83d\\ude00 \\udc00"}', '{"id": "d", "channel": "x", "text": ""}']
    result = wijkbalie("route", cwd=tmp_path, given="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, result.stderr
    assert [answer.get("id", answer.get("line")) for answer in answers] == ["a", 2, 3, "c", "d"]
    assert set(answers[0]) == {
        *("id", "lead", "involved", "topic", "kind", "urgency", "language", "street", "wijk", "pii"),
        *("needs_personal_contact", "confidence", "top3", "auto", "reasons"),
    }
    assert (answers[0]["lead"], answers[0]["street"], answers[0]["wijk"]) == ("stadswerken", "Springweg", "Binnenstad")


def test_route_names_a_file_it_cannot_read(tmp_path: Path) -> None:
    result = wijkbalie("route", "--input", "nergens.jsonl", cwd=tmp_path)
    assert result.returncode == 2
    assert "nergens.jsonl kan niet worden gelezen" in result.stderr


def test_the_demo_plays_the_morning_and_keeps_every_promise(tmp_path: Path) -> None:
    result = wijkbalie("demo", "--once", cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert "Gebroken" not in result.stdout
    assert len(re.findall(r"│ ja +│", result.stdout)) == 8


def test_the_tour_of_the_readme_works_as_written(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tour = readme.split("## Rondleiding")[1].split("## Verder lezen")[0]
    commands = re.findall(r"^ +(?:echo '(.+)' \| )?\.venv/bin/wijkbalie (\w+)$", tour, re.MULTILINE)
    assert [name for _, name in commands] == ["route", "init", "run", "health"]
    for given, name in commands:
        if name == "run":
            continue  # runs until it is stopped: tests/kill starts and stops it
        arguments = ["init", "--username", "samira", "--name", "Samira"] if name == "init" else [name]
        result = wijkbalie(*arguments, cwd=tmp_path, given=given)
        assert "Traceback" not in result.stderr
        assert result.returncode in {0, 1}
