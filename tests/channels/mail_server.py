"""A real SMTP server on loopback (aiosmtpd) with faults at every step of the dialogue."""

from __future__ import annotations

import socket
import ssl
import struct
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CERTIFICATE = Path(__file__).parent / "loopback.pem"
"""Self-signed, for 127.0.0.1 and no other server, with its key. It protects nothing: it is good on loopback only."""


def serving_tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


class MailServer:
    """Keeps what it accepted. `faults` names a step and what happens there: an answer such as "451 later", or "cut".

    `was_encrypted` tells it for each accepted message.
    """

    def __init__(self, **options: Any) -> None:
        self.accepted: list[tuple[Envelope, EmailMessage]] = []
        self.was_encrypted: list[bool] = []
        self.faults: dict[str, str] = {}
        self._controller = Controller(_Handler(self), hostname="127.0.0.1", port=0, **options)

    @property
    def port(self) -> int:
        assert self._controller.server is not None
        return int(self._controller.server.sockets[0].getsockname()[1])

    def fault_at(self, step: str) -> str:
        """What goes wrong at this step of this dialogue; empty for nothing."""
        return self.faults.get(step, "")

    def keep(self, envelope: Envelope, *, is_encrypted: bool) -> None:
        assert isinstance(envelope.content, bytes)
        self.accepted.append((envelope, message_from_bytes(envelope.content, policy=default)))
        self.was_encrypted.append(is_encrypted)

    def __enter__(self) -> Self:
        self._controller.port = free_port()
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class _Handler:
    """The hooks of aiosmtpd, one per step."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802 - the hook's own name and signature
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._answer(smtp, self._server.fault_at("mail"), "250 OK")

    async def handle_RCPT(  # noqa: N802 - the hook's own name and signature
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return self._answer(smtp, self._server.fault_at("rcpt"), "250 OK")

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the hook's name
        fault = self._server.fault_at("data")
        if fault in {"", "cut"}:
            self._server.keep(envelope, is_encrypted=session.ssl is not None)
        return self._answer(smtp, fault, "250 Message accepted for delivery")

    def _answer(self, smtp: SMTP, fault: str, otherwise: str) -> str:
        if fault != "cut":
            return fault or otherwise
        assert smtp.transport is not None
        smtp.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        smtp.transport.abort()
        return otherwise


def only(username: str, password: str) -> Any:
    """An authenticator for one account."""

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
        is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (username.encode(), password.encode())
        return AuthResult(success=is_right, handled=is_right)

    return authenticate


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
