"""The office's models: a candidate never touches what runs, and what runs is a deliberate, recorded choice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.bootstrap import load_tables, open_database
from bot.config import Config, DatabaseTable, Hours, ModelTable, Office
from bot.models import (
    SHIPPED,
    ModelFile,
    add_candidate,
    candidates,
    find_model,
    model_folder,
    note_judgement,
    promote,
    roll_back,
    running_engine,
    running_model,
)
from routing.errors import ConfigError, NotFoundError
from routing.vakafdelingen import packaged
from storage.database import Database
from storage.model_log import is_whole
from tests.builders import MONDAY

JUDGED = {"file": "nieuw.jsonl", "messages": 10, "right": 0.9}
HOURS = Hours.model_validate({"monday": ["09:00", "17:00"]})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    url = f"sqlite:///{tmp_path / 'wijkbalie.sqlite3'}"
    return Config(
        office=Office(name="wijkbureau"),
        database=DatabaseTable(url=url),
        office_hours=HOURS,
        model=ModelTable(folder="modellen"),
        base=tmp_path,
    )


@pytest.fixture
def database(config: Config) -> Database:
    database = open_database(config)
    with database.work() as work:
        work.staff.add_account("samira", "Samira", "", MONDAY)
        work.commit()
    return database


def learned(config: Config, content: bytes, *, minutes: int = 0, is_judged: bool = True) -> ModelFile:
    moment = MONDAY + timedelta(minutes=minutes)
    model = add_candidate(model_folder(config), lambda target: target.write_bytes(content) and None, {"corpus": 3}, moment)
    if is_judged:
        note_judgement(model, JUDGED)
    return find_model(config, model.name)


def test_candidates_stand_beside_each_other_with_what_is_known_of_them(config: Config) -> None:
    first, second = learned(config, b"een", is_judged=False), learned(config, b"twee", minutes=5)
    assert [model.name for model in candidates(model_folder(config))] == [first.name, second.name]
    assert first.name.startswith("20261123-100000-")
    assert (first.about["corpus"], first.judged, second.judged) == (3, None, JUDGED)


def test_learning_the_same_again_adds_nothing_and_changes_nothing(config: Config) -> None:
    first = learned(config, b"een")
    assert learned(config, b"een", minutes=5).name == first.name
    assert len(list(model_folder(config).glob("*.npz"))) == 1


def test_learning_that_fails_leaves_no_half_model(config: Config) -> None:
    def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError("schijf vol")

    with pytest.raises(OSError, match="schijf vol"):
        add_candidate(model_folder(config), fail, {}, MONDAY)
    assert list(model_folder(config).iterdir()) == []


def test_a_taken_name_is_never_written_over(config: Config) -> None:
    first = learned(config, b"een")
    assert isinstance(first.path, Path)
    first.path.write_bytes(b"ander")  # the name now stands for other content
    with pytest.raises(FileExistsError):
        learned(config, b"een")
    assert first.path.read_bytes() == b"ander"


def test_without_a_promotion_the_shipped_model_runs(config: Config, database: Database) -> None:
    assert running_model(config, database).name == SHIPPED
    learned(config, b"een")
    assert running_model(config, database).name == SHIPPED


def test_a_candidate_nobody_judged_cannot_be_promoted(config: Config, database: Database) -> None:
    with pytest.raises(ConfigError, match="nog niet beoordeeld"):
        promote(database, learned(config, b"een", is_judged=False), account="samira", why="", now=MONDAY)


def test_somebody_without_an_account_cannot_promote_or_roll_back(config: Config, database: Database) -> None:
    with pytest.raises(NotFoundError, match="geen account 'onbekend'"):
        promote(database, learned(config, b"een"), account="onbekend", why="", now=MONDAY)
    with pytest.raises(NotFoundError, match="geen account 'onbekend'"):
        roll_back(database, account="onbekend", why="", now=MONDAY)


def test_promotion_and_rollback_are_steps_in_the_log_with_who_and_figures(config: Config, database: Database) -> None:
    one, two = learned(config, b"een"), learned(config, b"twee", minutes=1)
    promote(database, one, account="samira", why="beter", now=MONDAY)
    promote(database, two, account="samira", why="", now=MONDAY)
    assert running_model(config, database).name == two.name
    with pytest.raises(ConfigError, match="al het model dat draait"):
        promote(database, two, account="samira", why="", now=MONDAY)
    assert roll_back(database, account="samira", why="te veel fout", now=MONDAY) == one.name
    assert roll_back(database, account="samira", why="", now=MONDAY) == SHIPPED
    assert running_model(config, database).name == SHIPPED
    with pytest.raises(ConfigError, match="niets om naar terug te gaan"):
        roll_back(database, account="samira", why="", now=MONDAY)
    with database.work() as work:
        history = work.model_log.history()
    assert [(step.step.value, step.actor, step.why) for step in history][:3] == [
        ("gepromoveerd", "samira", "beter"),
        ("gepromoveerd", "samira", ""),
        ("teruggedraaid", "samira", "te veel fout"),
    ]
    assert history[0].figures == JUDGED
    assert is_whole(history)


def test_a_promoted_file_that_changed_or_vanished_does_not_run_quietly(config: Config, database: Database) -> None:
    model = learned(config, b"een")
    promote(database, model, account="samira", why="", now=MONDAY)
    assert isinstance(model.path, Path)
    model.path.write_bytes(b"anders")
    with pytest.raises(ConfigError, match="veranderd sinds samira het promoveerde"):
        running_model(config, database)
    model.path.unlink()
    with pytest.raises(ConfigError, match="er is geen model"):
        running_model(config, database)


def test_an_office_without_a_folder_runs_the_shipped_model_and_is_told_how_to_begin(config: Config, database: Database) -> None:
    promote(database, learned(config, b"een"), account="samira", why="", now=MONDAY)
    without = config.model_copy(update={"model": ModelTable()})
    assert running_model(without, database).name == SHIPPED
    with pytest.raises(ConfigError, match=r"model\.folder is leeg"):
        model_folder(without)


def test_a_process_that_starts_takes_the_promoted_model(config: Config, database: Database) -> None:
    model = learned(config, packaged("model.npz").read_bytes())
    promote(database, model, account="samira", why="", now=MONDAY)
    engine = running_engine(config, database, load_tables(config))
    assert model.version in engine.route("lantaarnpaal stuk").versions


def test_notes_that_are_broken_are_named(config: Config) -> None:
    model = learned(config, b"een")
    (model_folder(config) / f"{model.name}.json").write_text("{kapot", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"geen geldige JSON"):
        candidates(model_folder(config))


def test_what_is_known_of_a_candidate_is_readable_by_others(config: Config) -> None:
    model = learned(config, b"een")
    about = json.loads((model_folder(config) / f"{model.name}.json").read_text(encoding="utf-8"))
    assert about == {"learned_at": "2026-11-23T10:00:00+00:00", "corpus": 3, "judged": JUDGED}
