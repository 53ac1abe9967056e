"""What colleagues did that changes no melding: accounts, rights, looks at contact details, exports. Append-only, hash-chained.

BIO2 8.15: action, object, actor and moment; never a secret or the personal data itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from storage.dialect import one_at_a_time
from storage.event_log import chain_hash
from storage.tables import journal

_LOCK = 7_240_118  # any fixed number: the advisory lock under which lines are added one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    id: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: str


class Journal:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def write(self, actor: str, action: str, what: str, now: datetime, *, detail: str = "") -> None:
        one_at_a_time(self._connection, _LOCK)
        previous = self._connection.execute(sa.select(journal.c.hash).order_by(journal.c.id.desc()).limit(1)).scalar_one_or_none()
        body = {"actor": actor, "action": action, "object": what, "detail": detail}
        digest = chain_hash(previous or "", body | {"at": now.astimezone(UTC).isoformat()})
        self._connection.execute(sa.insert(journal).values(**body, at=now, previous_hash=previous or "", hash=digest))


def newest_lines(connection: sa.Connection, *, limit: int) -> tuple[Line, ...]:
    names = tuple(Line.__dataclass_fields__)
    rows = connection.execute(sa.select(journal).order_by(journal.c.id.desc()).limit(limit))
    return tuple(Line(**{name: row._mapping[name] for name in names}) for row in rows)


def is_journal_whole(connection: sa.Connection) -> bool:
    """Whether no line was changed or taken out. Reads the whole journal."""
    previous = ""
    for row in connection.execute(sa.select(journal).order_by(journal.c.id)):
        body: dict[str, Any] = {name: row._mapping[name] for name in ("actor", "action", "object", "detail")}
        if row.previous_hash != previous or row.hash != chain_hash(previous, body | {"at": row.at.isoformat()}):
            return False
        previous = row.hash
    return True
