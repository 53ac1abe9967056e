"""SIGKILL at random moments while residents write: nothing lost, nothing doubled, by the platforms' own logs.

The product runs as a real process (`wijkbalie run`); the simulators live here and survive the kills, and so does their
ground truth.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.simulator.faults import Fault, FaultKind, Side
from storage import audit
from storage.database import Database
from storage.migrate import upgrade
from storage.outbox import ReplyState
from tests.kill.city import City

KILLS = 50
SEED = 20261124
TOKEN = re.compile(r"WB-\d{4}-\d{5,}/\d+")
SETTLE_SECONDS = 90
# What a platform does now and then. Telegram cannot be read back: what is uncertain there must end before staff.
FAULTS = (FaultKind.RATE_LIMITED, FaultKind.ACCEPT_THEN_RESET, FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR)


class Product:
    """The product as a process that can be killed and started again."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "bot", "run", "--config", str(self._config)]
            self._process = subprocess.Popen(command, stderr=log, stdout=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, f"the product stopped by itself:\n{self.log_tail()}"
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def log_tail(self) -> str:
        return self._log.read_text()[-3000:]

    def stop(self) -> int:
        """Ask it to stop, as a service manager does. Returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=20)


@pytest.fixture
def city() -> Iterator[City]:
    with City(seed=SEED) as city:
        yield city


@pytest.mark.timeout(600)
def test_fifty_kills_lose_nothing_and_double_nothing(database_url: str, city: City, tmp_path: Path) -> None:
    database = Database.open(database_url)
    upgrade(database.engine)
    config = tmp_path / "config.toml"
    config.write_text(city.config(database_url), encoding="utf-8")
    product, dice = Product(config, tmp_path / "log"), random.Random(SEED)
    for simulator in city.simulators:
        for kind in FAULTS:
            simulator.faults.add(Fault(kind=kind, side=Side.WRITE, times=None, probability=0.03))
    for _ in range(KILLS):
        product.start()
        moment = time.monotonic() + dice.uniform(0.2, 3.5)
        while time.monotonic() < moment:
            city.somebody_writes()
            time.sleep(dice.uniform(0.05, 0.4))
        product.kill()
    for simulator in city.simulators:
        simulator.faults.clear()
    product.start()
    wait_until_quiet(database, city)
    assert product.stop() == 0

    with database.reading() as connection:
        messages, replies = audit.all_messages(connection), audit.all_replies(connection)
        meldingen = audit.all_meldingen(connection)
    lost = city.written - {(message.channel, message.external_id) for message in messages}
    of_melding = Counter(message.melding_id for message in messages)
    taken_twice = [melding.id for melding in meldingen if of_melding[melding.id] != 1]  # each resident wrote once
    posts = Counter(token for simulator in city.simulators for post in simulator.posted for token in TOKEN.findall(post.text))
    doubled = {token: count for token, count in posts.items() if count > 1}
    never_posted = [reply for reply in replies if reply.state is ReplyState.SENT and posts[reply.token] != 1]
    unsettled = [reply for reply in replies if reply.state in {ReplyState.READY, ReplyState.BUSY}]
    uncertain = [reply for reply in replies if reply.state is ReplyState.UNCERTAIN]
    print(
        f"kills {KILLS}, messages {len(city.written)}, lost {len(lost)}, doubled {len(taken_twice)}, "
        f"replies {len(replies)}, replies lost {len(never_posted) + len(unsettled)}, "
        f"replies doubled {len(doubled)}, uncertain {len(uncertain)}"
    )
    assert lost == set()
    assert taken_twice == []
    assert doubled == {}
    assert never_posted == []
    assert unsettled == []
    assert {reply.channel for reply in uncertain} <= {"telegram"}
    assert set(posts) <= {reply.token for reply in replies}
    assert len(city.written) > KILLS
    database.close()


def wait_until_quiet(database: Database, city: City) -> None:
    """Until every message is taken in and handled, and every reply that can be settled is."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with database.reading() as connection:
            messages, replies = audit.all_messages(connection), audit.all_replies(connection)
        taken = {(message.channel, message.external_id) for message in messages if message.state != "wacht"}
        busy = [r for r in replies if r.state in {ReplyState.READY, ReplyState.BUSY}]
        looking = [r for r in replies if r.state is ReplyState.UNCERTAIN and r.channel != "telegram"]
        if city.written <= taken and not busy and not looking:
            return
        time.sleep(0.5)
