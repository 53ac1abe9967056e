"""Telling open pages that something changed: woken by commits in this process, by reading the database for what others did.

Knows no page and no text. A page that hears of news asks for itself again; what it may see is decided there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex

from bot.web.open_pages import LOOKS, Box, OpenPages
from routing.errors import StaleError, StorageUnavailableError
from storage import queries
from storage.database import Database
from storage.presence import Present, told_by_others
from storage.staff import Account

# How often this process looks at what others did, and tells them who is here. Commits of this process are heard at once.
LOOK_SECONDS = 2.0
# How long a process that stops waits to tell the others that nobody is here any more.
_GOODBYE_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class News:
    """What one page is told: the position of the log, and on the page of a melding the names of other colleagues there."""

    position: str
    looking: tuple[str, ...] = ()
    answering: tuple[str, ...] = ()
    noting: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, repr=False)
class Pulse:
    """One per process, shared by every open page. Works only while somebody listens. `now` is the clock.

    While the database is away, pages hear only of colleagues in this process.
    """

    database: Database
    now: Callable[[], datetime]
    look_seconds: float = LOOK_SECONDS
    process: str = field(default_factory=lambda: token_hex(8))
    _position: str = ""
    _listeners: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _looker: asyncio.Task[None] | None = None
    _teller: asyncio.Task[None] | None = None
    _pages: OpenPages = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)

    def __post_init__(self) -> None:
        self._pages = OpenPages(now=self.now)
        self.database.listeners.append(self._hear_commit)

    @contextmanager
    def listening(self, melding_id: int | None, account: Account) -> Iterator[None]:
        """Take part while a page is open; on the page of a melding others see the name of the account."""
        self._listeners += 1
        if self._looker is None or self._looker.done():
            self._loop = asyncio.get_running_loop()
            self._looker = asyncio.ensure_future(self._look())
        if melding_id is not None:
            self._pages.come(melding_id, account)
            self._begin_telling()
            self._woken.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if melding_id is not None:
                self._pages.leave(melding_id, account)
            self._woken.set()

    def hear_typing(self, melding_id: int, account: Account, box: Box) -> None:
        """Somebody typed just now. Counts for who has the page of this melding open, in whatever process."""
        if self._pages.hear_typing(melding_id, account, box):
            self._begin_telling()
            self._woken.set()

    async def wait(self, melding_id: int | None, account: Account, seen: News | None, seconds: float) -> News:
        """The news of this page once it is other than `seen`, or after so many seconds all the same."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self.news(melding_id, account) != seen)
        except TimeoutError:
            pass
        return self.news(melding_id, account)

    def news(self, melding_id: int | None, account: Account) -> News:
        """What a page of this account is told now."""
        if melding_id is None:
            return News(position=self._position)
        return News(
            position=self._position,
            looking=self._pages.others(melding_id, account, LOOKS),
            answering=self._pages.others(melding_id, account, Box.ANSWER),
            noting=self._pages.others(melding_id, account, Box.NOTE),
        )

    async def rest(self, seconds: float = _GOODBYE_SECONDS) -> None:
        """When the pages are closed: until other processes were told, at most so long. What is not told is over by itself."""
        working = [task for task in (self._looker, self._teller) if task is not None]
        if working:
            await asyncio.wait(working, timeout=seconds)

    def _hear_commit(self) -> None:
        """Called in the thread that committed."""
        if self._looker is not None and not self._looker.done():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _look(self) -> None:
        while self._listeners:
            position, others = await asyncio.to_thread(self._read)
            async with self._news:
                self._position = position
                self._pages.hear(others)
                self._news.notify_all()
            try:
                async with asyncio.timeout(self.look_seconds):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    def _read(self) -> tuple[str, tuple[Present, ...]]:
        try:
            with self.database.reading() as connection:
                position = queries.log_position(connection)
                is_asked = self._pages.are_open
                return position, told_by_others(connection, self.process, self.now()) if is_asked else ()
        except StorageUnavailableError:  # what needs the database says so itself
            return self._position, ()

    def _begin_telling(self) -> None:
        if self._teller is None or self._teller.done():
            self._teller = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        """A task of its own: a disk that is slow or taken keeps no news from a page."""
        while self._pages.have_more_to_tell:
            untold = self._pages.untold()
            if untold is not None and await asyncio.to_thread(self._write, untold):
                self._pages.tell(untold)
            await asyncio.sleep(self.look_seconds)

    def _write(self, here: frozenset[Present]) -> bool:
        try:
            with self.database.work() as work:
                work.presence.tell(self.process, here, self.now())
                work.commit()
        except (StorageUnavailableError, StaleError):
            return False  # told again at the next turn
        return True
