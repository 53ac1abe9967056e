"""Reads what X posts to our webhook, as the same values that polling gives. Pure.

Two products of X deliver here: Account Activity in the words of the interface of before 2020, X Activity in those of
interface 2. Documentation of X, August 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from channels.payload import JsonObject, id_of, list_of, object_of, objects_of, text_of, unreadable
from channels.twitter_messages import NAME, is_left_out, parse_direct_message, parse_post
from routing.messages import InboundMessage, UnreadableItem
from routing.sentences import said

_POSTS = frozenset({"post.mention.create", "post.quote.create", "post.reply.create"})
_OF_NO_USE = frozenset({"for_user_id", "user_has_blocked", "users", "apps"})
_LAST_MOMENT = 4_102_444_800_000  # 2100, in milliseconds since 1970


def parse_pushed(payload: JsonObject) -> Iterator[InboundMessage | UnreadableItem]:
    """Our own posts and reposts are left out. An event of a kind that brings no message (a like, typing) gives nothing."""
    if "data" in payload:
        yield from _parse_activity(object_of(payload.get("data")))
        return
    account_id = id_of(payload.get("for_user_id")) or ""
    for event in list_of(payload.get("tweet_create_events")):
        post, includes = _modern_post(object_of(event))
        if not is_left_out(post, account_id):
            yield _with_raw(event, parse_post(post, includes))
    for event in list_of(payload.get("direct_message_events")):
        message = _modern_direct_message(object_of(event))
        if id_of(message.get("sender_id")) != account_id:
            yield _with_raw(event, parse_direct_message(message, _modern_users(object_of(payload.get("users")))))
    if not payload.keys() - _OF_NO_USE:
        yield unreadable(NAME, payload, said("een webhook van X zonder bericht"))


def _parse_activity(data: JsonObject) -> Iterator[InboundMessage | UnreadableItem]:
    kind, post = text_of(data.get("event_type")), object_of(data.get("payload"))
    account_id = id_of(object_of(data.get("filter")).get("user_id")) or ""
    if kind in _POSTS and not is_left_out(post, account_id):
        yield parse_post(post, object_of(data.get("includes")))
    elif kind == "dm.received":
        yield parse_direct_message(post, object_of(data.get("includes")))


def _with_raw(event: object, item: InboundMessage | UnreadableItem) -> InboundMessage | UnreadableItem:
    """What was handed over is kept as it was."""
    return item if isinstance(item, InboundMessage) else unreadable(NAME, event, item.reason)


def _modern_post(event: JsonObject) -> tuple[JsonObject, JsonObject]:
    """The post in the words of interface 2, and what would stand beside it there."""
    author = object_of(event.get("user"))
    references = {
        "replied_to": event.get("in_reply_to_status_id_str"),
        "quoted": event.get("quoted_status_id_str"),
        "retweeted": object_of(event.get("retweeted_status")).get("id_str"),
    }
    media = objects_of(object_of(event.get("extended_entities")).get("media"))
    post: JsonObject = {
        "id": event.get("id_str"),
        "author_id": author.get("id_str"),
        "created_at": _moment_of_old(event.get("created_at")),
        "text": object_of(event.get("extended_tweet")).get("full_text") or event.get("text"),
        "referenced_tweets": [{"type": kind, "id": target} for kind, target in references.items() if target],
        "edit_history_tweet_ids": object_of(event.get("edit_history")).get("edit_tweet_ids"),
        "geo": {"coordinates": event.get("coordinates")},
        "attachments": {"media_keys": [medium.get("id_str") for medium in media]},
    }
    return post, {**_modern_users({"author": author}), "media": _modern_media(media)}


def _modern_direct_message(event: JsonObject) -> JsonObject:
    created = object_of(event.get("message_create"))
    sender, recipient = id_of(created.get("sender_id")), id_of(object_of(created.get("target")).get("recipient_id"))
    people = [person for person in (sender, recipient) if person is not None and person.isascii() and person.isdigit()]
    data = object_of(created.get("message_data"))
    medium = object_of(object_of(data.get("attachment")).get("media"))
    return {
        "id": event.get("id"),
        "sender_id": sender,
        "dm_conversation_id": "-".join(sorted(people, key=int)) if len(people) == 2 else None,
        "created_at": _moment_of_milliseconds(event.get("created_timestamp")),
        "text": data.get("text"),
        "attachments": {"media_keys": [medium.get("id_str")] if medium else []},
    }


def _modern_users(users: JsonObject) -> JsonObject:
    known = [object_of(user) for user in users.values()]
    return {
        "users": [
            {"id": user.get("id_str") or user.get("id"), "name": user.get("name"), "username": user.get("screen_name")}
            for user in known
        ]
    }


def _modern_media(media: tuple[JsonObject, ...]) -> list[JsonObject]:
    return [{"media_key": m.get("id_str"), "type": m.get("type"), "url": m.get("media_url_https")} for m in media]


def _moment_of_old(value: object) -> str | None:
    """From `Wed Oct 10 20:19:24 +0000 2018`."""
    try:
        return datetime.strptime(text_of(value), "%a %b %d %H:%M:%S %z %Y").isoformat()
    except ValueError:
        return None


def _moment_of_milliseconds(value: object) -> str | None:
    digits = id_of(value) or ""
    is_moment = digits.isascii() and digits.isdigit() and len(digits) < 15 and int(digits) < _LAST_MOMENT
    return datetime.fromtimestamp(int(digits) / 1000, UTC).isoformat() if is_moment else None
