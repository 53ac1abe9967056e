"""Brings the catalogues of the desk up to date with the words in the source: new words come in without a translation, words that
are gone go. With --check nothing changes, and a catalogue that is out of date is a failure.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from babel.messages.frontend import CommandLineInterface

from bot.web.language import CATALOGUES, DESK, ROOMS

ROOT = Path(__file__).resolve().parent.parent
# domain -> what marks its words, and where they stand
WORDS = {
    DESK: ("--keyword=msg", "bot/web"),
    ROOMS: ("--no-default-keywords", "--keyword=said", "bot", "channels", "routing", "storage"),
}
WIDTH = "--width=120"
STYLE = ("--add-location=file", "--sort-by-file", WIDTH)


def main(arguments: list[str]) -> int:
    problems = 0
    with tempfile.TemporaryDirectory() as folder:
        for domain, options in WORDS.items():
            template = f"{folder}/{domain}.pot"
            _run(
                "extract",
                "--mapping-file=pyproject.toml",
                "--add-location=file",
                "--sort-by-file",
                WIDTH,
                f"-o{template}",
                *options,
            )
            for language in sorted(path.name for path in CATALOGUES.iterdir()):
                place = [f"-D{domain}", f"-i{template}", f"-d{CATALOGUES}", f"-l{language}"]
                rules = ["--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date", WIDTH]
                problems += _run("update", *place, *rules, *arguments)
    return problems


def _run(command: str, *options: str) -> int:
    failures: int | None = CommandLineInterface().run(["pybabel", "-q", command, *options])  # type: ignore[no-untyped-call]  # Babel's own
    return failures or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
