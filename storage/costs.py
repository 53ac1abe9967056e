"""What channels cost, counted for all processes together: each item once a day. The caller commits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from storage.dialect import ensure_rows
from storage.tables import channel_costs


class Costs:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def charge(self, channel: str, day: date, items: Iterable[str], cost: int) -> None:
        """Note what each of these items costs, in thousandths of a dollar; one that was noted this day costs nothing more.

        Forgets what is from before this month. Idempotent.
        """
        is_over = sa.and_(channel_costs.c.channel == channel, channel_costs.c.day < _first_of_month(day))
        self._connection.execute(sa.delete(channel_costs).where(is_over))
        # In one order, so that two processes that charge the same items do not wait for each other.
        rows = [{"channel": channel, "day": day.isoformat(), "item": item, "cost": cost} for item in sorted(set(items))]
        if rows:
            ensure_rows(self._connection, channel_costs, rows)

    def refund(self, channel: str, day: date, item: str) -> None:
        key = (channel_costs.c.channel == channel, channel_costs.c.day == day.isoformat(), channel_costs.c.item == item)
        self._connection.execute(sa.delete(channel_costs).where(*key))

    def spent(self, channel: str, day: date) -> int:
        """Thousandths of a dollar in the month of this day."""
        total = sa.func.coalesce(sa.func.sum(channel_costs.c.cost), 0)
        is_this_month = sa.and_(channel_costs.c.channel == channel, channel_costs.c.day >= _first_of_month(day))
        return int(self._connection.execute(sa.select(total).where(is_this_month)).scalar_one())


def _first_of_month(day: date) -> str:
    return day.replace(day=1).isoformat()
