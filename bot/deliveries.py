"""What platforms post to us, kept in as few commits as possible: all who wait when the writer is free go along in one.

A delivery is answered only after the commit that holds it. One that cannot be kept fails alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from bot.metrics import Meters
from routing.errors import StorageUnavailableError
from routing.messages import Item
from storage.database import Database
from storage.points import Commit

TOGETHER = 64
"""The most deliveries of one commit: the last must not wait for all of a storm."""
Part = tuple[str, Callable[[datetime], tuple[Item, ...]]]
"""The name of a channel, and how it reads its items from what was posted."""
_log = structlog.get_logger(__name__)


class Deliveries:
    """Keeps what is posted. One instance per process, used on one event loop; `now` is the clock."""

    def __init__(self, database: Database, now: Callable[[], datetime], meters: Meters | None = None) -> None:
        self._database = database
        self._now = now
        self._meters = meters or Meters()
        self._waiting: list[tuple[Sequence[Part], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, parts: Sequence[Part]) -> None:
        """Keep one delivery, all of its parts or none. Returns after the commit. Idempotent.

        Raises what stood in the way; then nothing of this delivery is kept, and the platform must not be told that it is.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((parts, kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        """One commit after another, until nobody waits."""
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                await self._write_together(taken)
        finally:
            self._writer = None

    async def _write_together(self, taken: Sequence[tuple[Sequence[Part], asyncio.Future[None]]]) -> None:
        problems: Sequence[Exception | None] = await asyncio.to_thread(self._keep_all, [parts for parts, _ in taken])
        for (_, kept), problem in zip(taken, problems, strict=True):
            if kept.done():
                continue  # who asked went away; it is kept all the same
            if problem is None:
                kept.set_result(None)
            else:
                kept.set_exception(problem)

    def _keep_all(self, deliveries: Sequence[Sequence[Part]]) -> Sequence[Exception | None]:
        """For each delivery what stood in the way, or None. When one spoils the commit of all, each gets its own."""
        try:
            self._commit(deliveries)
        except StorageUnavailableError as error:
            return [error] * len(deliveries)
        except Exception as error:  # noqa: BLE001 - whoever posted must hear of it, whatever it is
            if len(deliveries) == 1:
                return [error]
            _log.warning("could not be kept together: each by itself", count=len(deliveries), kind=type(error).__name__)
            return [problem for delivery in deliveries for problem in self._keep_all([delivery])]
        return [None] * len(deliveries)

    def _commit(self, deliveries: Sequence[Sequence[Part]]) -> None:
        now = self._now()
        items: dict[str, list[Item]] = {}
        for parts in deliveries:
            for name, read in parts:
                items.setdefault(name, []).extend(read(now))
        if not any(items.values()):
            return
        with self._database.work(Commit.INTAKE) as work:
            new = {name: work.inbox.take_pushed(name, items[name], now) for name in sorted(items)}
            work.commit()
        for name, count in new.items():
            self._meters.taken_in(name, count)
