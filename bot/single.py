"""What only one process may do at a time, such as reading a channel: taken by lease, renewed, given back on stopping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.database import Database
from storage.leases import Lease


@dataclass(slots=True, kw_only=True)
class Singles:
    """The leases of this process. `holder` names it and no other; a lease is renewed when half of it is over."""

    database: Database
    holder: str
    now: Callable[[], datetime]
    length: timedelta
    _held: dict[str, Lease] = field(default_factory=dict)

    def take(self, name: str) -> Lease | None:
        """The lease when it is ours, now or still; None when another process has it."""
        now, held = self.now(), self._held.get(name)
        if held is not None and self.length / 2 <= held.until - now <= self.length:
            return held
        with self.database.work() as work:
            lease = work.leases.take(name, self.holder, now, self.length)
            if lease is not None:
                work.commit()
        if lease is None:
            self._held.pop(name, None)
        else:
            self._held[name] = lease
        return lease

    def release(self) -> None:
        """Give everything back, so that another process need not wait."""
        with self.database.work() as work:
            for lease in self._held.values():
                work.leases.release(lease, self.now())
            work.commit()
        self._held.clear()
