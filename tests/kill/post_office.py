"""The mail server of the city: it keeps the numbers of what it accepted, and fails now and then at every step."""

from __future__ import annotations

import random
import re

from aiosmtpd.smtp import Envelope

from tests.channels.mail_server import MailServer

_MESSAGE_ID = re.compile(rb"^Message-ID: <(wb-\d{4}-\d{5,})\.(\d+)@", re.MULTILINE | re.IGNORECASE)
_FAULTS = {
    "mail": ("451 later", "cut"),
    "rcpt": ("450 grijze lijst", "421 tot later", "cut"),
    "data": ("452 vol", "421 tot later", "cut", "cut"),  # what is cut here was accepted
}


class PostOffice(MailServer):
    """`tokens` holds the number of the reply in each accepted message (WB-2026-00042/2), as often as it was accepted.

    `fault_rate` is the chance that a message meets a fault; `struck` counts them.
    """

    def __init__(self, *, seed: int) -> None:
        super().__init__()
        self.tokens: list[str] = []
        self.fault_rate, self.struck = 0.0, 0
        self._dice = random.Random(seed)

    def fault_at(self, step: str) -> str:
        if step not in _FAULTS or self._dice.random() >= self.fault_rate / len(_FAULTS):
            return ""
        self.struck += 1
        return self._dice.choice(_FAULTS[step])

    def keep(self, envelope: Envelope, *, is_encrypted: bool) -> None:
        found = _MESSAGE_ID.search(envelope.content if isinstance(envelope.content, bytes) else b"")
        assert found is not None, "an e-mail without the number of its reply"
        self.tokens.append(f"{found[1].decode().upper()}/{found[2].decode()}")
