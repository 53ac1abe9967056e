"""Judged messages side by side: confusion, what is sure enough, and whether a difference may be chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.model.comparison import confusion, coverage_at, duel, is_defensible
from routing.model.corpus import Example

LEADS = ("stadswerken", "vth", "remo")


def an_example(lead: str, *also: str) -> Example:
    return Example(id="x-1", channel="telegram", text="", lead=lead, topic="", lead_alt=also)


EXAMPLES = (an_example("stadswerken"), an_example("vth", "remo"), an_example("vth"))
ROWS = np.array([[0.9, 0.05, 0.05], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]], dtype=np.float32)


def test_confusion_counts_who_was_taken_for_whom() -> None:
    assert confusion(EXAMPLES, ROWS, LEADS).tolist() == [[1, 0, 0], [1, 0, 1], [0, 0, 0]]


def test_what_the_label_calls_defensible_counts_as_right() -> None:
    assert is_defensible(EXAMPLES, ROWS, LEADS).tolist() == [True, True, False]


def test_coverage_is_the_surest_share_that_is_right_often_enough() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)
    right = np.array([True, True, False, True])
    assert coverage_at(confidence, right, 1.0) == (0.5, pytest.approx(0.8))
    assert coverage_at(confidence, right, 0.75) == (1.0, pytest.approx(0.6))
    assert coverage_at(confidence, ~right, 0.9) == (0.0, 1.0)


def test_a_difference_of_a_few_messages_may_be_chance_and_of_many_not() -> None:
    few = duel(np.array([True, True, False, False]), np.array([True, False, True, True]))
    assert (few.both, few.gained, few.lost, few.neither) == (1, 2, 1, 0)
    assert few.chance == 1.0
    assert duel(np.zeros(20, dtype=bool), np.ones(20, dtype=bool)).chance < 0.001


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_every_message_is_in_one_corner_of_a_duel(pairs: list[tuple[bool, bool]]) -> None:
    first = np.array([pair[0] for pair in pairs], dtype=bool)
    second = np.array([pair[1] for pair in pairs], dtype=bool)
    found = duel(first, second)
    assert found.both + found.gained + found.lost + found.neither == len(pairs)
    assert 0 < found.chance <= 1
    assert found.chance == duel(second, first).chance
