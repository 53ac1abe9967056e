"""The product as the kill tests run it: built and served as for real, with a clock that jumps and a point at which it dies.

Run as a process: `python -m tests.kill.product CONFIG`. Each life is a process of its own, forked after the model was loaded.
A colleague is at work in it, so that the desk's commits happen too.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.bootstrap import Application, build, load_tables
from bot.config import Config, load_config
from bot.logs import set_up_logging
from bot.running import serve
from routing.decision import Router
from routing.engine import load_engine
from routing.errors import WijkbalieError
from storage.queues import Asked, Queue, page

_BETWEEN_JUMPS = 1.5
_BETWEEN_DECISIONS = 0.5
_LOOKED_AT = 5  # a melding that cannot be confirmed does not keep the colleague from the next


class JumpingClock:
    """The time of day with an offset that jumps by itself every second and a half; by a seed, so that it can be repeated."""

    def __init__(self, *, offsets: Sequence[float], seed: int) -> None:
        self._offsets, self._seed, self._started = offsets, seed, time.monotonic()

    def __call__(self) -> datetime:
        turn = int((time.monotonic() - self._started) / _BETWEEN_JUMPS)
        return datetime.now(UTC) + timedelta(seconds=random.Random(f"{self._seed} {turn}").choice(self._offsets))


class Executioner:
    """Ends this process by SIGKILL, as a power cut would, when a point is passed for the n-th time."""

    def __init__(self, point: str, times: int) -> None:
        self._point, self._times = point, times
        self._passed: Counter[str] = Counter()

    def __call__(self, point: str) -> None:
        self._passed[point] += 1
        if point == self._point and self._passed[point] >= self._times:
            os.kill(os.getpid(), signal.SIGKILL)


async def decide_now_and_then(application: Application) -> None:
    """A colleague who confirms what the machine proposes, one melding at a time."""
    while True:
        await asyncio.sleep(_BETWEEN_DECISIONS)
        await asyncio.to_thread(_confirm_first, application)


def _confirm_first(application: Application) -> None:
    with application.database.reading() as connection:
        asked = Asked(queue=Queue.TO_JUDGE, now=application.now(), soon=application.now())
        waiting = page(connection, asked, limit=_LOOKED_AT).meldingen
    for melding in waiting:
        try:
            application.handling.carry_out(melding, application.handling.confirm(melding), account="samira")
        except WijkbalieError:
            continue  # a rival process was first, or the database is busy
        return


async def _run(application: Application) -> None:
    """A colleague who stumbles ends the process, so that it shows."""
    async with asyncio.TaskGroup() as group:
        colleague = group.create_task(decide_now_and_then(application))
        await serve(application)
        colleague.cancel()


def live(config: Config, router: Router, order: dict[str, Any]) -> None:
    """One life of the product, from start to SIGTERM or death."""
    watch = Executioner(order["die_at"], order["times"])
    application = build(config, now=JumpingClock(**order["clock"]), watch=watch, router=router)
    print("ready", flush=True)
    asyncio.run(_run(application))


def main() -> None:
    """Load what takes long once; then, for each order on standard input, live one life in a process of its own."""
    config = load_config(Path(sys.argv[1]))
    set_up_logging(config)
    router = load_engine(load_tables(config))
    router.route("de lantaarn is stuk")  # the first takes longer
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(config, router, json.loads(line))
            return
        print(f"born {child}", flush=True)
        print(f"dead {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}", flush=True)


if __name__ == "__main__":
    main()
