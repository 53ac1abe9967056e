"""What we hold about one person, from the command line: for whoever asks to see it, to have it, or to have it erased."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bot.persons import PersonKeeper

person_app = typer.Typer(no_args_is_help=True, help="Inzage, kopie en verwijdering voor een persoon die daarom vraagt.")
console = Console()
_Config = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
_Who = Annotated[str, typer.Argument(help="kanaal:nummer, zoals telegram:12345 of web_form:ada@voorbeeld.nl, of een kenmerk.")]
_DEFAULT = Path("config.toml")


@person_app.command()
def show(who: _Who, config: _Config = _DEFAULT) -> None:
    """Toon hoeveel wij van iemand bewaren, over alle kanalen, en wat wissen in de weg staat. Komt in het dagboek."""
    with _keeper(config) as keeper:
        overview = keeper.overview(who, actor=getpass.getuser())
    table = Table("wat", "hoeveel")
    table.add_row("bekend als", "\n".join(overview.people))
    table.add_row("berichten", str(overview.messages))
    table.add_row("bijlagen", str(overview.attachments))
    table.add_row("antwoorden", str(overview.replies))
    table.add_row("meldingen", "\n".join(overview.meldingen) or "geen")
    table.add_row("wissen kan pas na", "\n".join(overview.obstacles) or "het kan nu")
    console.print(table)


@person_app.command()
def export(
    who: _Who,
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Nieuw bestand; standaard standaarduitvoer.")] = None,
    config: _Config = _DEFAULT,
) -> None:
    """Schrijf als JSON alles wat wij van iemand bewaren, en niets van een ander. Komt in het dagboek."""
    from routing.errors import ConfigError

    with _keeper(config) as keeper:
        text = json.dumps(keeper.export(who, actor=getpass.getuser()), ensure_ascii=False, indent=2) + "\n"
    if target is None:
        sys.stdout.write(text)
        return
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{target} kan niet worden gemaakt: {error.strerror}; kies een andere plek met --output") from error
    console.print(f"{target} is gemaakt. Er staan persoonsgegevens in: geef het alleen aan wie erom vroeg.", highlight=False)


@person_app.command()
def erase(who: _Who, config: _Config = _DEFAULT) -> None:
    """Wis wie iemand is en wat iemand schreef en van ons hoorde. Kan pas als niets meer open is. Tweemaal kan geen kwaad."""
    from routing.errors import NotFoundError

    with _keeper(config) as keeper:
        try:
            erased = keeper.erase(who, actor=getpass.getuser())
        except NotFoundError as nobody:
            console.print(str(nobody), highlight=False)
            return
    console.print(f"Gewist: {erased.messages} berichten en wie ze schreef. De zaken blijven voor de cijfers.", highlight=False)
    for kenmerk in erased.shared:
        console.print(f"- {kenmerk} is ook van anderen: kijk zelf of een notitie over deze persoon gaat.", highlight=False)


@contextmanager
def _keeper(config: Path) -> Iterator[PersonKeeper]:
    from bot.bootstrap import open_database, utc_now
    from bot.config import load_config
    from bot.persons import PersonKeeper

    database = open_database(load_config(config))
    try:
        yield PersonKeeper(database=database, now=utc_now)
    finally:
        database.close()
