"""Routing a large file of JSON lines over the cores of the machine. The answers and their order are those of one process.

Only for lines that can be read without waiting; what somebody is still writing is answered line by line (bot/json_lines.py).
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import Any, TextIO

from bot.json_lines import route_lines
from routing.decision import Router
from routing.errors import WijkbalieError

WORTH_IT = 1000  # lines; fewer are answered sooner than processes are started
_AT_ONCE = 200
_AHEAD = 4

Answers = list[dict[str, Any]]


class ProcessLostError(WijkbalieError):
    """A process of ours was ended from outside, most likely for want of memory."""


def cores() -> int:
    """How many processes can work at once here; 1 where a process cannot be copied with all that it has loaded."""
    return len(os.sched_getaffinity(0)) if "fork" in multiprocessing.get_all_start_methods() else 1


def can_be_read_ahead(lines: TextIO) -> bool:
    """Whether the lines stand in a file, so that reading ahead keeps nobody waiting."""
    try:
        return stat.S_ISREG(os.fstat(lines.fileno()).st_mode)
    except OSError:
        return False


def route_in_parallel(lines: Iterable[str], router: Router, processes: int) -> Iterator[dict[str, Any]]:
    """As `route_lines`, by as many processes. A few lines are answered here. Raises ProcessLostError."""
    coming = iter(lines)
    first = list(islice(coming, WORTH_IT))
    if processes < 2 or len(first) < WORTH_IT:
        yield from route_lines(chain(first, coming), router)
        return
    context = multiprocessing.get_context("fork")  # the copies share what the router has loaded
    with ProcessPoolExecutor(processes, context, initializer=_set_router, initargs=(router,)) as pool:
        waiting: deque[Future[Answers]] = deque()
        for number, part in _parts(chain(first, coming)):
            waiting.append(pool.submit(_route_part, number, part))
            if len(waiting) > _AHEAD * processes:
                yield from _answers(waiting.popleft())
        while waiting:
            yield from _answers(waiting.popleft())


def _parts(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Pieces of the lines, each with the number of its first line."""
    number = 1
    while part := list(islice(lines, _AT_ONCE)):
        yield number, part
        number += len(part)


def _answers(part: Future[Answers]) -> Answers:
    try:
        return part.result()
    except BrokenProcessPool as error:
        raise ProcessLostError(
            "een rekenproces is van buiten gestopt, waarschijnlijk door te weinig geheugen; probeer het opnieuw met --processes 1"
        ) from error


# -- in the copies

_routers: list[Router] = []


def _set_router(router: Router) -> None:
    gc.freeze()  # what was loaded stays shared and is not gone through again
    _routers.append(router)


def _route_part(number: int, part: list[str]) -> Answers:
    return list(route_lines(part, _routers[0], number))
