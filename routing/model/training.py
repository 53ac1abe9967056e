"""Learning the model from labelled messages. Needs scikit-learn; the running engine does not.

Two stages. First linear support vector machines over words, word shapes and the lexicon's evidence give a margin per vakafdeling
and per onderwerp: an onderwerp is narrower, so its words are easier to learn. Then a softmax regression, learned on margins
of messages that the first stage had not seen (cross-fitting), turns them into calibrated probabilities per vakafdeling.
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
from sklearn.svm import LinearSVC

from routing.model.corpus import Example
from routing.model.features import Reading, weigh
from routing.model.model import Heads, Model, Vocabulary, evidence

SEED = 20260101
FOLDS = 3
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What model selection chooses between (see docs/naslag/routing.md for the figures)."""

    word_min: int = 2
    shape_min: int = 3
    lead_c: float = 0.2
    topic_c: float = 0.3
    head_c: float = 0.1
    softmax_c: float = 0.3


def train(examples: Sequence[Example], readings: Sequence[Reading], leads: Sequence[str], settings: Settings) -> Model:
    """Learn from examples and their readings (in the same order). `leads` fixes the order of the probabilities."""
    vocabulary = build_vocabulary(readings, settings)
    matrix = as_matrix(readings, vocabulary)
    labels = Labels.of(examples, leads)
    lead_margins, topic_margins = cross_fitted(matrix, labels, settings)
    lead_weights, lead_bias = fit_margins(matrix, labels.lead, labels.leads, settings.lead_c)
    return Model(
        leads=tuple(leads),
        vocabulary=vocabulary,
        lead_weights=lead_weights,
        lead_bias=lead_bias,
        softmax=fit_softmax(lead_margins, topic_margins, readings, labels, (vocabulary, settings)),
        heads=_fit_heads(matrix, examples, settings),
        topics=(labels.topics, *fit_margins(matrix, labels.topic, labels.topics, settings.topic_c)),
        lead_of_topic=labels.lead_of_topic,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the messages are, as arrays, and the order of the classes. `lead_of_topic[i]` is the place of topic i's lead."""

    lead: NDArray[Any]
    topic: NDArray[Any]
    leads: tuple[str, ...]
    topics: tuple[str, ...]
    lead_of_topic: NDArray[np.int32]

    @classmethod
    def of(cls, examples: Sequence[Example], leads: Sequence[str]) -> Labels:
        lead_of = {example.topic: example.lead for example in examples}
        topics = tuple(sorted(lead_of))
        return cls(
            lead=np.array([example.lead for example in examples]),
            topic=np.array([example.topic for example in examples]),
            leads=tuple(leads),
            topics=topics,
            lead_of_topic=np.array([list(leads).index(lead_of[topic]) for topic in topics], dtype=np.int32),
        )


def build_vocabulary(readings: Sequence[Reading], settings: Settings) -> Vocabulary:
    """Terms that enough messages share, each with its rarity (smoothed inverse document frequency)."""
    words, word_rarity = _frequent((reading.words for reading in readings), settings.word_min, len(readings))
    shapes, shape_rarity = _frequent((reading.shapes for reading in readings), settings.shape_min, len(readings))
    topics = sorted({topic for reading in readings for topic in reading.topics})
    return Vocabulary.build(words, word_rarity, shapes, shape_rarity, topics)


def _frequent(counts: Iterable[Any], least: int, total: int) -> tuple[list[str], list[float]]:
    documents = Counter(term for count in counts for term in count)
    terms = sorted(term for term, number in documents.items() if number >= least)
    return terms, [float(np.log((1 + total) / (1 + documents[term])) + 1.0) for term in terms]


def as_matrix(readings: Sequence[Reading], vocabulary: Vocabulary) -> sp.csr_matrix:
    """One row per message: words, shapes and lexicon side by side."""
    columns: list[int] = []
    weights: list[float] = []
    ends = [0]
    for reading in readings:
        row_columns, row_weights = vocabulary.row(reading, weigh)
        columns += row_columns
        weights += row_weights
        ends.append(len(columns))
    shape = (len(readings), vocabulary.size)
    return sp.csr_matrix((np.array(weights, dtype=np.float32), np.array(columns), np.array(ends)), shape=shape)


def fit_margins(matrix: sp.csr_matrix, labels: NDArray[Any], classes: Sequence[str], c: float) -> tuple[Matrix, Matrix]:
    """One linear separator per class, in the given order; a class without examples gets a margin that never wins."""

    def fit(number: int) -> None:
        positive = labels == classes[number]
        if positive.any() and not positive.all():
            machine = LinearSVC(C=c, random_state=SEED).fit(matrix, positive)
            weights[:, number], bias[number] = machine.coef_[0], machine.intercept_[0]

    weights = np.zeros((matrix.shape[1], len(classes)), dtype=np.float32)
    bias = np.full(len(classes), -2.0, dtype=np.float32)
    with ThreadPoolExecutor(max_workers=2) as pool:  # liblinear lets go of the interpreter while it works
        list(pool.map(fit, range(len(classes))))
    return weights, bias


def cross_fitted(matrix: sp.csr_matrix, labels: Labels, settings: Settings) -> tuple[Matrix, Matrix]:
    """For each message the lead and topic margins of separators that did not learn from it."""
    lead_margins = np.zeros((matrix.shape[0], len(labels.leads)), dtype=np.float32)
    topic_margins = np.zeros((matrix.shape[0], len(labels.topics)), dtype=np.float32)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for learn, held in folds.split(lead_margins, labels.lead):
        for margins, truth, classes, c in (
            (lead_margins, labels.lead, labels.leads, settings.lead_c),
            (topic_margins, labels.topic, labels.topics, settings.topic_c),
        ):
            weights, bias = fit_margins(matrix[learn], truth[learn], classes, c)
            margins[held] = matrix[held] @ weights + bias
    return lead_margins, topic_margins


def fit_softmax(
    lead_margins: Matrix,
    topic_margins: Matrix,
    readings: Sequence[Reading],
    labels: Labels,
    context: tuple[Vocabulary, Settings],
) -> Matrix:
    """The second stage: weights (inputs + 1 rows, one column per lead) of a multinomial regression."""
    vocabulary, settings = context
    rows = zip(lead_margins, topic_margins, readings, strict=True)
    inputs = np.array([evidence(lead, topic, labels.lead_of_topic, (reading, vocabulary)) for lead, topic, reading in rows])
    numbers = np.array([labels.leads.index(name) for name in labels.lead])
    regression = LogisticRegression(C=settings.softmax_c, max_iter=3000).fit(inputs, numbers)
    weights = np.zeros((inputs.shape[1] + 1, len(labels.leads)), dtype=np.float32)
    weights[-1, :] = -20.0  # a lead without examples is never chosen
    weights[:-1, regression.classes_] = regression.coef_.T
    weights[-1, regression.classes_] = regression.intercept_
    return weights


_HEADS: dict[str, Callable[[Example], str]] = {
    "kind": lambda example: example.kind,
    "urgency": lambda example: "hoog" if example.urgency == "noodgeval" else example.urgency,
    "contact": lambda example: "ja" if example.needs_personal_contact else "nee",
}


def _fit_heads(matrix: sp.csr_matrix, examples: Sequence[Example], settings: Settings) -> Heads:
    fitted = {}
    for name, label_of in _HEADS.items():
        labels = np.array([label_of(example) for example in examples])
        classes = sorted(set(labels))
        fitted[name] = (tuple(classes), *fit_margins(matrix, labels, classes, settings.head_c))
    departments = sorted({code for example in examples for code in example.involved})
    weights = np.zeros((matrix.shape[1], len(departments)), dtype=np.float32)
    bias = np.full(len(departments), -2.0, dtype=np.float32)
    for number, code in enumerate(departments):
        labels = np.array(["ja" if code in example.involved else "nee" for example in examples])
        part = fit_margins(matrix, labels, ["ja"], settings.head_c)
        weights[:, number], bias[number] = part[0][:, 0], part[1][0]
    fitted["involved"] = (tuple(departments), weights, bias)
    return Heads.of(fitted)
