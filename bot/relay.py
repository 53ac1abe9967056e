"""Step four of a message's way: post what is due, exactly once, and settle what is uncertain.

Claim, commit, send with no transaction open, record. What this module never does: send again something whose outcome is
unknown before the channel was read back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.metrics import Meters
from bot.quiet import QuietChannels
from channels.base import Channel
from routing.channel_modes import ChannelMode
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    RecipientUnreachableError,
    StaleError,
    StorageUnavailableError,
    TemporaryChannelError,
)
from routing.guards import GuardRules, Halt, check
from routing.messages import CannotTell, OutboundMessage, Sent, Unknown
from routing.sentences import said
from storage.database import Database, UnitOfWork
from storage.outbox import Outbox, Reply
from storage.points import SEND, Commit, after, before

LOOKS_BEFORE_RESEND = 2
LOOKS_PER_RUN = 20
MOST_ATTEMPTS = 20
TRIED_FOR = timedelta(days=3)  # longer than a weekend in which a server is down
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)
_WAITS = (1.0, 2.0, 5.0, *[10.0] * 30)  # seconds between tries to write an outcome down: five minutes, as long as a claim
_log = structlog.get_logger(__name__)


def retry_delay(attempt: int) -> timedelta:
    """The wait after the `attempt`-th failed attempt (1, 2, ...): doubling from half a minute to an hour."""
    doubled: timedelta = _FIRST_RETRY * 2 ** min(attempt - 1, 10)
    return min(doubled, _LONGEST_RETRY)


def always() -> bool:
    """The only process there is."""
    return True


@dataclass(slots=True, kw_only=True)
class Relay:
    """Posts due replies, one channel at a time. One instance per process; `now` is the clock, `pause` waits seconds.

    `lease` is how long a claim holds. It must outlive the slowest send by far: a claim that lapses makes the outcome
    uncertain, and a sender that took more than half of it before sending gives the reply back. `second_look` is the
    time between two looks for a reply that was not found: a read-back can lag behind.
    """

    database: Database
    now: Callable[[], datetime]
    guards: GuardRules = field(default_factory=GuardRules)
    lease: timedelta = timedelta(minutes=5)
    second_look: timedelta = timedelta(minutes=10)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    meters: Meters = field(default_factory=Meters)
    _quiet: QuietChannels = field(default_factory=QuietChannels)
    _is_stopping: bool = False

    async def run(self, channel: Channel, limit: int = 100, is_ours: Callable[[], bool] = always) -> int:
        """Post what is due on this channel, at most `limit`. Returns how many posts the platform confirmed.

        `is_ours` is asked before each post, in a thread, whether this process may (still) post on the channel.
        """
        sent = 0
        for _ in range(limit):
            if not await self._may_post(channel.name) or not await asyncio.to_thread(is_ours):
                break
            started = time.monotonic()
            reply = await asyncio.to_thread(self._claim, channel.name)
            if reply is None:
                break
            sent += await self._post(channel, reply, started)
            if self._is_stopping:
                break
            await self.pause(channel.limits.min_interval.total_seconds())
        return sent

    def stop(self) -> None:
        """Post nothing more after the send that is under way."""
        self._is_stopping = True

    async def settle(self, channel: Channel, is_ours: Callable[[], bool] = always) -> int:
        """Read the channel back for uncertain replies whose moment to look has come. Returns how many were settled.

        `is_ours` is asked before each look, as in `run`.
        """
        await asyncio.to_thread(self._expire_claims, channel)
        settled = 0
        for reply in await asyncio.to_thread(self._claim_looks, channel.name):
            if not await asyncio.to_thread(is_ours):
                break
            settled += await self._look(channel, reply)
        return settled

    # -- posting

    async def _may_post(self, name: str) -> bool:
        if self._is_stopping or self._quiet.is_quiet(name, self.now()):
            return False
        return await asyncio.to_thread(self._is_open, name)

    async def _post(self, channel: Channel, reply: Reply, started: float) -> bool:
        """`started` is the monotonic moment before the claim. Returns whether the platform confirmed the post."""
        if channel.limits.length_of(reply.text) > channel.limits.max_length[reply.delivery]:
            await self._write(
                lambda box: box.record_refused(reply, said("tekst te lang voor dit kanaal; kort de tekst in"), self.now())
            )
            return False
        if time.monotonic() - started > self.lease.total_seconds() / 2:
            await self._write(lambda box: box.record_retry(reply, said("te laat om te verzenden"), self.now(), due_at=self.now()))
            return False
        return await self._try(channel, reply)

    async def _try(self, channel: Channel, reply: Reply) -> bool:
        try:
            outcome = await self._send(channel, reply)
        except ChannelError as error:
            self.meters.send_failed(channel.name, error)
            await self._record_failure(channel, reply, error)
            return False
        return await self._record(channel, reply, outcome)

    async def _record_failure(self, channel: Channel, reply: Reply, error: ChannelError) -> None:
        if isinstance(error, TemporaryChannelError):
            await self._retry_later(channel, reply, error)
        elif isinstance(error, RecipientUnreachableError):
            problem = said("niet bereikbaar langs deze weg: %(error)s", error=error)
            await self._write(lambda box: box.record_by_hand(reply, problem, self.now()))
        elif isinstance(error, ChannelAuthError):
            await self._refused_authorisation(channel, reply, error)
        else:
            problem = said("geweigerd door het kanaal: %(error)s", error=error)
            await self._write(lambda box: box.record_refused(reply, problem, self.now()))

    async def _send(self, channel: Channel, reply: Reply) -> Sent | Unknown:
        self.database.watch(before(SEND))
        outcome = await channel.send(_outbound(reply))
        self.database.watch(after(SEND))
        return outcome

    async def _record(self, channel: Channel, reply: Reply, outcome: Sent | Unknown) -> bool:
        if isinstance(outcome, Sent):
            self.meters.sent(channel.name)
            await self._persist(lambda work: self._mark_sent(work, channel, reply, outcome))
            return True
        self.meters.send_failed(channel.name, None)
        await self._write(lambda box: self._mark_uncertain(box, channel, reply, outcome.reason))
        return False

    def _mark_sent(self, work: UnitOfWork, channel: Channel, reply: Reply, outcome: Sent) -> None:
        work.outbox.record_sent(reply, outcome.external_id, self.now())
        work.outbox.defer_conversation(reply, until=self.now() + channel.limits.min_interval_per_thread)
        work.channels.note_sent(channel.name)

    async def _retry_later(self, channel: Channel, reply: Reply, error: TemporaryChannelError) -> None:
        wait = error.retry_after or retry_delay(reply.attempts)
        if error.retry_after is not None:
            self._quiet.leave_alone(channel.name, self.now(), wait)
        await self._try_again(reply, str(error), due_at=self.now() + wait)

    async def _try_again(self, reply: Reply, problem: str, *, due_at: datetime) -> None:
        """It provably was not posted. What was tried often and for days goes to a colleague: nothing waits unseen for ever."""
        age = self.now() - reply.created_at
        if reply.attempts >= MOST_ATTEMPTS and age > TRIED_FOR:
            facts = {"count": reply.attempts, "days": age.days, "error": problem}
            given_up = said("%(count)s keer geprobeerd in %(days)s dagen: %(error)s", **facts)
            await self._write(lambda box: box.record_refused(reply, given_up, self.now()))
        else:
            await self._write(lambda box: box.record_retry(reply, problem, self.now(), due_at=due_at))

    async def _refused_authorisation(self, channel: Channel, reply: Reply, error: ChannelAuthError) -> None:
        def record(work: UnitOfWork) -> None:
            work.outbox.record_retry(reply, str(error), self.now(), due_at=self.now() + retry_delay(reply.attempts))
            work.channels.record_refusal(channel.name, str(error), self.now(), is_sending=True)

        await self._persist(record)

    # -- settling

    def _expire_claims(self, channel: Channel) -> None:
        """A claim that lapsed means that its sender disappeared: whether it had posted, nobody knows."""
        with self.database.work(Commit.LAPSED) as work:
            lapsed = work.outbox.find_lapsed_claims(channel.name, self.now(), lease=self.lease)
            for reply in lapsed:
                self._mark_uncertain(work.outbox, channel, reply, said("de verzender stopte tijdens het verzenden"))
            if lapsed:
                work.commit()

    def _mark_uncertain(self, outbox: Outbox, channel: Channel, reply: Reply, reason: str) -> None:
        look_at = self.now() + channel.limits.settle_delay if channel.limits.can_read_back else None
        outbox.record_uncertain(reply, reason, self.now(), look_at=look_at)
        _log.warning("outcome unknown", channel=channel.name, reply_id=reply.id, reason=reason)

    async def _look(self, channel: Channel, reply: Reply) -> bool:
        found = await channel.find_sent(_outbound(reply))
        if isinstance(found, Sent):
            await self._write(lambda box: box.record_sent(reply, found.external_id, self.now()))
            return True
        if isinstance(found, CannotTell):
            _log.warning("could not read back", channel=channel.name, reply_id=reply.id, reason=found.reason)
            return False
        if reply.looks < LOOKS_BEFORE_RESEND:
            return False
        await self._try_again(reply, said("niet gevonden bij teruglezen"), due_at=self.now())
        return True

    # -- storage, in threads

    def _is_open(self, name: str) -> bool:
        """Whether this channel may post. On one that only takes in, what is due becomes work for staff."""
        with self.database.looking() as work:
            if work.guards.is_stopped():
                return False
            state = work.channels.get(name)
            if state.mode is not ChannelMode.INTAKE_ONLY:
                return state.may_work
        with self.database.work() as work:
            work.outbox.hand_to_staff(name, said("dit kanaal neemt alleen in; plaats het antwoord met de hand"))
            work.commit()
        return False

    def _claim(self, name: str) -> Reply | None:
        halted: list[Halt] = []
        with self.database.work(Commit.CLAIM) as work:
            claimed = work.outbox.claim_due(
                name, self.now(), lease=self.lease, may_leave=lambda reply: self._passes_guards(work, reply, halted)
            )
            if claimed is not None or halted:
                work.commit()
        return claimed

    def _passes_guards(self, work: UnitOfWork, reply: Reply, halted: list[Halt]) -> bool:
        """Record and note what a guard halts."""
        halt = check(work.guards.outgoing(reply, self.now()), self.guards, self.now())
        if halt is not None:
            work.guards.record(reply, halt, self.now())
            halted.append(halt)
            _log.info("guard tripped", reply_id=reply.id, guard=halt.guard.value)
        return halt is None

    def _claim_looks(self, name: str) -> tuple[Reply, ...]:
        with self.database.work(Commit.LOOK) as work:
            claimed = work.outbox.claim_looks(name, self.now(), lease=self.second_look, limit=LOOKS_PER_RUN)
            if claimed:
                work.commit()
        return claimed

    async def _write(self, change: Callable[[Outbox], None]) -> None:
        await self._persist(lambda work: change(work.outbox))

    async def _persist(self, change: Callable[[UnitOfWork], None]) -> None:
        """Write down what happened, however long the database is away: the platform's answer comes only once.

        After five minutes it gives up; the claim lapses and the outcome is looked up.
        """
        for wait in _WAITS:
            try:
                await asyncio.to_thread(self._in_transaction, change)
            except (StorageUnavailableError, StaleError) as error:
                _log.error("outcome not recorded yet", error=str(error))
                await self.pause(wait)
            else:
                return
        await asyncio.to_thread(self._in_transaction, change)

    def _in_transaction(self, change: Callable[[UnitOfWork], None]) -> None:
        with self.database.work(Commit.OUTCOME) as work:
            change(work)
            work.commit()


def _outbound(reply: Reply) -> OutboundMessage:
    return OutboundMessage(
        channel=reply.channel,
        delivery=reply.delivery,
        to=reply.recipient,
        thread=reply.thread,
        reply_to=reply.reply_to,
        text=reply.text,
        token=reply.token,
        options=reply.options,
    )
