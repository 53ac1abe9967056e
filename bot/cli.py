"""The command `wijkbalie`: parses arguments, calls one function each, and speaks to people.

An error that a person can solve ends with one clear line and exit code 2; everything else is a defect and shows itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table

from bot.cli_channel import channel_app
from bot.cli_colleague import colleague_app
from bot.cli_model import model_app
from bot.cli_operations import add_operations
from bot.cli_person import person_app
from bot.cli_retention import retention_app
from bot.cli_sending import sending_app
from routing.errors import ConfigError, WijkbalieError
from routing.office_hours import AMSTERDAM

if TYPE_CHECKING:
    from routing.decision import Router

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Wijkbalie: de digitale balie van een wijkbureau.")
app.add_typer(channel_app, name="channel")
app.add_typer(colleague_app, name="colleague")
app.add_typer(model_app, name="model")
add_operations(app)
app.add_typer(sending_app, name="sending")
app.add_typer(retention_app, name="retention")
app.add_typer(person_app, name="person")
console = Console()

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
DEFAULT_CONFIG = Path("config.toml")


def main() -> None:
    """Entry point."""
    try:
        app()
    except WijkbalieError as error:
        Console(stderr=True).print(f"[bold red]Fout:[/] {error}", highlight=False)
        sys.exit(2)


@app.command()
def init(
    config: ConfigOption = DEFAULT_CONFIG,
    username: Annotated[str, typer.Option(prompt="Gebruikersnaam van het eerste account")] = "beheer",
    name: Annotated[str, typer.Option(prompt="Naam zoals collega's die zien")] = "Beheer",
    password: Annotated[
        str, typer.Option(prompt="Wachtwoord", hide_input=True, confirmation_prompt=True, envvar="WIJKBALIE_PASSWORD")
    ] = "",
) -> None:
    """Schrijf config.toml uit het voorbeeld, maak de database en een eerste account. Tweemaal uitvoeren kan geen kwaad."""
    from bot.bootstrap import open_database, utc_now
    from bot.config import load_config
    from bot.passwords import hash_password

    hashed = hash_password(password)
    if config.exists():
        console.print(f"{config} bestaat al en blijft zoals het is.")
    else:
        config.write_text(_settings_from(_example().read_text(encoding="utf-8"), utc_now()), encoding="utf-8")
        console.print(f"{config} is gemaakt. Vul de kanalen in die u wilt gebruiken.")
    database = open_database(load_config(config))
    with database.work() as work:
        is_new = work.staff.add_account(username, name, hashed, utc_now(), "beheerder")
        work.commit()
    database.close()
    console.print(f"Account '{username}' is gemaakt." if is_new else f"Account '{username}' bestond al en blijft zoals het is.")


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    role: Annotated[str, typer.Option(help="Wat dit proces doet: all, web, channels of worker.")] = "all",
) -> None:
    """Start de kanalen, de klok en de balie, tot Ctrl-C of SIGTERM. Met --role verdeelt u het werk over meer processen."""
    from bot.bootstrap import build
    from bot.clock import Role
    from bot.config import load_config
    from bot.logs import set_up_logging
    from bot.running import serve

    if role not in set(Role):
        raise ConfigError(f"--role '{role}' bestaat niet; kies uit {', '.join(Role)}")
    settings = load_config(config)
    set_up_logging(settings)
    asyncio.run(serve(build(settings, role=Role(role))))


@app.command()
def route(
    source: Annotated[Path | None, typer.Option("--input", "-i", help="JSON-regels; standaard van standaardinvoer.")] = None,
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Uitvoerbestand; standaard standaarduitvoer.")] = None,
    processes: Annotated[
        int | None, typer.Option("--processes", min=1, help="Processen voor een groot bestand; standaard een per rekenkern.")
    ] = None,
) -> None:
    """Routeer berichten: per regel {"id","channel","text"} erin, per regel het besluit eruit, in dezelfde volgorde."""
    from bot.json_lines import route_lines
    from bot.parallel_lines import can_be_read_ahead, cores, route_in_parallel

    def answer(lines: TextIO, router: Router) -> Iterable[dict[str, Any]]:
        return route_in_parallel(lines, router, processes or cores()) if can_be_read_ahead(lines) else route_lines(lines, router)

    _answer_lines(source, target, answer)


@app.command()
def converse(
    source: Annotated[Path | None, typer.Option("--input", "-i", help="JSON-regels; standaard van standaardinvoer.")] = None,
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Uitvoerbestand; standaard standaarduitvoer.")] = None,
) -> None:
    """Beoordeel gesprekken: per regel een gesprek erin, per beurt wat het was en bij welke melding het hoort eruit."""
    from bot.converse import converse_lines

    _answer_lines(source, target, converse_lines)


@app.command()
def queue(config: ConfigOption = DEFAULT_CONFIG, limit: Annotated[int, typer.Option(min=1, max=500)] = 20) -> None:
    """Toon wat er te beoordelen is, het dringendste eerst."""
    from bot.bootstrap import open_database, utc_now
    from bot.config import load_config
    from storage.queues import Asked, Queue, page

    database = open_database(load_config(config))
    with database.reading() as connection:
        waiting = page(connection, Asked(queue=Queue.TO_JUDGE, now=utc_now(), soon=utc_now()), limit=limit).meldingen
    database.close()
    table = Table("kenmerk", "urgentie", "voorstel", "zekerheid", "plaats", "binnen sinds")
    for melding in waiting:
        since = melding.created_at.astimezone(AMSTERDAM).strftime("%d-%m %H:%M")
        table.add_row(melding.kenmerk, melding.urgency, melding.lead, f"{melding.confidence:.0%}", melding.street or "-", since)
    console.print(table if waiting else "Niets te beoordelen.")


@app.command()
def health(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Zeg in gewone woorden hoe het gaat. Eindigt met code 1 als iemand iets moet doen."""
    from bot.bootstrap import open_database, utc_now
    from bot.config import load_config
    from bot.wellbeing import judge_health
    from routing.vakafdelingen import load_municipality
    from storage import queries

    settings = load_config(config)
    database = open_database(settings)
    with database.reading() as connection:
        state = queries.health(connection, utc_now())
    database.close()
    tables = settings.municipality
    municipality = load_municipality(doorverwijzingen=tables.path("doorverwijzingen", settings.base))
    concerns = judge_health(state, municipality, utc_now())
    for concern in concerns:
        console.print(f"- {concern}")
    console.print("Alles loopt." if not concerns else "Iemand moet hiernaar kijken.")
    raise typer.Exit(1 if concerns else 0)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Speel de ochtend af zonder browser en controleer de beloften.")] = False,
    storm: Annotated[
        bool, typer.Option("--storm", help="Speel een storm af: honderden berichten in minuten, en controleer de beloften.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8080,
) -> None:
    """Laat alles zien op deze machine: nagebootste platforms, een ochtend in de Binnenstad, en de balie."""
    from bot.demo import play_once, play_storm, show

    if once and storm:
        raise ConfigError("--once en --storm gaan niet samen; kies er een")
    raise typer.Exit(play_storm(console) if storm else play_once(console) if once else show(console, port))


def _answer_lines(source: Path | None, target: Path | None, answer: Callable[[TextIO, Router], Iterable[dict[str, Any]]]) -> None:
    """One JSON answer per line, in the order of the lines, written as soon as it is known."""
    from routing.engine import load_engine
    from routing.vakafdelingen import load_municipality

    engine = load_engine(load_municipality())
    with _reading(source) as lines, _writing(target) as out:
        for found in answer(lines, engine):
            out.write(json.dumps(found, ensure_ascii=False) + "\n")


def _settings_from(example: str, now: datetime) -> str:
    """The example with this moment as the `start` of every channel: a first connection takes in nothing older."""
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return re.sub(r"^# start = \S+ +", f"start = {moment}  ", example, flags=re.MULTILINE)


def _example() -> Path:
    """The shipped example of the settings."""
    return Path(__file__).resolve().parent.parent / "config.example.toml"


def _reading(source: Path | None) -> TextIO:
    try:
        return sys.stdin if source is None else source.open(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigError(f"{source} kan niet worden gelezen: {error.strerror}; geef een bestaand bestand met --input") from error


def _writing(target: Path | None) -> TextIO:
    try:
        return sys.stdout if target is None else target.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{target} kan niet worden geschreven: {error.strerror}; kies een andere plek met --output") from error
