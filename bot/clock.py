"""The clock: APScheduler only ticks. What is due stands in the tables, so a restart or a second process changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.attachments import Attachments
from bot.check_up import CheckUp
from bot.edited_tables import EditedTables
from bot.intake import Intake
from bot.promises import PromiseKeeper
from bot.questions import QuestionKeeper
from bot.relay import Relay
from bot.retention import RetentionKeeper
from bot.single import Singles
from bot.triage import Triage
from channels.base import Channel
from routing.errors import StaleError, StorageUnavailableError

_log = structlog.get_logger(__name__)

_RETENTION = timedelta(hours=1)
_CHECK_UP = timedelta(minutes=10)  # how often it is asked whether a daily look is due
_SWEEP = timedelta(hours=1)
_PORTION = 50  # after so many it is asked anew whether this process may, and whether it must stop


Step = tuple[str, timedelta, Callable[[], Awaitable[None]]]


class Role(StrEnum):
    """What a process does when the work is split: the desk, the channels, the judging, or everything."""

    ALL = "all"
    WEB = "web"
    CHANNELS = "channels"
    WORKER = "worker"


class _Finishing(AsyncIOExecutor):  # type: ignore[misc]  # the library publishes no types
    """Lets jobs finish when the scheduler shuts down, where the library's own cancels them: a send must not be cut in half."""

    def shutdown(self, wait: bool = True) -> None:
        """Begins nothing and ends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often each step ticks."""

    fetch: timedelta
    triage: timedelta
    relay: timedelta
    promises: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Ticks the steps of every channel. `trouble` names the steps whose last tick failed, with why and what to do."""

    channels: tuple[Channel, ...]
    intake: Intake
    triage: Triage
    relay: Relay
    keeper: PromiseKeeper
    check_up: CheckUp
    attachments: Attachments
    questions: QuestionKeeper
    retention: RetentionKeeper
    rhythm: Rhythm
    singles: Singles
    tables: EditedTables
    role: Role = Role.ALL
    trouble: dict[str, str] = field(default_factory=dict)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)
    _is_resting: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> AsyncIOScheduler:
        """Start ticking on the running event loop. A tick that is still busy is skipped, never doubled."""
        # The next tick does the work that a late one missed, so a late tick is never worth a warning.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler = AsyncIOScheduler(executors={"default": _Finishing()}, job_defaults=defaults)
        for name, interval, job in self._steps():
            self._every(scheduler, interval, name, job)
        scheduler.start()
        loop = asyncio.get_running_loop()

        def wake(what: str) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, scheduler, what)

        self.singles.database.bell.answer(wake)
        return scheduler

    async def tick(self) -> None:
        """Let every step tick once, one after another, as the scheduler would."""
        for name, _interval, job in self._steps():
            await self._guarded(name, job)

    def _steps(self) -> Iterator[Step]:
        yield "tables", self.rhythm.promises, self._refreshing_tables
        if self.role in {Role.ALL, Role.CHANNELS}:
            for channel in self.channels:
                yield f"fetch {channel.name}", self.rhythm.fetch, self._fetching(channel)
        if self.role in {Role.ALL, Role.WORKER}:
            yield "triage", self.rhythm.triage, self._triaging
            yield "promises", self.rhythm.promises, self._keeping
            yield "retention", _RETENTION, self._emptying
        if self.role in {Role.ALL, Role.CHANNELS}:
            yield from self._outward_steps()

    def _outward_steps(self) -> Iterator[Step]:
        yield "sweep", _SWEEP, self._sweeping
        for channel in self.channels:
            yield f"relay {channel.name}", self.rhythm.relay, self._relaying(channel)
            yield f"attachments {channel.name}", self.rhythm.relay, self._fetching_attachments(channel)
            yield f"check {channel.name}", _CHECK_UP, self._checking(channel)

    async def turn(self) -> int:
        """One full turn of every step, in order. Returns how much was done; 0 means that nothing was due."""
        done = 0
        for channel in self.channels:
            done += await self.intake.fetch(channel)
        done += await asyncio.to_thread(self.triage.run)
        done += await asyncio.to_thread(self._keep)
        for channel in self.channels:
            done += await self.relay.settle(channel)
            done += await self.relay.run(channel)
        return done

    async def rest(self, within: timedelta = timedelta(seconds=6)) -> bool:
        """Let steps that are under way finish, at most so long; begin nothing new. Call after shutting the scheduler down.

        Returns whether all of them have.
        """
        self._is_resting.set()
        self.relay.stop()
        await asyncio.to_thread(self.singles.database.bell.hang_up)
        if self._busy:
            await asyncio.wait(self._busy, timeout=within.total_seconds())
        with contextlib.suppress(StorageUnavailableError):  # then the leases end by themselves
            await asyncio.to_thread(self.singles.release)
        return not self._busy

    def _every(self, scheduler: AsyncIOScheduler, interval: timedelta, name: str, job: Callable[[], Awaitable[None]]) -> None:
        async def step() -> None:
            if self._is_resting.is_set():
                return
            task = asyncio.ensure_future(self._guarded(name, job))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
            await task

        scheduler.add_job(step, "interval", seconds=interval.total_seconds(), id=name, name=name)

    async def _guarded(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """A step that fails is told and tried again at its next tick: what it had to do still stands in the tables."""
        try:
            await job()
        except StorageUnavailableError as error:
            if name not in self.trouble:
                _log.error("step failed", step=name, error=str(error))
            self.trouble[name] = str(error)
        except StaleError:
            _log.info("a rival was in the way: again at the next tick", step=name)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one step, the others go on
            _log.exception("step failed", step=name)
            self.trouble[name] = f"Onverwachte fout ({type(error).__name__}); zie het logboek."
        else:
            if self.trouble.pop(name, None) is not None:
                _log.info("step works again", step=name)

    def _fetching(self, channel: Channel) -> Callable[[], Awaitable[None]]:
        async def fetch() -> None:
            async with self.singles.kept(f"ophalen {channel.name}") as lease:
                if lease is not None:
                    await self.intake.fetch(channel, lease)

        return fetch

    def _relaying(self, channel: Channel) -> Callable[[], Awaitable[None]]:
        async def relay() -> None:
            # One process per channel: the platform counts our posts together, so their pace is kept in one place.
            def is_ours() -> bool:
                return self.singles.take(f"versturen {channel.name}") is not None

            sent = _PORTION
            while sent == _PORTION and await asyncio.to_thread(is_ours):
                sent = await self.relay.run(channel, _PORTION, is_ours)
                await self.relay.settle(channel, is_ours)

        return relay

    def _fetching_attachments(self, channel: Channel) -> Callable[[], Awaitable[None]]:
        async def fetch() -> None:
            await self.attachments.run(channel)

        return fetch

    def _checking(self, channel: Channel) -> Callable[[], Awaitable[None]]:
        async def check() -> None:
            if not await self.check_up.is_due(channel):
                return  # mostly so, and then nobody is held up for a lease
            async with self.singles.kept(f"controle {channel.name}") as lease:
                if lease is not None:
                    await self.check_up.run(channel)

        return check

    async def _refreshing_tables(self) -> None:
        await asyncio.to_thread(self.tables.refresh)

    async def _sweeping(self) -> None:
        await asyncio.to_thread(self.attachments.sweep)

    async def _triaging(self) -> None:
        """All that waits: in a storm the next tick is too far away."""
        handled = _PORTION
        while handled == _PORTION and not self._is_resting.is_set():
            handled = await asyncio.to_thread(self.triage.run, _PORTION)

    async def _keeping(self) -> None:
        await asyncio.to_thread(self._keep)

    async def _emptying(self) -> None:
        await asyncio.to_thread(self.retention.run)

    def _keep(self) -> int:
        """What no message sets going: promises that come near, and questions without an answer."""
        return self.keeper.run() + self.keeper.warn() + self.questions.run()


def _wake(scheduler: AsyncIOScheduler, what: str) -> None:
    """Let the steps that a ring is for tick now. One that is busy finds the new work by itself or at its next tick."""
    if scheduler.running:
        for job in scheduler.get_jobs():
            if job.id.split()[0] == what:
                job.modify(next_run_time=datetime.now(UTC))
