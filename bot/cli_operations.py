"""Commands for who keeps the product running: backup, restore, doctor."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

_console = Console()
_Config = Annotated[Path, typer.Option("--config", "-c", help="Het instellingenbestand.")]
_DEFAULT = Path("config.toml")


def add_operations(app: typer.Typer) -> None:
    for command in (backup, restore, doctor):
        app.command()(command)


def backup(
    config: _Config = _DEFAULT,
    to: Annotated[Path | None, typer.Option("--to", help="Het nieuwe bestand; standaard backup/ met datum en tijd.")] = None,
) -> None:
    """Maak een reservekopie met de bijlagen terwijl alles doorloopt, en bewijs haar door haar terug te zetten."""
    from bot.bootstrap import file_store, open_database, utc_now
    from bot.config import load_config
    from storage.backup import back_up

    settings = load_config(config)
    path = to or settings.base / "backup" / f"wijkbalie-{utc_now():%Y%m%d-%H%M%S}.sqlite3"
    database = open_database(settings)
    try:
        copied = back_up(database, file_store(settings), path)
    finally:
        database.close()
    words = f"{path}: {copied.total} rijen en {copied.files} bijlagen, teruggezet en gelijk bevonden."
    _console.print(words, highlight=False, soft_wrap=True)
    _tell_missing(copied.missing)


def restore(
    source: Annotated[Path, typer.Argument(help="Een bestand van 'wijkbalie backup'.")], config: _Config = _DEFAULT
) -> None:
    """Zet een reservekopie terug in de lege database van de instellingen. Wat nog niet verstuurd was, wordt eerst nagekeken."""
    from bot.bootstrap import file_store, open_database, utc_now
    from bot.config import load_config
    from storage.backup import restore as restore_backup

    settings = load_config(config)
    database = open_database(settings)
    try:
        copied = restore_backup(source, database, file_store(settings), utc_now())
    finally:
        database.close()
    words = f"{copied.total} rijen teruggezet, waarvan {copied.rows['meldingen']} meldingen, en {copied.files} bijlagen."
    _console.print(words, highlight=False)
    _tell_missing(copied.missing)
    _console.print("Nieuwe kenmerken slaan 10.000 nummers over: wat na de kopie werd uitgegeven, komt niet nog eens voor.")
    _console.print("Antwoorden die nog niet verstuurd waren, zijn nu onzeker: ze worden eerst teruggelezen of door u nagekeken.")


def _tell_missing(missing: int) -> None:
    if missing:
        _console.print(
            f"[yellow]{missing} bijlagen zijn er niet (meer) of zijn beschadigd; de balie zegt bij welk bericht.[/yellow]"
        )


def doctor(config: _Config = _DEFAULT) -> None:
    """Kijk instellingen, schijf, model, database, klok en kanalen na. Eindigt met code 1 als er iets fout is."""
    from bot.bootstrap import utc_now
    from bot.config import load_config
    from bot.doctor import Verdict, examine

    findings = asyncio.run(examine(load_config(config), utc_now))
    table = Table("onderdeel", "oordeel", "wat er gezien is")
    for finding in findings:
        table.add_row(finding.part, finding.verdict, finding.words)
    _console.print(table)
    raise typer.Exit(1 if any(finding.verdict is Verdict.WRONG for finding in findings) else 0)
