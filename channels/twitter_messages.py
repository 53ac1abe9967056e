"""Reads what X hands over: posts that mention us and direct messages, as values. Pure; it knows no tweepy."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from channels.base import Finding
from channels.payload import (
    JsonObject,
    carries_token,
    id_of,
    list_of,
    moment_of,
    object_of,
    objects_of,
    raw_of,
    text_of,
    unreadable,
)
from channels.twitter_walk import moment_of_id, next_token_of, post_id_of
from routing.messages import (
    Attachment,
    AttachmentKind,
    GeoPoint,
    InboundMessage,
    OutboundMessage,
    Person,
    Removal,
    UnreadableItem,
    Visibility,
)
from routing.sentences import said

NAME = "x"
QUOTED = "(aangehaald bericht:)"
"""Behind what a resident wrote themselves: the words of another."""
_MEDIA_KINDS = {"photo": AttachmentKind.PHOTO, "video": AttachmentKind.VIDEO, "animated_gif": AttachmentKind.VIDEO}
_ABOUT_THE_POST_ITSELF = frozenset({"", "id", "ids"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one page holds: `items` oldest first, `ids` of everything on it, also of what is left out.

    `quotes`: the id of a post, and of the post that it quotes.
    """

    items: tuple[InboundMessage | UnreadableItem, ...]
    ids: tuple[str, ...]
    next_token: str | None
    quotes: Mapping[str, str] = field(default_factory=dict)


def parse_mentions(payload: JsonObject, account_id: str) -> Found:
    """Our own posts and reposts are left out. What cannot be read becomes an UnreadableItem; nothing is raised."""
    includes = object_of(payload.get("includes"))
    posts = list_of(payload.get("data"))
    items = [parse_post(post, includes) for post in reversed(posts) if not is_left_out(object_of(post), account_id)]
    items += [unreadable(NAME, error, said("X kon een bericht niet tonen")) for error in _errors_about_posts(payload)]
    quotes = {
        post_id: quoted
        for post in objects_of(payload.get("data"))
        if (post_id := post_id_of(post.get("id"))) and (quoted := _reference(post, "quoted"))
    }
    return Found(items=tuple(items), ids=ids_in(payload), next_token=next_token_of(payload), quotes=quotes)


def parse_quoted(payload: JsonObject, account_id: str) -> dict[str, str]:
    """The texts of posts by their ids. What we wrote ourselves is empty: our words are not those of a resident."""
    posts = {post_id_of(post.get("id")): post for post in objects_of(payload.get("data"))}
    return {
        post_id: "" if id_of(post.get("author_id")) == account_id else _parse_text(post)
        for post_id, post in posts.items()
        if post_id is not None
    }


def judge_account(me: JsonObject, mentions: str, direct: str) -> Iterator[Finding]:
    """Whose keys these are, and what may be read with them: `mentions` and `direct` say why not, or are empty."""
    yield Finding(text=said("de sleutels zijn goed; het account heet @%(account)s", account=text_of(me.get("username"))))
    if mentions:
        yield Finding(text=said("vermeldingen lezen lukt niet: %(problem)s", problem=mentions), is_good=False)
    else:
        yield Finding(text=said("vermeldingen lezen mag"))
    if direct:
        yield Finding(text=said("privéberichten lezen lukt niet: %(problem)s", problem=direct), is_good=False)
    else:
        yield Finding(text=said("privéberichten lezen mag"))


def with_quote(message: InboundMessage, quoted: str | None) -> InboundMessage:
    """`quoted` is what the message quotes: None when that cannot be read, empty when there is nothing to add."""
    if quoted == "":
        return message
    words = "(haalt een bericht aan dat niet te lezen is)" if quoted is None else f"{QUOTED} {quoted}"
    return replace(message, text=f"{message.text}\n\n{words}")


def parse_direct_messages(payload: JsonObject, account_id: str) -> Found:
    """Those that residents sent us. Our own are left out; what cannot be read becomes an UnreadableItem."""
    includes, events = object_of(payload.get("includes")), list_of(payload.get("data"))
    strangers = [event for event in reversed(events) if id_of(object_of(event).get("sender_id")) != account_id]
    items = tuple(parse_direct_message(event, includes) for event in strangers)
    return Found(items=items, ids=ids_in(payload), next_token=next_token_of(payload))


def parse_direct_message(event: object, includes: JsonObject) -> InboundMessage | UnreadableItem:
    values = object_of(event)
    event_id = post_id_of(values.get("id"))
    if event_id is None:
        return unreadable(NAME, event, said("een privébericht op X zonder bruikbaar nummer"))
    sender = _parse_author(values, "sender_id", includes)
    return InboundMessage(
        channel=NAME,
        external_id=event_id,
        thread=id_of(values.get("dm_conversation_id")) or (sender.external_id if sender else event_id),
        reply_to=event_id,
        visibility=Visibility.PRIVATE,
        sent_at=moment_of(values.get("created_at")) or moment_of_id(event_id),
        sender=sender,
        text=_parse_text(values),
        attachments=_parse_attachments(values, includes),
        raw=raw_of(event),
    )


def parse_post(post: object, includes: JsonObject) -> InboundMessage | UnreadableItem:
    values = object_of(post)
    post_id = post_id_of(values.get("id"))
    if post_id is None:
        return unreadable(NAME, post, said("een bericht op X zonder bruikbaar nummer"))
    versions = [post_id_of(version) for version in list_of(_either(values, "edit_history_tweet_ids", "edit_history_post_ids"))]
    return InboundMessage(
        channel=NAME,
        external_id=post_id,
        thread=post_id_of(values.get("conversation_id")) or post_id,
        reply_to=post_id,
        visibility=Visibility.PUBLIC,
        sent_at=moment_of(values.get("created_at")) or moment_of_id(post_id),
        sender=_parse_author(values, "author_id", includes),
        text=_parse_text(values),
        attachments=_parse_attachments(values, includes),
        location=_parse_location(object_of(values.get("geo"))),
        in_reply_to=_reference(values, "replied_to"),
        edits=versions[0] if versions and versions[0] != post_id else None,
        raw=raw_of(post),
    )


# -- what we posted ourselves


def parse_own_reply(payload: JsonObject, message: OutboundMessage) -> str | None:
    """The id of our reply in a page of our own posts: it answers that post and carries the token."""
    for post in objects_of(payload.get("data")):
        if _reference(post, "replied_to") == message.reply_to and carries_token(_parse_text(post), message.token):
            return post_id_of(post.get("id"))
    return None


def parse_own_direct_message(payload: JsonObject, account_id: str, token: str) -> str | None:
    for event in objects_of(payload.get("data")):
        if id_of(event.get("sender_id")) == account_id and carries_token(event.get("text"), token):
            return id_of(event.get("id"))
    return None


def parse_removed(payload: JsonObject) -> tuple[Removal, ...]:
    """The posts that X says do not exist (any more). One that is only hidden from us is not among them."""
    gone = (e for e in objects_of(payload.get("errors")) if text_of(e.get("type")).endswith("/resource-not-found"))
    ids = (post_id_of(error.get("resource_id")) or post_id_of(error.get("value")) for error in gone)
    return tuple(Removal(channel=NAME, external_id=identifier) for identifier in ids if identifier is not None)


def parse_posted(payload: JsonObject) -> str | None:
    """The id that X gave to what we posted: a post's or a direct message's."""
    posted = object_of(payload.get("data"))
    return id_of(posted.get("id")) or id_of(posted.get("dm_event_id"))


def is_left_out(post: JsonObject, account_id: str) -> bool:
    return id_of(post.get("author_id")) == account_id or _reference(post, "retweeted") is not None


def _errors_about_posts(payload: JsonObject) -> list[JsonObject]:
    """Errors stand beside `data`. Most say that something a post points at is gone; those leave the post itself readable."""
    return [e for e in objects_of(payload.get("errors")) if text_of(e.get("parameter")) in _ABOUT_THE_POST_ITSELF]


def ids_in(payload: JsonObject) -> tuple[str, ...]:
    """Of all posts or direct messages on a page."""
    ids = (post_id_of(object_of(post).get("id")) for post in list_of(payload.get("data")))
    return tuple(identifier for identifier in ids if identifier)


def _parse_author(post: JsonObject, author_field: str, includes: JsonObject) -> Person | None:
    author_id = id_of(post.get(author_field))
    if author_id is None:
        return None
    user = next((u for u in objects_of(includes.get("users")) if id_of(u.get("id")) == author_id), {})
    name, handle = text_of(user.get("name")), text_of(user.get("username"))
    return Person(external_id=author_id, display_name=f"{name} (@{handle})" if handle else name)


def _parse_text(post: JsonObject) -> str:
    """A long post has its whole text apart. X escapes `&`, `<` and `>`."""
    long_text = text_of(object_of(_either(post, "note_tweet", "note_post")).get("text"))
    return html.unescape(long_text or text_of(post.get("text")))


def _parse_attachments(post: JsonObject, includes: JsonObject) -> tuple[Attachment, ...]:
    known = {id_of(medium.get("media_key")): medium for medium in objects_of(includes.get("media"))}
    found = []
    for key in map(id_of, list_of(object_of(post.get("attachments")).get("media_keys"))):
        if key is not None:
            medium = known.get(key, {})
            kind = _MEDIA_KINDS.get(text_of(medium.get("type")), AttachmentKind.OTHER)
            address = text_of(medium.get("url")) or text_of(medium.get("preview_image_url")) or key
            found.append(Attachment(kind=kind, reference=address))
    return tuple(found)


def _parse_location(geo: JsonObject) -> GeoPoint | None:
    position = list_of(object_of(geo.get("coordinates")).get("coordinates"))
    numbers = [float(n) for n in position if isinstance(n, int | float) and not isinstance(n, bool) and abs(n) <= 180]
    if len(numbers) != 2 or len(position) != 2 or abs(numbers[1]) > 90:
        return None
    return GeoPoint(lat=numbers[1], lon=numbers[0])


def _reference(post: JsonObject, kind: str) -> str | None:
    references = objects_of(_either(post, "referenced_tweets", "referenced_posts"))
    return next((post_id_of(r.get("id")) for r in references if r.get("type") == kind), None)


def _either(values: JsonObject, name: str, renamed: str) -> object:
    return values.get(name, values.get(renamed))
