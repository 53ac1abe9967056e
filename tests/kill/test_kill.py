"""SIGKILL at every named point and at random moments, while platforms fail, clocks jump and a rival process claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.points import POINTS
from tests.kill.city import City
from tests.kill.harness import Plan, play

SEED = 20261124


@pytest.mark.timeout(1200)
def test_kills_lose_nothing_and_double_nothing(database_url: str, tmp_path: Path) -> None:
    one_round = Plan(kills=1, seed=SEED, processes=2)
    with City(seed=SEED) as city:
        outcome = play(database_url, city, tmp_path, one_round)
    print(outcome)
    assert outcome.verdict.problems == ()
    assert outcome.verdict.messages > len(POINTS)
    assert set(POINTS) < set(outcome.points)
