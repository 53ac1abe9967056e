"""Telling open pages that something changed: woken by commits in this process, by reading the position of the log for others.

Knows no page and no text. A page that hears of news asks for itself again; what it may see is decided there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from storage import queries
from storage.database import Database
from storage.staff import Account

# How often the log is looked at for what other processes did. Commits of this process are heard at once.
LOOK_SECONDS = 2.0
# How long somebody types after the last word of it. Pages tell it every three seconds (static/desk.js).
TYPING = timedelta(seconds=8)


class Box(StrEnum):
    """In which box of the page of a melding somebody types."""

    ANSWER = "antwoord"
    NOTE = "notitie"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class News:
    """What one page is told: the position of the log, and on the page of a melding the names of other colleagues there."""

    position: str
    looking: tuple[str, ...] = ()
    answering: tuple[str, ...] = ()
    noting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Typing:
    box: Box
    until: datetime


@dataclass(slots=True, kw_only=True, repr=False)
class Pulse:
    """One per process, shared by every open page. Works only while somebody listens. `now` is the clock."""

    database: Database
    now: Callable[[], datetime]
    look_seconds: float = LOOK_SECONDS
    _position: str = ""
    _listeners: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _looker: asyncio.Task[None] | None = None
    _present: dict[int, list[Account]] = field(default_factory=dict)  # by melding, once per open page
    _typing: dict[tuple[int, int], _Typing] = field(default_factory=dict)  # by melding and account
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
            self._woken.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if melding_id is not None:
                self._leave(melding_id, account)
            self._woken.set()

    def hear_typing(self, melding_id: int, account: Account, box: Box) -> None:
        """Somebody typed just now. Counts for who has the page of this melding open in this process."""
        if all(other.id != account.id for other in self._present.get(melding_id, ())):
            return
        before = self._typing.get((melding_id, account.id))
        self._typing[melding_id, account.id] = _Typing(box=box, until=self.now() + TYPING)
        if before is None or before.box is not box:
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
        present = {other.id: other.display_name for other in self._present.get(melding_id, ()) if other.id != account.id}
        return News(
            position=self._position,
            looking=tuple(sorted(present.values())),
            answering=self._typists(melding_id, Box.ANSWER, present),
            noting=self._typists(melding_id, Box.NOTE, present),
        )

    def _typists(self, melding_id: int, box: Box, present: Mapping[int, str]) -> tuple[str, ...]:
        """The names of those among who is present that type in this box."""
        typing = {account_id: self._typing.get((melding_id, account_id)) for account_id in present}
        return tuple(sorted(present[account_id] for account_id, one in typing.items() if one is not None and one.box is box))

    def _leave(self, melding_id: int, account: Account) -> None:
        present = self._present[melding_id]
        present.remove(account)
        if all(other.id != account.id for other in present):
            self._typing.pop((melding_id, account.id), None)
        if not present:
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
                self._typing = {key: typing for key, typing in self._typing.items() if typing.until > self.now()}
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
