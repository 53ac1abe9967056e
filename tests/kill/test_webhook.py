"""SIGKILL while many deliveries are committed together: what was answered with 200 is kept, and nothing is there twice."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from channels.simulator.telegram import TelegramSimulator
from storage import audit
from storage.database import Database
from storage.migrate import upgrade
from storage.points import Commit, after, before
from tests.kill.process import Clock, Product

SECRET = "geheim"
CLIENTS, DELIVERIES = 16, 96
STEADY = Clock(offsets=(0.0,))


@pytest.mark.timeout(600)
def test_what_was_answered_with_200_outlives_a_kill(database_url: str, tmp_path: Path) -> None:
    port, config = free_port(), tmp_path / "config.toml"
    database = Database.open(database_url)
    upgrade(database.engine)
    wanted = {f"{number}:1" for number in range(1, DELIVERIES + 1)}
    answered: set[str] = set()
    with TelegramSimulator() as telegram:
        config.write_text(settings(database_url, telegram, port), encoding="utf-8")
        with Product(config, tmp_path / "log") as product:
            for point in (after(Commit.INTAKE), before(Commit.INTAKE)):
                product.start(STEADY, die_at=point, times=2)
                wait_until(lambda: is_listening(port))
                answered |= deliver(port, telegram, wanted - answered)
                wait_until(lambda: product.is_dead)
                assert answered <= set(kept(database)), "answered with 200 and lost"
            assert answered < wanted
            product.start(STEADY)
            wait_until(lambda: is_listening(port))
            assert deliver(port, telegram, wanted) == wanted, "a platform also delivers again what was answered"
            product.stop()
    assert kept(database) == Counter(wanted)
    database.close()


def deliver(port: int, telegram: TelegramSimulator, ids: set[str]) -> set[str]:
    """Post them with many clients at once. Returns which were answered with 200."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = clients.map(lambda name: (name, _is_taken(port, telegram, name)), sorted(ids))
        return {name for name, is_taken in answers if is_taken}


def _is_taken(port: int, telegram: TelegramSimulator, name: str) -> bool:
    number = int(name.partition(":")[0])
    chat = {"id": number, "type": "private"}
    message = {
        "message_id": 1,
        "chat": chat,
        "from": {"id": number, "first_name": "Noor", "is_bot": False},
        "date": int(telegram.clock().timestamp()),
        "text": "de lamp is stuk",
    }
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{port}/webhooks/telegram",
            content=json.dumps({"update_id": number, "message": message}),
            headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
            timeout=30,
        )
    except httpx.TransportError:
        return False
    return answer.status_code == 200


def kept(database: Database) -> Counter[str]:
    with database.reading() as connection:
        return Counter(message.external_id for message in audit.all_messages(connection))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so: Callable[[], bool], patience: float = 120) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it does not come so far"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(database_url: str, telegram: TelegramSimulator, port: int) -> str:
    return f"""
[office]
name = "wijkbureau Binnenstad"
[office_hours]
monday = ["09:00", "17:00"]
[database]
url = "{database_url}"
[web]
port = {port}
secure_cookie = false
[logging]
form = "console"
[channels.telegram]
enabled = true
token = "{telegram.token}"
base_url = "{telegram.url}"
webhook_url = "https://balie.example/webhooks/telegram"
webhook_secret = "{SECRET}"
"""
