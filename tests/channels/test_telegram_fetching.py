"""How Telegram is asked for updates: its offset, its long poll, and answers that the SDK cannot model."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import web

from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, next_offset, parse_cursor
from routing.errors import ChannelAuthError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import InboundMessage, Sent, Unknown, UnreadableItem
from tests.channels.telegram_rig import NOOR, NOW, TOKEN, a_channel, a_message, an_answer


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator(token=TOKEN, clock=lambda: NOW) as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[TelegramChannel]:
    channel = a_channel(telegram)
    yield channel
    await channel.aclose()


# -- the offset


def test_the_offset_follows_the_batch_in_any_order() -> None:
    assert next_offset([{"update_id": 12}, {"update_id": 14}, {"update_id": 13}], 12) == 15


def test_the_offset_goes_down_when_telegram_starts_numbering_anew() -> None:
    assert next_offset([{"update_id": 3}], 900) == 4


def test_updates_without_a_number_do_not_move_the_offset() -> None:
    assert next_offset(["nonsense", {"update_id": 10**30}], 12) == 12


def test_an_empty_answer_leaves_nothing_to_confirm() -> None:
    assert next_offset([], 900) == 0


@pytest.mark.parametrize("cursor", [None, "", "not json", "[]", "{}", '{"offset": "x"}', '{"offset": null}', "\ud800"])
def test_a_cursor_that_is_none_starts_at_the_earliest_unconfirmed_update(cursor: str | None) -> None:
    assert parse_cursor(cursor) == 0


async def test_messages_after_a_week_of_silence_come_in_though_their_numbers_are_lower(
    telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    telegram.resident_writes(NOOR, "Noor", "voor de stilte")
    page = await channel.fetch(None)
    quiet = await channel.fetch(page.cursor)
    telegram.restart_update_ids(1000)
    telegram.resident_writes(NOOR, "Noor", "na de stilte")

    again = await channel.fetch(quiet.cursor)

    assert [item.text for item in again.items if isinstance(item, InboundMessage)] == ["na de stilte"]


async def test_a_fetch_confirms_nothing_that_it_returns(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")

    pages = [await channel.fetch(None) for _ in range(3)]

    assert [len(page.items) for page in pages] == [1, 1, 1]


async def test_a_full_batch_says_that_there_may_be_more(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    for number in range(101):
        telegram.resident_writes(NOOR, "Noor", f"melding {number}")

    first = await channel.fetch(None)
    second = await channel.fetch(first.cursor)

    assert (len(first.items), first.more) == (100, True)
    assert (len(second.items), second.more) == (1, False)


# -- the long poll


async def test_a_long_poll_outlasts_the_read_timeout(telegram: TelegramSimulator) -> None:
    channel = a_channel(telegram, long_poll_seconds=1, read_timeout=1.5)

    page = await channel.fetch(None)
    await channel.aclose()

    assert page.items == ()


async def test_a_long_poll_ends_when_a_message_arrives(telegram: TelegramSimulator) -> None:
    channel = a_channel(telegram, long_poll_seconds=20)
    writing = threading.Timer(0.1, telegram.resident_writes, (NOOR, "Noor", "melding"))
    writing.start()
    started = time.monotonic()

    page = await channel.fetch(None)
    await channel.aclose()
    writing.join()

    assert len(page.items) == 1
    assert time.monotonic() - started < 5


async def test_a_second_poller_ends_the_first_and_the_first_says_so(telegram: TelegramSimulator) -> None:
    first, second = a_channel(telegram, long_poll_seconds=20), a_channel(telegram)
    polling = asyncio.create_task(first.fetch(None))
    await asyncio.to_thread(telegram.polled.wait, 5)

    page = await second.fetch(None)

    with pytest.raises(TemporaryChannelError, match="ander programma"):
        await polling
    assert page.items == ()
    await first.aclose()
    await second.aclose()


# -- answers that the SDK cannot model


class CannedTelegram(TelegramSimulator):
    """Telegram with one fixed answer to everything."""

    canned: web.Response

    async def _handle(self, request: web.Request, method: str) -> web.Response:
        await request.read()
        return self.canned


def canned(body: str, status: int = 200, content_type: str = "application/json") -> web.Response:
    return web.Response(text=body, status=status, content_type=content_type)


async def with_canned(answer: web.Response, call: str) -> Any:
    simulator = CannedTelegram(token=TOKEN)
    simulator.canned = answer
    with simulator:
        channel = a_channel(simulator)
        try:
            return await (channel.fetch(None) if call == "fetch" else channel.send(an_answer()))
        finally:
            await channel.aclose()


async def test_a_sent_message_that_the_sdk_cannot_model_is_sent() -> None:
    assert await with_canned(canned('{"ok": true, "result": {"message_id": 8, "chat": null}}'), "send") == Sent(
        external_id=f"{NOOR}:8"
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"ok": true, "result": true}', 200),
        ('{"ok": true}', 200),
        ("[]", 200),
        ("", 200),
        ("[" * 100_000, 200),
        ("<html>Forbidden</html>", 403),
        ("<html>Unauthorized</html>", 401),
        ("<html>Not Found</html>", 404),
        ("<html>Too Many Requests</html>", 429),
        ('{"message": "blocked by the gateway"}', 400),
        ('{"ok": false, "error_code": 500, "description": "Internal Server Error"}', 500),
        ('{"ok": false, "error_code": 503, "description": 3, "parameters": [1]}', 503),
        ("{}", 302),
    ],
)
async def test_an_answer_that_is_not_telegrams_leaves_the_outcome_open(body: str, status: int) -> None:
    outcome = await with_canned(canned(body, status), "send")

    assert isinstance(outcome, Unknown)
    with pytest.raises(TemporaryChannelError):
        await with_canned(canned(body, status), "fetch")


@pytest.mark.parametrize(
    ("status", "description", "error"),
    [
        (400, "Bad Request: chat not found", RecipientUnreachableError),
        (400, "Bad Request: message is too long", MessageRejectedError),
        (403, "Forbidden: bot was blocked by the user", RecipientUnreachableError),
        (403, "Forbidden: user is deactivated", RecipientUnreachableError),
        (401, "Unauthorized", ChannelAuthError),
        (404, "Not Found", ChannelAuthError),
        (429, "Too Many Requests", TemporaryChannelError),
    ],
)
async def test_a_refusal_by_telegram_is_the_decision_it_asks_for(status: int, description: str, error: type[Exception]) -> None:
    body = json.dumps({"ok": False, "error_code": status, "description": description})

    with pytest.raises(error):
        await with_canned(canned(body, status), "send")


@pytest.mark.parametrize("wait", [0, -1, "30", None, 10**12, 1.5, []])
async def test_a_wait_that_is_none_is_still_a_rate_limit(wait: object) -> None:
    body = json.dumps({"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": wait}})

    with pytest.raises(TemporaryChannelError) as caught:
        await with_canned(canned(body, 429), "send")

    assert caught.value.retry_after is None


async def test_one_absurd_number_does_not_spoil_the_batch() -> None:
    absurd = json.dumps({"update_id": 1, "message": a_message(text="absurd")}).replace(
        '"message_id": 5', f'"message_id": {"9" * 9999}'
    )
    sound = json.dumps({"update_id": 2, "message": a_message(text="gewoon", location={"latitude": float("nan")})})

    page = await with_canned(canned(f'{{"ok": true, "result": [{absurd}, {sound}]}}'), "fetch")

    assert [type(item) for item in page.items] == [UnreadableItem, InboundMessage]
    assert json.loads(page.cursor) == {"offset": 3}


async def test_an_answer_that_is_no_list_of_updates_is_temporary() -> None:
    with pytest.raises(TemporaryChannelError, match="geen lijst"):
        await with_canned(canned('{"ok": true, "result": {"update_id": 1}}'), "fetch")


async def test_an_unreadable_answer_is_not_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(TemporaryChannelError):
        await with_canned(canned('{"ok": true, "result": [{"text": "mijn adres is'), "fetch")

    assert "mijn adres" not in caplog.text
