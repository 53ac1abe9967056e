"""A reply is posted once, whatever the platform does: real adapters against the simulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from bot.relay import Relay, retry_delay
from channels.base import Channel
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.telegram import TelegramSimulator
from channels.simulator.twitter import XSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from channels.twitter import XChannel, XSettings
from routing.messages import Person, Visibility
from storage.database import Database
from storage.outbox import Reply, ReplyState
from tests.bot.office import Office, an_office
from tests.builders import MONDAY, a_change, a_message

ADA = "4100"
ONCE_ACCEPTED = [
    FaultKind.ACCEPT_THEN_TIMEOUT,
    FaultKind.ACCEPT_THEN_RESET,
    FaultKind.ACCEPT_THEN_TRUNCATE,
    FaultKind.ACCEPT_THEN_BAD_GATEWAY,
]
NEVER_ACCEPTED = [FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY_HTML]


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def a_relay(office: Office) -> Relay:
    return Relay(database=office.database, now=office.clock, pause=no_pause)


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def telegram_channel(telegram: TelegramSimulator) -> AsyncIterator[Channel]:
    settings = TelegramSettings(token=telegram.token, base_url=telegram.url, read_timeout=1.5, connect_timeout=3.0)
    channel = TelegramChannel(settings)
    yield channel
    await channel.aclose()


@pytest.fixture
def x() -> Iterator[XSimulator]:
    with XSimulator() as simulator:
        yield simulator


@pytest.fixture
async def x_channel(x: XSimulator) -> AsyncIterator[Channel]:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
    channel = XChannel(XSettings(**keys, base_url=x.url, read_timeout=1.5, connect_timeout=3.0))
    yield channel
    await channel.aclose()


def writes_on_telegram(office: Office, simulator: TelegramSimulator) -> None:
    message_id = simulator.resident_writes(ADA, "Ada", "de lamp is stuk")
    office.receive(a_message(thread=ADA, reply_to=message_id, sender=Person(external_id=ADA, display_name="Ada")))


def writes_on_x(office: Office, simulator: XSimulator) -> None:
    post_id = simulator.resident_writes(ADA, "Ada", "de lamp is stuk")
    sender = Person(external_id=ADA, display_name="Ada")
    office.receive(a_message(channel="x", visibility=Visibility.PUBLIC, thread=post_id, reply_to=post_id, sender=sender))


def only_reply(office: Office) -> Reply:
    (reply,) = office.replies()
    return reply


def on_the_way_out(kind: FaultKind) -> Fault:
    return Fault(kind=kind, side=Side.WRITE)


async def test_a_due_reply_is_posted_and_recorded_with_the_platforms_own_id(
    database: Database, telegram: TelegramSimulator, telegram_channel: Channel
) -> None:
    office = an_office(database)
    writes_on_telegram(office, telegram)
    assert await a_relay(office).run(telegram_channel) == 1
    (post,) = telegram.posted
    reply = only_reply(office)
    assert (reply.state, reply.external_id) == (ReplyState.SENT, f"{ADA}:{post.id}")
    assert reply.text == post.text
    assert await a_relay(office).run(telegram_channel) == 0


@pytest.mark.parametrize("kind", ONCE_ACCEPTED + NEVER_ACCEPTED)
async def test_telegram_is_never_sent_twice_what_cannot_be_read_back(
    database: Database, telegram: TelegramSimulator, telegram_channel: Channel, kind: FaultKind
) -> None:
    office, relay = an_office(database), None
    writes_on_telegram(office, telegram)
    telegram.faults.add(on_the_way_out(kind))
    relay = a_relay(office)
    for _ in range(4):
        await relay.run(telegram_channel)
        await relay.settle(telegram_channel)
        office.clock.advance(hours=1)
    reply = only_reply(office)
    assert reply.state is ReplyState.UNCERTAIN
    assert reply.problem
    assert len(telegram.posted) == (1 if kind in ONCE_ACCEPTED else 0)


@pytest.mark.parametrize("kind", ONCE_ACCEPTED + NEVER_ACCEPTED)
async def test_x_is_read_back_and_ends_with_exactly_one_post(
    database: Database, x: XSimulator, x_channel: Channel, kind: FaultKind
) -> None:
    office = an_office(database)
    writes_on_x(office, x)
    x.faults.add(on_the_way_out(kind))
    relay = a_relay(office)
    for _ in range(6):
        await relay.run(x_channel)
        await relay.settle(x_channel)
        office.clock.advance(minutes=11)
    (post,) = x.posted
    assert (only_reply(office).state, only_reply(office).external_id) == (ReplyState.SENT, post.id)


async def test_a_rate_limit_waits_as_long_as_the_platform_says(
    database: Database, telegram: TelegramSimulator, telegram_channel: Channel
) -> None:
    office, relay = an_office(database), None
    writes_on_telegram(office, telegram)
    telegram.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.WRITE, retry_after=timedelta(seconds=90)))
    relay = a_relay(office)
    await relay.run(telegram_channel)
    office.clock.advance(seconds=60)
    assert await relay.run(telegram_channel) == 0
    office.clock.advance(seconds=31)
    assert await relay.run(telegram_channel) == 1


async def test_a_resident_who_blocked_us_becomes_work_for_staff(
    database: Database, telegram: TelegramSimulator, telegram_channel: Channel
) -> None:
    office = an_office(database)
    writes_on_telegram(office, telegram)
    telegram.blocks(ADA)
    await a_relay(office).run(telegram_channel)
    assert only_reply(office).state is ReplyState.BY_HAND


async def test_an_expired_token_pauses_the_channel_and_nothing_is_lost(
    database: Database, telegram: TelegramSimulator, telegram_channel: Channel
) -> None:
    office = an_office(database)
    writes_on_telegram(office, telegram)
    telegram.faults.add(Fault(kind=FaultKind.EXPIRED_TOKEN, times=None))
    relay = a_relay(office)
    for _ in range(3):
        await relay.run(telegram_channel)
        office.clock.advance(hours=2)
    with database.work() as work:
        state = work.channels.find("telegram")
    assert state is not None
    assert state.paused_at is not None
    telegram.faults.clear()
    assert await relay.run(telegram_channel) == 0
    with database.work() as work:
        work.channels.resume(a_change("telegram"))
        work.commit()
    assert await relay.run(telegram_channel) == 1


async def test_a_sender_that_disappeared_leaves_an_uncertain_reply(database: Database, x: XSimulator, x_channel: Channel) -> None:
    office = an_office(database)
    writes_on_x(office, x)
    with database.work() as work:
        assert work.outbox.claim_due("x", MONDAY, lease=timedelta(minutes=5)) is not None
        work.commit()
    relay = a_relay(office)
    await relay.settle(x_channel)
    assert only_reply(office).state is ReplyState.BUSY
    office.clock.advance(minutes=6)
    await relay.settle(x_channel)
    assert only_reply(office).state is ReplyState.UNCERTAIN
    for _ in range(4):
        office.clock.advance(minutes=11)
        await relay.settle(x_channel)
        await relay.run(x_channel)
    assert len(x.posted) == 1


async def test_a_colleague_decides_what_no_machine_can_tell(
    database: Database, telegram: TelegramSimulator, telegram_channel: Channel
) -> None:
    office = an_office(database)
    writes_on_telegram(office, telegram)
    telegram.faults.add(on_the_way_out(FaultKind.RESET_BEFORE))
    relay = a_relay(office)
    await relay.run(telegram_channel)
    office.handling.send_again(only_reply(office).id, account="samira")
    await relay.run(telegram_channel)
    assert only_reply(office).state is ReplyState.SENT
    assert len(telegram.posted) == 1


def test_waits_grow_from_half_a_minute_to_an_hour() -> None:
    assert [retry_delay(attempt).total_seconds() for attempt in (1, 2, 3, 50)] == [30, 60, 120, 3600]


async def test_what_cannot_be_posted_for_days_becomes_work_for_staff(database: Database) -> None:
    office = an_office(database)
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
    with XSimulator() as gone:
        writes_on_x(office, gone)
    channel = XChannel(XSettings(**keys, base_url=gone.url, connect_timeout=3.0))
    relay = a_relay(office)
    for _ in range(60):
        await relay.run(channel)
        office.clock.advance(hours=1)
    assert only_reply(office).state is ReplyState.READY  # a weekend: it is still tried
    for _ in range(24):
        await relay.run(channel)
        office.clock.advance(hours=1)
    reply = only_reply(office)
    assert reply.state is ReplyState.REFUSED
    assert "in 3 dagen: " in (reply.problem or "")
    await channel.aclose()
