"""The learned model: numbers and word lists, read from one file without a pickle, and what it says of a message.

Pure arithmetic on NumPy; scikit-learn is only needed to learn (routing/model/training.py).
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from routing.errors import ConfigError
from routing.model.features import Reading, shapes_of

Matrix = NDArray[np.float32]
FORMAT = 4
LEXICON_SCALE = 0.22
_REMEMBERED = 20_000  # words, of which the pieces that the model knows are looked up once
_NONE = np.empty(0, np.int32)
# What a weight is rounded to, in 127ths of the largest of its column. A half byte numbers them; its sixteenth number is not used.
_STEPS = np.array([-26, -18, -12, -7, -4, -2, -1, 0, 1, 2, 4, 7, 12, 18, 26], np.int8)
_BETWEEN_STEPS = (_STEPS[1:].astype(np.float32) + _STEPS[:-1]) / 2
_OF_HALF = np.append(_STEPS, np.int8(0))
# For each byte the steps of its two halves, the low one first, as one number: one look-up gives both.
_PAIRS = np.stack([np.tile(_OF_HALF, 16), np.repeat(_OF_HALF, 16)], axis=1).view(np.uint16)[:, 0]


class Row(NamedTuple):
    """A message as columns of a table and the weight of each. Of its `terms` word terms the share `known` was learned."""

    columns: NDArray[np.intp]
    weights: Matrix
    terms: int
    known: float


class Terms:
    """Terms and their numbers, found by Python's own hash of 64 bits: a dict of the words themselves takes ten times the room.

    `written` has the terms in the order of their numbers, with a line end between them, as in the model's file. That a message
    holds a stranger with the hash of a term happens once in 10^13 words.
    """

    def __init__(self, written: bytes) -> None:
        self.written = written
        terms = written.decode().split("\n") if written else []
        hashes = np.fromiter(map(hash, terms), np.int64, len(terms))
        self._order = np.argsort(hashes).astype(np.int32)
        self._hashes = hashes[self._order]

    @classmethod
    def of(cls, terms: Iterable[str]) -> Self:
        return cls("\n".join(terms).encode())

    def __len__(self) -> int:
        return len(self._order)

    def find(self, terms: Collection[str]) -> NDArray[np.int32]:
        """The number of each, or -1 for one that is not here."""
        if not len(self):
            return np.full(len(terms), -1, np.int32)
        asked = np.fromiter(map(hash, terms), np.int64, len(terms))
        places = np.minimum(np.searchsorted(self._hashes, asked), len(self) - 1)
        return np.where(self._hashes[places] == asked, self._order[places], np.int32(-1))


class Vocabulary:
    """The known terms. Columns: words first, then shapes, then one per onderwerp with lexicon evidence."""

    def __init__(
        self, words: Terms, word_rarity: ArrayLike, shapes: Terms, shape_rarity: ArrayLike, topics: Sequence[str]
    ) -> None:
        self.words = words
        self.word_rarity = np.array(word_rarity, dtype=np.float32)
        self.shapes = shapes
        self.shape_rarity = np.array(shape_rarity, dtype=np.float32)
        self.topics = {topic: number for number, topic in enumerate(topics)}
        self._shapes_in = lru_cache(maxsize=_REMEMBERED)(self._find_shapes)

    @property
    def size(self) -> int:
        return len(self.words) + len(self.shapes) + len(self.topics)

    def row(self, reading: Reading) -> Row:
        numbers = self.words.find(reading.words)
        is_known = numbers >= 0
        words, counts = numbers[is_known], np.fromiter(reading.words.values(), np.float64, len(numbers))[is_known]
        shapes, times = np.unique(np.concatenate([_NONE, *map(self._shapes_in, reading.spelt)]), return_counts=True)
        topics = {number: score for topic, score in reading.topics.items() if (number := self.topics.get(topic)) is not None}
        parts = (
            _weigh(counts, self.word_rarity[words]),
            _weigh(times, self.shape_rarity[shapes]),
            [LEXICON_SCALE * math.copysign(math.log1p(abs(score)), score) for score in topics.values()],
        )
        terms = len(reading.words) or 1
        first_shape, first_topic = len(self.words), len(self.words) + len(self.shapes)
        columns = (words, shapes + first_shape, np.fromiter(topics, np.int32, len(topics)) + first_topic)
        return Row(np.concatenate(columns).astype(np.intp), np.concatenate(parts).astype(np.float32), terms, len(words) / terms)

    def _find_shapes(self, word: str) -> NDArray[np.int32]:
        numbers = self.shapes.find(shapes_of(word))
        return numbers[numbers >= 0]


def _weigh(counts: NDArray[Any], rarity: Matrix) -> NDArray[np.float64]:
    """Sublinear term frequencies times rarity, scaled to length one."""
    weights = (1.0 + np.log(counts)) * rarity
    return np.asarray(weights / (math.sqrt(weights @ weights) or 1.0), dtype=np.float64)


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
    """A table with a row per term and a column per class, of one of fifteen steps each, two to a byte.

    `scale` turns the steps of a column into margins. The steps are finest where most weights are, and end far below the largest:
    no single term decides by itself. That judges messages of strangers better than the weights as they were learned.
    """

    packed: NDArray[np.uint8]
    scale: Matrix

    @classmethod
    def of(cls, weights: Matrix) -> Self:
        """Round each weight. With an odd number of columns the high half of the last byte of each row is 0."""
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-9).astype(np.float32) / np.float32(127.0)
        numbers = np.searchsorted(_BETWEEN_STEPS, weights / scale).astype(np.uint8)
        if numbers.shape[1] % 2:
            numbers = np.pad(numbers, ((0, 0), (0, 1)))
        return cls(numbers[:, 0::2] | numbers[:, 1::2] << 4, scale)

    def steps(self, rows: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.int8]:
        """The steps of these rows, a column per class."""
        return np.take(_PAIRS, self.packed[rows]).view(np.int8)[:, : len(self.scale)]

    def table(self) -> Matrix:
        """Every weight as it counts."""
        return self.steps() * self.scale

    def margins(self, row: Row) -> Matrix:
        return np.asarray((row.weights @ self.steps(row.columns).astype(np.float32)) * self.scale, dtype=np.float32)


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
        "words": _of_bytes(vocabulary.words.written),
        "word_rarity": vocabulary.word_rarity,
        "shapes": _of_bytes(vocabulary.shapes.written),
        "shape_rarity": vocabulary.shape_rarity,
        "lexicon_topics": _as_bytes(vocabulary.topics),
        "softmax": model.softmax,
        "lead_of_topic": model.lead_of_topic,
        "heads": _as_bytes(model.heads.classes),
        **{f"head_{name}": _as_bytes(classes) for name, classes in model.heads.classes.items()},
        "weights": model.weights.packed,
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
        Terms(arrays["words"].tobytes()),
        arrays["word_rarity"],
        Terms(arrays["shapes"].tobytes()),
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
    return _of_bytes("\n".join(words).encode())


def _of_bytes(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, dtype=np.uint8)


def _as_words(array: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(array.tobytes().decode().split("\n")) if array.size else ()
