"""A page of Facebook and Messenger on loopback, and the clock that platform and channel share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from channels.simulator.graph import GraphSimulator
from tests.builders import TickingClock


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))


@pytest.fixture
def facebook(clock: TickingClock) -> Iterator[GraphSimulator]:
    with GraphSimulator(clock=clock) as simulator:
        yield simulator
