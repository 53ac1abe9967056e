"""Numbers that residents are told: never the same for two things, also after a restore.

A backup does not know what was handed out after it was made. So after a restore meldingen go on a good deal further, and so do
the replies of the meldingen that came back: a reply with a number that stands on the platform already would be taken for sent.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from storage.tables import meldingen, replies, restores

SKIPPED_MELDINGEN = 10_000
SKIPPED_REPLIES = 100
_HIGHEST_KEPT = sa.select(sa.func.max(meldingen.c.id))
_HANDED_OUT = sa.select(sa.func.max(restores.c.handed_out))
_HIGHEST = sa.select(_HANDED_OUT.scalar_subquery(), _HIGHEST_KEPT.scalar_subquery())
_MELDING: sa.BindParameter[int] = sa.bindparam("of_melding", type_=sa.BigInteger())
_REPLIES = sa.select(sa.func.count()).select_from(replies).where(replies.c.melding_id == _MELDING)
_RESTORES = sa.select(sa.func.count()).select_from(restores).where(restores.c.kept >= _MELDING)
_REPLIES_COUNTED = sa.select(_REPLIES.scalar_subquery() + SKIPPED_REPLIES * _RESTORES.scalar_subquery())


def skip(connection: sa.Connection, now: datetime) -> None:
    """Note a restore, and number on from where nobody can have been."""
    kept = connection.execute(_HIGHEST_KEPT).scalar_one() or 0
    handed_out = max(kept, connection.execute(_HANDED_OUT).scalar_one() or 0) + SKIPPED_MELDINGEN
    connection.execute(sa.insert(restores).values(at=now, handed_out=handed_out, kept=kept))
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence("meldingen", "id"), handed_out)))


def next_melding(connection: sa.Connection) -> int | None:
    """The number of a new melding; None when the database gives the right one by itself."""
    if connection.dialect.name == "postgresql":
        return None
    handed_out, kept = connection.execute(_HIGHEST).one()
    return None if handed_out is None or handed_out <= (kept or 0) else int(handed_out) + 1


def replies_counted(connection: sa.Connection, melding_id: int) -> int:
    """Up to which number the replies of this melding have been counted."""
    return int(connection.execute(_REPLIES_COUNTED, {"of_melding": melding_id}).scalar_one())
