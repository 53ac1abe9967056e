"""Rounds of kills: each named point once, and random moments in between, while residents write.

A life that does not come by its point among its rivals gets the stage for itself, with everything that leads there. So each
point is reached in each round, whatever the dice and the machine do.
"""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from datetime import timedelta

from storage import audit
from storage.database import Database
from storage.points import POINTS, SEND, Commit, after, before
from tests.kill.city import City
from tests.kill.process import Clock, Product

RANDOM_MOMENT = ""
_RANDOM_KILLS = len(POINTS) // 3
_RIGHT, _HOUR, _FAR = 0.0, timedelta(hours=1).total_seconds(), timedelta(days=20).total_seconds()
# Half of the time the clock is right; it goes back an hour, ahead an hour, and ahead so far that every promise falls due.
JUMPS = (_RIGHT, _RIGHT, _RIGHT, -_HOUR, _HOUR, _FAR)
_LAPSED = frozenset({before(Commit.LAPSED), after(Commit.LAPSED)})
_DESK = frozenset({before(Commit.DESK), after(Commit.DESK)})
_LOOK = frozenset({before(Commit.LOOK), after(Commit.LOOK)})
_PROMISE = frozenset({before(Commit.PROMISE), after(Commit.PROMISE)})
# Who dies here leaves a claim behind. At a claim's or an outcome's own commit there may be none: a guard halts, a look ends.
_HOLDING_A_CLAIM = (before(SEND), after(SEND))
_PATIENCE, _LAST_PATIENCE = 3.0, 120.0  # seconds among rivals, and alone
_MESSAGES_PER_LIFE = (2, 5)
_MOST_WAITING = 20  # what is not triaged yet; with more, nobody writes


class Killing:
    """Kills `products` in turn. `points` counts the kills at each named point, and at random moments (`RANDOM_MOMENT`)."""

    def __init__(self, city: City, database: Database, products: Sequence[Product], dice: random.Random) -> None:
        self._city, self._database, self._products, self._dice = city, database, products, dice
        self.points: Counter[str] = Counter()
        self._due: deque[str] = deque()
        self._alive: deque[tuple[Product, str]] = deque()

    @property
    def kills(self) -> int:
        return self.points.total()

    def play_round(self) -> None:
        """Every product is dead afterwards."""
        orders = [*POINTS, *[RANDOM_MOMENT] * _RANDOM_KILLS]
        self._due.extend(self._dice.sample(orders, len(orders)))
        while self._due or self._alive:
            self._start_idle()
            self._end(*self._alive.popleft())

    def _start_idle(self) -> None:
        busy = [product for product, _ in self._alive]
        for product in self._products:
            if product not in busy and self._due:
                point = self._due.popleft()
                jumping = Clock(offsets=JUMPS, seed=self._dice.randrange(1_000_000))
                product.start(jumping, die_at=point, times=self._dice.randint(1, 3))
                self._alive.append((product, point))

    def _end(self, product: Product, point: str) -> None:
        """Let residents write until it dies at its point; end it at a random moment when it has none or does not come by."""
        if point:
            product.await_ready()
        deadline = time.monotonic() + (_PATIENCE if point else self._dice.uniform(0.1, 3.0))
        most = self._dice.randint(*_MESSAGES_PER_LIFE)
        while time.monotonic() < deadline and not product.is_dead:
            if most > 0 and self._may_write():
                self._city.somebody_writes()
            most -= 1
            time.sleep(self._dice.uniform(0.1, 0.3))
        died_there = product.is_dead
        product.kill()
        self.points[point if died_there else RANDOM_MOMENT] += 1
        if point and not died_there:
            self._give_stage(product, point)

    def _give_stage(self, product: Product, point: str) -> None:
        """Kill its rivals, so that nobody else does what it waits for, and let it die at its point."""
        for rival, theirs in self._alive:
            died_there = rival.is_dead
            rival.kill()
            self.points[theirs if died_there else RANDOM_MOMENT] += 1
            if theirs and not died_there:
                self._due.append(theirs)
        self._alive.clear()
        if point in _LAPSED:
            self._live_alone(product, self._dice.choice(_HOLDING_A_CLAIM))
        self._live_alone(product, point)

    def _live_alone(self, product: Product, point: str) -> None:
        product.start(_clock_to(point), die_at=point)
        product.await_ready()
        deadline = time.monotonic() + _LAST_PATIENCE
        while not product.is_dead:
            assert time.monotonic() < deadline, f"it never came by '{point}':\n{product.log_tail()}"
            if self._may_write():
                self._lead_to(point)
            time.sleep(0.3)
        self.points[point] += 1

    def _lead_to(self, point: str) -> None:
        if point in _DESK:
            self._city.somebody_is_unclear()
        elif point in _LOOK:
            self._city.an_answer_gets_lost()
        else:
            self._city.somebody_writes()

    def _may_write(self) -> bool:
        with self._database.reading() as connection:
            return len(self._city.written) - audit.count_handled(connection) < _MOST_WAITING


def _clock_to(point: str) -> Clock:
    """A clock that brings a life to this point: a claim of a dead rival lapses in an hour, promises fall due after days."""
    if point in _PROMISE:
        return Clock(offsets=(_RIGHT, _FAR))
    return Clock(offsets=(_HOUR if point in _LAPSED else _RIGHT,))
