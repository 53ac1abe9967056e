"""The kill test at any size, from the command line: see scripts/crash-test."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.kill.city import City
from tests.kill.command import at_least_one, database_in, folder_for, leave_nothing_behind, show
from tests.kill.harness import Outcome, Plan, play


def main() -> int:
    leave_nothing_behind()
    parser = argparse.ArgumentParser(
        prog="scripts/crash-test",
        description="Kill the product over and over while residents write, then compare what it kept with what they wrote.",
    )
    parser.add_argument("--kills", type=at_least_one, default=50, metavar="N", help="at least so often, in whole rounds (50)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the dice; the same seed throws the same (default 1)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--processes", type=at_least_one, default=1, metavar="P", help="how many at the same time (default 1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for database and logs, left afterwards")
    arguments = parser.parse_args()
    plan = Plan(kills=arguments.kills, seed=arguments.seed, processes=arguments.processes)
    with (
        folder_for(arguments.keep) as folder,
        database_in(arguments.database, folder) as url,
        City(seed=plan.seed) as city,
    ):
        outcome = play(url, city, folder, plan, tell=lambda words: print(words, flush=True))
    _report(outcome)
    return 1 if outcome.verdict.problems else 0


def _report(outcome: Outcome) -> None:
    for point, count in sorted(outcome.points.items()):
        print(f"  {point or 'at a random moment'}: {count}")
    show(outcome.verdict.problems)
    print(outcome)


if __name__ == "__main__":
    sys.exit(main())
