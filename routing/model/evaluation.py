"""How good the model is on messages it has not seen: cross-validated figures, per vakafdeling and per zone. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from routing.model.comparison import coverage_at
from routing.model.corpus import Example
from routing.model.features import Reading
from routing.model.training import SEED, Settings, train

AUTO_PRECISION = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFigures:
    """Per vakafdeling: of what was sent there how much belonged there, and of what belonged there how much was sent there."""

    code: str
    number: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Shares between 0 and 1. `defensible` counts a lead right when the label calls it defensible too.

    `calibration` pairs the mean confidence of ten equal groups with the share that was right.
    """

    messages: int
    right: float
    right_clear: float
    defensible: float
    in_top_three: float
    right_not_dutch: float
    coverage_at_precision: float
    codes: tuple[CodeFigures, ...]
    calibration: tuple[tuple[float, float], ...]


Split = tuple[NDArray[np.int64], NDArray[np.int64]]


def folds(examples: Sequence[Example], number: int = 5) -> list[Split]:
    """Random parts with the same mix of vakafdelingen."""
    labels = [example.lead for example in examples]
    return list(StratifiedKFold(number, shuffle=True, random_state=SEED).split(np.zeros(len(labels)), labels))


def by_share(examples: Sequence[Example], shares: Sequence[str]) -> list[Split]:
    """Each named share of the corpus held out once: the fairest picture of messages by somebody else."""
    of = np.array([example.share for example in examples])
    return [(np.flatnonzero(of != share), np.flatnonzero(of == share)) for share in shares]


@dataclass(frozen=True, slots=True)
class Material:
    """Messages with their readings, in the same order, and the order of the probabilities."""

    examples: Sequence[Example]
    readings: Sequence[Reading]
    leads: Sequence[str]

    def judge(self, learn: NDArray[np.int64], test: NDArray[np.int64], settings: Settings) -> NDArray[np.float32]:
        """What a model that learned from `learn` says of `test`: a row of probabilities per message."""
        model = train([self.examples[i] for i in learn], [self.readings[i] for i in learn], self.leads, settings)
        return np.array([model.judge(self.readings[i]).probabilities for i in test])

    def figures(self, test: NDArray[np.int64], judged: NDArray[np.float32]) -> Figures:
        return figures([self.examples[i] for i in test], judged, self.leads)


def cross_validate(material: Material, splits: Sequence[Split], said: Callable[[str], None] = lambda _: None) -> Figures:
    """Learn on one side of each split and judge the other side; figures over all that was held out."""
    judged = []
    for number, (learn, test) in enumerate(splits, start=1):
        judged.append(material.judge(learn, test, Settings()))
        said(f"deel {number} van {len(splits)}: {len(test)} berichten beoordeeld")
    return material.figures(np.concatenate([test for _, test in splits]), np.concatenate(judged))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which settings a part of the corpus chose, and how good they proved on the shares that had no say in it."""

    held_out: tuple[str, ...]
    settings: Settings
    figures: Figures


def choose_nested(
    material: Material,
    groups: Sequence[tuple[str, ...]],
    grid: Sequence[Settings],
    said: Callable[[str], None] = lambda _: None,
) -> list[Chosen]:
    """Nested cross-validation by share: each group is held out in turn, and the others choose the settings among themselves.

    Inside, each other group is held out once more, and the settings win that are right most often over all of them.
    """
    shares = np.array([example.share for example in material.examples])
    parts = [np.flatnonzero(np.isin(shares, group)) for group in groups]
    found = []
    for number, group in enumerate(groups):
        others = [part for other, part in enumerate(parts) if other != number]
        right = []
        for settings in grid:
            right.append(_right_over(material, others, settings))
            said(f"zonder {'+'.join(group)}: {settings}: {right[-1]:.1%}")
        best = grid[int(np.argmax(right))]
        judged = material.judge(np.concatenate(others), parts[number], best)
        found.append(Chosen(held_out=group, settings=best, figures=material.figures(parts[number], judged)))
        said(f"{'+'.join(group)} met {best}: {found[-1].figures.defensible:.1%}")
    return found


def _right_over(material: Material, parts: Sequence[NDArray[np.int64]], settings: Settings) -> float:
    """The share that is defensible when each part is judged by what the others taught."""
    judged = [
        material.judge(np.concatenate([part for other, part in enumerate(parts) if other != number]), parts[number], settings)
        for number in range(len(parts))
    ]
    return material.figures(np.concatenate(parts), np.concatenate(judged)).defensible


def learning_curve(
    material: Material, shares: Sequence[str], said: Callable[[str], None] = lambda _: None
) -> list[tuple[int, Figures]]:
    """How good a model is on the held-out shares when it learns from ever more of the rest: pairs of number and figures.

    Each step doubles what was learned from, in one fixed random order, so that a step shows what twice the messages would bring.
    """
    is_held = np.array([example.share in shares for example in material.examples])
    learn, test = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    order = np.random.default_rng(SEED).permutation(learn)
    curve = []
    for part in (16, 8, 4, 2, 1):
        chosen = order[: len(order) // part]
        curve.append((len(chosen), material.figures(test, material.judge(chosen, test, Settings()))))
        said(f"{len(chosen)} berichten geleerd: lead goed {curve[-1][1].right:.1%}")
    return curve


def figures(examples: Sequence[Example], probabilities: NDArray[np.float32], leads: Sequence[str]) -> Figures:
    """The figures of judged examples; `probabilities` has one row per example in the order of `leads`."""
    truth = np.array([leads.index(example.lead) for example in examples])
    chosen = probabilities.argmax(axis=1)
    right = chosen == truth
    defensible = np.array([leads[c] in {e.lead, *e.lead_alt} for c, e in zip(chosen, examples, strict=True)])
    confidence = probabilities.max(axis=1)
    top = np.argsort(-probabilities, axis=1)[:, :3]
    return Figures(
        messages=len(examples),
        right=float(right.mean()),
        right_clear=_mean(right, [not example.hard for example in examples]),
        defensible=float(defensible.mean()),
        in_top_three=float((top == truth[:, None]).any(axis=1).mean()),
        right_not_dutch=_mean(right, [example.language != "nl" for example in examples]),
        coverage_at_precision=coverage_at(confidence, defensible, AUTO_PRECISION)[0],
        codes=tuple(_code(code, number, truth, chosen) for number, code in enumerate(leads)),
        calibration=_calibration(confidence, right),
    )


def _mean(right: NDArray[np.bool_], which: Sequence[bool]) -> float:
    chosen = right[np.array(which)]
    return float(chosen.mean()) if chosen.size else 0.0


def _code(code: str, number: int, truth: NDArray[np.int64], chosen: NDArray[np.int64]) -> CodeFigures:
    both = int(((truth == number) & (chosen == number)).sum())
    sent, belonging = int((chosen == number).sum()), int((truth == number).sum())
    return CodeFigures(
        code=code, number=belonging, precision=both / sent if sent else 0.0, recall=both / belonging if belonging else 0.0
    )


def _calibration(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    groups = np.array_split(np.argsort(confidence), 10)
    return tuple((float(confidence[group].mean()), float(right[group].mean())) for group in groups if group.size)
