"""Many lines over many processes: the same answers in the same order, and a process that is lost is said, never passed over."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.json_lines import route_lines
from bot.parallel_lines import WORTH_IT, ProcessLostError, can_be_read_ahead, route_in_parallel
from routing.decision import Decision
from routing.messages import GeoPoint
from tests.builders import ScriptedRouter


def some_lines(number: int, broken: Iterable[int] = ()) -> list[str]:
    lines = [json.dumps({"id": str(at), "channel": "x", "text": f"lamp {at} stuk \udc00"}) for at in range(1, number + 1)]
    for at in broken:
        lines[at - 1] = "{kapot"
    return lines


def test_the_answers_are_those_of_one_process_in_the_order_of_the_lines() -> None:
    lines = some_lines(3 * WORTH_IT + 7, broken=(3, WORTH_IT + 1, 3 * WORTH_IT + 7))
    answers = list(route_in_parallel(lines, ScriptedRouter(), 2))
    assert answers == list(route_lines(lines, ScriptedRouter()))
    assert [answer["line"] for answer in answers if "error" in answer] == [3, WORTH_IT + 1, 3 * WORTH_IT + 7]


class HereRouter(ScriptedRouter):
    """Only answers in the process that made it."""

    def __init__(self) -> None:
        super().__init__()
        self.process = os.getpid()

    def route(self, text: str, *, point: GeoPoint | None = None) -> Decision:
        if os.getpid() != self.process:
            os._exit(1)
        return super().route(text, point=point)


@pytest.mark.timeout(60)
def test_a_lost_process_is_said_with_what_to_do() -> None:
    with pytest.raises(ProcessLostError, match="--processes 1"):
        list(route_in_parallel(some_lines(WORTH_IT), HereRouter(), 2))


@pytest.mark.parametrize(("number", "processes"), [(WORTH_IT - 1, 2), (WORTH_IT + 1, 1)])
def test_a_few_lines_or_one_core_ask_for_no_other_process(number: int, processes: int) -> None:
    assert len(list(route_in_parallel(some_lines(number), HereRouter(), processes))) == number


def test_only_a_file_is_read_ahead(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text("{}\n", encoding="utf-8")
    with file.open(encoding="utf-8") as lines:
        assert can_be_read_ahead(lines)
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as lines:
        assert not can_be_read_ahead(lines)
    os.close(writing)
    assert not can_be_read_ahead(io.StringIO("{}"))
