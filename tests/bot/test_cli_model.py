"""The way of a model on the command line: learn, judge, promote, go back."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import cli_model
from bot.cli import app
from routing.decision import Zone
from routing.errors import WijkbalieError
from routing.vakafdelingen import load_municipality
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import ScriptedRouter, a_decision, a_message

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "een-lang-wachtwoord"
COMMANDS = ["train", "evaluate", "list", "promote", "rollback", "report"]


@dataclass(frozen=True)
class Ran:
    """What a command did, as `wijkbalie` ends it: a mistake of the user is one line and code 2."""

    returncode: int
    stdout: str
    stderr: str


def wijkbalie(*arguments: str, cwd: Path, given: str = "") -> Ran:
    with chdir(cwd), pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli_model, "console", Console(width=200, no_color=True))  # whatever window the tests run in
        result = CliRunner().invoke(app, arguments, input=given)
    if isinstance(result.exception, WijkbalieError):
        return Ran(2, result.stdout, str(result.exception))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a folder for models, a small corpus, labelled messages and one correction by Samira."""
    folder = tmp_path_factory.mktemp("office")
    assert wijkbalie("init", "--username", "samira", "--name", "Samira", "--password", PASSWORD, cwd=folder).returncode == 0
    settings = folder / "config.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('folder = ""', 'folder = "modellen"'), encoding="utf-8")
    lines = (ROOT / "routing" / "model" / "corpus" / "h-gewoon.jsonl").read_text(encoding="utf-8").splitlines()
    of_lead = {lead: [line for line in lines if json.loads(line)["lead"] == lead] for lead in load_municipality().vakafdelingen}
    (folder / "corpus").mkdir()
    for name, kept in (("corpus/klein", slice(6)), ("nieuw", slice(6, 8))):
        some = [line for of_one in of_lead.values() for line in of_one[kept]]
        (folder / f"{name}.jsonl").write_text("\n".join(some) + "\n", encoding="utf-8")
    database = Database.open(f"sqlite:///{folder / 'var' / 'wijkbalie.sqlite3'}")
    desk = an_office(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST)))
    desk.receive(a_message("het terras staat op de stoep"))
    melding = desk.meldingen()[0]
    desk.handling.carry_out(melding, desk.handling.assign(melding, lead="vth"), account="samira")
    database.close()
    return folder


@pytest.fixture(scope="module")
def candidate(office: Path) -> str:
    result = wijkbalie("model", "train", "--corpus", "corpus", cwd=office)
    assert result.returncode == 0, result.stderr
    assert "1 van collega's" in result.stdout
    found = re.search(r"Kandidaat (\S+) staat klaar", result.stdout)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    result = wijkbalie("model", command, "--help", cwd=tmp_path)
    assert (result.returncode, "Usage" in result.stdout) == (0, True)


@pytest.mark.parametrize("command", [["train"], ["list"], ["promote", "x", "--by", "s"], ["rollback", "--by", "s"], ["report"]])
def test_without_settings_a_command_says_how_to_begin(command: list[str], tmp_path: Path) -> None:
    result = wijkbalie("model", *command, cwd=tmp_path)
    assert result.returncode == 2
    assert "wijkbalie init" in result.stderr


def test_a_candidate_is_judged_promoted_and_taken_back(office: Path, candidate: str) -> None:
    refused = wijkbalie("model", "promote", candidate, "--by", "samira", "--yes", cwd=office)
    assert (refused.returncode, "nog niet beoordeeld" in refused.stderr) == (2, True)

    judged = wijkbalie("model", "evaluate", "nieuw.jsonl", "--candidate", candidate, "--plot", "kalibratie.svg", cwd=office)
    assert judged.returncode == 0, judged.stderr
    for part in ("meegeleverd: ", f"{candidate}: ", "verwarring", "98.0% goed of verdedigbaar", "kans op toeval"):
        assert part in judged.stdout
    plot = ElementTree.fromstring((office / "kalibratie.svg").read_text(encoding="utf-8"))
    assert candidate in [text.text for text in plot.iter("{http://www.w3.org/2000/svg}text")]

    promoted = wijkbalie("model", "promote", candidate, "--by", "samira", "--why", "onze eigen taal", "--yes", cwd=office)
    assert promoted.returncode == 0, promoted.stderr
    listed = wijkbalie("model", "list", cwd=office).stdout
    assert re.search(rf"draait\W+{candidate}", listed)
    assert f"gepromoveerd {candidate} door samira onze eigen taal" in listed

    assert "meegeleverd draait na een herstart" in wijkbalie("model", "rollback", "--by", "samira", cwd=office).stdout
    again = wijkbalie("model", "rollback", "--by", "samira", cwd=office)
    assert (again.returncode, "niets om naar terug te gaan" in again.stderr) == (2, True)


def test_the_answer_to_are_you_sure_is_heard(office: Path, candidate: str) -> None:
    result = wijkbalie("model", "promote", candidate, "--by", "samira", cwd=office, given="n\n")
    assert result.returncode == 1
    assert "draait na een herstart" not in result.stdout


def test_a_file_that_exists_is_not_written_over(office: Path) -> None:
    (office / "bestaand.npz").write_bytes(b"kostbaar")
    result = wijkbalie("model", "train", "--output", "bestaand.npz", cwd=office)
    assert (result.returncode, "bestaat al" in result.stderr) == (2, True)
    assert (office / "bestaand.npz").read_bytes() == b"kostbaar"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "heeft geen berichten"),
        ("{kapot\n", "regel 1: geen geldig voorbeeld"),
        ("[]\n", "regel 1: geen geldig voorbeeld (geen JSON-object)"),
        (json.dumps({"id": "a-1", "text": "t"}), "regel 1: geen geldig voorbeeld"),
        (json.dumps({"id": "a-1", "channel": "x", "text": "t", "lead": "bestaat_niet", "topic": "t"}), "bestaat_niet"),
    ],
)
def test_labelled_messages_that_are_wrong_are_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "fout.jsonl").write_text(content, encoding="utf-8")
    result = wijkbalie("model", "evaluate", "fout.jsonl", cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr


def test_labels_that_others_gave_are_judged_by_what_we_know_of_them(tmp_path: Path) -> None:
    theirs = {"text": "de straatlantaarn is stuk", "lead": "stadswerken", "lead_alt": None, "theirs": [1]}
    (tmp_path / "anders.jsonl").write_text(json.dumps(theirs), encoding="utf-8")
    judged = wijkbalie("model", "evaluate", "anders.jsonl", cwd=tmp_path)
    assert (judged.returncode, "1 berichten; lead goed 100.0%" in judged.stdout) == (0, True), judged.stderr


def test_the_report_is_a_table_or_csv(office: Path) -> None:
    assert "meest naar" in wijkbalie("model", "report", "--weeks", "500", cwd=office).stdout
    rows = list(csv.DictReader(io.StringIO(wijkbalie("model", "report", "--weeks", "500", "--csv", cwd=office).stdout)))
    assert rows == [
        {
            "week": "2026-W48",
            "voorgesteld": "stadswerken",
            "besloten": "1",
            "zelf_doorgezet": "0",
            "anders_gekozen": "1",
            "aandeel": "1.000",
            "meest_naar": "vth",
        }
    ]
