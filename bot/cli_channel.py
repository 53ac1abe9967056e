"""The commands `wijkbalie channel ...`: look at a channel, let it work again, change how it works."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from routing.channel_modes import ChannelMode
from routing.errors import ConfigError
from routing.office_hours import AMSTERDAM

if TYPE_CHECKING:
    from bot.channel_switch import ChannelSwitch
    from bot.config import Config
    from channels.base import Finding
    from storage.database import Database

channel_app = typer.Typer(no_args_is_help=True, help="Kanalen bekijken, controleren, hervatten en omzetten.")
console = Console()

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
DEFAULT_CONFIG = Path("config.toml")
_AS_CONFIGURED = "instellingen"


@channel_app.command("list")
def list_channels(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Toon de kanalen die aan staan: hoe ze werken, wanneer er iets kwam en wat er mis is."""
    _, database = _opened(config)
    with database.work() as work:
        states = [state for state in work.channels.all() if state.is_enabled]
    database.close()
    table = Table("kanaal", "werkt als", "laatste bericht", "token geldt tot", "laatste fout")
    for state in states:
        arrived = state.last_message_at.astimezone(AMSTERDAM).strftime("%d-%m %H:%M") if state.last_message_at else "-"
        ends = state.token_expires_at.strftime("%d-%m-%Y") if state.token_expires_at else "-"
        table.add_row(state.channel, "gestopt" if state.paused_at else state.mode, arrived, ends, state.last_error or "-")
    console.print(table if states else "Er staat geen kanaal aan.")


@channel_app.command("check")
def check(name: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Zeg in gewone woorden of sleutels, rechten en adressen van een kanaal kloppen. Eindigt met code 1 als dat niet zo is."""
    settings, database = _opened(config)
    findings = _look(settings, database, name)
    database.close()
    raise typer.Exit(0 if _told(findings) else 1)


@channel_app.command("login")
def login(name: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Hervat een kanaal dat stopte omdat de toegang werd geweigerd. Zet eerst de nieuwe sleutel in de instellingen.

    De nieuwe sleutel wordt eerst geprobeerd. Klopt er iets niet, dan blijft het kanaal gestopt en eindigt dit met code 1.
    """
    settings, database = _opened(config)
    is_good = _told(_look(settings, database, name))
    if is_good:
        _switch(database).resume(name, actor=getpass.getuser())
    database.close()
    console.print(f"Kanaal {name} is hervat." if is_good else f"Kanaal {name} blijft gestopt.")
    raise typer.Exit(0 if is_good else 1)


@channel_app.command("mode")
def choose_mode(
    name: str,
    mode: Annotated[str, typer.Argument(help=f"{', '.join(ChannelMode)}, of {_AS_CONFIGURED}")],
    why: Annotated[str, typer.Option("--why", help="Waarom; komt in het logboek van het kanaal.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Zet om hoe een kanaal werkt, zonder herstart. 'instellingen' geeft de keuze terug aan het instellingenbestand."""
    if mode not in {*ChannelMode, _AS_CONFIGURED}:
        raise ConfigError(f"{mode!r} bestaat niet; kies uit {', '.join(ChannelMode)} of {_AS_CONFIGURED}")
    _, database = _opened(config)
    chosen = None if mode == _AS_CONFIGURED else ChannelMode(mode)
    _switch(database).choose(name, chosen, actor=getpass.getuser(), why=why)
    with database.work() as work:
        now_works_as = work.channels.get(name).mode
    database.close()
    console.print(f"Kanaal {name} werkt nu als '{now_works_as}'.")


def _opened(config: Path) -> tuple[Config, Database]:
    from bot.bootstrap import open_database
    from bot.config import load_config

    settings = load_config(config)
    database = open_database(settings)
    with database.work() as work:
        work.channels.configure(settings.channel_modes)
        work.commit()
    return settings, database


def _switch(database: Database) -> ChannelSwitch:
    from bot.bootstrap import utc_now
    from bot.channel_switch import ChannelSwitch

    return ChannelSwitch(database=database, now=utc_now)


def _look(settings: Config, database: Database, name: str) -> tuple[Finding, ...]:
    from bot.bootstrap import utc_now
    from bot.check_up import CheckUp
    from bot.costs import share_costs
    from channels.base import Checkable, Finding
    from channels.registry import build_channel

    if name not in settings.channels:
        raise ConfigError(f"kanaal '{name}' staat niet aan; bekend: {', '.join(settings.channels) or 'geen'}")
    channel = build_channel(name, settings.channels[name])
    share_costs(channel, database)

    async def look() -> tuple[Finding, ...]:
        try:
            if isinstance(channel, Checkable):
                return await CheckUp(database=database, now=utc_now).look(channel)
            return (Finding(text="bij dit kanaal is er niets buiten deze machine te controleren"),)
        finally:
            await channel.aclose()

    return asyncio.run(look())


def _told(findings: tuple[Finding, ...]) -> bool:
    """Print what was found; whether all of it is good."""
    for finding in findings:
        console.print(
            f"[green]goed[/]  {finding.text}" if finding.is_good else f"[bold red]fout[/]  {finding.text}", highlight=False
        )
    return all(finding.is_good for finding in findings)
