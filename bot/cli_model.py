"""The commands `wijkbalie model ...`: learning, judging, choosing the model that runs, and the weekly report."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from routing.errors import ConfigError
from routing.office_hours import AMSTERDAM

if TYPE_CHECKING:
    from bot.config import Config
    from bot.models import ModelFile
    from routing.model.corpus import Example
    from routing.vakafdelingen import Municipality
    from storage.database import Database

model_app = typer.Typer(no_args_is_help=True, help="Het model leren, beoordelen en kiezen.")
console = Console()
# A hard and an ordinary part of the corpus, each over all vakafdelingen: held out in turn.
MIXED_SHARES = ("g", "s")
DEFAULT_CONFIG = Path("config.toml")
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
By = Annotated[str, typer.Option("--by", help="Uw gebruikersnaam; komt in het logboek.")]
Why = Annotated[str, typer.Option("--why", help="Waarom; komt in het logboek.")]


@model_app.command()
def train(
    config: ConfigOption = DEFAULT_CONFIG,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Schrijf naar dit bestand in plaats van naar de modellenmap.")
    ] = None,
    own: Annotated[Path | None, typer.Option("--corpus", help="Een map met een eigen corpus; anders het meegeleverde.")] = None,
    corrections: Annotated[
        bool, typer.Option("--corrections/--without-corrections", help="Leer ook van wat collega's bevestigden en verbeterden.")
    ] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Het bestand van --output mag al bestaan.")] = False,
) -> None:
    """Leer een nieuwe kandidaat van het corpus en de correcties. Het model dat draait blijft zoals het is."""
    if output is not None and output.exists() and not replace:
        raise ConfigError(f"{output} bestaat al; kies een andere naam, of zeg met --replace dat het vervangen mag worden")
    from routing.model.corpus import load_corpus
    from routing.model.learn import learn_to_file

    municipality, corpus = _municipality(config), load_corpus(own)
    lessons = _lessons(config, municipality) if corrections else ()
    console.print(f"{len(corpus)} berichten uit het corpus, {len(lessons)} van collega's")

    def learn(target: Path) -> None:
        learn_to_file((*corpus, *lessons), municipality, target, console.print)

    if output is not None:
        learn(output)
    else:
        _learn_candidate(config, learn, {"corpus": len(corpus), "corrections": len(lessons)})


def _learn_candidate(config: Path, learn: Callable[[Path], None], about: Mapping[str, int]) -> None:
    from bot.bootstrap import utc_now
    from bot.config import load_config
    from bot.models import add_candidate, model_folder

    model = add_candidate(model_folder(load_config(config)), learn, about, utc_now())
    console.print(f"Kandidaat {model.name} staat klaar.")
    console.print(f"Beoordeel hem met 'wijkbalie model evaluate BESTAND --candidate {model.name}'.")


@model_app.command()
def evaluate(
    labelled: Annotated[
        Path | None,
        typer.Argument(help="JSON-regels met ten minste text en lead; zonder bestand: achtergehouden delen van het corpus."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    candidate: Annotated[
        str | None, typer.Option("--candidate", help="Vergelijk deze kandidaat met het model dat draait.")
    ] = None,
    precision: Annotated[
        list[float] | None,
        typer.Option("--precision", min=0.5, max=1.0, help="Hoeveel berichten halen dit aandeel goed? Mag vaker."),
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Schrijf de kalibratie als SVG naar dit bestand.")] = None,
) -> None:
    """Beoordeel het model op gelabelde berichten die het niet kent."""
    if labelled is None:
        if candidate or plot or precision:
            raise ConfigError("--candidate, --precision en --plot horen bij een bestand met gelabelde berichten; noem dat erbij")
        _cross_validate()
        return
    from bot.model_judging import judge_with, read_labelled, show_duel, show_judged
    from bot.model_plot import as_svg
    from bot.models import note_judgement
    from routing.engine import load_engine

    municipality = _municipality(config)
    examples = read_labelled(labelled, municipality)
    models = _models(config, candidate)
    judged = [judge_with(model.name, load_engine(municipality, model.path), examples, municipality) for model in models]
    for one in judged:
        show_judged(console, one, precision or [0.95, 0.98, 0.99])
    if candidate:
        show_duel(console, *judged)
        note_judgement(models[-1], {**judged[-1].as_record(labelled.name), "running": judged[0].as_record(labelled.name)})
    if plot is not None:
        _write(plot, as_svg([(one.name, one.figures.calibration) for one in judged]))
        console.print(f"{plot} is geschreven.")


@model_app.command("list")
def list_models(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Toon de modellen van dit bureau, welk model draait, en wie wanneer wisselde."""
    from bot.model_judging import said_of
    from bot.models import candidates, model_folder, running_model, shipped
    from storage.model_log import is_whole

    with _office(config) as (settings, database):
        folder = model_folder(settings)
        current = running_model(settings, database).name
        with database.work() as work:
            history = work.model_log.history()
    table = Table("", "model", "geleerd op", "corpus + correcties", "beoordeeld")
    for model in (shipped(), *candidates(folder)):
        about = model.about
        learned = f"{about['corpus']} + {about['corrections']}" if "corpus" in about else "-"
        mark = "draait" if model.name == current else ""
        table.add_row(
            mark, model.name, about.get("learned_at", "-")[:16], learned, said_of(model.judged) if model.judged else "-"
        )
    console.print(table)
    for step in history:
        console.print(
            f"{step.at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M} {step.step} {step.model} door {step.actor} {step.why}".rstrip()
        )
    if not is_whole(history):
        raise ConfigError(
            "het logboek van modellen is niet heel: iemand heeft er buiten Wijkbalie om in gewijzigd; meld dit aan beheer"
        )


@model_app.command()
def promote(
    name: str,
    by: By,
    config: ConfigOption = DEFAULT_CONFIG,
    why: Why = "",
    yes: Annotated[bool, typer.Option("--yes", help="Vraag niet om bevestiging.")] = False,
) -> None:
    """Laat een beoordeelde kandidaat draaien, vanaf de volgende start van 'wijkbalie run'."""
    from bot import models
    from bot.bootstrap import utc_now
    from bot.model_judging import said_of

    with _office(config) as (settings, database):
        model = models.find_model(settings, name)
        if model.judged is not None:
            console.print(f"{name}: {said_of(model.judged)}")
            console.print(f"wat nu draait: {said_of(model.judged['running'])}")
        if not yes:
            typer.confirm(f"{name} laten draaien?", abort=True)
        models.promote(database, model, account=by, why=why, now=utc_now())
    console.print(f"{name} draait na een herstart van 'wijkbalie run'. Terug kan met 'wijkbalie model rollback'.")


@model_app.command()
def rollback(by: By, config: ConfigOption = DEFAULT_CONFIG, why: Why = "") -> None:
    """Ga terug naar het model van voor de laatste promotie, vanaf de volgende start van 'wijkbalie run'."""
    from bot.bootstrap import utc_now
    from bot.models import roll_back

    with _office(config) as (_, database):
        name = roll_back(database, account=by, why=why, now=utc_now())
    console.print(f"{name} draait na een herstart van 'wijkbalie run'.")


@model_app.command()
def report(
    config: ConfigOption = DEFAULT_CONFIG,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=520)] = 8,
    as_csv: Annotated[bool, typer.Option("--csv", help="Als CSV, voor een rekenblad.")] = False,
) -> None:
    """Toon per week en voorgestelde vakafdeling hoe vaak collega's anders kozen."""
    from bot.bootstrap import utc_now
    from storage.corrections import overrides

    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    with _office(config) as (_, database), database.reading() as connection:
        found = overrides(connection, since)
    head = ("week", "voorgesteld", "besloten", "zelf_doorgezet", "anders_gekozen", "aandeel", "meest_naar")
    rows = [
        (line.week, line.lead, line.decided, line.by_itself, line.overruled, f"{line.rate:.3f}", line.most_to) for line in found
    ]
    if as_csv:
        csv.writer(sys.stdout).writerows([head, *rows])
        return
    table = Table(*(name.replace("_", " ") for name in head))
    for line, row in zip(found, rows, strict=True):
        table.add_row(*(str(cell) for cell in row[:5]), f"{line.rate:.0%}", line.most_to or "-")
    console.print(table if found else f"In de laatste {weeks} weken is nog niets besloten.")


@contextmanager
def _office(config: Path) -> Iterator[tuple[Config, Database]]:
    from bot.bootstrap import open_database
    from bot.config import load_config

    settings = load_config(config)
    database = open_database(settings)
    try:
        yield settings, database
    finally:
        database.close()


def _models(config: Path, candidate: str | None) -> list[ModelFile]:
    """The model that runs (without settings the shipped one), and the candidate if one is named."""
    from bot.models import find_model, running_model, shipped

    if candidate is None and _is_left_out(config):
        return [shipped()]
    with _office(config) as (settings, database):
        return [running_model(settings, database), *([find_model(settings, candidate)] if candidate else [])]


def _is_left_out(config: Path) -> bool:
    return config == DEFAULT_CONFIG and not config.exists()


def _municipality(config: Path) -> Municipality:
    from bot.bootstrap import load_tables
    from bot.config import load_config
    from routing.vakafdelingen import load_municipality

    if _is_left_out(config):
        return load_municipality()
    return load_tables(load_config(config))


def _lessons(config: Path, municipality: Municipality) -> tuple[Example, ...]:
    from bot.lessons import as_example
    from bot.models import running_engine
    from storage.corrections import lessons

    with _office(config) as (settings, database):
        with database.reading() as connection:
            found = lessons(connection)
        engine = running_engine(settings, database, municipality)
    known = [lesson for lesson in found if lesson.chosen_lead in municipality.vakafdelingen]
    return tuple(as_example(lesson, engine.topic_within) for lesson in known)


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target} kan niet worden geschreven: {error.strerror}; kies een andere plek") from error


def _cross_validate() -> None:
    from bot.model_judging import show_figures
    from routing.model import evaluation
    from routing.model.corpus import load_corpus
    from routing.model.learn import read_examples
    from routing.vakafdelingen import load_municipality

    examples, municipality = load_corpus(), load_municipality()
    material = evaluation.Material(examples, read_examples(examples, municipality), tuple(municipality.vakafdelingen))
    shares = [share for share in MIXED_SHARES if any(example.share == share for example in examples)]
    for title, splits in (
        ("vijf delen", evaluation.folds(examples)),
        (f"delen {', '.join(shares)} om beurten achtergehouden", evaluation.by_share(examples, shares)),
    ):
        show_figures(console, title, evaluation.cross_validate(material, splits, console.print))
