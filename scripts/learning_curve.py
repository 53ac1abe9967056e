"""Shows whether more messages still pay: the model learned from ever more of the corpus, judged on shares it does not know.

.venv/bin/python scripts/learning_curve.py [SHARE ...]      the letters of the shares to hold out, each in turn; takes minutes
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from routing.model.corpus import load_corpus
from routing.model.evaluation import learning_curve
from routing.model.learn import read_examples
from routing.vakafdelingen import load_municipality

USUAL = ("g", "s")
BAR = 40


def main() -> int:
    console = Console()
    examples, municipality = load_corpus(), load_municipality()
    known = {example.share for example in examples}
    shares = tuple(sys.argv[1:]) or USUAL
    if unknown := [share for share in shares if share not in known]:
        console.print(f"Onbekende delen: {', '.join(unknown)}. Kies uit {', '.join(sorted(known))}.")
        return 2
    readings, leads = read_examples(examples, municipality), tuple(municipality.vakafdelingen)
    for share in shares:
        table = Table("geleerd van", "lead goed", "bij eerste drie", "niet-Nederlands", "", title=f"deel {share} achtergehouden")
        for number, found in learning_curve(examples, readings, leads, share, console.print):
            bar = "█" * round(found.right * BAR)
            table.add_row(str(number), f"{found.right:.1%}", f"{found.in_top_three:.1%}", f"{found.right_not_dutch:.1%}", bar)
        console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
