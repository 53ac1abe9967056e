"""The guard of `conftest.py` itself: a test that wants to leave this machine fails, and says where it wanted to go."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import OutsideLoopbackError


@pytest.mark.parametrize("host", ["192.0.2.1", "api.telegram.org", "2001:db8::1", "0.0.0.0"])
def test_a_connection_to_elsewhere_is_refused(host: str) -> None:
    with pytest.raises(OutsideLoopbackError, match=host), socket.socket() as outside:
        outside.connect((host, 443))


def test_looking_up_a_name_elsewhere_is_refused() -> None:
    with pytest.raises(OutsideLoopbackError, match="example"):
        socket.getaddrinfo("example.org", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
