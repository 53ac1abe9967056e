"""Messenger: conversations with a page, by polling, answered within the window that Meta allows.

It posts and reads; whether the window is still open is decided elsewhere, and refused by Meta when it is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

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
from channels.graph_pushed import moment_of_milliseconds, page_messages
from channels.graph_walk import Container, Deeper, Leaf, WalkPolicy
from channels.payload import (
    JsonObject,
    id_of,
    list_of,
    moment_of,
    object_of,
    objects_of,
    raw_of,
    size_of,
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
    Option,
    OptionKind,
    OutboundMessage,
    Removal,
    Sent,
    Unknown,
    UnreadableItem,
    Visibility,
)
from routing.sentences import said

NAME = "messenger"
MOST_BUTTONS, LONGEST_BUTTON = 13, 20  # Messenger platform, quick replies, 2026

_MESSAGE_FIELDS = (
    "id,created_time,from,to,message,sticker,attachments{id,mime_type,name,size,image_data,video_data,file_url},shares"
)
_RIGHTS = frozenset({"pages_manage_metadata", "pages_messaging"})  # Messenger platform, 2026
_KINDS = {"image": AttachmentKind.PHOTO, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.VOICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessengerSettings(GraphSettings):
    """`watch_window`: conversations silent for longer are not looked at. The reply window is Meta's, of April 2026."""

    channel: ClassVar[str] = NAME

    watch_window: timedelta = timedelta(days=30)
    reply_window: timedelta = timedelta(hours=24)
    min_interval: timedelta = timedelta(milliseconds=200)
    min_interval_per_thread: timedelta = timedelta(seconds=1)


# --- parse: payload -> value ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondent:
    """With whom the page talks in a conversation, as far as Meta tells."""

    conversation: str
    person_id: str | None


def parse_conversation(conversation: object, page_id: str, now: datetime) -> Container | UnreadableItem:
    values = object_of(conversation)
    conversation_id = id_of(values.get("id"))
    if conversation_id is None:
        return unreadable(NAME, conversation, said("een gesprek zonder bruikbaar nummer"))
    messages = object_of(values.get("messages"))
    correspondent = Correspondent(conversation=conversation_id, person_id=_parse_correspondent(values, page_id))
    return Container(
        id=conversation_id,
        moment=_seconds(moment_of(values.get("updated_time"))),
        leaves=tuple(parse_messages(messages, correspondent, page_id, now)),
        after=next_page_of(messages),
        context=correspondent.person_id or "",
    )


def parse_messages(answer: JsonObject, correspondent: Correspondent, page_id: str, now: datetime) -> Iterator[Leaf]:
    """Our own messages come along without an item. What cannot be read becomes an UnreadableItem; nothing is raised."""
    for message in list_of(answer.get("data")):
        values = object_of(message)
        item = None if _is_own(values, page_id) else parse_message(message, correspondent, now)
        yield Leaf(id=id_of(values.get("id")), moment=_seconds(moment_of(values.get("created_time"))), item=item)


def parse_message(message: object, correspondent: Correspondent, now: datetime) -> InboundMessage | UnreadableItem:
    """A message without a date counts as sent `now`."""
    values = object_of(message)
    message_id = id_of(values.get("id"))
    if message_id is None:
        return unreadable(NAME, message, said("een Messenger-bericht zonder bruikbaar nummer"))
    if not any(values.get(name) for name in ("from", "message", "created_time", "attachments", "sticker", "shares")):
        return unreadable(NAME, message, said("een ouder Messenger-bericht waarvan Meta alleen het nummer nog geeft"))
    sender = parse_person(values.get("from"))
    return InboundMessage(
        channel=NAME,
        external_id=message_id,
        thread=(sender.external_id if sender else correspondent.person_id) or correspondent.conversation,
        reply_to=message_id,
        visibility=Visibility.PRIVATE,
        sent_at=moment_of(values.get("created_time")) or now,
        sender=sender,
        text=text_of(values.get("message")),
        attachments=_parse_attachments(values),
        raw=raw_of(message),
    )


def parse_event(event: object, now: datetime) -> Item | None:
    """An event of a conversation that a webhook tells. None for our own and for what brings no message (read, delivered)."""
    values = object_of(event)
    message, edit = object_of(values.get("message")), object_of(values.get("message_edit"))
    if message.get("is_echo") is True or not (message or edit):
        return None
    message_id, sender = id_of((message or edit).get("mid")), parse_person(values.get("sender"))
    if message_id is None:
        return unreadable(NAME, event, said("een webhook van Messenger zonder bruikbaar nummer"))
    if message.get("is_deleted") is True:
        return Removal(channel=NAME, external_id=message_id)
    edition = f"{message_id}:{id_of(edit.get('num_edit')) or 1}"
    attachments = (_parse_pushed_attachment(a) for a in objects_of(message.get("attachments")))
    return InboundMessage(
        channel=NAME,
        external_id=edition if edit else message_id,
        thread=sender.external_id if sender else message_id,
        reply_to=message_id,
        visibility=Visibility.PRIVATE,
        sent_at=moment_of_milliseconds(values.get("timestamp")) or now,
        sender=sender,
        text=text_of((message or edit).get("text")),
        attachments=tuple(attachment for attachment in attachments if attachment.reference),
        in_reply_to=id_of(object_of(message.get("reply_to")).get("mid")),
        edits=message_id if edit else None,
        raw=raw_of(event),
    )


def _parse_pushed_attachment(values: JsonObject) -> Attachment:
    payload, kind = object_of(values.get("payload")), text_of(values.get("type"))
    kinds = {**_KINDS, "file": AttachmentKind.DOCUMENT}
    reference = text_of(payload.get("url")) or id_of(payload.get("sticker_id")) or ""
    return Attachment(kind=kinds.get(kind, AttachmentKind.OTHER), reference=reference)


def _is_own(message: JsonObject, page_id: str) -> bool:
    """By its author; where Meta withholds that, by its addressee, who is then not the page."""
    author = id_of(object_of(message.get("from")).get("id"))
    addressees = {id_of(person.get("id")) for person in objects_of(object_of(message.get("to")).get("data"))} - {None}
    return author == page_id or (author is None and bool(addressees) and page_id not in addressees)


def _parse_correspondent(conversation: JsonObject, page_id: str) -> str | None:
    people = objects_of(object_of(conversation.get("participants")).get("data"))
    return next((person for person in (id_of(p.get("id")) for p in people) if person not in {None, page_id}), None)


def _parse_attachments(message: JsonObject) -> tuple[Attachment, ...]:
    found = [_parse_attachment(a) for a in objects_of(object_of(message.get("attachments")).get("data"))]
    if text_of(message.get("sticker")):
        found.append(Attachment(kind=AttachmentKind.OTHER, reference=text_of(message.get("sticker"))))
    shares = objects_of(object_of(message.get("shares")).get("data"))
    found += [Attachment(kind=AttachmentKind.OTHER, reference=text_of(s.get("link")) or id_of(s.get("id")) or "") for s in shares]
    return tuple(attachment for attachment in found if attachment.reference)


def _parse_attachment(values: JsonObject) -> Attachment:
    mime_type = text_of(values.get("mime_type"))
    sources = (
        object_of(values.get("image_data")).get("url"),
        object_of(values.get("video_data")).get("url"),
        values.get("file_url"),
    )
    address = next((text_of(source) for source in sources if text_of(source)), "")
    is_image = bool(object_of(values.get("image_data")))
    kind = _KINDS.get(mime_type.partition("/")[0], AttachmentKind.PHOTO if is_image else AttachmentKind.DOCUMENT)
    return Attachment(
        kind=kind,
        reference=address or id_of(values.get("id")) or "",
        size=size_of(values.get("size")),
        mime_type=mime_type or None,
    )


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


# --- render: value -> payload -----------------------------------------------------------------------------------------


def render_direct_message(message: OutboundMessage) -> dict[str, object]:
    """Raises MessageRejectedError when the text does not fit or no person is named."""
    if id_of(message.to) is None:
        raise MessageRejectedError(
            said("Het antwoord %(token)s noemt geen persoon op Messenger om aan te schrijven.", token=message.token)
        )
    rendered = render_text(message)
    body = {**object_of(rendered["message"]), **render_buttons(message.options)}
    return {"recipient": {"id": message.to}, **rendered, "message": body}


def render_buttons(options: tuple[Option, ...]) -> dict[str, object]:
    """Quick replies: they go away once one is used, which says its words. Meta has none for a place (since 2019)."""
    buttons = [button for option in options if (button := _button(option)) is not None]
    return {"quick_replies": buttons[:MOST_BUTTONS]} if buttons else {}


def _button(option: Option) -> dict[str, str] | None:
    """Meta cuts a longer title off, and what the resident then says is not what we offered."""
    if option.kind is OptionKind.PHONE:
        return {"content_type": "user_phone_number"}
    if option.kind is OptionKind.SAY and 0 < len(option.label) <= LONGEST_BUTTON:
        return {"content_type": "text", "title": option.label, "payload": option.label}
    return None


# --- the channel ------------------------------------------------------------------------------------------------------


class MessengerChannel(PageChannel):
    """Keeps the Channel contract. Blocking calls run in threads."""

    name = NAME
    rights = _RIGHTS

    def __init__(self, settings: MessengerSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        policy = WalkPolicy(window=settings.watch_window, overlap=settings.overlap, start=settings.start)
        limits = Limits(
            max_length={Delivery.DIRECT: LONGEST_MESSAGE},
            min_interval=settings.min_interval,
            min_interval_per_thread=settings.min_interval_per_thread,
            reply_window=settings.reply_window,
            settle_delay=settings.settle_delay,
        )
        super().__init__(settings, policy=policy, limits=limits, now=now)

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        if message.delivery is not Delivery.DIRECT:
            raise MessageRejectedError(said("Messenger kent geen weg '%(way)s'; kies een direct bericht.", way=message.delivery))
        return await asyncio.to_thread(post, self._graph, self._settings.page_id, "messages", render_direct_message(message))

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        return await asyncio.to_thread(find_in_conversations, self._graph, self._settings, message)

    def _parse_pushed(self, payload: JsonObject, now: datetime) -> Iterator[Item | None]:
        for event in page_messages(payload, self._settings.page_id):
            yield parse_event(event, now)

    def _read_list(self, **page: str) -> Outcome:
        size = self._settings.page_size
        fields = f"id,updated_time,participants,messages.limit({size}){{{_MESSAGE_FIELDS}}}"
        return self._graph.read_list(
            self._settings.page_id, "conversations", platform="messenger", limit=str(size), fields=fields, **page
        )

    def _parse_entry(self, entry: object, now: datetime) -> Container | UnreadableItem:
        return parse_conversation(entry, self._settings.page_id, now)

    def _read_deeper(self, deep: Deeper) -> Outcome:
        size = str(self._settings.page_size)
        return self._graph.read_list(deep.container, "messages", limit=size, fields=_MESSAGE_FIELDS, after=deep.paging.after)

    def _parse_leaves(self, answer: JsonObject, deep: Deeper, now: datetime) -> Iterator[Leaf]:
        correspondent = Correspondent(conversation=deep.container, person_id=deep.context or None)
        return parse_messages(answer, correspondent, self._settings.page_id, now)
