"""The kill test at any size, from the command line: see scripts/crash-test."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import serving_postgres
from tests.kill.city import City
from tests.kill.harness import Outcome, Plan, play

SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/crash-test",
        description="Kill the product over and over while residents write, then compare what it kept with what they wrote.",
    )
    parser.add_argument("--kills", type=_at_least_one, default=50, metavar="N", help="at least so often, in whole rounds (50)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the dice; the same seed throws the same (default 1)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--processes", type=_at_least_one, default=1, metavar="P", help="how many at the same time (default 1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for database and logs, left afterwards")
    arguments = parser.parse_args()
    plan = Plan(kills=arguments.kills, seed=arguments.seed, processes=arguments.processes)
    with (
        _folder(arguments.keep) as folder,
        _database(arguments.database, folder) as url,
        City(seed=plan.seed) as city,
    ):
        outcome = play(url, city, folder, plan, tell=lambda so_far: print(so_far, flush=True))
    _report(outcome)
    return 1 if outcome.verdict.problems else 0


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="wb-crash-") as folder:
        yield Path(folder)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'wijkbalie.sqlite3'}"
        return
    with serving_postgres(folder / "pg") as url:
        yield url


def _report(outcome: Outcome) -> None:
    for point, count in sorted(outcome.points.items()):
        print(f"  {point or 'at a random moment'}: {count}")
    for problem in outcome.verdict.problems[:SHOWN]:
        print(problem)
    if len(outcome.verdict.problems) > SHOWN:
        print(f"... and {len(outcome.verdict.problems) - SHOWN} more")
    print(outcome)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
