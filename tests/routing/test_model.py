"""The model's tables: a term is found or is not, and a packed weight counts for what the table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from routing.errors import ConfigError
from routing.model.features import Reading
from routing.model.model import FORMAT, Row, Terms, Vocabulary, Weights, load

WORDS = ("lamp", "de lamp", "fiets", "straße", "灯")


def test_a_term_has_its_number_and_a_stranger_has_none() -> None:
    terms = Terms.of(WORDS)
    assert terms.find([*reversed(WORDS), "onbekend", ""]).tolist() == [4, 3, 2, 1, 0, -1, -1]
    assert len(terms) == len(WORDS)
    assert Terms(terms.written).find(WORDS).tolist() == [0, 1, 2, 3, 4]


def test_where_nothing_is_known_nothing_is_found() -> None:
    assert Terms.of([]).find(["lamp"]).tolist() == [-1]
    assert Terms.of(WORDS).find([]).tolist() == []


def test_a_message_of_strangers_has_no_columns() -> None:
    vocabulary = Vocabulary(Terms.of(WORDS), np.ones(5), Terms.of([" la"]), [1.0], ["verlichting"])
    row = vocabulary.row(Reading(words={"zeemeermin": 1}, spelt=["zeemeermin"], hits=[], topics={"onbekend": 2.0}))
    assert (row.columns.size, row.weights.size, row.known) == (0, 0, 0.0)


def test_words_shapes_and_topics_have_columns_of_their_own() -> None:
    vocabulary = Vocabulary(Terms.of(WORDS), np.ones(5), Terms.of([" la", "amp"]), [1.0, 1.0], ["verlichting"])
    row = vocabulary.row(Reading(words={"lamp": 1, "x": 1}, spelt=["lamp"], hits=[], topics={"verlichting": 2.0}))
    assert (row.columns.tolist(), row.known) == ([0, 5, 6, 7], 0.5)


@pytest.mark.parametrize("columns", [1, 6, 7])
def test_margins_are_those_of_the_table(columns: int) -> None:
    dice = np.random.default_rng(columns)
    weights = Weights.of((dice.normal(size=(50, columns)) ** 3).astype(np.float32))
    row = Row(np.array([3, 17, 49]), np.array([0.5, 1.0, 2.0], np.float32), 3, 1.0)
    assert np.allclose(weights.margins(row), row.weights @ weights.table()[row.columns], rtol=1e-5)
    assert weights.table().shape == (50, columns)


def test_small_weights_are_kept_and_the_largest_are_bounded() -> None:
    learned = np.array([[127.0], [-127.0], [7.0], [1.0], [-1.0], [0.4], [0.0]], np.float32)
    assert Weights.of(learned).table().ravel().tolist() == [26.0, -26.0, 7.0, 1.0, -1.0, 0.0, 0.0]


def test_a_column_without_weights_stays_without() -> None:
    assert not Weights.of(np.zeros((4, 2), np.float32)).table().any()


def test_a_model_of_an_older_format_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with (tmp_path / "oud.npz").open("wb") as file:
        np.savez(file, format=np.array([FORMAT - 1]))
    with pytest.raises(ConfigError, match="wijkbalie model train"):
        load(tmp_path / "oud.npz")
