"""The stop switch from the command line: for when the desk cannot be reached."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

sending_app = typer.Typer(no_args_is_help=True, help="De noodstop: al het versturen stoppen of hervatten.")
console = Console()
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
DEFAULT_CONFIG = Path("config.toml")


@sending_app.command()
def stop(
    config: ConfigOption = DEFAULT_CONFIG, why: Annotated[str, typer.Option("--why", help="De reden, voor collega's.")] = ""
) -> None:
    """Stop al het versturen, op elk kanaal. Berichten komen wel binnen. Tweemaal uitvoeren kan geen kwaad."""
    _switch(config, why or "geen reden opgegeven", is_on=True)
    console.print("Er gaat niets meer weg. Hervat met 'wijkbalie sending resume'.")


@sending_app.command()
def resume(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Laat het versturen weer doorgaan. Wat wachtte, gaat alsnog weg."""
    _switch(config, "hervat", is_on=False)
    console.print("Het versturen gaat weer door.")


def _switch(config: Path, why: str, *, is_on: bool) -> None:
    from bot.bootstrap import open_database, utc_now
    from bot.config import load_config

    database = open_database(load_config(config))
    with database.work() as work:
        work.guards.set_switch(is_on=is_on, by=getpass.getuser(), why=why, now=utc_now())
        work.commit()
    database.close()
