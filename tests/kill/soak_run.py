"""The soak at any size, from the command line: see scripts/soak."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.kill.city import EVERY_WAY, City
from tests.kill.command import at_least_one, database_in, folder_for, leave_nothing_behind, show
from tests.kill.soak import Plan, play


def main() -> int:
    leave_nothing_behind()
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description="Very many messages on every channel while requests fail and the product is killed; then compare.",
    )
    parser.add_argument("--messages", type=at_least_one, default=100_000, metavar="N", help="how many (default 100000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the dice; the same seed throws the same (default 1)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--processes", type=at_least_one, default=1, metavar="P", help="how many at the same time (default 1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for database and logs, left afterwards")
    arguments = parser.parse_args()
    plan = Plan(messages=arguments.messages, seed=arguments.seed)
    with (
        folder_for(arguments.keep) as folder,
        database_in(arguments.database, folder) as url,
        City(seed=plan.seed, ways=EVERY_WAY, desks=arguments.processes) as city,
    ):
        outcome = play(url, city, folder, plan, tell=lambda so_far: print(so_far, flush=True))
    show(outcome.verdict.problems)
    print(outcome)
    return 1 if outcome.verdict.problems else 0


if __name__ == "__main__":
    sys.exit(main())
