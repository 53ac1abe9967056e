"""Very many messages over every channel, while one request in twenty fails and the product is killed over and over.

Built of the pieces of the kill test; what it adds is quantity, every channel, and an honest clock.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from channels.simulator.faults import Fault, FaultKind, Side
from storage import audit
from storage.database import Database
from storage.migrate import upgrade
from tests.kill.city import City
from tests.kill.harness import let_settle
from tests.kill.process import Clock, Product
from tests.kill.settings import crowded, settings_of
from tests.kill.verdict import Verdict, compare
from tests.kill.visitors import hire

FAULT_RATE = 0.05
"""The chance that a request meets a fault, whichever."""
_WRITE_FAULTS = (
    FaultKind.RATE_LIMITED,
    FaultKind.SERVER_ERROR,
    FaultKind.BAD_GATEWAY_HTML,
    FaultKind.RESET_BEFORE,
    FaultKind.ACCEPT_THEN_RESET,
    FaultKind.ACCEPT_THEN_TRUNCATE,
    FaultKind.ACCEPT_THEN_BAD_GATEWAY,
    FaultKind.ACCEPT_THEN_TIMEOUT,
)
_READ_FAULTS = (*_WRITE_FAULTS, FaultKind.DUPLICATES, FaultKind.OUT_OF_ORDER, FaultKind.REPEATED_PAGE)
_RIGHT = Clock(offsets=(0.0,))
_LATE = timedelta(hours=2)  # what is to be tried again falls due, and no promise yet
_MOST_WAITING = 400  # with more that is not judged yet, nobody writes: the product is judged, not a queue
_LEAST_PER_LIFE, _MOST_PER_LIFE = 20, 400  # how many messages a life handles before it dies
_LIVES = 200  # about so many in a long run, which makes its lives longer
_STANDSTILL_SECONDS = 300.0
_BETWEEN_LOOKS = 0.5
_PER_LOOK = 100
_REPORT_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many messages, by which dice, and how many processes work on the database at the same time: as many as desks."""

    messages: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What the product has handled, and what it should be sending by now."""

    handled: int
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is. `handled` is what was judged and answered; `seconds` since the first message."""

    written: int
    handled: int
    kills: int
    faults: int
    seconds: float

    def __str__(self) -> str:
        pace = self.handled / self.seconds if self.seconds else 0.0
        return (
            f"written {self.written}, handled {self.handled}, kills {self.kills}, faults {self.faults}, "
            f"{self.seconds:.0f} s, {pace:.1f} messages per second"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was done, and what was found afterwards."""

    progress: Progress
    verdict: Verdict

    def __str__(self) -> str:
        done = self.progress
        pace = f"{done.seconds:.0f} s, {done.handled / done.seconds:.1f} messages per second"
        return f"{self.verdict}, kills {done.kills}, faults {done.faults}, {pace}"


def silent(_progress: Progress) -> None:
    """Nobody hears how far it is."""


def play(database_url: str, city: City, folder: Path, plan: Plan, tell: Callable[[Progress], None] = silent) -> Outcome:
    """Write, fail and kill until all is handled; let the rest settle without faults; compare with the platforms' logs."""
    database = Database.open(database_url)
    try:
        upgrade(database.engine)
        hire(database)
        with ExitStack() as stack:
            products = [
                stack.enter_context(Product(_config(city, database_url, folder, number), folder / f"log-{number}"))
                for number in range(len(city.web_ports))
            ]
            soak = _Soak(database, city, products, plan, tell)
            soak.run()
            progress = soak.progress()
            let_settle(database, city, products[0], _LATE)
        return Outcome(progress=replace(progress, faults=city.faults), verdict=compare(database, city))
    finally:
        database.close()


def _config(city: City, database_url: str, folder: Path, number: int) -> Path:
    config = folder / f"config-{number}.toml"
    config.write_text(settings_of(city, database_url, crowded(city.web_ports[number])), encoding="utf-8")
    return config


class _Soak:
    def __init__(
        self, database: Database, city: City, products: Sequence[Product], plan: Plan, tell: Callable[[Progress], None]
    ) -> None:
        self._database, self._city, self._plan, self._tell = database, city, plan, tell
        self._dead, self._alive = list(products), list[Product]()
        self._dice = random.Random(plan.seed)
        self._most_per_life = max(_MOST_PER_LIFE, 2 * plan.messages // _LIVES)
        self._kills, self._started, self._told_at = 0, time.monotonic(), 0.0
        self._seen = _Look(handled=0, due=0)

    def progress(self) -> Progress:
        return Progress(
            written=self._city.begun,
            handled=self._seen.handled,
            kills=self._kills,
            faults=self._city.faults,
            seconds=time.monotonic() - self._started,
        )

    def run(self) -> None:
        for simulator in self._city.simulators:
            for fault in faults():
                simulator.faults.add(fault)
        self._city.post.fault_rate = FAULT_RATE
        while self._seen.handled < self._plan.messages or self._seen.due:
            life = self._dice.randint(_LEAST_PER_LIFE, self._most_per_life)
            self._live_until(min(self._seen.handled + life, self._plan.messages))
        for product in self._alive:
            product.kill()
        for simulator in self._city.simulators:
            simulator.faults.clear()
        self._city.post.fault_rate = 0.0

    def _live_until(self, handled: int) -> None:
        """All live until so many messages were handled, and at the end all are answered. Soon after one ends by SIGKILL."""
        self._start_dead()
        moved_at = time.monotonic()
        while not self._is_far_enough(handled):
            assert not any(product.is_dead for product in self._alive)
            assert time.monotonic() < moved_at + _STANDSTILL_SECONDS, f"it comes no further:\n{self._alive[0].log_tail()}"
            self._let_write()
            self._report()
            time.sleep(_BETWEEN_LOOKS)
            before, self._seen = self._seen, self._look()
            moved_at = moved_at if self._seen == before else time.monotonic()
        time.sleep(self._dice.uniform(0, 0.5))
        victim = self._alive.pop(self._dice.randrange(len(self._alive)))
        victim.kill()
        self._dead.append(victim)
        self._kills += 1
        self._seen = self._look()

    def _start_dead(self) -> None:
        for product in self._dead:
            product.start(_RIGHT)
        for product in self._dead:
            product.await_ready()
        self._alive += self._dead
        self._dead = []

    def _is_far_enough(self, handled: int) -> bool:
        """The last life sends what is due as well."""
        is_last = handled == self._plan.messages
        return self._seen.handled >= handled and not (is_last and self._seen.due)

    def _let_write(self) -> None:
        room = _MOST_WAITING - (self._city.begun - self._seen.handled) - self._seen.due
        for _ in range(min(_PER_LOOK, room, self._plan.messages - self._city.begun)):
            self._city.somebody_writes()

    def _report(self) -> None:
        if time.monotonic() - self._told_at >= _REPORT_SECONDS:
            self._told_at = time.monotonic()
            self._tell(self.progress())

    def _look(self) -> _Look:
        with self._database.reading() as connection:
            handled = audit.count_handled(connection)
            return _Look(handled=handled, due=audit.count_due(connection, datetime.now(UTC)))


def faults() -> list[Fault]:
    """Lines of the script that together strike one request in twenty."""
    sides = ((Side.WRITE, _WRITE_FAULTS), (Side.READ, _READ_FAULTS))
    return [
        Fault(kind=kind, side=side, times=None, probability=FAULT_RATE / len(kinds), retry_after=timedelta(seconds=1))
        for side, kinds in sides
        for kind in kinds
    ]
