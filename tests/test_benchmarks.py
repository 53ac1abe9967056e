"""The benchmarks measure what they say: both in turn, medians, and goals that bound from the right side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
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


def test_each_round_is_told() -> None:
    told: list[int] = []
    measure(a_line([1, 1], [1, 1], goal=1.0, more_is_better=True), 2, told.append)
    assert told == [1, 2]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(8))
def test_each_line_does_its_work(short_path: Path, number: int) -> None:
    line = lines(short_path, ScriptedRouter(), load_municipality(), 4)[number]
    measured = measure(line, 1)
    assert measured.ours > 0
    assert measured.yardstick > 0


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A database server holds a socket in it, and the path of a socket may be no longer than 107 characters."""
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        yield Path(folder)
