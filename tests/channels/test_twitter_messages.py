"""How a post on X becomes a message: its author, text, photos and place, whatever the payload is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from strategies import payloads

from channels.payload import object_of
from channels.twitter_messages import parse_mentions, parse_own_direct_message, parse_own_reply, parse_post, parse_posted
from routing.messages import AttachmentKind, GeoPoint, InboundMessage, UnreadableItem, Visibility
from tests.channels.twitter_rig import A_POST, NOOR, OWN, TOKEN, a_reply


def read(post: dict[str, Any], **includes: Any) -> InboundMessage:
    item = parse_post({**A_POST, **post}, includes)
    assert isinstance(item, InboundMessage)
    return item


def test_a_mention_is_read_with_its_author_conversation_photo_and_place() -> None:
    message = read(
        {
            "conversation_id": "1992000000000000001",
            "referenced_tweets": [{"type": "replied_to", "id": "1992000000000000002"}],
            "attachments": {"media_keys": ["3_1"]},
            "geo": {"coordinates": {"type": "Point", "coordinates": [5.12, 52.09]}},
        },
        users=[{"id": NOOR, "name": "Noor", "username": "noor"}],
        media=[{"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/1.jpg"}],
    )

    assert (message.thread, message.in_reply_to) == ("1992000000000000001", "1992000000000000002")
    assert message.sender is not None
    assert message.sender.display_name == "Noor (@noor)"
    assert [(photo.kind, photo.reference) for photo in message.attachments] == [
        (AttachmentKind.PHOTO, "https://pbs.twimg.com/1.jpg")
    ]
    assert message.location == GeoPoint(lat=52.09, lon=5.12)
    assert message.visibility is Visibility.PUBLIC
    assert message.reply_to == message.external_id


def test_x_escapes_three_characters_and_we_undo_it() -> None:
    assert read({"text": "5 &lt; 6 &amp;amp; 7"}).text == "5 < 6 &amp; 7"


def test_of_a_long_post_the_whole_text_is_read() -> None:
    assert read({"text": "het begin…", "note_tweet": {"text": "het begin en het slot"}}).text == "het begin en het slot"


def test_an_edited_post_names_the_first_version() -> None:
    assert read({"edit_history_tweet_ids": ["1992000000000000009", A_POST["id"]]}).edits == "1992000000000000009"
    assert read({"edit_history_tweet_ids": [A_POST["id"]]}).edits is None


def test_a_post_without_a_date_has_the_moment_of_its_id() -> None:
    message = read({"id": "1212092628029698048", "created_at": None})

    assert message.sent_at.replace(microsecond=0) == datetime(2019, 12, 31, 19, 26, 16, tzinfo=UTC)


def test_the_renamed_vocabulary_is_read_the_same() -> None:
    old = read(
        {
            "edit_history_tweet_ids": ["7", A_POST["id"]],
            "referenced_tweets": [{"type": "replied_to", "id": "8"}],
            "note_tweet": {"text": "lang"},
        }
    )
    new = read(
        {
            "edit_history_post_ids": ["7", A_POST["id"]],
            "referenced_posts": [{"type": "replied_to", "id": "8"}],
            "note_post": {"text": "lang"},
        }
    )

    assert (old.edits, old.in_reply_to, old.text) == (new.edits, new.in_reply_to, new.text) == ("7", "8", "lang")


@pytest.mark.parametrize("post_id", [None, "", "abc", "1" * 20, 10**30, -5, True, [], "١٢"])
def test_a_post_without_a_usable_id_is_kept_unread(post_id: object) -> None:
    item = parse_post({**A_POST, "id": post_id}, {})

    assert isinstance(item, UnreadableItem)
    assert "wijkbureau hoi" in item.raw


def test_a_numeric_id_is_an_id() -> None:
    assert read({"id": 1993000000000000001}).external_id == "1993000000000000001"


@pytest.mark.parametrize("coordinates", [[5.12], [5.12, 95], [5.12, "52"], [True, 52.0], [1e9, 52.0], None, [5, 52, 1]])
def test_an_impossible_place_is_no_place(coordinates: object) -> None:
    assert read({"geo": {"coordinates": {"coordinates": coordinates}}}).location is None


def test_our_own_posts_and_reposts_are_left_out() -> None:
    own, repost = {**A_POST, "author_id": OWN}, {**A_POST, "referenced_tweets": [{"type": "retweeted", "id": "5"}]}

    page = parse_mentions({"data": [own, repost]}, OWN)

    assert page.items == ()
    assert page.ids == (A_POST["id"], A_POST["id"])


def test_errors_beside_data_are_kept_only_where_a_mention_itself_is_missing() -> None:
    about_a_reference = {"title": "Not Found Error", "parameter": "referenced_tweets.id", "resource_id": "5"}
    about_a_post = {"title": "Authorization Error", "parameter": "id", "resource_id": "6"}

    page = parse_mentions({"data": [A_POST], "errors": [about_a_reference, about_a_post]}, OWN)

    assert [type(item) for item in page.items] == [InboundMessage, UnreadableItem]


@settings(deadline=None)  # the machine may be busy
@given(
    payloads(
        *(
            "data",
            "includes",
            "errors",
            "meta",
            "next_token",
            "users",
            "media",
            "id",
            "author_id",
            "text",
            "created_at",
            "parameter",
        ),
        *("conversation_id", "referenced_tweets", "type", "attachments", "media_keys", "media_key", "url", "note_tweet"),
        *("geo", "coordinates", "edit_history_tweet_ids", "name", "username", "sender_id", "dm_event_id"),
    )
)
def test_reading_never_raises_and_what_is_read_can_be_stored(payload: object) -> None:
    answer = object_of(payload)
    items = (*parse_mentions(answer, OWN).items, parse_post(payload, answer))
    parse_own_reply(answer, a_reply("12"))
    parse_own_direct_message(answer, OWN, TOKEN)
    parse_posted(answer)

    for item in items:
        assert item.raw.isascii()
        if isinstance(item, InboundMessage):
            "".join((item.text, item.thread, item.sender.display_name if item.sender else "")).encode()
            assert "\x00" not in item.text
