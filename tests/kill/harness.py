"""Killing the product over and over while residents write, and comparing what it kept with the platforms' own logs.

The simulators live in this process and survive every kill, and so does their ground truth. One piece for tests and script.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from channels.simulator.faults import Fault, FaultKind, Side
from storage.database import Database
from storage.migrate import upgrade
from tests.kill.city import City
from tests.kill.killing import Killing
from tests.kill.process import Clock, Product
from tests.kill.settings import settings_of
from tests.kill.verdict import Verdict, compare, left

_ANY_PORT: dict[str, dict[str, object]] = {"web": {"port": 0}}  # nobody visits these processes, and they must not share one
FAULTS = (
    *(
        Fault(kind=kind, side=Side.WRITE, times=None, probability=0.03, retry_after=timedelta(seconds=1))
        for kind in (FaultKind.RATE_LIMITED, FaultKind.ACCEPT_THEN_RESET, FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR)
    ),
    *(
        Fault(kind=kind, side=Side.WRITE, times=None, probability=0.01)
        for kind in (FaultKind.ACCEPT_THEN_BAD_GATEWAY, FaultKind.ACCEPT_THEN_TRUNCATE, FaultKind.ACCEPT_THEN_TIMEOUT)
    ),
    *(
        Fault(kind=kind, side=Side.READ, times=None, probability=0.03, retry_after=timedelta(seconds=1))
        for kind in (FaultKind.DUPLICATES, FaultKind.OUT_OF_ORDER, FaultKind.REPEATED_PAGE, FaultKind.SERVER_ERROR)
    ),
)
_ROUNDS_PER_VERDICT = 4
_STANDSTILL_SECONDS = 8
_LATE, _LATER = timedelta(days=21), timedelta(days=2)  # later than every moment that a clock told before, and the next time
_MOST_LIVES, _STEP = 12, timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """At least how many kills, by which dice, and how many processes work on the database at the same time."""

    kills: int
    seed: int
    processes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many kills at each point, in how many seconds, and what was found afterwards."""

    points: Counter[str]
    seconds: float
    verdict: Verdict

    def __str__(self) -> str:
        kills = self.points.total()
        return f"kills {kills}, {self.verdict}, {self.seconds:.0f} s, {self.seconds / kills:.1f} s per kill"


def silent(_words: str) -> None:
    """Nobody hears how far it is."""


def play(database_url: str, city: City, folder: Path, plan: Plan, tell: Callable[[str], None] = silent) -> Outcome:
    """Kill in whole rounds; after every few let all settle on an honest clock and compare. Ends at the first problem.

    `tell` hears of every round and every verdict.
    """
    config = folder / "config.toml"
    config.write_text(settings_of(city, database_url, _ANY_PORT), encoding="utf-8")
    database = Database.open(database_url)
    upgrade(database.engine)
    started, verdicts = time.monotonic(), 0
    with ExitStack() as stack:
        stack.callback(database.close)
        products = [stack.enter_context(Product(config, folder / f"log-{n}")) for n in range(plan.processes)]
        killing = Killing(city, database, products, random.Random(plan.seed))
        while True:
            for _ in _rounds(city, killing, plan.kills):
                tell(f"so far: kills {killing.kills}, messages {len(city.written)}, {time.monotonic() - started:.0f} s")
            let_settle(database, city, products[0], _LATE + verdicts * _LATER)
            verdicts += 1
            outcome = Outcome(points=killing.points, seconds=time.monotonic() - started, verdict=compare(database, city))
            tell(f"verdict: {outcome}")
            if outcome.verdict.problems or killing.kills >= plan.kills:
                return outcome


def _rounds(city: City, killing: Killing, enough: int) -> Iterator[None]:
    """As many rounds as go before a verdict, while the platforms fail."""
    for simulator in city.simulators:
        for fault in FAULTS:
            simulator.faults.add(fault)
    for _ in range(_ROUNDS_PER_VERDICT):
        killing.play_round()
        yield
        if killing.kills >= enough:
            break
    for simulator in city.simulators:
        simulator.faults.clear()


def let_settle(database: Database, city: City, product: Product, late: timedelta) -> None:
    """Live until every message is handled and every reply that can be settled is, each life later than the one before.

    What waits an hour after other news is not waited for. Only what is left when nobody lives any more is left.
    """
    for life in range(_MOST_LIVES):
        product.start(Clock(offsets=((late + life * _STEP).total_seconds(),)))
        product.await_ready()
        _await_rest(database, city, product)
        product.stop()
        if left(database, city) == 0:
            return


def _await_rest(database: Database, city: City, product: Product) -> None:
    """Until nothing is left in two looks, or nothing moves."""
    seen, moved_at = [-1, -1], time.monotonic()
    while seen[-2:] != [0, 0] and time.monotonic() < moved_at + _STANDSTILL_SECONDS:
        assert not product.is_dead
        time.sleep(1)
        seen.append(left(database, city))
        if seen[-1] != seen[-2]:
            moved_at = time.monotonic()
