"""Telling open pages that something changed: woken by commits in this process, by reading the position of the log for others.

Knows no page. A page that hears of news asks for itself again; what it may see is decided there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from storage import queries
from storage.database import Database
from storage.staff import Account

# How often the log is looked at for what other processes did. Commits of this process are heard at once.
LOOK_SECONDS = 2.0


@dataclass(slots=True, kw_only=True, repr=False)
class Pulse:
    """One per process, shared by every open page. Works only while somebody listens."""

    database: Database
    look_seconds: float = LOOK_SECONDS
    _position: str = ""
    _listeners: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _looker: asyncio.Task[None] | None = None
    _present: dict[int, list[Account]] = field(default_factory=dict)  # by melding, once per open page
    _moves: int = 0  # pages of meldingen that were opened or closed
    _loop: asyncio.AbstractEventLoop = field(init=False)

    def __post_init__(self) -> None:
        self.database.listeners.append(self._hear_commit)

    @contextmanager
    def listening(self, melding_id: int | None, account: Account) -> Iterator[None]:
        """Take part while a page is open; on the page of a melding others see the name of the account."""
        self._listeners += 1
        if self._looker is None or self._looker.done():
            self._loop = asyncio.get_running_loop()
            self._looker = asyncio.ensure_future(self._look())
        if melding_id is not None:
            self._present.setdefault(melding_id, []).append(account)
            self._moves += 1
            self._woken.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if melding_id is not None:
                self._leave(melding_id, account)
            self._woken.set()

    def others(self, melding_id: int, account: Account) -> tuple[str, ...]:
        """The names of the other accounts that have the page of this melding open in this process."""
        present = {other.id: other.display_name for other in self._present.get(melding_id, ()) if other.id != account.id}
        return tuple(sorted(present.values()))

    async def wait(self, seen: str, seconds: float) -> str:
        """The position of the log once it is another than `seen`, or after so many seconds all the same."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self._state() != seen)
        except TimeoutError:
            pass
        return self._state()

    def _state(self) -> str:
        return f"{self._position}/{self._moves}"

    def _leave(self, melding_id: int, account: Account) -> None:
        self._moves += 1
        self._present[melding_id].remove(account)
        if not self._present[melding_id]:
            del self._present[melding_id]

    def _hear_commit(self) -> None:
        """Called in the thread that committed."""
        if self._looker is not None and not self._looker.done():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _look(self) -> None:
        while self._listeners:
            position = await asyncio.to_thread(self._read)
            async with self._news:
                self._position = position
                self._news.notify_all()
            try:
                async with asyncio.timeout(self.look_seconds):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    def _read(self) -> str:
        with self.database.reading() as connection:
            return queries.log_position(connection)
