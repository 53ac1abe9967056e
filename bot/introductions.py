"""Introduces municipal colleagues in the wijk to the bot, and lets them go. Both are written in the journal."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.passwords import digest
from routing.errors import NotFoundError
from routing.sentences import said
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Introductions:
    """`now` is the clock."""

    database: Database
    now: Callable[[], datetime]

    def invite(self, name: str, *, actor: str) -> str:
        """A new code that this colleague sends to the bot. It leaves here once; the database keeps only its digest."""
        code = secrets.token_urlsafe(12)
        with self.database.work() as work:
            work.colleagues.invite(name, digest(code), actor, self.now())
            work.journal.write(actor, said("collega uitgenodigd"), name, self.now())
            work.commit()
        return code

    def let_go(self, name: str, *, actor: str) -> None:
        """From now on what they write is that of a resident. Raises NotFoundError."""
        with self.database.work() as work:
            if not work.colleagues.remove(name):
                raise NotFoundError(said("er is geen collega '%(name)s'; kijk in de lijst hoe de collega daar heet", name=name))
            work.journal.write(actor, said("collega verwijderd"), name, self.now())
            work.commit()
