"""Links by which melders follow their melding. Only a digest of each link is kept: the database cannot open a page."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.tables import follow_links, melders, message_links, messages

_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The melding that a link leads to; None as long as its message was not judged. `language` is the melder's, if known."""

    melding_id: int | None
    language: str


def new_token() -> str:
    """192 random bits: nobody guesses a link."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


class Follow:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, melder_id: int, token: str, now: datetime, *, until: datetime) -> None:
        """Keep the digest of a link that was put in a message."""
        values = {"token_hash": _digest(token), "melder_id": melder_id, "created_at": now, "expires_at": until}
        self._connection.execute(sa.insert(follow_links).values(values))

    def add_to_message(self, message_id: int, token: str, now: datetime, *, until: datetime) -> None:
        """Keep the digest of a link that was shown to who wrote this message, whoever that is."""
        values = {"token_hash": _digest(token), "message_id": message_id, "created_at": now, "expires_at": until}
        self._connection.execute(sa.insert(message_links).values(values))

    def find(self, token: str, now: datetime) -> Followed | None:
        """Whose link this is; None for an unknown and for an expired one alike."""
        of_melder = (
            sa.select(melders.c.melding_id, melders.c.language)
            .join(follow_links, follow_links.c.melder_id == melders.c.id)
            .where(follow_links.c.token_hash == _digest(token), follow_links.c.expires_at > now)
        )
        of_message = (
            sa.select(messages.c.melding_id, sa.literal("").label("language"))
            .join(message_links, message_links.c.message_id == messages.c.id)
            .where(message_links.c.token_hash == _digest(token), message_links.c.expires_at > now)
        )
        row = self._connection.execute(of_melder.union_all(of_message)).one_or_none()
        return None if row is None else Followed(melding_id=row.melding_id, language=row.language)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
