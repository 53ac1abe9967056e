"""Judging a model on labelled messages, and showing the figures. Learns nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.table import Table

from bot.model_plot import bars
from routing.engine import Engine
from routing.errors import ConfigError
from routing.model.comparison import Probabilities, confusion, coverage_at, duel, is_defensible
from routing.model.corpus import Example, parse_examples
from routing.vakafdelingen import Municipality

if TYPE_CHECKING:
    from routing.model.evaluation import Figures

_MOST_CONFUSED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an engine made of labelled messages: one row of probabilities per message, in the order of `leads`."""

    name: str
    leads: tuple[str, ...]
    examples: tuple[Example, ...]
    probabilities: Probabilities

    @property
    def figures(self) -> Figures:
        from routing.model.evaluation import figures

        return figures(self.examples, self.probabilities, self.leads)

    def as_record(self, source: str) -> dict[str, Any]:
        """What is kept with a candidate and put in the log when it is promoted."""
        found = self.figures
        shares = ("right", "right_clear", "defensible", "in_top_three", "right_not_dutch", "coverage_at_precision")
        return {"file": source, "messages": found.messages, **{name: round(getattr(found, name), 4) for name in shares}}


def read_labelled(path: Path, municipality: Municipality) -> tuple[Example, ...]:
    """The labelled messages of a file, of each at least `text` and `lead`. Raises ConfigError naming file, line and remedy."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} kan niet worden gelezen ({error}); geef een bestand met JSON-regels") from error
    examples = tuple(parse_examples(lines, str(path), is_judged_only=True))
    unknown = {example.lead for example in examples} - set(municipality.vakafdelingen)
    if unknown:
        raise ConfigError(f"{path} noemt onbekende vakafdelingen: {', '.join(sorted(unknown))}; verbeter 'lead' op die regels")
    if not examples:
        raise ConfigError(f"{path} heeft geen berichten; elke regel is een JSON-object (zie docs/naslag/corpus.md)")
    return examples


def judge_with(name: str, engine: Engine, examples: Sequence[Example], municipality: Municipality) -> Judged:
    """Let an engine route every message, danger included."""
    leads = tuple(municipality.vakafdelingen)
    rows = [engine.probabilities(example.text) for example in examples]
    matrix = np.array([[row.get(code, 0.0) for code in leads] for row in rows], dtype=np.float32)
    return Judged(name=name, leads=leads, examples=tuple(examples), probabilities=matrix)


def show_figures(console: Console, title: str, found: Figures) -> None:
    console.print(
        f"\n{title}: {found.messages} berichten; lead goed {found.right:.1%}, duidelijke {found.right_clear:.1%}, verdedigbaar "
        f"{found.defensible:.1%}, bij de eerste drie {found.in_top_three:.1%}, niet-Nederlands {found.right_not_dutch:.1%}, "
        f"98% goed bij de zekerste {found.coverage_at_precision:.1%}"
    )
    table = Table("code", "berichten", "precisie", "vangst", "F1")
    for code in found.codes:
        table.add_row(code.code, str(code.number), f"{code.precision:.2f}", f"{code.recall:.2f}", f"{code.f1:.2f}")
    console.print(table)
    console.print("kalibratie (even grote groepen; de streep is waar de balk zou moeten eindigen)")
    for line in bars(found.calibration):
        console.print(f"  {line}", highlight=False)


def show_judged(console: Console, judged: Judged, precisions: Sequence[float]) -> None:
    show_figures(console, judged.name, judged.figures)
    console.print(_confusion(judged))
    right = is_defensible(judged.examples, judged.probabilities, judged.leads)
    confidence = judged.probabilities.max(axis=1)
    for precision in precisions:
        share, threshold = coverage_at(confidence, right, precision)
        console.print(f"{precision:.1%} goed of verdedigbaar: bij de zekerste {share:.1%}, vanaf zekerheid {threshold:.3f}")


def show_duel(console: Console, running: Judged, candidate: Judged) -> None:
    found = duel(
        *(is_defensible(judged.examples, judged.probabilities, judged.leads) for judged in (running, candidate)),
    )
    change = found.gained - found.lost
    console.print(
        f"\n{candidate.name} naast {running.name}: {found.both} beide goed, {found.gained} alleen {candidate.name}, "
        f"{found.lost} alleen {running.name}, {found.neither} geen van beide; verschil {change:+d} "
        f"({change / len(running.examples):+.1%}), kans op toeval {found.chance:.0%}"
    )


def _confusion(judged: Judged) -> RenderableType:
    counts = confusion(judged.examples, judged.probabilities, judged.leads)
    used = [number for number in range(len(judged.leads)) if counts[number].any() or counts[:, number].any()]
    table = Table("hoort bij, ging naar", *(str(number + 1) for number in used), title="verwarring")
    for row in used:
        cells = [("" if not counts[row, column] else str(counts[row, column])) for column in used]
        cells = [f"[bold]{cell}[/]" if row == column and cell else cell for cell, column in zip(cells, used, strict=True)]
        table.add_row(f"{row + 1} {judged.leads[row]}", *cells)
    wrong = sorted(((int(counts[row, column]), row, column) for row in used for column in used if row != column), reverse=True)
    lines = [
        f"  {number}x {judged.leads[row]} -> {judged.leads[column]}" for number, row, column in wrong[:_MOST_CONFUSED] if number
    ]
    return Group(table, "vaakst verward:", *lines) if lines else table


def said_of(record: Mapping[str, Any]) -> str:
    """A judgement in one line."""
    right, defensible, coverage = (f"{record[name]:.1%}" for name in ("right", "defensible", "coverage_at_precision"))
    said = f"lead goed {right}, verdedigbaar {defensible}, 98% goed bij {coverage}"
    return f"{record['messages']} berichten ({record['file']}): {said}"
