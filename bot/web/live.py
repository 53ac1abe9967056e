"""Telling open pages that something changed: woken by commits in this process, by reading the position of the log for others.

Knows no page. A page that hears of news asks for itself again; what it may see is decided there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from storage import queries
from storage.database import Database

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
    _present: dict[int, Counter[str]] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(init=False)

    def __post_init__(self) -> None:
        self.database.listeners.append(self._hear_commit)

    @contextmanager
    def listening(self, melding_id: int | None, name: str) -> Iterator[None]:
        """Take part while a page is open; on the page of a melding others see the name."""
        self._listeners += 1
        if self._looker is None or self._looker.done():
            self._loop = asyncio.get_running_loop()
            self._looker = asyncio.ensure_future(self._look())
        if melding_id is not None:
            self._present.setdefault(melding_id, Counter())[name] += 1
            self._woken.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if melding_id is not None:
                self._leave(melding_id, name)
            self._woken.set()

    def others(self, melding_id: int, name: str) -> tuple[str, ...]:
        """Who else has the page of this melding open in this process."""
        return tuple(sorted(other for other in self._present.get(melding_id, ()) if other != name))

    async def wait(self, seen: str, seconds: float) -> str:
        """The position of the log once it is another than `seen`, or after so many seconds all the same."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self._state() != seen)
        except TimeoutError:
            pass
        return self._state()

    def _state(self) -> str:
        return f"{self._position}/{sum(sum(names.values()) for names in self._present.values())}"

    def _leave(self, melding_id: int, name: str) -> None:
        names = self._present[melding_id]
        names[name] -= 1
        if names[name] <= 0:
            del names[name]
        if not names:
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
