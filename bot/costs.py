"""Where channels that cost money write it down: in the database, so that all processes share one budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from channels.base import Channel, Costed
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLedger:
    """Keeps the Ledger contract for one channel. Raises StorageUnavailableError."""

    database: Database
    channel: str

    def charge(self, day: date, items: Iterable[str], cost: int) -> None:
        with self.database.work() as work:
            work.costs.charge(self.channel, day, items, cost)
            work.commit()

    def refund(self, day: date, item: str) -> None:
        with self.database.work() as work:
            work.costs.refund(self.channel, day, item)
            work.commit()

    def spent(self, day: date) -> int:
        with self.database.looking() as work:
            return work.costs.spent(self.channel, day)


def share_costs(channel: Channel, database: Database) -> None:
    """Let a channel that costs money count with all others that work on this database."""
    if isinstance(channel, Costed):
        channel.count_in(DatabaseLedger(database=database, channel=channel.name))
