"""A storm in small: many write at once about a few things, platforms stumble, and every promise is kept."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.demo.storm import play_storm


@pytest.mark.timeout(600)
def test_a_storm_loses_nothing_answers_danger_first_and_is_decided_per_cluster() -> None:
    out = io.StringIO()
    code = play_storm(Console(file=out, width=200), 50)
    assert code == 0, out.getvalue()
    assert "meldingen samengevoegd met" in out.getvalue()
