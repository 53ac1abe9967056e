"""What only one process may do at a time, such as reading a channel: taken by lease, renewed, given back on stopping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from routing.errors import StaleError, StorageUnavailableError
from storage.database import Database
from storage.leases import Lease


@dataclass(slots=True, kw_only=True)
class Singles:
    """The leases of this process. `holder` names it and no other; a lease is renewed when half of it is over."""

    database: Database
    holder: str
    now: Callable[[], datetime]
    length: timedelta
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
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

    @asynccontextmanager
    async def kept(self, name: str) -> AsyncIterator[Lease | None]:
        """`take`, and renewed until the block ends, however long its work takes. A process that disappears keeps nothing."""
        lease = await asyncio.to_thread(self.take, name)
        if lease is None:
            yield None
            return
        renewing = asyncio.create_task(self._renew(name))
        try:
            yield lease
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def _renew(self, name: str) -> None:
        is_ours = True
        while is_ours:
            await self.pause(self.length.total_seconds() / 4)
            with suppress(StorageUnavailableError, StaleError):  # the next try may do, and the lease may outlast this
                is_ours = await asyncio.to_thread(self.take, name) is not None

    def release(self) -> None:
        """Give everything back, so that another process need not wait."""
        with self.database.work() as work:
            for lease in self._held.values():
                work.leases.release(lease, self.now())
            work.commit()
        self._held.clear()
