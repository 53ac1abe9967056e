"""Facebook: comments on a page's posts and visitors' posts, by polling, with a public or the one private reply.

It posts and reads; which of the two replies is fitting, and whether its time has not passed, is decided elsewhere. An edit of
a comment cannot be seen by polling: the Graph API gives the same id and no moment of editing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.base import Limits
from channels.graph import GraphSettings, Outcome, next_page_of, utc_now
from channels.graph_channel import PageChannel
from channels.graph_messages import (
    LONGEST_MESSAGE,
    find_in_conversations,
    parse_person,
    post,
    render_text,
)
from channels.graph_pushed import moment_of_seconds, page_changes
from channels.graph_refusals import GraphFailure, judge_read
from channels.graph_walk import Container, Deeper, Leaf, WalkPolicy
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
from routing.errors import MessageRejectedError
from routing.messages import (
    Attachment,
    AttachmentKind,
    CannotTell,
    Delivery,
    InboundMessage,
    Item,
    NotFound,
    OutboundMessage,
    Removal,
    Sent,
    Unknown,
    UnreadableItem,
    Visibility,
)
from routing.sentences import said

NAME = "facebook"

# Graph API reference, 2026; the length of a comment is not documented.
_MAX_LENGTH = {Delivery.PUBLIC_REPLY: 8000, Delivery.PRIVATE_REPLY: LONGEST_MESSAGE}
_COMMENT_FIELDS = "id,from,message,created_time,attachment,parent{id,parent{id}}"
_POST_FIELDS = "id,from,message,created_time,attachments{media_type,media,url,subattachments}"
_MESSAGES_ON_A_PAGE = frozenset({"comment", "photo", "post", "status", "video"})
_ORDER = "reverse_chronological"
_VISITOR = "bezoeker"
# Meta's guide to comments and private replies, 2026.
_RIGHTS = frozenset({"pages_manage_engagement", "pages_messaging", "pages_read_engagement", "pages_read_user_content"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FacebookSettings(GraphSettings):
    """`recent_window`: posts so young are looked at in every round, those of `watch_window` every `deep_interval`.

    A new comment does not move an old post to the top, so the old ones have to be looked at too. The window of the private
    reply is Meta's, of April 2026.
    """

    recent_window: timedelta = timedelta(days=30)
    watch_window: timedelta = timedelta(days=365)
    deep_interval: timedelta = timedelta(hours=1)
    private_reply_window: timedelta = timedelta(days=7)


# --- parse: payload -> value ------------------------------------------------------------------------------------------


def parse_post(post: object, page_id: str, now: datetime) -> Container | UnreadableItem:
    """A post with its newest comments. A visitor's post is itself a message to us."""
    values = object_of(post)
    post_id = id_of(values.get("id"))
    if post_id is None:
        return unreadable(NAME, post, said("een Facebook-bericht zonder bruikbaar nummer"))
    comments, author = object_of(values.get("comments")), parse_person(values.get("from"))
    is_visitor = author is not None and author.external_id != page_id
    moment = _seconds(values.get("created_time"))
    return Container(
        id=post_id,
        moment=moment,
        leaves=tuple(parse_comments(comments, post_id, page_id, now, is_visitor=is_visitor)),
        after=next_page_of(comments),
        head=Leaf(id=post_id, moment=moment, item=_parse_visitor_post(values, post_id, now)) if is_visitor else None,
        context=_VISITOR if is_visitor else "",
    )


def parse_comments(answer: JsonObject, post_id: str, page_id: str, now: datetime, *, is_visitor: bool) -> Iterator[Leaf]:
    """The page's own comments come along without an item. What cannot be read becomes an UnreadableItem; nothing is raised."""
    for comment in list_of(answer.get("data")):
        values = object_of(comment)
        is_own = id_of(object_of(values.get("from")).get("id")) == page_id
        item = None if is_own else parse_comment(comment, post_id, now, is_visitor=is_visitor)
        yield Leaf(id=id_of(values.get("id")), moment=_seconds(values.get("created_time")), item=item)


def parse_comment(comment: object, post_id: str, now: datetime, *, is_visitor: bool) -> InboundMessage | UnreadableItem:
    """A comment without a date counts as sent `now`. Under a visitor's post all is one conversation; under a post of the
    page, where strangers meet, each comment begins its own.
    """
    values = object_of(comment)
    comment_id = id_of(values.get("id"))
    if comment_id is None:
        return unreadable(NAME, comment, said("een reactie op Facebook zonder bruikbaar nummer"))
    parent = object_of(values.get("parent"))
    parent_id = id_of(parent.get("id"))
    root_id = id_of(object_of(parent.get("parent")).get("id")) or parent_id or comment_id
    return InboundMessage(
        channel=NAME,
        external_id=comment_id,
        thread=post_id if is_visitor else root_id,
        reply_to=comment_id,
        visibility=Visibility.PUBLIC,
        sent_at=moment_of(values.get("created_time")) or now,
        sender=parse_person(values.get("from")),
        text=text_of(values.get("message")),
        attachments=_parse_attachments([object_of(values.get("attachment"))]),
        in_reply_to=parent_id or post_id,
        raw=raw_of(comment),
    )


def parse_change(change: object, page_id: str, now: datetime) -> Item | None:
    """A change on the page that a webhook tells. None for our own and for what brings no message (a like, a hidden comment).

    An edit has no id of its own; its text makes one, so that the same edit is kept once.
    """
    values = object_of(change)
    kind, verb = text_of(values.get("item")), text_of(values.get("verb"))
    is_comment = kind == "comment"
    message_id = id_of(values.get("comment_id" if is_comment else "post_id"))
    if kind not in _MESSAGES_ON_A_PAGE or verb not in {"add", "edited", "remove"}:
        return None
    if message_id is None:
        return unreadable(NAME, change, said("een webhook van Facebook zonder bruikbaar nummer"))
    if verb == "remove":
        return Removal(channel=NAME, external_id=message_id)
    author = parse_person(values.get("from"))
    if author is not None and author.external_id == page_id:
        return None
    text, parent_id = text_of(values.get("message")), id_of(values.get("parent_id"))
    edition = hashlib.sha256(text.encode()).hexdigest()[:12]
    is_nested = is_comment and parent_id not in {None, id_of(values.get("post_id"))}
    photo = text_of(values.get("photo")) or text_of(values.get("link") if kind == "photo" else "")
    return InboundMessage(
        channel=NAME,
        external_id=f"{message_id}:{edition}" if verb == "edited" else message_id,
        thread=(parent_id if is_nested else None) or message_id,
        reply_to=message_id,
        visibility=Visibility.PUBLIC,
        sent_at=moment_of_seconds(values.get("created_time")) or now,
        sender=author,
        text=text,
        attachments=(Attachment(kind=AttachmentKind.PHOTO, reference=photo),) if photo else (),
        in_reply_to=parent_id if is_comment else None,
        edits=message_id if verb == "edited" else None,
        raw=raw_of(change),
    )


def parse_own_comment(answer: JsonObject, page_id: str, token: str) -> Sent | CannotTell | None:
    """Our comment that carries the token. A comment with the token but without an author may be ours or a quotation."""
    carriers = [comment for comment in objects_of(answer.get("data")) if carries_token(comment.get("message"), token)]
    authors = {id_of(object_of(comment.get("from")).get("id")): id_of(comment.get("id")) for comment in carriers}
    own = authors.get(page_id)
    if own is not None:
        return Sent(external_id=own)
    if None in authors:
        return CannotTell(reason=said("Facebook noemt de schrijver niet van een reactie met dit kenmerk; kijk op de pagina"))
    return None


def _parse_visitor_post(post: JsonObject, post_id: str, now: datetime) -> InboundMessage:
    attachments = objects_of(object_of(post.get("attachments")).get("data"))
    parts = [part for a in attachments for part in objects_of(object_of(a.get("subattachments")).get("data")) or (a,)]
    return InboundMessage(
        channel=NAME,
        external_id=post_id,
        thread=post_id,
        reply_to=post_id,
        visibility=Visibility.PUBLIC,
        sent_at=moment_of(post.get("created_time")) or now,
        sender=parse_person(post.get("from")),
        text=text_of(post.get("message")),
        attachments=_parse_attachments(parts),
        raw=raw_of({name: value for name, value in post.items() if name != "comments"}),
    )


def _parse_attachments(attachments: Iterable[JsonObject]) -> tuple[Attachment, ...]:
    return tuple(found for found in map(_parse_attachment, attachments) if found is not None)


def _parse_attachment(values: JsonObject) -> Attachment | None:
    kind = text_of(values.get("type")) or text_of(values.get("media_type"))
    source = text_of(object_of(object_of(values.get("media")).get("image")).get("src"))
    reference = source or text_of(values.get("url")) or id_of(object_of(values.get("target")).get("id"))
    if not reference:
        return None
    kinds = {"photo": AttachmentKind.PHOTO, "video": AttachmentKind.VIDEO}
    return Attachment(kind=kinds.get(kind.partition("_")[0], AttachmentKind.OTHER), reference=reference)


def _seconds(value: object) -> int | None:
    moment = moment_of(value)
    return None if moment is None else int(moment.timestamp())


# --- render: value -> payload -----------------------------------------------------------------------------------------


def render_public_reply(message: OutboundMessage) -> dict[str, object]:
    """Raises MessageRejectedError when the text does not fit or no comment is named."""
    longest = _MAX_LENGTH[Delivery.PUBLIC_REPLY]
    if id_of(message.reply_to) is None:
        raise MessageRejectedError(
            said("Het antwoord %(token)s noemt geen reactie op Facebook om op te antwoorden.", token=message.token)
        )
    if not 0 < len(message.text) <= longest:
        raise MessageRejectedError(
            said(
                "Het antwoord %(token)s telt %(count)s tekens; in een reactie mogen het er 1 tot %(most)s zijn.",
                token=message.token,
                count=len(message.text),
                most=longest,
            )
        )
    return {"message": text_of(message.text)}


def render_private_reply(message: OutboundMessage, page_id: str) -> dict[str, object]:
    """A post is named otherwise than a comment; a post's id begins with the page's."""
    if id_of(message.reply_to) is None:
        raise MessageRejectedError(
            said("Het antwoord %(token)s noemt geen reactie op Facebook om op te antwoorden.", token=message.token)
        )
    is_post = message.reply_to.startswith(f"{page_id}_") and message.reply_to.count("_") == 1
    kind = "post_id" if is_post else "comment_id"
    return {"recipient": {kind: message.reply_to}, **render_text(message)}


# --- the channel ------------------------------------------------------------------------------------------------------


class FacebookChannel(PageChannel):
    """Keeps the Channel contract. Blocking calls run in threads."""

    name = NAME
    rights = _RIGHTS

    def __init__(self, settings: FacebookSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        policy = WalkPolicy(
            window=settings.watch_window,
            overlap=settings.overlap,
            start=settings.start,
            recent=settings.recent_window,
            deep_interval=settings.deep_interval,
        )
        limits = Limits(
            max_length=_MAX_LENGTH,
            min_interval=settings.min_interval,
            min_interval_per_thread=settings.min_interval_per_thread,
            private_reply_window=settings.private_reply_window,
            settle_delay=settings.settle_delay,
        )
        super().__init__(settings, policy=policy, limits=limits, now=now)

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        page_id = self._settings.page_id
        if message.delivery is Delivery.PUBLIC_REPLY:
            return await asyncio.to_thread(post, self._graph, message.reply_to, "comments", render_public_reply(message))
        if message.delivery is Delivery.PRIVATE_REPLY:
            return await asyncio.to_thread(post, self._graph, page_id, "messages", render_private_reply(message, page_id))
        raise MessageRejectedError(
            said("Facebook kent geen weg '%(way)s'; kies een openbaar of een prive-antwoord.", way=message.delivery)
        )

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        if message.delivery is Delivery.PRIVATE_REPLY:
            return await asyncio.to_thread(find_in_conversations, self._graph, self._settings, message)
        return await asyncio.to_thread(self._find_comment, message)

    def _parse_pushed(self, payload: JsonObject, now: datetime) -> Iterator[Item | None]:
        for change in page_changes(payload, self._settings.page_id):
            yield parse_change(change, self._settings.page_id, now)

    def _read_list(self, **page: str) -> Outcome:
        size = self._settings.page_size
        fields = f"{_POST_FIELDS},comments.filter(stream).order({_ORDER}).limit({size}){{{_COMMENT_FIELDS}}}"
        return self._graph.read_list(self._settings.page_id, "feed", limit=str(size), fields=fields, **page)

    def _parse_entry(self, entry: object, now: datetime) -> Container | UnreadableItem:
        return parse_post(entry, self._settings.page_id, now)

    def _read_deeper(self, deep: Deeper) -> Outcome:
        return self._comments_of(deep.container, deep.paging.after, self._settings.page_size)

    def _parse_leaves(self, answer: JsonObject, deep: Deeper, now: datetime) -> Iterator[Leaf]:
        return parse_comments(answer, deep.container, self._settings.page_id, now, is_visitor=deep.context == _VISITOR)

    def _comments_of(self, parent: str, after: str | None, size: int) -> Outcome:
        page = {"after": after} if after else {}
        return self._graph.read_list(
            parent, "comments", filter="stream", order=_ORDER, limit=str(size), fields=_COMMENT_FIELDS, **page
        )

    def _find_comment(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        """Facebook may hang a reply to a reply under the comment at the top, so that is looked through as well."""
        for parent in dict.fromkeys((message.reply_to, message.thread)):
            found = self._find_comment_under(parent, message.token) if id_of(parent) else NotFound()
            if not isinstance(found, NotFound):
                return found
        return NotFound()

    def _find_comment_under(self, parent: str, token: str) -> Sent | NotFound | CannotTell:
        after: str | None = None
        for _ in range(self._settings.read_back_pages):
            answer = self._comments_of(parent, after, 100)
            if isinstance(answer, GraphFailure):
                return CannotTell(reason=str(judge_read(answer)))
            found = parse_own_comment(answer, self._settings.page_id, token)
            if found is not None:
                return found
            after = next_page_of(answer)
            if after is None:
                return NotFound()
        return CannotTell(reason=said("er staan meer reacties dan er nagekeken worden; zoek het met de hand op"))
