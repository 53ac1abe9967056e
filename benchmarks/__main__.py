"""`scripts/bench`: measure every line and print the table."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from benchmarks.lines import lines
from benchmarks.measure import Line, Measured, measure
from routing.engine import load_engine
from routing.vakafdelingen import load_municipality


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure the product beside yardsticks of the same run.")
    parser.add_argument("--rounds", type=int, default=3, help="how often both are measured in turn (default 3)")
    parser.add_argument("--messages", type=int, default=300, help="messages, commits and jobs per round (default 300)")
    parser.add_argument("--line", type=int, action="append", help="only this line of the table (1, 2, ...); may be repeated")
    parser.add_argument("--folder", type=Path, default=None, help="where the databases stand (default: a temporary folder)")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.messages < 1:
        parser.error("give 1 or more rounds and messages")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    console = Console(width=200)
    municipality = load_municipality()
    router = load_engine(municipality)
    with tempfile.TemporaryDirectory(prefix="wb-bench-", dir=arguments.folder) as folder:
        table = lines(Path(folder), router, municipality, arguments.messages)
        wanted = arguments.line or range(1, len(table) + 1)
        if not set(wanted) <= set(range(1, len(table) + 1)):
            parser.error(f"the table has lines 1 to {len(table)}")
        found = [_measure(console, number, table[number - 1], arguments.rounds) for number in wanted]
    _show(console, found, arguments.rounds)
    return 0


def _measure(console: Console, number: int, line: Line, rounds: int) -> Measured:
    """Tells where it is, and what came of the line."""
    with console.status("") as status:
        measured = measure(line, rounds, lambda turn: status.update(f"regel {number}, ronde {turn} van {rounds}: {line.name}"))
    ours, yardstick = _figures(measured)
    console.print(f"{number}. {line.name}: {ours} naast {yardstick}, {measured.ratio:.2f}x", highlight=False)
    return measured


def _show(console: Console, found: list[Measured], rounds: int) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} kernen, Python {platform.python_version()}"
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    names = ("regel", "instelling; maatstaf", "wij", "maatstaf", "verhouding", "doel", "gehaald")
    table = Table(*names, title=f"{datetime.now(UTC):%d-%m-%Y}")
    for measured in found:
        line = measured.line
        sign = "≥" if line.more_is_better else "≤"
        reached = "ja" if measured.is_reached else "nee"
        table.add_row(line.name, line.settings, *_figures(measured), f"{measured.ratio:.2f}x", f"{sign} {line.goal}x", reached)
    console.print(table)
    console.print(f"{rounds} rondes om en om, medianen; {machine}; belasting {load}", highlight=False)


def _figures(measured: Measured) -> tuple[str, str]:
    """Ours and the yardstick, with their unit."""
    return f"{measured.ours:.3g} {measured.line.unit}", f"{measured.yardstick:.3g} {measured.line.unit}"


if __name__ == "__main__":
    raise SystemExit(main())
