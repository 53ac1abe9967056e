"""What the command lines of the kill tests share: where to work, on which database, and how to tell what went wrong."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.databases import serving_postgres

_SHOWN = 20


@contextmanager
def folder_for(kept: Path | None) -> Iterator[Path]:
    """The folder to keep, made anew; or one that is gone afterwards."""
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="wb-crash-") as folder:
        yield Path(folder)


@contextmanager
def database_in(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'wijkbalie.sqlite3'}"
        return
    with serving_postgres(folder / "pg") as url:
        yield url


def leave_nothing_behind() -> None:
    """From now on SIGTERM ends this process as an error does: what it started ends too, and its folder goes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def show(problems: Sequence[str]) -> None:
    for problem in problems[:_SHOWN]:
        print(problem)
    if len(problems) > _SHOWN:
        print(f"... and {len(problems) - _SHOWN} more")


def at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number
