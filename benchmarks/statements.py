"""`python -m benchmarks.statements`: what every statement of a day of the office reads, in a small and in a large city.

The work is counted, not timed (`benchmarks.plans`), so that it says the same on a busy machine. The day changes the cities.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import tempfile
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from benchmarks.cities import SMALL, cities, options
from benchmarks.plans import Plans, watching
from storage.database import Database
from tests.storage.office_day import OfficeDay

SHOWN = 15
_COLUMNS = re.compile(r"SELECT (\w+)\.id, .*?\sFROM", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statements", description="Count what every statement reads.")
    arguments = options(parser)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with cities(arguments) as both:
        small, large = (_lived(database) for database in both)
    _show(small, large, arguments)
    return 0


def _lived(database: Database) -> Plans:
    with tempfile.TemporaryDirectory() as folder, watching(database) as plans:
        asyncio.run(OfficeDay(database, Path(folder)).live())
    return plans


def _show(small: Plans, large: Plans, arguments: argparse.Namespace) -> None:
    unit = "stappen" if arguments.database == "sqlite" else "rijen"
    table = Table(f"{unit} bij {SMALL}", f"{unit} bij {arguments.meldingen}", "groei", "keren", "opdracht")
    console = Console(width=200)
    for one in sorted(large.found.values(), key=lambda one: -one.work)[:SHOWN]:
        before = small.found.get(one.statement)
        work = before.work if before else 0
        growth = f"{one.work / work:.1f}x" if work else ""
        table.add_row(str(work), str(one.work), growth, str(one.times), _short(one.statement))
    console.print(table)
    whole = [f"  {', '.join(sorted(one.scans))}: {_short(one.statement)}" for one in large.reading_whole()]
    console.print(f"{len(large.found)} opdrachten; {len(whole)} beginnen bij een eind van een tabel:", highlight=False)
    for line in whole:
        console.print(line, highlight=False, markup=False)


def _short(statement: str) -> str:
    return " ".join(_COLUMNS.sub(r"SELECT \1.* FROM", statement).split())[:150]


if __name__ == "__main__":
    raise SystemExit(main())
