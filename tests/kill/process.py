"""A process of the product that can be started, killed and stopped, over and over."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 600.0  # a busy machine loads the model slowly


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """By how many seconds the clock of a life is off: it jumps from one to another, by a seed."""

    offsets: tuple[float, ...]
    seed: int = 0


class Product:
    """Starts lives of the product (tests.kill.product) one after another. Any end but SIGKILL or a stop is a failure."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self._log = config, log
        self._unread = b""
        self._child: int | None = None
        self._is_ready = False
        self._code: int | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.kill.product", str(self._config)]
        with self._log.open("ab") as log:
            self._mother = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.killpg(self._mother.pid, signal.SIGKILL)  # and whatever life it was giving birth to
        for pipe in (self._mother.stdin, self._mother.stdout):
            if pipe is not None:
                pipe.close()
        self._mother.wait()

    def start(self, clock: Clock, *, die_at: str = "", times: int = 1) -> None:
        """Begin a life that dies the `times`-th time it passes `die_at` ('' never)."""
        assert self._mother.stdin is not None
        self._child, self._is_ready, self._code = None, False, None
        order = {"die_at": die_at, "times": times, "clock": asdict(clock)}
        self._mother.stdin.write(json.dumps(order).encode() + b"\n")
        self._mother.stdin.flush()

    def await_ready(self) -> None:
        """Until it runs, or has died before it did."""
        self._listen_until(lambda: self._is_ready or self.is_dead)

    @property
    def is_dead(self) -> bool:
        """Whether this life ended by SIGKILL. Any other end is told with the end of the log."""
        self._listen(0)
        assert self._code in (None, -signal.SIGKILL), f"it stopped by itself with {self._code}:\n{self.log_tail()}"
        return self._code is not None

    def kill(self) -> None:
        self._listen_until(lambda: self._child is not None)
        if self._code is None and self._child is not None:
            os.kill(self._child, signal.SIGKILL)
        self._listen_until(lambda: self.is_dead)

    def stop(self) -> float:
        """Ask it to stop, as a service manager does. Returns how many seconds that took; a bad end is told with the log."""
        self.await_ready()
        assert self._child is not None
        started = time.monotonic()
        os.kill(self._child, signal.SIGTERM)
        self._listen_until(lambda: self._code is not None)
        assert self._code == 0, f"a graceful stop ended with {self._code}:\n{self.log_tail()}"
        return time.monotonic() - started

    def _listen_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, f"it does not answer:\n{self.log_tail()}"
            self._listen(0.1)

    def _listen(self, seconds: float) -> None:
        assert self._mother.stdout is not None
        while select.select([self._mother.stdout], [], [], seconds)[0]:
            heard = os.read(self._mother.stdout.fileno(), 4096)
            assert heard, f"it could not start:\n{self.log_tail()}"
            *lines, self._unread = (self._unread + heard).split(b"\n")
            for line in lines:
                self._hear(*line.decode().split())
            seconds = 0

    def _hear(self, word: str, number: str = "") -> None:
        if word == "born":
            self._child = int(number)
        elif word == "ready":
            self._is_ready = True
        elif word == "dead":
            self._code = int(number)

    def log_tail(self) -> str:
        return self._log.read_text(encoding="utf-8")[-3000:]
