"""What is particular to Messenger: conversations that move, the window of 24 hours, and what Meta withholds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from strategies import payloads

from channels.graph_messages import parse_own_message
from channels.graph_walk import Container
from channels.messenger import (
    Correspondent,
    MessengerChannel,
    MessengerSettings,
    parse_conversation,
    parse_messages,
    render_direct_message,
)
from channels.payload import object_of
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.graph import GraphSimulator
from routing.errors import MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import (
    AttachmentKind,
    CannotTell,
    Delivery,
    InboundMessage,
    NotFound,
    Option,
    OptionKind,
    OutboundMessage,
    Sent,
    UnreadableItem,
    Visibility,
)
from tests.builders import TickingClock
from tests.channels.graph_page import page_settings

NOOR, JAN, PAGE = "70010001", "70010002", "104001200300400"
TOKEN = "WB-2026-00042/2"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WITH_NOOR = Correspondent(conversation="t_1", person_id=NOOR)
A_MESSAGE = {
    "id": "m_1",
    "from": {"id": NOOR, "name": "Noor de Wit"},
    "to": {"data": [{"id": PAGE}]},
    "message": "De lantaarn is stuk",
    "created_time": "2026-11-24T08:00:00+0000",
}


@pytest.fixture
async def channel(facebook: GraphSimulator, clock: TickingClock) -> AsyncIterator[MessengerChannel]:
    channel = a_channel(facebook, clock)
    yield channel
    await channel.aclose()


def a_channel(facebook: GraphSimulator, clock: TickingClock, **settings: Any) -> MessengerChannel:
    return MessengerChannel(MessengerSettings(**page_settings(facebook, **settings)), now=clock)


def an_answer(to: str = NOOR, text: str = f"Dank u. {TOKEN}", *, delivery: Delivery = Delivery.DIRECT) -> OutboundMessage:
    return OutboundMessage(channel="messenger", delivery=delivery, to=to, thread=to, reply_to="m_1", text=text, token=TOKEN)


async def everything(
    channel: MessengerChannel, cursor: str | None = None
) -> tuple[dict[str, InboundMessage | UnreadableItem], str]:
    items: dict[str, InboundMessage | UnreadableItem] = {}
    for _ in range(80):
        page = await channel.fetch(cursor)
        items |= {item.external_id: item for item in page.items}
        cursor = page.cursor
        if not page.more:
            return items, page.cursor
    raise AssertionError("Messenger never came to an end")


def read(**fields: Any) -> InboundMessage:
    [leaf] = parse_messages({"data": [{**A_MESSAGE, **fields}]}, WITH_NOOR, PAGE, NOW)
    assert isinstance(leaf.item, InboundMessage)
    return leaf.item


# -- reading


def test_a_message_is_private_and_its_conversation_is_the_person() -> None:
    message = read()

    assert (message.thread, message.visibility) == (NOOR, Visibility.PRIVATE)
    assert message.sender is not None
    assert message.sender.display_name == "Noor de Wit"
    assert message.sent_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_without_an_author_the_conversation_still_tells_with_whom() -> None:
    message = read(**{"from": None})

    assert (message.sender, message.thread) == (None, NOOR)


@pytest.mark.parametrize(
    "fields", [{"from": {"id": PAGE}}, {"from": {"id": int(PAGE)}}, {"from": None, "to": {"data": [{"id": NOOR}]}}]
)
def test_our_own_messages_are_no_messages_even_without_an_author(fields: dict[str, Any]) -> None:
    [leaf] = parse_messages({"data": [{**A_MESSAGE, **fields}]}, WITH_NOOR, PAGE, NOW)

    assert leaf.item is None


@pytest.mark.parametrize(
    ("attachment", "kind", "reference"),
    [
        ({"mime_type": "image/jpeg", "image_data": {"url": "https://x/1.jpg"}}, AttachmentKind.PHOTO, "https://x/1.jpg"),
        ({"image_data": {"url": "https://x/2.jpg"}}, AttachmentKind.PHOTO, "https://x/2.jpg"),
        ({"mime_type": "video/mp4", "video_data": {"url": "https://x/3.mp4"}}, AttachmentKind.VIDEO, "https://x/3.mp4"),
        ({"mime_type": "audio/mpeg", "file_url": "https://x/4.mp3"}, AttachmentKind.VOICE, "https://x/4.mp3"),
        ({"mime_type": "application/pdf", "file_url": "https://x/5.pdf"}, AttachmentKind.DOCUMENT, "https://x/5.pdf"),
        ({"id": 12, "mime_type": "image/png"}, AttachmentKind.PHOTO, "12"),
    ],
)
def test_an_attachment_is_kept_by_kind(attachment: dict[str, Any], kind: AttachmentKind, reference: str) -> None:
    [found] = read(attachments={"data": [attachment]}).attachments

    assert (found.kind, found.reference) == (kind, reference)


def test_a_photo_of_50_megabytes_is_kept_as_a_reference() -> None:
    photo = {"mime_type": "image/jpeg", "size": 52_428_800, "image_data": {"url": "https://x/groot.jpg"}}

    assert read(attachments={"data": [photo]}).attachments[0].size == 52_428_800


def test_a_sticker_and_a_shared_link_are_attachments() -> None:
    message = read(message="", sticker="https://x/duim.png", shares={"data": [{"link": "https://x/bericht"}]})

    assert [attachment.reference for attachment in message.attachments] == ["https://x/duim.png", "https://x/bericht"]


def test_a_message_without_a_date_counts_as_just_come_in() -> None:
    assert read(created_time=None).sent_at == NOW


@pytest.mark.parametrize("message", [{"id": "m_oud"}, {"message": "hoi"}, {"id": None}, 5, None, []])
def test_what_cannot_be_read_is_kept_unread(message: object) -> None:
    [leaf] = parse_messages({"data": [message]}, WITH_NOOR, PAGE, NOW)

    assert isinstance(leaf.item, UnreadableItem)
    assert leaf.item.reason


@settings(deadline=None)  # the machine may be busy
@given(
    payloads(
        *("id", "updated_time", "participants", "messages", "data", "from", "to", "message", "created_time", "sticker", "shares"),
        *("attachments", "mime_type", "size", "image_data", "video_data", "file_url", "url", "link", "name", "paging", "cursors"),
    )
)
def test_reading_never_raises_and_what_is_read_can_be_stored(payload: object) -> None:
    conversation = parse_conversation(payload, PAGE, NOW)
    leaves = list(parse_messages(object_of(payload), WITH_NOOR, PAGE, NOW))
    parse_own_message(object_of(payload), PAGE, TOKEN)
    if isinstance(conversation, Container):
        leaves += conversation.leaves

    for item in (leaf.item for leaf in leaves if leaf.item is not None):
        assert item.raw.isascii()
        if isinstance(item, InboundMessage):
            "".join((item.text, item.thread, item.sender.display_name if item.sender else "")).encode()
            assert "\x00" not in item.text


# -- fetching


async def test_many_conversations_come_in_whole(facebook: GraphSimulator, channel: MessengerChannel) -> None:
    written = {
        facebook.resident_messages(str(7000 + person), "Noor", f"bericht {number}") for number in range(8) for person in range(7)
    }

    items, cursor = await everything(channel)

    assert set(items) == written
    assert (await channel.fetch(cursor)).items == ()


async def test_a_conversation_that_moves_up_while_we_read_loses_nothing(
    facebook: GraphSimulator, channel: MessengerChannel, clock: TickingClock
) -> None:
    for person in range(9):
        facebook.resident_messages(str(7000 + person), "Noor", "eerste")
    _, cursor = await everything(channel)
    clock.advance(hours=1)
    written = {facebook.resident_messages(str(7000 + person), "Noor", "tweede") for person in range(9)}
    clock.advance(minutes=30)
    first = await channel.fetch(cursor)
    written.add(facebook.resident_messages("7000", "Noor", "derde"))  # the last of the list goes to the top
    clock.advance(minutes=30)

    items, cursor = await everything(channel, first.cursor)
    more, _ = await everything(channel, cursor)

    assert {item.external_id for item in first.items} | set(items) | set(more) == written


@pytest.mark.parametrize("seed", range(3))
async def test_faults_over_many_conversations_lose_nothing(seed: int) -> None:
    clock = TickingClock(NOW)
    with GraphSimulator(clock=clock, seed=seed) as facebook:
        channel = a_channel(facebook, clock)
        for kind in (FaultKind.REPEATED_PAGE, FaultKind.DUPLICATES, FaultKind.OUT_OF_ORDER, FaultKind.RESET_BEFORE):
            facebook.faults.add(Fault(kind=kind, side=Side.READ, times=6, probability=0.2))
        written, got, cursor = set(), set(), None
        for number in range(90):
            written.add(facebook.resident_messages(str(7000 + number * 7 % 11), "Noor", f"bericht {number}"))
            clock.advance(minutes=number % 30)
            if number % 6 == 0:
                try:
                    page = await channel.fetch(cursor)
                except TemporaryChannelError:
                    continue
                if number % 4:
                    got |= {item.external_id for item in page.items}
                    cursor = page.cursor
        facebook.faults.clear()
        for _ in range(2):
            items, cursor = await everything(channel, cursor)
            got |= set(items)
        await channel.aclose()

    assert got == written


async def test_of_one_conversation_the_oldest_comes_first(facebook: GraphSimulator, channel: MessengerChannel) -> None:
    written = [facebook.resident_messages(NOOR, "Noor", f"bericht {number}") for number in range(4)]

    assert [item.external_id for item in (await channel.fetch(None)).items] == written


# -- sending


def test_a_message_carries_the_token_for_people_and_for_machines() -> None:
    payload = render_direct_message(an_answer())

    assert payload["recipient"] == {"id": NOOR}
    assert payload["message"] == {"text": f"Dank u. {TOKEN}", "metadata": f"wb:{TOKEN}"}
    assert payload["messaging_type"] == "RESPONSE"


def test_a_text_with_half_a_character_can_still_travel() -> None:
    assert render_direct_message(an_answer(text=f"half \ud83d {TOKEN}"))["message"] == {
        "text": f"half \ufffd {TOKEN}",
        "metadata": f"wb:{TOKEN}",
    }


async def test_a_question_has_its_buttons_as_far_as_messenger_has_them(
    facebook: GraphSimulator, channel: MessengerChannel
) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")
    options = (
        Option(kind=OptionKind.PLACE, label="Deel waar ik ben"),
        Option(kind=OptionKind.SAY, label="Weken of langer"),
        Option(kind=OptionKind.SAY, label="dit is langer dan twintig tekens"),
        Option(kind=OptionKind.PHONE, label="Deel mijn nummer"),
    )

    assert isinstance(await channel.send(replace(an_answer(), options=options)), Sent)

    assert [button.get("title", button["content_type"]) for button in facebook.buttons] == [
        "Weken of langer",
        "user_phone_number",
    ]
    assert isinstance(await channel.send(replace(an_answer(text=f"Nog iets. {TOKEN}"), options=())), Sent)
    assert facebook.buttons == []


async def test_more_buttons_than_messenger_takes_are_left_out(facebook: GraphSimulator, channel: MessengerChannel) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")
    options = tuple(Option(kind=OptionKind.SAY, label=f"keuze {number}") for number in range(20))
    assert isinstance(await channel.send(replace(an_answer(), options=options)), Sent)
    assert len(facebook.buttons) == 13


async def test_a_message_is_posted_and_found_again(facebook: GraphSimulator, channel: MessengerChannel) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")

    sent = await channel.send(an_answer())

    assert isinstance(sent, Sent)
    [posted] = facebook.answers_to(NOOR)
    assert (posted.id, posted.way) == (sent.external_id, "message")
    assert await channel.find_sent(an_answer()) == sent


async def test_a_message_is_found_behind_many_others(facebook: GraphSimulator, channel: MessengerChannel) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")
    sent = await channel.send(an_answer())
    for number in range(60):
        facebook.resident_messages(NOOR, "Noor", f"nog steeds {number}")

    assert await channel.find_sent(an_answer()) == sent


async def test_what_lies_behind_more_messages_than_are_looked_at_is_not_called_absent(
    facebook: GraphSimulator, clock: TickingClock
) -> None:
    channel = a_channel(facebook, clock, read_back_pages=1)
    facebook.resident_messages(NOOR, "Noor", "stuk")
    await channel.send(an_answer())
    for number in range(10):
        facebook.resident_messages(NOOR, "Noor", f"nog steeds {number}")

    assert isinstance(await channel.find_sent(an_answer()), CannotTell)
    await channel.aclose()


async def test_a_resident_who_quotes_the_reference_is_not_our_message(
    facebook: GraphSimulator, channel: MessengerChannel
) -> None:
    facebook.resident_messages(NOOR, "Noor", f"ik kreeg {TOKEN}")

    assert await channel.find_sent(an_answer()) == NotFound()


async def test_without_a_person_all_latest_conversations_are_looked_through(
    facebook: GraphSimulator, channel: MessengerChannel
) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")
    facebook.resident_messages(JAN, "Jan", "ook stuk")
    sent = await channel.send(an_answer(NOOR))

    assert await channel.find_sent(an_answer("")) == sent


async def test_within_24_hours_of_the_last_message_a_machine_may_write(
    facebook: GraphSimulator, channel: MessengerChannel, clock: TickingClock
) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")
    clock.advance(hours=23, minutes=59)
    assert isinstance(await channel.send(an_answer()), Sent)
    clock.advance(minutes=2)

    assert channel.limits.reply_window == timedelta(hours=24)
    with pytest.raises(RecipientUnreachableError, match="andere weg"):
        await channel.send(an_answer(text=f"Nog een. {TOKEN}"))


async def test_who_never_wrote_cannot_be_reached(channel: MessengerChannel) -> None:
    with pytest.raises(RecipientUnreachableError):
        await channel.send(an_answer())


@pytest.mark.parametrize(
    ("delivery", "to", "text"),
    [
        (Delivery.PUBLIC_REPLY, NOOR, TOKEN),
        (Delivery.PRIVATE_REPLY, NOOR, TOKEN),
        (Delivery.DIRECT, "", TOKEN),
        (Delivery.DIRECT, NOOR, ""),
    ],
)
async def test_a_message_that_cannot_go_is_rejected_before_it_is_sent(
    facebook: GraphSimulator, channel: MessengerChannel, delivery: Delivery, to: str, text: str
) -> None:
    facebook.resident_messages(NOOR, "Noor", "stuk")

    with pytest.raises(MessageRejectedError):
        await channel.send(an_answer(to, text, delivery=delivery))

    assert len(facebook.posted) == 0
