"""What is particular to Telegram: its traps (offsets, raw updates, long polls, refusals) and how its updates are read."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import threading
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import (
    LIMITS,
    TelegramChannel,
    TelegramSettings,
    next_offset,
    parse_cursor,
    parse_update,
    render_message,
    utf16_length,
)
from routing.errors import (
    ChannelAuthError,
    ConfigError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import (
    AttachmentKind,
    CannotTell,
    Delivery,
    GeoPoint,
    InboundMessage,
    OutboundMessage,
    Sent,
    Unknown,
    UnreadableItem,
    Visibility,
)

NOOR = "70010001"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOKEN = "70099:loopback-token"
A_DAY_LATER = int((NOW + timedelta(days=1)).timestamp())


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator(token=TOKEN, clock=lambda: NOW) as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[TelegramChannel]:
    channel = a_channel(telegram)
    yield channel
    await channel.aclose()


def a_channel(telegram: TelegramSimulator, *, long_poll_seconds: int = 0, read_timeout: float = 0.3) -> TelegramChannel:
    return TelegramChannel(
        TelegramSettings(token=TOKEN, base_url=telegram.url, read_timeout=read_timeout, long_poll_seconds=long_poll_seconds)
    )


def an_answer(text: str = "Dank u. WB-2026-00042/1", *, thread: str = NOOR, reply_to: str = "1") -> OutboundMessage:
    return OutboundMessage(
        channel="telegram",
        delivery=Delivery.DIRECT,
        to=NOOR,
        thread=thread,
        reply_to=reply_to,
        text=text,
        token="WB-2026-00042/1",
    )


def a_message(**fields: Any) -> dict[str, Any]:
    """A private message of Noor, with other fields on top; None takes a field away."""
    message = {
        "message_id": 5,
        "date": int(NOW.timestamp()),
        "chat": {"id": int(NOOR), "type": "private"},
        "from": {"id": int(NOOR), "is_bot": False, "first_name": "Noor", "last_name": "de Wit"},
    } | fields
    return {key: value for key, value in message.items() if value is not None}


def a_photo(unique: str, file_id: str = "file") -> dict[str, Any]:
    return {"file_id": file_id, "file_unique_id": unique, "width": 90, "height": 90}


def parsed(update: object) -> InboundMessage | UnreadableItem | None:
    return parse_update(update, bot_id="70099", now=NOW)


def read(**fields: Any) -> InboundMessage:
    item = parsed({"update_id": 9, "message": a_message(**fields)})
    assert isinstance(item, InboundMessage)
    return item


def kept_unread(update: object) -> UnreadableItem:
    item = parsed(update)
    assert isinstance(item, UnreadableItem)
    return item


# -- reading an update


def test_a_message_is_named_after_its_chat_because_message_ids_repeat_between_chats() -> None:
    message = read(text="Kapotte lamp")

    assert message.external_id == f"{NOOR}:5"
    assert message.thread == NOOR
    assert message.reply_to == "5"
    assert message.sent_at == NOW
    assert message.sender is not None
    assert message.sender.display_name == "Noor de Wit"


def test_message_id_zero_is_an_id() -> None:
    assert read(text="gepland", message_id=0).external_id == f"{NOOR}:0"


def test_an_edit_is_a_message_of_its_own_that_names_the_original() -> None:
    edit = parsed({"update_id": 10, "edited_message": a_message(text="beter", edit_date=A_DAY_LATER)})

    assert isinstance(edit, InboundMessage)
    assert edit.external_id.startswith(f"{NOOR}:5:{A_DAY_LATER}-")
    assert edit.edits == f"{NOOR}:5"
    assert edit.reply_to == "5"
    assert edit.sent_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"text": "Voorstraat 1"}, {"text": "Voorstraat 11"}, id="text"),
        pytest.param({"caption": "lamp"}, {"caption": "lamp stuk"}, id="caption"),
        pytest.param(
            {"text": "lamp"}, {"text": "lamp", "entities": [{"type": "text_link", "url": "https://a.example"}]}, id="a link in it"
        ),
        pytest.param({"photo": [a_photo("A")]}, {"photo": [a_photo("B")]}, id="another photo"),
        pytest.param({"document": a_photo("A")}, {"document": a_photo("B")}, id="another file"),
        pytest.param({"location": {"latitude": 52.0}}, {"location": {"latitude": 52.1}}, id="another place"),
    ],
)
def test_two_edits_in_one_second_are_two_messages(first: dict[str, Any], second: dict[str, Any]) -> None:
    ids = [edit_id(content, update_id) for update_id, content in enumerate((first, second), start=10)]

    assert len(set(ids)) == 2
    assert all(len(edit) < 100 for edit in ids)


def test_an_edit_that_is_delivered_again_is_the_same_message() -> None:
    content = {"text": "Voorstraat 11", "photo": [a_photo("A")]}
    again = {"text": "Voorstraat 11", "photo": [a_photo("A", file_id="another name for this bot")]}

    assert edit_id(content, 10) == edit_id(again, 11)


def edit_id(content: dict[str, Any], update_id: int) -> str:
    """The id of an edit that leaves this standing, always in the same second."""
    edit = parsed({"update_id": update_id, "edited_message": a_message(edit_date=A_DAY_LATER, **({"text": "x"} | content))})
    assert isinstance(edit, InboundMessage)
    return edit.external_id


def test_an_edit_without_a_date_still_differs_from_the_original() -> None:
    edit = parsed({"update_id": 10, "edited_message": a_message(text="beter")})

    assert isinstance(edit, InboundMessage)
    assert edit.external_id == f"{NOOR}:5:u10"


def test_an_answer_names_what_it_answers() -> None:
    assert read(text="ja", reply_to_message=a_message(message_id=3)).in_reply_to == f"{NOOR}:3"
    assert read(text="ja").in_reply_to is None


def test_the_largest_size_of_a_photo_is_kept_and_its_caption_is_the_text() -> None:
    sizes = [
        {"file_id": "large", "width": 1280, "height": 960, "file_size": 50 * 1024 * 1024},
        {"file_id": "small", "width": 90, "height": 67, "file_size": 1000},
        {"file_id": None, "width": 9999, "height": 9999},
    ]

    message = read(photo=sizes, caption="Zie de foto")

    [photo] = message.attachments
    assert (photo.kind, photo.reference, photo.size) == (AttachmentKind.PHOTO, "large", 50 * 1024 * 1024)
    assert message.text == "Zie de foto"


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("voice", AttachmentKind.VOICE),
        ("audio", AttachmentKind.VOICE),
        ("video", AttachmentKind.VIDEO),
        ("video_note", AttachmentKind.VIDEO),
        ("document", AttachmentKind.DOCUMENT),
    ],
)
def test_every_kind_of_file_is_an_attachment(field: str, kind: AttachmentKind) -> None:
    message = read(**{field: {"file_id": "F1", "file_size": 12, "mime_type": "audio/ogg"}})

    [file] = message.attachments
    assert (file.kind, file.reference, file.size, file.mime_type) == (kind, "F1", 12, "audio/ogg")


def test_a_photo_that_was_sent_as_a_file_is_a_photo() -> None:
    [photo] = read(document={"file_id": "D", "mime_type": "image/jpeg"}).attachments

    assert photo.kind is AttachmentKind.PHOTO


def test_an_animation_that_telegram_names_twice_is_one_attachment() -> None:
    [file] = read(animation={"file_id": "A"}, document={"file_id": "A"}).attachments

    assert file.kind is AttachmentKind.VIDEO


def test_a_sticker_is_its_emoji() -> None:
    assert read(sticker={"file_id": "S", "emoji": "👍"}).text == "👍"


def test_a_position_is_a_place() -> None:
    assert read(location={"latitude": 52.09, "longitude": 5.12}).location == GeoPoint(lat=52.09, lon=5.12)


def test_a_shared_place_brings_its_name_and_position() -> None:
    place = {"title": "Dom", "address": "Domplein", "location": {"latitude": 52.09, "longitude": 5.12}}

    message = read(venue=place)

    assert message.text == "Dom, Domplein"
    assert message.location == GeoPoint(lat=52.09, lon=5.12)


@pytest.mark.parametrize("lat", [91, -91, float("nan"), float("inf"), 10**400, "52.0", True, None])
def test_a_position_that_is_nowhere_is_left_out(lat: object) -> None:
    assert read(text="hier", location={"latitude": lat, "longitude": 5.0}).location is None


@pytest.mark.parametrize("date", [None, -1, 0, 10**18, 10**40, "gisteren", 1.5, True, []])
def test_a_date_that_is_none_becomes_the_moment_of_fetching(date: object) -> None:
    assert read(text="wanneer?", date=date).sent_at == NOW


def test_a_date_as_text_is_read() -> None:
    assert read(text="x", date=str(int(NOW.timestamp()))).sent_at == NOW


def test_ids_as_text_are_the_same_ids() -> None:
    update = {"update_id": "9", "message": a_message(text="x", message_id="5", chat={"id": NOOR, "type": "private"})}

    item = parsed(update)

    assert isinstance(item, InboundMessage)
    assert item.external_id == f"{NOOR}:5"


@pytest.mark.parametrize("wrong", [None, "", "x", 10**30, "1" * 50, 1.5, True, {}, [], "٣"])
def test_a_message_without_a_usable_number_is_kept_unread(wrong: object) -> None:
    assert "geen nummer" in kept_unread({"update_id": 9, "message": a_message(text="x") | {"message_id": wrong}}).reason
    assert "geen nummer" in kept_unread({"update_id": 9, "message": a_message(text="x", chat={"id": wrong})}).reason


@pytest.mark.parametrize("kind", ["channel", None, 3])
def test_a_message_from_a_channel_is_kept_unread_with_a_plain_reason(kind: object) -> None:
    item = kept_unread({"update_id": 9, "message": a_message(text="Buurtapp", chat={"id": -100123, "type": kind})})

    assert "kanaal" in item.reason
    assert "Buurtapp" in item.raw


GROUP = {"id": -100123, "type": "supergroup", "title": "Buurtapp"}


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "@wijkbureau_bot de lamp is stuk", "entities": [{"type": "mention", "offset": 0, "length": 15}]},
        {"text": "Wijkbureau, de lamp is stuk", "entities": [{"type": "text_mention", "user": {"id": 70099}}]},
        {"text": "/melding@wijkbureau_bot lamp stuk", "entities": [{"type": "bot_command", "offset": 0, "length": 23}]},
        {"text": "nog steeds", "reply_to_message": {"message_id": 4, "from": {"id": 70099}}},
        {"caption": "@wijkbureau_bot", "caption_entities": [{"type": "mention"}], "photo": [{"file_id": "F1"}]},
    ],
)
def test_in_a_group_what_is_meant_for_us_is_a_public_message(fields: dict[str, Any]) -> None:
    message = parsed({"update_id": 9, "message": a_message(chat=GROUP, **fields)})

    assert isinstance(message, InboundMessage)
    assert (message.visibility, message.thread) == (Visibility.PUBLIC, "-100123")


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "wie gaat er mee naar de markt?"},
        {"text": "@ada kom je ook?", "entities": [{"type": "mention"}]},
        {"text": "dat vind ik ook", "reply_to_message": {"message_id": 4, "from": {"id": 5}}},
    ],
)
def test_what_neighbours_say_to_each_other_is_not_kept(fields: dict[str, Any]) -> None:
    assert parsed({"update_id": 9, "message": a_message(chat=GROUP, **fields)}) is None


def test_an_answer_in_a_group_stands_there_and_private_news_goes_to_the_person() -> None:
    public = render_message(replace(an_answer(thread="-100123", reply_to="7"), delivery=Delivery.PUBLIC_REPLY))
    private = render_message(an_answer(thread="-100123", reply_to="7"))

    assert (public["chat_id"], "reply_parameters" in public) == (-100123, True)
    assert (private["chat_id"], "reply_parameters" in private) == (int(NOOR), False)


@pytest.mark.parametrize("kind", ["my_chat_member", "channel_post", "poll", "something_of_next_year"])
def test_an_unknown_kind_of_update_is_kept_and_named(kind: str) -> None:
    item = kept_unread({"update_id": 9, kind: {"any": "thing"}})

    assert kind in item.reason
    assert json.loads(item.raw) == {"update_id": 9, kind: {"any": "thing"}}


def test_a_message_of_a_kind_without_words_is_kept_unread() -> None:
    reason = kept_unread({"update_id": 9, "message": a_message(dice={"emoji": "🎲", "value": 3})}).reason

    assert "zonder tekst" in reason
    assert "(dice)" in reason


def test_two_unreadable_updates_never_share_an_id() -> None:
    first, second = (kept_unread({"update_id": number, "poll": {}}) for number in (1, 2))

    assert first.external_id != second.external_id


def test_what_the_bot_wrote_itself_is_nothing() -> None:
    assert parsed({"update_id": 9, "message": a_message(text="Dank u", **{"from": {"id": 70099, "is_bot": True}})}) is None


def test_the_parts_of_an_album_name_it() -> None:
    album = [read(message_id=number, media_group_id="77", photo=[{"file_id": f"F{number}"}]) for number in (5, 6, 7)]

    assert len({message.external_id for message in album}) == 3
    assert {message.album for message in album} == {f"{NOOR}:77"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "message_id",
    "date",
    "edit_date",
    "chat",
    "from",
    "text",
    "caption",
    "photo",
    "voice",
    "document",
    "sticker",
    "venue",
    "location",
    "reply_to_message",
    "animation",
)


@given(JSON)
def test_no_update_can_make_the_parser_fail(update: object) -> None:
    assert_storable(parsed(update))


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6), st.sampled_from(["message", "edited_message"]))
def test_no_field_of_a_message_can_make_the_parser_fail(fields: dict[str, object], kind: str) -> None:
    assert_storable(parsed({"update_id": 9, kind: a_message() | fields}))


def assert_storable(item: InboundMessage | UnreadableItem | None) -> None:
    if item is None:
        return
    texts = [item.external_id, item.raw]
    if isinstance(item, UnreadableItem):
        texts.append(item.reason)
    else:
        texts += [item.text, item.thread, item.sender.display_name if item.sender else ""]
        texts += [file.reference for file in item.attachments] + [file.mime_type or "" for file in item.attachments]
    for text in texts:
        assert "\x00" not in text.encode().decode()


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


# -- sending


async def test_a_rate_limit_works_while_every_warning_is_an_error(
    telegram: TelegramSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PTB_TIMEDELTA")
    channel = a_channel(telegram)
    telegram.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.READ, retry_after=timedelta(seconds=7)))

    with warnings.catch_warnings(), pytest.raises(TemporaryChannelError) as caught:
        warnings.simplefilter("error", DeprecationWarning)
        await channel.fetch(None)
    await channel.aclose()

    assert caught.value.retry_after == timedelta(seconds=7)


async def test_a_blocked_bot_cannot_reach_the_person(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")
    telegram.blocks(NOOR)

    with pytest.raises(RecipientUnreachableError, match="blocked"):
        await channel.send(an_answer())

    telegram.unblocks(NOOR)
    assert isinstance(await channel.send(an_answer()), Sent)


async def test_a_person_who_never_wrote_cannot_be_reached(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    with pytest.raises(RecipientUnreachableError, match="bestaat niet"):
        await channel.send(an_answer())


async def test_a_group_that_moved_is_answered_at_its_new_number(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.member_writes(-55, NOOR, "Noor", "hallo")
    telegram.member_writes(-100055, NOOR, "Noor", "hallo")
    telegram.chats.migrate(-55, -100055)

    outcome = await channel.send(replace(an_answer(thread="-55"), delivery=Delivery.PUBLIC_REPLY))

    [post] = telegram.posted
    assert isinstance(outcome, Sent)
    assert (post.target, outcome.external_id.partition(":")[0]) == ("-100055", "-100055")


async def test_an_answer_stands_under_the_message_it_answers(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    message_id = telegram.resident_writes(NOOR, "Noor", "melding")

    rendered = render_message(an_answer(reply_to=message_id))

    assert rendered["reply_parameters"] == {"message_id": int(message_id), "allow_sending_without_reply": True}
    assert isinstance(await channel.send(an_answer(reply_to=message_id)), Sent)


async def test_an_answer_to_a_message_that_was_removed_is_still_posted(
    telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")

    assert isinstance(await channel.send(an_answer(reply_to="9999")), Sent)


async def test_letters_that_no_wire_carries_are_replaced_before_sending(
    telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")

    assert isinstance(await channel.send(an_answer("half \ud83d paar")), Sent)

    [post] = telegram.posted
    assert post.text == "half \ufffd paar"


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 4097, "👍" * 2049])
def test_a_text_that_telegram_refuses_is_rejected_beforehand(text: str) -> None:
    with pytest.raises(MessageRejectedError, match="4096"):
        render_message(an_answer(text))


def test_telegram_has_no_private_reply_to_a_public_post() -> None:
    with pytest.raises(MessageRejectedError, match="direct"):
        render_message(replace(an_answer(), delivery=Delivery.PRIVATE_REPLY))


def test_a_thread_that_is_no_chat_cannot_be_reached() -> None:
    with pytest.raises(RecipientUnreachableError):
        render_message(replace(an_answer(thread="@somebody"), to=""))


def test_length_counts_as_telegram_counts_offsets() -> None:
    assert LIMITS.length_of is utf16_length
    assert utf16_length("a👍") == 3


async def test_telegram_cannot_be_read_back(channel: TelegramChannel) -> None:
    assert not channel.limits.can_read_back
    assert isinstance(await channel.find_sent(an_answer()), CannotTell)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (TelegramSettings(token=""), "@BotFather"),
        (TelegramSettings(token=TOKEN, base_url="api.telegram.org"), "base_url"),
    ],
)
def test_a_wrong_setting_is_told_with_its_remedy(settings: TelegramSettings, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        TelegramChannel(settings)


def test_settings_do_not_show_the_token() -> None:
    assert "loopback" not in repr(TelegramSettings(token=TOKEN))


# -- the simulator, seen by the SDK itself


async def test_the_sdk_reads_what_the_simulator_says(telegram: TelegramSimulator) -> None:
    from telegram import Bot

    photo = b"\xff\xd8" + b"lamp" * 100
    telegram.resident_writes(NOOR, "Noor de Wit", "met foto", photo=photo)
    telegram.resident_writes(NOOR, "Noor de Wit", "", location=(52.09, 5.12))
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot") as bot:
        with_photo, with_place = await bot.get_updates()
        assert with_photo.message is not None
        assert with_place.message is not None
        file = await bot.get_file(with_photo.message.photo[-1].file_id)
        sent = await bot.send_message(chat_id=int(NOOR), text="Dank u")

        assert bot.id == 70099
        assert with_photo.message.caption == "met foto"
        assert with_place.message.location is not None
        assert bytes(await file.download_as_bytearray()) == photo
        assert (await bot.get_updates(offset=with_place.update_id + 1)) == ()
    assert [post.id for post in telegram.answers_to(NOOR)] == [str(sent.message_id)]


async def test_a_resident_answers_and_edits_on_the_simulator(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")
    sent = await channel.send(an_answer())
    assert isinstance(sent, Sent)
    answer = telegram.resident_answers(NOOR, sent.external_id.split(":")[1], "Waar is dat?")
    telegram.resident_edits(NOOR, answer, "Wanneer is dat?")

    _, answered, edited = (await channel.fetch(None)).items

    assert isinstance(answered, InboundMessage)
    assert answered.in_reply_to == sent.external_id
    assert isinstance(edited, InboundMessage)
    assert (edited.edits, edited.text) == (answered.external_id, "Wanneer is dat?")
    assert re.fullmatch(rf"{NOOR}:\d+:\d+-[0-9a-f]{{8}}", edited.external_id)


def test_a_photo_may_come_over_the_control_route(telegram: TelegramSimulator) -> None:
    order = {"person_id": NOOR, "name": "Noor", "photo": base64.b64encode(b"jpg").decode(), "location": None}

    assert telegram.write_from_json(order) == "1"
