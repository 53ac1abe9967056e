"""The learned model: numbers and word lists, read from one file without a pickle, and what it says of a message.

Pure arithmetic on NumPy; scikit-learn is only needed to learn (routing/model/training.py).
"""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from routing.errors import ConfigError
from routing.model.features import Reading, weigh

Matrix = NDArray[np.float32]
FORMAT = 3
LEXICON_SCALE = 0.22
Weigher = Callable[[Mapping[str, int], Mapping[str, int], Sequence[float]], tuple[list[int], list[float]]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known terms. Columns: words first, then shapes, then one per onderwerp with lexicon evidence."""

    words: Mapping[str, int]
    word_rarity: Sequence[float]
    shapes: Mapping[str, int]
    shape_rarity: Sequence[float]
    topics: Mapping[str, int]

    @classmethod
    def build(
        cls,
        words: Sequence[str],
        word_rarity: Sequence[float],
        shapes: Sequence[str],
        shape_rarity: Sequence[float],
        topics: Sequence[str],
    ) -> Self:
        return cls(
            {term: number for number, term in enumerate(words)},
            word_rarity,
            {term: number for number, term in enumerate(shapes)},
            shape_rarity,
            {topic: number for number, topic in enumerate(topics)},
        )

    @property
    def size(self) -> int:
        return len(self.words) + len(self.shapes) + len(self.topics)

    def row(self, reading: Reading, weigher: Weigher = weigh) -> tuple[list[int], list[float]]:
        """The columns and weights of one message."""
        columns, weights = weigher(reading.words, self.words, self.word_rarity)
        shape_columns, shape_weights = weigher(reading.shapes, self.shapes, self.shape_rarity)
        offset = len(self.words)
        columns += [offset + column for column in shape_columns]
        weights += shape_weights
        offset += len(self.shapes)
        for topic, score in reading.topics.items():
            if (column := self.topics.get(topic)) is not None:
                columns.append(offset + column)
                weights.append(LEXICON_SCALE * math.copysign(math.log1p(abs(score)), score))
        return columns, weights


def evidence(
    lead_margins: Matrix, topic_margins: Matrix, lead_of_topic: NDArray[np.int32], said: tuple[Reading, Vocabulary]
) -> Matrix:
    """The inputs of the second stage: margins per lead, the best and second topic of each lead, and how much is known."""
    reading, vocabulary = said
    number = len(lead_margins)
    best = np.full(number, -2.0, dtype=np.float32)
    np.maximum.at(best, lead_of_topic, topic_margins)
    others = np.where(topic_margins >= best[lead_of_topic], -2.0, topic_margins)
    second = np.full(number, -2.0, dtype=np.float32)
    np.maximum.at(second, lead_of_topic, others)
    terms = len(reading.words) or 1
    known = sum(term in vocabulary.words for term in reading.words) / terms
    shape = np.array([known, min(terms, 60) / 30.0], dtype=np.float32)
    return np.concatenate([2.0 * lead_margins, 2.0 * best, second, shape]).astype(np.float32)


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

    def margins(self, columns: Sequence[int], weights: Sequence[float]) -> Matrix:
        row = np.array(weights, dtype=np.float32)
        return np.asarray((row @ self.whole[columns].astype(np.float32)) * self.scale, dtype=np.float32)


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
        columns, weights = self.vocabulary.row(reading)
        answers = self.heads.split(self.weights.margins(columns, weights))
        inputs = evidence(answers["lead"], answers["topic"], self.lead_of_topic, (reading, self.vocabulary))
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
        "word_rarity": np.array(vocabulary.word_rarity, dtype=np.float32),
        "shapes": _as_bytes(vocabulary.shapes),
        "shape_rarity": np.array(vocabulary.shape_rarity, dtype=np.float32),
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
    vocabulary = Vocabulary.build(
        _as_words(arrays["words"]),
        arrays["word_rarity"].tolist(),
        _as_words(arrays["shapes"]),
        arrays["shape_rarity"].tolist(),
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
