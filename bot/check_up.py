"""A daily look at every channel: are its tokens and rights right, when does a token end, which posts are gone?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from channels.base import Channel, Checkable, Costed, Finding, RemovalFinder
from routing.errors import ChannelError
from routing.messages import Removal
from routing.sentences import said
from storage.database import Database

EVERY = timedelta(days=1)
LOOKED_UP_PER_DAY = 500  # each look costs money on X
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckUp:
    """`now` is the clock."""

    database: Database
    now: Callable[[], datetime]

    async def is_due(self, channel: Channel) -> bool:
        """Whether there is something to look at, and the last look is a day ago."""
        return isinstance(channel, Checkable) and await asyncio.to_thread(self._is_due, channel.name)

    async def run(self, channel: Channel) -> tuple[Finding, ...]:
        """Look when the last look is a day ago. Returns what was found; empty when it was not time. One process at a time."""
        if not isinstance(channel, Checkable) or not await self.is_due(channel):
            return ()
        findings = await self.look(channel)
        if isinstance(channel, RemovalFinder) and all(finding.is_good for finding in findings):
            await self._look_for_removals(channel.name, channel)
        return findings

    async def look(self, channel: Checkable) -> tuple[Finding, ...]:
        """Look now, and write down when a token ends and what is wrong."""
        findings = await channel.check()
        if isinstance(channel, Costed):
            findings += (await asyncio.to_thread(channel.cost_so_far),)
        await asyncio.to_thread(self._record, channel.name, findings)
        return findings

    async def _look_for_removals(self, name: str, finder: RemovalFinder) -> None:
        """What residents took back is masked within a day, where the platform does not tell it by itself."""
        wanted = await asyncio.to_thread(self._open_posts, name)
        if not wanted:
            return
        try:
            gone = await finder.find_removed(wanted)
        except ChannelError as error:
            _log.warning("could not look for removed posts", channel=name, error=str(error))
        else:
            await asyncio.to_thread(self._take_back, name, gone)

    def _open_posts(self, name: str) -> tuple[str, ...]:
        with self.database.looking() as work:
            return work.inbox.public_of_open_meldingen(name, LOOKED_UP_PER_DAY)

    def _take_back(self, name: str, gone: tuple[Removal, ...]) -> None:
        with self.database.work() as work:
            work.inbox.take_pushed(name, gone, self.now())
            work.commit()

    def _is_due(self, name: str) -> bool:
        with self.database.looking() as work:
            state = work.channels.get(name)
        return state.may_work and (state.checked_at is None or self.now() - state.checked_at >= EVERY)

    def _record(self, name: str, findings: tuple[Finding, ...]) -> None:
        ends = [finding.expires_at for finding in findings if finding.expires_at is not None]
        wrong = "; ".join(finding.text for finding in findings if not finding.is_good)
        with self.database.work() as work:
            work.channels.record_check(name, self.now(), token_expires_at=min(ends, default=None))
            if wrong:
                work.channels.record_error(name, said("bij de controle: %(problem)s", problem=wrong), self.now())
            work.commit()
