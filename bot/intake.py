"""Step one of a message's way: fetch from a channel and keep everything, with the cursor, in one transaction.

Judges nothing and answers nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.metrics import Meters
from bot.quiet import QuietChannels
from channels.base import Channel
from routing.errors import ChannelAuthError, TemporaryChannelError
from routing.messages import Page
from storage.database import Database
from storage.leases import Lease
from storage.points import Commit

MAX_PAGES_PER_RUN = 20
_log = structlog.get_logger(__name__)


class Intake:
    """Fetches every channel. One instance per process; `now` is the clock."""

    def __init__(self, database: Database, now: Callable[[], datetime], meters: Meters | None = None) -> None:
        self._database = database
        self._now = now
        self._meters = meters or Meters()
        self._quiet = QuietChannels()

    async def fetch(self, channel: Channel, lease: Lease | None = None) -> int:
        """Take in what the channel has now. Returns how many messages were new. Idempotent: a repeat finds nothing new.

        A channel that is paused (authorisation), stopped by a colleague or told us to wait is left alone. A failure is
        recorded with the channel, never raised: the other channels go on. A page is kept only while `lease` is held: who was
        overtaken leaves it to the process that reads this channel now.
        """
        if self._quiet.is_quiet(channel.name, self._now()):
            return 0
        if not await asyncio.to_thread(self._may_work, channel.name):
            return 0
        new = 0
        for _ in range(MAX_PAGES_PER_RUN):
            page = await self._fetch_page(channel)
            if page is None:
                break
            kept = await asyncio.to_thread(self._keep, channel.name, page, lease)
            if kept is None:
                break
            new += kept
            if page.again_after is not None:
                self._quiet.leave_alone(channel.name, self._now(), page.again_after)
            if not page.more:
                break
        return new

    async def _fetch_page(self, channel: Channel) -> Page | None:
        cursor = await asyncio.to_thread(self._cursor, channel.name)
        try:
            return await channel.fetch(cursor)
        except TemporaryChannelError as error:
            self._quiet.leave_alone(channel.name, self._now(), error.retry_after or timedelta())
            self._meters.fetch_failed(channel.name, error)
            await asyncio.to_thread(self._record, channel.name, str(error), is_authorisation=False)
        except ChannelAuthError as error:
            self._meters.fetch_failed(channel.name, error)
            await asyncio.to_thread(self._record, channel.name, str(error), is_authorisation=True)
        return None

    def _may_work(self, name: str) -> bool:
        with self._database.looking() as work:
            return work.channels.get(name).may_work

    def _cursor(self, name: str) -> str | None:
        with self._database.looking() as work:
            return work.inbox.cursor(name)

    def _keep(self, name: str, page: Page, lease: Lease | None) -> int | None:
        with self._database.work(Commit.INTAKE) as work:
            if lease is not None and not work.leases.is_held(lease):
                _log.warning("overtaken while fetching", channel=name)
                return None
            new = work.inbox.take_in(name, page, self._now())
            if page.problem:
                work.channels.record_error(name, page.problem, self._now())
            work.commit()
        if new:
            self._meters.taken_in(name, new)
            _log.info("taken in", channel=name, new=new)
        return new

    def _record(self, name: str, error: str, *, is_authorisation: bool) -> None:
        _log.warning("channel error", channel=name, error=error)
        with self._database.work() as work:
            note = work.channels.record_refusal if is_authorisation else work.channels.record_error
            note(name, error, self._now())
            work.commit()
