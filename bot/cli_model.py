"""The commands around the learned model: `wijkbalie model train` and `wijkbalie model evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from routing.vakafdelingen import load_municipality, packaged

if TYPE_CHECKING:
    from routing.model.evaluation import Figures

model_app = typer.Typer(no_args_is_help=True, help="Het model leren en beoordelen.")
console = Console()
# The parts of the corpus that go over all vakafdelingen: each is held out once.
MIXED_SHARES = ("f", "g", "h")


@model_app.command()
def train(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Modelbestand; standaard dat van de installatie.")] = None,
) -> None:
    """Leer het model van het corpus en de onderwerpen. Hetzelfde corpus geeft hetzelfde bestand."""
    from routing.model.corpus import load_corpus
    from routing.model.learn import learn_to_file

    learn_to_file(load_corpus(), load_municipality(), output or Path(str(packaged("model.npz"))), console.print)


@model_app.command()
def evaluate() -> None:
    """Beoordeel het model op berichten die het niet kent: steeds een deel van het corpus achtergehouden."""
    from routing.model import evaluation
    from routing.model.corpus import load_corpus
    from routing.model.learn import read_examples

    examples, municipality = load_corpus(), load_municipality()
    readings, leads = read_examples(examples, municipality), tuple(municipality.vakafdelingen)
    shares = [share for share in MIXED_SHARES if any(example.share == share for example in examples)]
    for title, splits in (
        ("vijf delen", evaluation.folds(examples)),
        (f"delen {', '.join(shares)} om beurten achtergehouden", evaluation.by_share(examples, shares)),
    ):
        _print(title, evaluation.cross_validate(examples, readings, leads, splits, console.print))


def _print(title: str, found: Figures) -> None:
    console.print(
        f"\n{title}: {found.messages} berichten; lead goed {found.right:.1%}, duidelijke {found.right_clear:.1%}, verdedigbaar "
        f"{found.defensible:.1%}, bij de eerste drie {found.in_top_three:.1%}, niet-Nederlands {found.right_not_dutch:.1%}, "
        f"98% goed bij de zekerste {found.coverage_at_precision:.1%}"
    )
    table = Table("code", "berichten", "precisie", "vangst", "F1")
    for code in found.codes:
        table.add_row(code.code, str(code.number), f"{code.precision:.2f}", f"{code.recall:.2f}", f"{code.f1:.2f}")
    console.print(table)
    console.print("kalibratie (gemiddelde zekerheid: deel goed) " + ", ".join(f"{c:.2f}: {r:.2f}" for c, r in found.calibration))
