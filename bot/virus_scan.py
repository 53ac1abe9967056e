"""Asks ClamAV's daemon about a file (INSTREAM over a socket). Only used when an address is configured."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from routing.errors import ConfigError, TemporaryChannelError
from routing.sentences import said

_PIECE = 65536
_SECONDS = 60.0


def is_clean(address: str, file: Path) -> bool:
    """`address` is `unix:/path` or `host:port`. Raises TemporaryChannelError when the daemon gives no verdict."""
    try:
        with _connected(address) as connection, file.open("rb") as content:
            connection.sendall(b"zINSTREAM\0")
            while piece := content.read(_PIECE):
                connection.sendall(struct.pack("!I", len(piece)) + piece)
            connection.sendall(struct.pack("!I", 0))
            answer = connection.recv(4096).rstrip(b"\0").decode("utf-8", "replace")
    except OSError as error:
        raise TemporaryChannelError(
            said("de virusscanner antwoordt niet (%(kind)s); kijk of clamd draait", kind=type(error).__name__)
        ) from None
    if answer.endswith("OK"):
        return True
    if answer.endswith("FOUND"):
        return False
    raise TemporaryChannelError(said("de virusscanner gaf geen oordeel; kijk in het logboek van clamd"))


def _connected(address: str) -> socket.socket:
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_SECONDS)
        connection.connect(address.removeprefix("unix:"))
        return connection
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigError(f"attachments.clamd = {address!r} is geen adres; schrijf unix:/pad of host:poort")
    return socket.create_connection((host, int(port)), timeout=_SECONDS)
