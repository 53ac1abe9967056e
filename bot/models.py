"""The office's model files: candidates beside each other in one folder, and which of them runs.

A file is never written over. Which one runs stands in the database, with who decided so; a process takes it at its start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bot.config import Config
from routing.engine import Engine, load_engine
from routing.errors import ConfigError
from routing.model.model import version_of
from routing.vakafdelingen import Municipality, packaged
from storage.database import Database
from storage.model_log import ModelStep, NewPromotion, running

SHIPPED = "meegeleverd"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A model and what is known about it: when and of what it was learned, and how it was judged."""

    name: str
    path: Path | Traversable
    version: str
    about: Mapping[str, Any]

    @property
    def judged(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.about.get("judged")
        return found


def model_folder(config: Config) -> Path:
    """Raises ConfigError when the office has none."""
    if not config.model.folder:
        raise ConfigError('model.folder is leeg; noem in config.toml een map voor eigen modellen, zoals folder = "var/modellen"')
    return config.base / config.model.folder


def shipped() -> ModelFile:
    source = packaged("model.npz")
    return ModelFile(name=SHIPPED, path=source, version=version_of(source), about={})


def candidates(folder: Path) -> tuple[ModelFile, ...]:
    """Every model in the folder, the oldest first: names begin with the moment they were learned."""
    return tuple(_read(path) for path in sorted(folder.glob("*.npz")) if not path.name.startswith("."))


def find_model(config: Config, name: str) -> ModelFile:
    """A model by its name. Raises ConfigError with the names there are."""
    if name == SHIPPED:
        return shipped()
    known = candidates(model_folder(config))
    for model in known:
        if model.name == name:
            return model
    names = ", ".join([SHIPPED, *(model.name for model in known)])
    raise ConfigError(f"er is geen model '{name}'; bekend zijn: {names}")


def add_candidate(folder: Path, learn: Callable[[Path], None], about: Mapping[str, Any], now: datetime) -> ModelFile:
    """Let `learn` write a new model file and give it its name. A model that is there already is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".leert-{os.getpid()}.npz"
    try:
        learn(draft)
        version = version_of(draft)
        same = [model for model in candidates(folder) if model.version == version]
        if same:
            return same[0]
        target = folder / f"{now:%Y%m%d-%H%M%S}-{version}.npz"
        os.link(draft, target)  # unlike a rename this fails when the name is taken
    finally:
        draft.unlink(missing_ok=True)
    _write_about(target, {"learned_at": now.isoformat(timespec="seconds"), **about})
    return _read(target)


def note_judgement(model: ModelFile, judged: Mapping[str, Any]) -> None:
    """Keep beside a candidate how it was judged; promotion shows it and puts it in the log."""
    if isinstance(model.path, Path) and model.name != SHIPPED:
        _write_about(model.path, {**model.about, "judged": dict(judged)})


def running_model(config: Config, database: Database) -> ModelFile:
    """The model that was promoted last, or the shipped one. Raises ConfigError when its file is gone or was changed."""
    if not config.model.folder:
        return shipped()
    with database.work() as work:
        standing = running(work.model_log.history())
    if not standing:
        return shipped()
    promoted = standing[-1]
    model = find_model(config, promoted.model)
    if promoted.model != SHIPPED and model.version != promoted.version:
        raise ConfigError(
            f"het model {promoted.model} is veranderd sinds {promoted.actor} het promoveerde; zet het bestand terug of kies"
            " een ander met 'wijkbalie model rollback'"
        )
    return model


def running_engine(config: Config, database: Database, municipality: Municipality) -> Engine:
    topics = config.municipality.path("onderwerpen", config.base)
    return load_engine(municipality, running_model(config, database).path, topics)


def promote(database: Database, model: ModelFile, *, account: str, why: str, now: datetime) -> None:
    """Let a judged model run from the next start on. Raises ConfigError when nobody judged it or it runs already."""
    if model.judged is None and model.name != SHIPPED:
        raise ConfigError(
            f"{model.name} is nog niet beoordeeld; doe eerst 'wijkbalie model evaluate BESTAND --candidate {model.name}'"
        )
    with database.work() as work:
        work.staff.get_account(account)
        standing = running(work.model_log.history())
        if (standing[-1].model if standing else SHIPPED) == model.name:
            raise ConfigError(f"{model.name} is al het model dat draait")
        step = NewPromotion(
            actor=account,
            step=ModelStep.PROMOTED,
            model=model.name,
            version=model.version,
            figures=dict(model.judged or {}),
            why=why,
        )
        work.model_log.append(step, now)
        work.commit()


def roll_back(database: Database, *, account: str, why: str, now: datetime) -> str:
    """Go back to the model before the running one; returns its name. Raises ConfigError when the shipped model runs."""
    with database.work() as work:
        work.staff.get_account(account)
        standing = running(work.model_log.history())
        if not standing:
            raise ConfigError("het meegeleverde model draait; er is niets om naar terug te gaan")
        before = standing[-2] if len(standing) > 1 else None
        name, version = (before.model, before.version) if before else (SHIPPED, shipped().version)
        step = NewPromotion(actor=account, step=ModelStep.ROLLED_BACK, model=name, version=version, figures={}, why=why)
        work.model_log.append(step, now)
        work.commit()
    return name


def _read(path: Path) -> ModelFile:
    beside = path.with_suffix(".json")
    try:
        about = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    except ValueError as error:
        raise ConfigError(f"{beside} is geen geldige JSON ({error}); herstel of verwijder het") from error
    return ModelFile(name=path.stem, path=path, version=version_of(path), about=about)


def _write_about(model: Path, about: Mapping[str, Any]) -> None:
    draft = model.with_suffix(".json.nieuw")
    draft.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(model.with_suffix(".json"))
