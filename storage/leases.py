"""Who of many processes does what only one may do at a time: a lease with an end, and a fence that grows with every new holder.

A holder that was away too long finds its fence outgrown, and what it did meanwhile is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease that was taken; `fence` is its number in the line of holders."""

    name: str
    holder: str
    fence: int
    until: datetime


class Leases:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, length: timedelta) -> Lease | None:
        """Take or keep the lease until `now + length`. None when somebody else has it.

        A lease that ends later than anybody takes one was taken before the clock was set back: it does not count.
        """
        is_mine = leases.c.holder == holder
        is_free = sa.or_(is_mine, leases.c.until <= now, leases.c.until > now + 2 * length)
        fence = sa.case((is_mine, leases.c.fence), else_=leases.c.fence + 1)
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        until = now + length
        first = insert(leases).values(name=name, holder=holder, fence=1, until=until)
        changes = {"holder": holder, "fence": fence, "until": until}
        statement = first.on_conflict_do_update(index_elements=["name"], set_=changes, where=is_free)
        number = self._connection.execute(statement.returning(leases.c.fence)).scalar_one_or_none()
        return None if number is None else Lease(name=name, holder=holder, fence=number, until=until)

    def is_held(self, lease: Lease) -> bool:
        """Whether nobody took the lease over, and nobody can until this transaction ends."""
        query = sa.select(leases.c.fence).where(leases.c.name == lease.name).with_for_update()
        return self._connection.execute(query).scalar_one_or_none() == lease.fence

    def release(self, lease: Lease, now: datetime) -> None:
        is_ours = sa.and_(leases.c.name == lease.name, leases.c.fence == lease.fence)
        self._connection.execute(sa.update(leases).where(is_ours).values(until=now))
