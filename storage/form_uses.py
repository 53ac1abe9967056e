"""How often somebody used the web form lately. Keeps keyed digests and moments, never an address, and not for long.

The caller commits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.tables import form_uses

KEPT = timedelta(days=1)


class FormUses:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def count(self, digest: str, *, since: datetime) -> int:
        is_recent = sa.and_(form_uses.c.digest == digest, form_uses.c.at > since)
        query: sa.Select[Any] = sa.select(sa.func.count()).select_from(form_uses).where(is_recent)
        return int(self._connection.execute(query).scalar_one())

    def add(self, digest: str, now: datetime) -> None:
        """Note one use, and forget those older than a day."""
        self._connection.execute(sa.delete(form_uses).where(form_uses.c.at <= now - KEPT))
        self._connection.execute(sa.insert(form_uses).values(digest=digest, at=now))
