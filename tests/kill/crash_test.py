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
    parser.add_argument("--kills", type=_at_least_one, default=50, metavar="N", help="how often (default 50)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the dice; the same seed throws the same (default 1)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--processes", type=_at_least_one, default=1, metavar="P", help="how many at the same time (default 1)")
    arguments = parser.parse_args()
    plan = Plan(kills=arguments.kills, seed=arguments.seed, processes=arguments.processes)
    with (
        tempfile.TemporaryDirectory(prefix="wb-crash-") as folder,
        _database(arguments.database, Path(folder)) as url,
        City(seed=plan.seed) as city,
    ):
        outcome = play(url, city, Path(folder), plan)
    return _report(outcome)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'wijkbalie.sqlite3'}"
        return
    with serving_postgres(folder / "pg") as url:
        yield url


def _report(outcome: Outcome) -> int:
    for point, count in sorted(outcome.points.items()):
        print(f"  {point or 'at a random moment'}: {count}")
    for problem in outcome.problems[:SHOWN]:
        print(problem)
    if len(outcome.problems) > SHOWN:
        print(f"... and {len(outcome.problems) - SHOWN} more")
    print(outcome)
    return 1 if outcome.problems else 0


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
