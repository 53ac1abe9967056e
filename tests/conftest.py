"""For every test: no socket leaves this machine, and the Telegram SDK is told which of its two ways to use."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

os.environ["PTB_TIMEDELTA"] = "1"  # before the SDK is imported: without it RetryAfter warns, and warnings are errors here


class OutsideLoopbackError(RuntimeError):
    """A test wanted to leave the machine. No OSError: code that handles those must not hide it."""


def pytest_configure(config: pytest.Config) -> None:
    # channels/telegram_api.py takes updates raw on purpose, and says so once; pytest starts each test with fresh filters.
    config.addinivalue_line("filterwarnings", r"ignore:Please use 'Bot\.:UserWarning")


def is_local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def refuse_outside(address: Any) -> None:
    """A UNIX socket has a path for an address and stays on the machine."""
    if isinstance(address, tuple) and not is_local(address[0]):
        raise OutsideLoopbackError(f"this test wants to reach {address[0]!r}; tests stay on loopback")


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

        def guarded_connect(self: socket.socket, address: Any) -> None:
            refuse_outside(address)
            connect(self, address)

        def guarded_connect_ex(self: socket.socket, address: Any) -> int:
            refuse_outside(address)
            return connect_ex(self, address)

        def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
            refuse_outside((host,))
            return look_up(host, *args, **kwargs)

        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield
