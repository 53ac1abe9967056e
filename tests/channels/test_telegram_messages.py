"""How updates of Telegram are read: every kind of message, edits, albums, and what is none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram import parse_update, render_message
from routing.messages import AttachmentKind, Delivery, GeoPoint, InboundMessage, UnreadableItem, Visibility
from tests.channels.telegram_rig import NOOR, NOW, a_message, an_answer

A_DAY_LATER = int((NOW + timedelta(days=1)).timestamp())


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
