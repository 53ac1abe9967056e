"""Numbers that residents are told: never the same for two things, also after a restore.

A backup does not know what was handed out after it was made. So after a restore meldingen go on a good deal further, and so do
the replies of the meldingen that came back: a reply with a number that stands on the platform already would be taken for sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.tables import meldingen, restores

SKIPPED_MELDINGEN = 10_000
SKIPPED_REPLIES = 100


def skip(connection: sa.Connection, now: datetime) -> None:
    """Note a restore, and number on from where nobody can have been."""
    kept = _number(connection, sa.select(sa.func.max(meldingen.c.id)))
    handed_out = max(kept, _number(connection, sa.select(sa.func.max(restores.c.handed_out)))) + SKIPPED_MELDINGEN
    connection.execute(sa.insert(restores).values(at=now, handed_out=handed_out, kept=kept))
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence("meldingen", "id"), handed_out)))


def next_melding(connection: sa.Connection) -> int | None:
    """The number of a new melding; None when the database gives the right one by itself."""
    if connection.dialect.name == "postgresql":
        return None
    handed_out = _number(connection, sa.select(sa.func.max(restores.c.handed_out)))
    return handed_out + 1 if handed_out > _number(connection, sa.select(sa.func.max(meldingen.c.id))) else None


def replies_skipped(connection: sa.Connection, melding_id: int) -> int:
    """By how much the numbers of the replies of this melding are further than there are replies."""
    count: sa.Select[Any] = sa.select(sa.func.count()).where(restores.c.kept >= melding_id)
    return SKIPPED_REPLIES * _number(connection, count)


def _number(connection: sa.Connection, query: sa.Select[Any]) -> int:
    return int(connection.execute(query).scalar_one() or 0)
