"""The product as offices run it: `wijkbalie run` in a process of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
PAGE_ID, PAGE_TOKEN, APP_SECRET = "104001200300400", "bench-page-token", "bench-app-secret"
_PATIENCE = 180.0  # a busy machine loads the model slowly


class Product:
    """Ready when entered, stopped as a service manager does when left. `url` is the database, `platform` Meta's address."""

    def __init__(
        self, folder: Path, url: str, platform: str, *, role: str = "all", channels: Sequence[str] = ("messenger",)
    ) -> None:
        self.port = free_port()
        self._log = folder / f"product-{self.port}.log"
        config = folder / f"product-{self.port}.toml"
        tables = "".join(_channel(name, platform) for name in channels)
        config.write_text(_settings(url, self.port, tables), encoding="utf-8")
        self._command = [sys.executable, "-m", "bot", "run", "--config", str(config), "--role", role]

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)  # noqa: S603 - our own command
        try:
            until(self._is_ready, "the product does not get ready")
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(_PATIENCE)
        if code != 0 and kind is None:
            raise RuntimeError(f"the product ended with {code}: {self._told()}")

    @property
    def megabytes(self) -> float:
        """What it holds in memory now."""
        return resident_megabytes(self._process.pid)

    @property
    def most_megabytes(self) -> float:
        """What it held in memory when that was most, from its start."""
        return resident_megabytes(self._process.pid, "VmHWM")

    @property
    def seconds_at_work(self) -> float:
        """How long it had a core, from its start."""
        ticks = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
        return sum(int(number) for number in ticks) / os.sysconf("SC_CLK_TCK")

    def shows(self, path: str) -> None:
        """Somebody opens a page."""
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=30)) as connection:
            connection.request("GET", path)
            connection.getresponse().read()

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the product could not start: {self._told()}")
        return is_answering(self.port, "/health/ready")

    def _told(self) -> str:
        return self._log.read_text(encoding="utf-8")[-2000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_answering(port: int, path: str) -> bool:
    try:
        with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status == 200
    except OSError:
        return False


def resident_megabytes(pid: int, line: str = "VmRSS") -> float:
    """Now, or with VmHWM when it was most."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(words.split()[1]) / 1024 for words in status.splitlines() if words.startswith(f"{line}:"))


def until(is_so: Callable[[], bool], problem: str, every: float = 0.05) -> None:
    """Wait, looking `every` so many seconds. Raises TimeoutError that tells the problem."""
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(problem)
        time.sleep(every)


def _settings(url: str, port: int, channels: str) -> str:
    """Webhooks, no pause between posts and no quiet hours; nothing is polled while it is measured."""
    days = "\n".join(
        f'{day} = ["00:00", "23:59"]' for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    )
    return f"""
[office]
name = "wijkbureau Binnenstad"
[database]
url = "{url}"
[web]
port = {port}
secure_cookie = false
[rhythm]
fetch_seconds = 86400
[guards]
quiet_from = "00:00"
quiet_until = "00:00"
[office_hours]
{days}
[logging]
level = "error"
form = "console"
{channels}"""


def _channel(name: str, platform: str) -> str:
    return f"""
[channels.{name}]
enabled = true
page_id = "{PAGE_ID}"
page_token = "{PAGE_TOKEN}"
app_secret = "{APP_SECRET}"
base_url = "{platform}"
min_interval = 0
min_interval_per_thread = 0
"""
