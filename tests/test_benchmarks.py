"""The benchmarks measure what they say: both in turn, medians, and goals that bound from the right side."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lines import lines
from benchmarks.measure import Line, measure
from routing.vakafdelingen import load_municipality
from tests.builders import ScriptedRouter


def a_line(ours: list[float], yardstick: list[float], *, goal: float, more_is_better: bool) -> Line:
    return Line(
        name="proef",
        unit="/s",
        settings="",
        goal=goal,
        more_is_better=more_is_better,
        ours=iter(ours).__next__,
        yardstick=iter(yardstick).__next__,
    )


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    measured = measure(a_line([10, 30, 20], [10, 10, 10], goal=2.0, more_is_better=True), 3)
    assert (measured.ours, measured.yardstick, measured.ratio) == (20, 10, 2.0)
    assert measured.is_reached


def test_a_time_must_stay_below_its_goal() -> None:
    assert not measure(a_line([3], [1], goal=2.0, more_is_better=False), 1).is_reached
    assert measure(a_line([2], [1], goal=2.0, more_is_better=False), 1).is_reached


@pytest.mark.parametrize("number", [0, 1])
def test_each_line_of_messages_does_its_work(tmp_path: Path, number: int) -> None:
    line = lines(tmp_path, ScriptedRouter(), load_municipality(), 4)[number]
    measured = measure(line, 1)
    assert measured.ours > 0
    assert measured.yardstick > 0
