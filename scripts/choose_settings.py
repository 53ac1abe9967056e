"""Chooses the settings of learning by nested cross-validation, so that the figure beside them was not chosen as well.

.venv/bin/python scripts/choose_settings.py [--messages N] [GROUP ...]   groups of shares that are held out together, each in turn
                                                                         (h+i g+z f+o); takes a quarter of an hour
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from rich.console import Console
from rich.table import Table

from routing.model.corpus import load_corpus
from routing.model.evaluation import Material, choose_nested
from routing.model.learn import read_examples
from routing.model.training import SEED, Settings
from routing.vakafdelingen import load_municipality

USUAL = ("h+i+aa", "g+z+cc", "f+o+dd")
GRID = (Settings(), Settings(ridge=1.5), Settings(ridge=6.0), Settings(softmax_c=0.3), Settings(softmax_c=3.0))


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/choose_settings.py", description="Nested cross-validation of the settings.")
    parser.add_argument("groups", nargs="*", default=USUAL, metavar="GROUP", help=f"shares held out together ({' '.join(USUAL)})")
    parser.add_argument("--messages", type=int, default=3000, metavar="N", help="at most so many of each group (default 3000)")
    arguments = parser.parse_args()
    console = Console()
    groups = [tuple(group.split("+")) for group in arguments.groups]
    corpus, municipality = load_corpus(), load_municipality()
    if unknown := {share for group in groups for share in group} - {example.share for example in corpus}:
        parser.error(f"no such share: {', '.join(sorted(unknown))}")
    if len(groups) < 3:
        parser.error("give three groups or more: one is held out, one chooses, one is learned from")
    dice = np.random.default_rng(SEED)
    chosen = []
    for group in groups:
        members = [example for example in corpus if example.share in group]
        chosen += [members[i] for i in sorted(dice.permutation(len(members))[: arguments.messages])]
    material = Material(chosen, read_examples(chosen, municipality), tuple(municipality.vakafdelingen))
    table = Table("achtergehouden", "gekozen zonder die delen", "lead verdedigbaar", "bij eerste drie", "98 % goed bij")
    for one in choose_nested(material, groups, GRID, console.print):
        shares = (one.figures.defensible, one.figures.in_top_three, one.figures.coverage_at_precision)
        settings = f"ridge {one.settings.ridge}, softmax {one.settings.softmax_c}"
        table.add_row("+".join(one.held_out), settings, *(f"{share:.1%}" for share in shares))
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
