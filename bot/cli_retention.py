"""What is kept how long, from the command line: what is over its time, and meldingen that the archivist holds."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bot.retention import RetentionKeeper

retention_app = typer.Typer(no_args_is_help=True, help="Bewaartermijnen: wat over tijd is, en wat langer bewaard blijft.")
console = Console()
_Config = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
_Kenmerk = Annotated[str, typer.Argument(help="Het kenmerk, zoals WB-2026-00042.")]
_DEFAULT = Path("config.toml")


@retention_app.command()
def show(config: _Config = _DEFAULT) -> None:
    """Toon hoeveel er over zijn tijd is. Verandert niets; de klok ruimt het zelf op, een deel per uur."""
    with _keeper(config) as keeper:
        overview, periods = keeper.overview(), keeper.periods
    table = Table("wat", "termijn", "aantal")
    table.add_row("ruwe berichten van het platform", f"{periods.raw.days} dagen", str(overview.raw))
    table.add_row(
        "gesloten meldingen", f"{periods.content.days} dagen (praatjes {periods.chatter.days})", str(overview.meldingen)
    )
    table.add_row("wacht op een collega (antwoord niet verzonden)", "", str(overview.waiting))
    table.add_row("blijft bewaard op verzoek", "", str(overview.held))
    console.print(table)


@retention_app.command()
def hold(
    kenmerk: _Kenmerk, why: Annotated[str, typer.Option("--why", help="De reden, voor collega's.")], config: _Config = _DEFAULT
) -> None:
    """Bewaar een melding langer, bijvoorbeeld voor een Woo-verzoek. Tweemaal uitvoeren kan geen kwaad."""
    _hold(config, kenmerk, why, is_held=True)
    console.print(f"{kenmerk} blijft bewaard. Geef hem vrij met 'wijkbalie retention release {kenmerk}'.", highlight=False)


@retention_app.command()
def release(kenmerk: _Kenmerk, config: _Config = _DEFAULT) -> None:
    """Laat een bewaarde melding weer opruimen als haar tijd om is. Tweemaal uitvoeren kan geen kwaad."""
    _hold(config, kenmerk, "hoeft niet langer bewaard te blijven", is_held=False)
    console.print(f"{kenmerk} wordt weer opgeruimd als de bewaartermijn om is.", highlight=False)


def _hold(config: Path, kenmerk: str, why: str, *, is_held: bool) -> None:
    from routing.errors import ConfigError
    from storage.search import reference_in

    melding_id = reference_in(kenmerk)
    if melding_id is None:
        raise ConfigError(f"'{kenmerk}' is geen kenmerk; schrijf het als WB-2026-00042")
    with _keeper(config) as keeper:
        keeper.hold(melding_id, is_held=is_held, actor=getpass.getuser(), why=why)


@contextmanager
def _keeper(config: Path) -> Iterator[RetentionKeeper]:
    from bot.bootstrap import open_database, retention_keeper
    from bot.config import load_config

    settings = load_config(config)
    database = open_database(settings)
    try:
        yield retention_keeper(settings, database)
    finally:
        database.close()
