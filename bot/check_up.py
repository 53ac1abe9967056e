"""A daily look at every channel: are its tokens, rights and addresses right, and when does a token end?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.base import Channel, Checkable, Finding
from storage.database import Database

EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckUp:
    """`now` is the clock."""

    database: Database
    now: Callable[[], datetime]

    async def run(self, channel: Channel) -> tuple[Finding, ...]:
        """Look when the last look is a day ago. Returns what was found; empty when it was not time."""
        if not isinstance(channel, Checkable) or not await asyncio.to_thread(self._is_due, channel.name):
            return ()
        return await self.look(channel)

    async def look(self, channel: Checkable) -> tuple[Finding, ...]:
        """Look now, and write down when a token ends and what is wrong."""
        findings = await channel.check()
        await asyncio.to_thread(self._record, channel.name, findings)
        return findings

    def _is_due(self, name: str) -> bool:
        with self.database.work() as work:
            state = work.channels.get(name)
        return state.may_work and (state.checked_at is None or self.now() - state.checked_at >= EVERY)

    def _record(self, name: str, findings: tuple[Finding, ...]) -> None:
        ends = [finding.expires_at for finding in findings if finding.expires_at is not None]
        wrong = "; ".join(finding.text for finding in findings if not finding.is_good)
        with self.database.work() as work:
            work.channels.record_check(name, self.now(), token_expires_at=min(ends, default=None))
            if wrong:
                work.channels.record_error(name, f"bij de controle: {wrong}", self.now())
            work.commit()
