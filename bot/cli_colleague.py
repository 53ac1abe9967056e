"""The commands `wijkbalie colleague ...`: introduce a municipal colleague, see who there are, let one go."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bot.introductions import Introductions
    from storage.database import Database

colleague_app = typer.Typer(no_args_is_help=True, help="Collega's in de wijk: wat zij doorsturen wordt een melding via collega.")
console = Console()

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
DEFAULT_CONFIG = Path("config.toml")


@colleague_app.command("invite")
def invite(name: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Maak een code waarmee een collega zich bij de bot bekendmaakt. De code werkt één keer en een week lang."""
    database = _opened(config)
    code = _introductions(database).invite(name, actor=getpass.getuser())
    database.close()
    console.print(f"Laat {name} in Telegram de bot openen en dit sturen:\n\n  /start {code}\n", highlight=False)
    console.print("Daarna wordt alles wat deze collega stuurt of doorstuurt een melding, en hoort de collega hoe het afloopt.")


@colleague_app.command("list")
def list_colleagues(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Toon de collega's en de uitnodigingen."""
    database = _opened(config)
    with database.work() as work:
        found = work.colleagues.all()
    database.close()
    table = Table("collega", "uitgenodigd door", "meldt sinds")
    for one in found:
        table.add_row(one.name, one.invited_by, one.joined_at.strftime("%d-%m-%Y") if one.joined_at else "nog niet")
    console.print(table if found else "Er is nog geen collega uitgenodigd.")


@colleague_app.command("remove")
def remove(name: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Wat deze persoon stuurt, telt voortaan als het bericht van een bewoner."""
    database = _opened(config)
    try:
        _introductions(database).let_go(name, actor=getpass.getuser())
    finally:
        database.close()
    console.print(f"{name} is geen collega meer.")


def _introductions(database: Database) -> Introductions:
    from bot.bootstrap import utc_now
    from bot.introductions import Introductions

    return Introductions(database=database, now=utc_now)


def _opened(config: Path) -> Database:
    from bot.bootstrap import open_database
    from bot.config import load_config

    return open_database(load_config(config))
