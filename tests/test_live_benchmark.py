"""Colleagues who look at a queue all the time can be measured: each sees every wave."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.live import live


@pytest.mark.timeout(600)
def test_every_colleague_sees_every_wave(tmp_path: Path) -> None:
    lived = live(tmp_path, "sqlite", colleagues=3, waves=2, each=2)
    assert (len(lived.seconds), lived.missed) == (2, 0)
    assert lived.megabytes > 50
    assert "3 collega's live" in lived.line
