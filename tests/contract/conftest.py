"""Every test that asks for a `case` runs on every channel that can have it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from channel_cases import CASES
from channel_checks import opened
from channel_harness import ChannelCase

from channels.base import Channel


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        present = [case for case in CASES if metafunc.function.__name__ not in case.left_out]
        metafunc.parametrize("case", present, ids=[case.__name__.removesuffix("Case") for case in present], indirect=True)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[ChannelCase]:
    made: ChannelCase = request.param()
    with made.simulator:
        yield made


@pytest.fixture
async def channel(case: ChannelCase) -> AsyncIterator[Channel]:
    async with opened(case) as channel:
        yield channel
