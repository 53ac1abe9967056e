"""Learning the model from labelled messages. Needs SciPy and scikit-learn; the running engine needs NumPy only.

Two stages. First one ridge regression over words, word shapes and the lexicon's evidence answers every question at once, with a
margin per vakafdeling, per onderwerp and per answer of the smaller questions: an onderwerp is narrower than a vakafdeling, so its
words are easier to learn (routing/model/ridge.py). Then a softmax regression, learned on margins of messages that the first stage
had not seen (cross-fitting), turns them into calibrated probabilities per vakafdeling.
Deterministic: the same messages and topic file give the same model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from routing.model.corpus import Example
from routing.model.features import Reading, shapes_of
from routing.model.model import Heads, Matrix, Model, Row, Terms, Vocabulary, Weights, evidence
from routing.model.ridge import fit_ridge

SEED = 20260101
FOLDS = 2
_NO = -1.0
_NOT_THIS_TOPIC = -0.2  # with so many onderwerpen, a weaker "no" keeps the rare "yes" heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What model selection chooses between (see docs/naslag/routing.md for the figures)."""

    word_min: int = 2
    shape_min: int = 3
    ridge: float = 3.0
    softmax_c: float = 1.0


def train(examples: Sequence[Example], readings: Sequence[Reading], leads: Sequence[str], settings: Settings) -> Model:
    """Learn from examples and their readings (in the same order). `leads` fixes the order of the probabilities."""
    vocabulary = build_vocabulary(readings, settings)
    rows = [vocabulary.row(reading) for reading in readings]
    matrix = as_matrix(rows, vocabulary.size)
    labels = Labels.of(examples, leads)
    # The two take about as long and spend it outside Python's lock; each on one core, so that the cores change no figure.
    with ThreadPoolExecutor(2) as pool, threadpool_limits(1):
        weights = pool.submit(fit_ridge, matrix, labels.targets, settings.ridge)
        margins = pool.submit(cross_fitted, matrix, labels, settings.ridge)
        softmax = fit_softmax(second_inputs(margins.result(), rows, labels), labels, settings.softmax_c)
        return Model(
            leads=labels.leads,
            vocabulary=vocabulary,
            heads=labels.heads,
            weights=Weights.of(weights.result()),
            softmax=softmax,
            lead_of_topic=labels.lead_of_topic,
        )


_SMALL_QUESTIONS: dict[str, Callable[[Example], tuple[str, ...]]] = {
    "kind": lambda example: (example.kind,),
    "urgency": lambda example: ("hoog" if example.urgency == "noodgeval" else example.urgency,),
    "contact": lambda example: ("ja" if example.needs_personal_contact else "nee",),
    "involved": lambda example: example.involved,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the messages are. `targets` has a row per message and a column per class of every question of `heads`;
    `lead_of_topic[i]` is the place of topic i's lead."""

    lead: NDArray[Any]
    leads: tuple[str, ...]
    heads: Heads
    targets: Matrix
    lead_of_topic: NDArray[np.int32]

    @classmethod
    def of(cls, examples: Sequence[Example], leads: Sequence[str]) -> Labels:
        lead_of = {example.topic: example.lead for example in examples}
        topics = tuple(sorted(lead_of))
        small = {name: [answer(example) for example in examples] for name, answer in _SMALL_QUESTIONS.items()}
        classes: dict[str, tuple[str, ...]] = {"lead": tuple(leads), "topic": topics}
        classes |= {name: tuple(sorted({word for words in answers for word in words})) for name, answers in small.items()}
        given: dict[str, list[tuple[str, ...]]] = {
            "lead": [(example.lead,) for example in examples],
            "topic": [(example.topic,) for example in examples],
        }
        given |= small
        return cls(
            lead=np.array([example.lead for example in examples]),
            leads=tuple(leads),
            heads=Heads(classes),
            targets=np.hstack([_indicators(given[name], names, name) for name, names in classes.items()]),
            lead_of_topic=np.array([list(leads).index(lead_of[topic]) for topic in topics], dtype=np.int32),
        )


def _indicators(given: Sequence[tuple[str, ...]], classes: Sequence[str], question: str) -> Matrix:
    column = {name: number for number, name in enumerate(classes)}
    targets = np.full((len(given), len(classes)), _NOT_THIS_TOPIC if question == "topic" else _NO, dtype=np.float32)
    for row, words in enumerate(given):
        targets[row, [column[word] for word in words]] = 1.0
    return targets


def build_vocabulary(readings: Sequence[Reading], settings: Settings) -> Vocabulary:
    """Terms that enough messages share, each with its rarity (smoothed inverse document frequency)."""
    words, word_rarity = _frequent((reading.words for reading in readings), settings.word_min, len(readings))
    spelt = ({shape for word in reading.spelt for shape in shapes_of(word)} for reading in readings)
    shapes, shape_rarity = _frequent(spelt, settings.shape_min, len(readings))
    topics = sorted({topic for reading in readings for topic in reading.topics})
    return Vocabulary(Terms.of(words), word_rarity, Terms.of(shapes), shape_rarity, topics)


def _frequent(counts: Iterable[Any], least: int, total: int) -> tuple[list[str], list[float]]:
    documents = Counter(term for count in counts for term in count)
    terms = sorted(term for term, number in documents.items() if number >= least)
    return terms, [float(np.log((1 + total) / (1 + documents[term])) + 1.0) for term in terms]


def as_matrix(rows: Sequence[Row], size: int) -> sp.csr_matrix:
    """One row per message: words, shapes and lexicon side by side."""
    ends = np.cumsum([0, *(len(row.columns) for row in rows)])
    parts = np.concatenate([row.weights for row in rows]), np.concatenate([row.columns for row in rows]), ends
    return sp.csr_matrix(parts, shape=(len(rows), size))


def cross_fitted(matrix: sp.csr_matrix, labels: Labels, ridge: float) -> Matrix:
    """For each message the margins of a first stage that did not learn from it, for lead and topic."""
    wanted = len(labels.leads) + len(labels.heads.classes["topic"])
    margins = np.zeros((matrix.shape[0], wanted), dtype=np.float32)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for learn, held in folds.split(margins, labels.lead):
        margins[held] = matrix[held] @ Weights.of(fit_ridge(matrix[learn], labels.targets[learn, :wanted], ridge)).table()
    return margins


def second_inputs(margins: Matrix, rows: Sequence[Row], labels: Labels) -> Matrix:
    """What the second stage learns from: a row per message, from the margins for lead and topic."""
    number = len(labels.leads)
    return np.array(
        [evidence((found[:number], found[number:]), labels.lead_of_topic, row) for found, row in zip(margins, rows, strict=True)]
    )


def fit_softmax(inputs: Matrix, labels: Labels, strength: float) -> Matrix:
    """The second stage: weights (inputs + 1 rows, one column per lead) of a multinomial regression."""
    numbers = np.array([labels.leads.index(name) for name in labels.lead])
    regression = LogisticRegression(C=strength, max_iter=3000).fit(inputs, numbers)
    weights = np.zeros((inputs.shape[1] + 1, len(labels.leads)), dtype=np.float32)
    weights[-1, :] = -20.0  # a lead without examples is never chosen
    weights[:-1, regression.classes_] = regression.coef_.T
    weights[-1, regression.classes_] = regression.intercept_
    return weights
