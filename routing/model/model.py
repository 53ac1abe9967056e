"""The learned model: numbers and word lists, read from one file without a pickle, and what it says of a message.

Pure arithmetic on NumPy; scikit-learn is only needed to learn (routing/model/training.py).
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.errors import ConfigError
from routing.model.features import Reading, shapes_of

Matrix = NDArray[np.float32]
FORMAT = 3
LEXICON_SCALE = 0.22
_REMEMBERED = 20_000  # words, of which the pieces that the model knows are looked up once


class Row(NamedTuple):
    """A message as columns of a table and the weight of each. Of its `terms` word terms the share `known` was learned."""

    columns: NDArray[np.intp]
    weights: Matrix
    terms: int
    known: float


class Vocabulary:
    """The known terms. Columns: words first, then shapes, then one per onderwerp with lexicon evidence."""

    def __init__(
        self,
        words: Sequence[str],
        word_rarity: ArrayLike,
        shapes: Sequence[str],
        shape_rarity: ArrayLike,
        topics: Sequence[str],
    ) -> None:
        self.words = _numbered(words)
        self.word_rarity = np.array(word_rarity, dtype=np.float32)
        self.shapes = _numbered(shapes)
        self.shape_rarity = np.array(shape_rarity, dtype=np.float32)
        self.topics = _numbered(topics)
        self._shapes_in = lru_cache(maxsize=_REMEMBERED)(self._find_shapes)

    @property
    def size(self) -> int:
        return len(self.words) + len(self.shapes) + len(self.topics)

    def row(self, reading: Reading) -> Row:
        number_of = self.words.get
        words = {number: count for term, count in reading.words.items() if (number := number_of(term)) is not None}
        shapes = Counter(chain.from_iterable(map(self._shapes_in, reading.spelt)))
        topics = {number: score for topic, score in reading.topics.items() if (number := self.topics.get(topic)) is not None}
        parts = (
            _weigh(words, self.word_rarity),
            _weigh(shapes, self.shape_rarity),
            [LEXICON_SCALE * math.copysign(math.log1p(abs(score)), score) for score in topics.values()],
        )
        terms = len(reading.words) or 1
        first_shape, first_topic = len(self.words), len(self.words) + len(self.shapes)
        return Row(
            np.concatenate([_columns(words), _columns(shapes) + first_shape, _columns(topics) + first_topic]),
            np.concatenate(parts).astype(np.float32),
            terms,
            len(words) / terms,
        )

    def _find_shapes(self, word: str) -> list[int]:
        return [self.shapes[shape] for shape in shapes_of(word) if shape in self.shapes]


def _numbered(terms: Sequence[str]) -> dict[str, int]:
    return {term: number for number, term in enumerate(terms)}


def _columns(counts: Mapping[int, Any]) -> NDArray[np.intp]:
    return np.fromiter(counts, np.intp, len(counts))


def _weigh(counts: Mapping[int, int], rarity: Matrix) -> NDArray[np.float64]:
    """Sublinear term frequencies times rarity, scaled to length one."""
    weights = (1.0 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * rarity[_columns(counts)]
    return weights / (math.sqrt(weights @ weights) or 1.0)


def evidence(margins: tuple[Matrix, Matrix], lead_of_topic: NDArray[np.int32], row: Row) -> Matrix:
    """The inputs of the second stage, from the margins per lead and those per topic.

    They are the margins per lead, the best and the second topic of each lead, and how much of the message is known.
    """
    of_leads, of_topics = margins
    best = np.full(len(of_leads), -2.0, dtype=np.float32)
    np.maximum.at(best, lead_of_topic, of_topics)
    others = np.where(of_topics >= best[lead_of_topic], -2.0, of_topics)
    second = np.full(len(of_leads), -2.0, dtype=np.float32)
    np.maximum.at(second, lead_of_topic, others)
    shape = np.array([row.known, min(row.terms, 60) / 30.0], dtype=np.float32)
    return np.concatenate([2.0 * of_leads, 2.0 * best, second, shape]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Heads:
    """The questions that one table of weights answers: per question its classes, side by side in the order of the columns."""

    classes: Mapping[str, tuple[str, ...]]

    def split(self, margins: Matrix) -> dict[str, Matrix]:
        """The margins per question; the last axis of `margins` has one place per class of every question."""
        answers, start = {}, 0
        for name, classes in self.classes.items():
            answers[name] = margins[..., start : start + len(classes)]
            start += len(classes)
        return answers


@dataclass(frozen=True, slots=True)
class Weights:
    """A table with a row per term and a column per class, in whole numbers; `scale` turns a column into margins."""

    whole: NDArray[np.int8]
    scale: Matrix

    @classmethod
    def of(cls, weights: Matrix) -> Self:
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127.0
        return cls(np.rint(weights / scale).astype(np.int8), scale.astype(np.float32))

    def margins(self, row: Row) -> Matrix:
        return np.asarray((row.weights @ self.whole[row.columns].astype(np.float32)) * self.scale, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the model says of one message. Probabilities are in the order of the model's leads."""

    probabilities: Matrix
    topics: Mapping[str, float]
    kind: str
    urgency: str
    needs_contact: bool
    involved: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Everything that was learned. `softmax` has one row per input of the second stage and one for the bias."""

    leads: tuple[str, ...]
    vocabulary: Vocabulary
    heads: Heads
    weights: Weights
    softmax: Matrix
    lead_of_topic: NDArray[np.int32]

    def judge(self, reading: Reading) -> Judgement:
        """Pure and deterministic."""
        row = self.vocabulary.row(reading)
        answers = self.heads.split(self.weights.margins(row))
        inputs = evidence((answers["lead"], answers["topic"]), self.lead_of_topic, row)
        return Judgement(
            probabilities=_softmax(np.append(inputs, np.float32(1.0)) @ self.softmax),
            topics=dict(zip(self.heads.classes["topic"], answers["topic"].tolist(), strict=True)),
            kind=self._best("kind", answers),
            urgency=self._best("urgency", answers),
            needs_contact=self._best("contact", answers) == "ja",
            involved=dict(zip(self.heads.classes["involved"], answers["involved"].tolist(), strict=True)),
        )

    def _best(self, head: str, answers: Mapping[str, Matrix]) -> str:
        return self.heads.classes[head][int(np.argmax(answers[head]))]


def _softmax(values: Matrix) -> Matrix:
    grown = np.exp(values - values.max())
    return np.asarray(grown / grown.sum(), dtype=np.float32)


# -- one file: a NumPy archive of numbers and UTF-8 text, never a pickle


def save(model: Model, target: Path) -> None:
    """Write the model to one file. The same model gives the same bytes."""
    vocabulary = model.vocabulary
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array([FORMAT]),
        "leads": _as_bytes(model.leads),
        "words": _as_bytes(vocabulary.words),
        "word_rarity": vocabulary.word_rarity,
        "shapes": _as_bytes(vocabulary.shapes),
        "shape_rarity": vocabulary.shape_rarity,
        "lexicon_topics": _as_bytes(vocabulary.topics),
        "softmax": model.softmax,
        "lead_of_topic": model.lead_of_topic,
        "heads": _as_bytes(model.heads.classes),
        **{f"head_{name}": _as_bytes(classes) for name, classes in model.heads.classes.items()},
        "weights": model.weights.whole,
        "weights_scale": model.weights.scale,
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in sorted(arrays.items()):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            # A fixed date: the file says what was learned, not when.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (2026, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED)


def load(source: Path | Traversable) -> Model:
    """Read a model. Raises ConfigError when the file is missing or is not a model of this format."""
    try:
        with np.load(io.BytesIO(source.read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"het model {source} kan niet worden gelezen ({error}); maak het met 'wijkbalie model train'"
        ) from error
    if int(arrays.get("format", np.array([0]))[0]) != FORMAT:
        raise ConfigError(f"het model {source} heeft een ander formaat; maak het opnieuw met 'wijkbalie model train'")
    vocabulary = Vocabulary(
        _as_words(arrays["words"]),
        arrays["word_rarity"],
        _as_words(arrays["shapes"]),
        arrays["shape_rarity"],
        _as_words(arrays["lexicon_topics"]),
    )
    return Model(
        leads=_as_words(arrays["leads"]),
        vocabulary=vocabulary,
        heads=Heads({name: _as_words(arrays[f"head_{name}"]) for name in _as_words(arrays["heads"])}),
        weights=Weights(arrays["weights"], arrays["weights_scale"]),
        softmax=arrays["softmax"],
        lead_of_topic=arrays["lead_of_topic"],
    )


def version_of(source: Path | Traversable) -> str:
    """A short name of what a file holds: the start of its SHA-256."""
    return hashlib.sha256(source.read_bytes()).hexdigest()[:12]


def _as_bytes(words: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def _as_words(array: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(array.tobytes().decode().split("\n")) if array.size else ()
