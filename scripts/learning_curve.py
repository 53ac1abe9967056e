"""Shows whether more messages still pay: the model learned from ever more of the corpus, judged on shares it does not know.

.venv/bin/python scripts/learning_curve.py [SHARES ...]      the letters of the shares to hold out together (r+s+t+u), or each in
                                                             turn (g s); takes minutes
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from routing.model.corpus import load_corpus
from routing.model.evaluation import Material, learning_curve
from routing.model.learn import read_examples
from routing.vakafdelingen import load_municipality

USUAL = ("r+s+t+u",)
BAR = 40


def main() -> int:
    console = Console()
    examples, municipality = load_corpus(), load_municipality()
    known = {example.share for example in examples}
    groups = [tuple(group.split("+")) for group in sys.argv[1:] or USUAL]
    if unknown := [share for group in groups for share in group if share not in known]:
        console.print(f"Onbekende delen: {', '.join(unknown)}. Kies uit {', '.join(sorted(known))}.")
        return 2
    material = Material(examples, read_examples(examples, municipality), tuple(municipality.vakafdelingen))
    for group in groups:
        title = f"achtergehouden: {', '.join(group)}"
        table = Table("geleerd van", "lead goed", "bij eerste drie", "niet-Nederlands", "98 % goed bij", "", title=title)
        for number, found in learning_curve(material, group, console.print):
            bar = "█" * round(found.right * BAR)
            shares = (found.right, found.in_top_three, found.right_not_dutch, found.coverage_at_precision)
            table.add_row(str(number), *(f"{share:.1%}" for share in shares), bar)
        console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
