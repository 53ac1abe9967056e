"""A process that is asked to stop is gone before a service manager loses patience, whatever it is in the middle of."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from channels.simulator.faults import Fault, FaultKind, Side
from storage import audit
from storage.database import Database
from storage.migrate import upgrade
from storage.outbox import ReplyState
from tests.kill.city import City
from tests.kill.process import Clock, Product
from tests.kill.settings import settings_of

PATIENCE = 10.0  # seconds: what `docker stop` gives before it kills
WRITERS = 60


@pytest.mark.timeout(600)
def test_it_stops_in_time_while_a_platform_keeps_it_waiting(sqlite_url: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with City(seed=1) as city:
        config.write_text(settings_of(city, sqlite_url).replace("read_timeout = 1.0", "read_timeout = 90.0"), encoding="utf-8")
        _let_hang(city, Side.WRITE)
        database = Database.open(sqlite_url)
        upgrade(database.engine)
        with Product(config, tmp_path / "log") as product:
            product.start(Clock(offsets=(0.0,)))
            product.await_ready()
            for _ in range(WRITERS):
                city.somebody_writes()
            _wait_until(lambda: _is_sending(database, {"telegram", "x", "facebook", "messenger"}))
            heard = [len(simulator.faults.struck) for simulator in city.simulators]
            _let_hang(city, Side.READ)
            _wait_until(lambda: all(len(s.faults.struck) > n for s, n in zip(city.simulators, heard, strict=True)))
            assert product.stop() < PATIENCE
        database.close()


@pytest.mark.timeout(600)
def test_a_kill_test_that_is_asked_to_stop_leaves_no_process_behind(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    command = [sys.executable, "-m", "tests.kill.crash_test", "--keep", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as test:
        _wait_until(lambda: len(_at_work_in(folder)) > 2)  # itself, what loaded the model, and a life of the product
        test.terminate()
        assert test.wait(120) == 128 + signal.SIGTERM
    _wait_until(lambda: _at_work_in(folder) == [])


def _at_work_in(folder: Path) -> list[str]:
    """The processes that were started for this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if str(folder).encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


def _let_hang(city: City, side: Side) -> None:
    """From now on the platforms do what they are asked and never say so."""
    for simulator in city.simulators:
        simulator.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_TIMEOUT, side=side, times=None))


def _is_sending(database: Database, channels: set[str]) -> bool:
    with database.reading() as connection:
        busy = {reply.channel for reply in audit.all_replies(connection) if reply.state is ReplyState.BUSY}
    return busy >= channels


def _wait_until(is_so: Callable[[], bool], patience: float = 120) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it does not come so far"
        time.sleep(0.1)
