"""A small soak: the same pieces, rates and verdict as at a hundred thousand messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill.city import EVERY_WAY, City
from tests.kill.soak import Plan, play

MESSAGES, SEED = 500, 20261129


@pytest.mark.timeout(1800)
def test_many_messages_with_faults_and_kills_lose_nothing_and_double_nothing(sqlite_url: str, tmp_path: Path) -> None:
    with City(seed=SEED, ways=EVERY_WAY, desks=2) as city:
        outcome = play(sqlite_url, city, tmp_path, Plan(messages=MESSAGES, seed=SEED))
        channels = {channel for channel, _ in city.written}
    print(outcome)
    assert outcome.verdict.problems == ()
    assert outcome.verdict.messages == MESSAGES
    assert outcome.progress.kills >= 2
    assert outcome.progress.faults >= MESSAGES / 20
    assert channels == {"telegram", "x", "facebook", "messenger", "mastodon", "web_form", "counter"}
