"""Who has the page of which melding open, as the processes of the desk tell each other. What is told holds for half a minute.

A process tells all it knows again and again, so nothing here is worth keeping. The caller commits.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.dialect import skipping_locked
from storage.tables import accounts, presence

# How long others believe it, unless it is told again. A process that is killed leaves nobody behind for longer.
HOLDS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What a colleague does on the page of a melding; `what` is a word of bot.web.open_pages."""

    melding_id: int
    account_id: int
    what: str
    name: str = field(repr=False)


class Presence:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def tell(self, process: str, here: Collection[Present], now: datetime) -> None:
        """Replace what this process told before, and sweep what processes left that are gone. Idempotent."""
        self._sweep(now)
        self._connection.execute(sa.delete(presence).where(presence.c.process == process))
        told = {(one.melding_id, one.account_id, one.what) for one in here}
        if told:
            until = now + HOLDS
            columns = ("process", "melding_id", "account_id", "what", "until")
            rows = [dict(zip(columns, (process, *one, until), strict=True)) for one in sorted(told)]
            self._connection.execute(sa.insert(presence), rows)

    def _sweep(self, now: datetime) -> None:
        """Waits for nobody: what another process sweeps at this moment is swept."""
        key = tuple(presence.primary_key.columns)
        over = skipping_locked(self._connection, sa.select(*key).where(~_holds(now)), presence)
        self._connection.execute(sa.delete(presence).where(sa.tuple_(*key).in_(over)))


def told_by_others(connection: sa.Connection, process: str, now: datetime) -> tuple[Present, ...]:
    """What holds of what the other processes told. Who has no account any more is not there."""
    query: sa.Select[Any] = (
        sa.select(presence.c.melding_id, presence.c.account_id, presence.c.what, accounts.c.display_name)
        .join(accounts, sa.and_(accounts.c.id == presence.c.account_id, accounts.c.active))
        .where(presence.c.process != process, _holds(now))
    )
    return tuple(
        Present(melding_id=row.melding_id, account_id=row.account_id, what=row.what, name=row.display_name)
        for row in connection.execute(query)
    )


def _holds(now: datetime) -> sa.ColumnElement[bool]:
    """What ends later than anybody tells it was told before the clock was set back. Clocks may differ by some seconds."""
    return sa.and_(presence.c.until > now, presence.c.until <= now + 2 * HOLDS)
