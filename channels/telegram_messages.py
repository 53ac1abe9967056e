"""Reads what Telegram hands over: one update, one message, as values. Pure.

Private chats, and groups as far as a message there is meant for us. Platform facts: core.telegram.org/bots/api, November 2026.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from channels.payload import JsonObject, id_of, object_of, objects_of, raw_of, size_of, text_of, unreadable
from routing.messages import Attachment, AttachmentKind, GeoPoint, InboundMessage, Person, UnreadableItem, Visibility
from routing.sentences import said

NAME = "telegram"
KINDS = ("message", "edited_message")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_LAST_MOMENT = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_GROUPS = frozenset({"group", "supergroup"})
_COMMAND = re.compile(r"(/[a-z_]{1,32})@\w{3,32}bot\b", re.IGNORECASE)
_ENVELOPE = {"message_id", "chat", "from", "date", "edit_date", "reply_to_message", "media_group_id"}
_EDITABLE = ("text", "entities", "caption", "caption_entities", "location", "venue")
_FILES = {
    "video": AttachmentKind.VIDEO,
    "video_note": AttachmentKind.VIDEO,
    "animation": AttachmentKind.VIDEO,
    "voice": AttachmentKind.VOICE,
    "audio": AttachmentKind.VOICE,
    "document": AttachmentKind.DOCUMENT,
    "sticker": AttachmentKind.OTHER,
}


def parse_update(update: object, *, bot_id: str, now: datetime) -> InboundMessage | UnreadableItem | None:
    """One raw update. None for what we wrote ourselves. Never raises; `now` stands in for a date that is missing."""
    body = object_of(update)
    kind = next((kind for kind in KINDS if kind in body), None)
    if kind is None:
        return unreadable(NAME, update, said("onbekend soort bericht (%(named)s)", named=_named(set(body) - {"update_id"})))
    message = object_of(body[kind])
    chat_id, message_id = number_of(object_of(message.get("chat")).get("id")), number_of(message.get("message_id"))
    if chat_id is None or message_id is None:
        return unreadable(NAME, update, said("het bericht heeft geen nummer of geen gesprek"))
    sender = parse_sender(message.get("from"))
    if sender is not None and sender.external_id == bot_id:
        return None
    place = object_of(message.get("chat")).get("type")
    if place in _GROUPS:
        if not is_addressed(message, bot_id):
            return None
    elif place != "private":
        return unreadable(NAME, update, said("bericht uit een kanaal, niet uit een gesprek of een groep"))
    return _parse_message(update, message, sender, is_edit=kind == "edited_message", now=now)


def is_addressed(message: JsonObject, bot_id: str) -> bool:
    """Whether a message in a group is meant for us: it answers us, names us, or is a command.

    A bot in privacy mode (the default) is shown no mention of another; every bot's name ends in "bot".
    """
    if id_of(object_of(object_of(message.get("reply_to_message")).get("from")).get("id")) == bot_id:
        return True
    text = text_of(message.get("text")) or text_of(message.get("caption"))
    marks = objects_of(message.get("entities")) + objects_of(message.get("caption_entities"))
    kinds = {text_of(mark.get("type")) for mark in marks}
    is_named = any(id_of(object_of(mark.get("user")).get("id")) == bot_id for mark in marks)
    has_name = "mention" in kinds and re.search(r"@\w{1,29}bot\b", text, re.IGNORECASE) is not None
    return is_named or has_name or ("bot_command" in kinds and text.startswith("/"))


def _parse_message(
    update: object, message: JsonObject, sender: Person | None, *, is_edit: bool, now: datetime
) -> InboundMessage | UnreadableItem:
    chat_id, message_id = number_of(object_of(message.get("chat")).get("id")), number_of(message.get("message_id"))
    text, attachments, location = parse_text(message), tuple(parse_attachments(message)), parse_location(message)
    if not (text or attachments or location or isinstance(message.get("text"), str)):
        return unreadable(
            NAME, update, said("bericht zonder tekst, foto of plaats (%(named)s)", named=_named(set(message) - _ENVELOPE))
        )
    original, album = f"{chat_id}:{message_id}", id_of(message.get("media_group_id"))
    answered = number_of(object_of(message.get("reply_to_message")).get("message_id"))
    return InboundMessage(
        channel=NAME,
        external_id=f"{original}:{_edit_mark(update, message)}" if is_edit else original,
        thread=str(chat_id),
        reply_to=str(message_id),
        visibility=Visibility.PRIVATE if _is_private(message) else Visibility.PUBLIC,
        sent_at=parse_moment(message.get("edit_date") if is_edit else message.get("date")) or now,
        sender=sender,
        text=text,
        attachments=attachments,
        location=location,
        in_reply_to=None if answered is None else f"{chat_id}:{answered}",
        edits=original if is_edit else None,
        album=f"{chat_id}:{album}" if album and not is_edit else None,
        raw=raw_of(update),
    )


def _is_private(message: JsonObject) -> bool:
    return object_of(message.get("chat")).get("type") == "private"


def _named(fields: set[str]) -> str:
    return ", ".join(sorted(text_of(name)[:40] for name in fields)[:5]) or "leeg"


def _edit_mark(update: object, message: JsonObject) -> str:
    """Telegram tells the second of an edit, and a person can edit twice in one: what stands there tells them apart."""
    edited = number_of(message.get("edit_date"))
    if edited is None:
        return f"u{id_of(object_of(update).get('update_id'))}"
    files = [text_of(object_of(message.get(name)).get("file_unique_id")) for name in _FILES]
    photos = [text_of(size.get("file_unique_id")) for size in objects_of(message.get("photo"))]
    content = raw_of([[message.get(name) for name in _EDITABLE], files, photos])
    return f"{edited}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def parse_sender(value: object) -> Person | None:
    person = object_of(value)
    person_id = number_of(person.get("id"))
    if person_id is None:
        return None
    names = (text_of(person.get(part)).strip() for part in ("first_name", "last_name"))
    return Person(
        external_id=str(person_id), display_name=" ".join(name for name in names if name), is_bot=person.get("is_bot") is True
    )


def parse_text(message: JsonObject) -> str:
    """The text, the words under a photo, the name of a place, an emoji, the number they share. A command loses the bot's name."""
    venue = object_of(message.get("venue"))
    candidates = (
        text_of(message.get("text")),
        text_of(message.get("caption")),
        ", ".join(part for part in (text_of(venue.get("title")), text_of(venue.get("address"))) if part),
        text_of(object_of(message.get("sticker")).get("emoji")),
        text_of(object_of(message.get("contact")).get("phone_number")),
    )
    return _COMMAND.sub(r"\1", next((text for text in candidates if text), ""))


def parse_attachments(message: JsonObject) -> Iterator[Attachment]:
    """A photo comes in several sizes, of which the largest is kept; everything else comes once."""
    photos = [size for size in objects_of(message.get("photo")) if text_of(size.get("file_id"))]
    if photos:
        yield _attachment(AttachmentKind.PHOTO, max(photos, key=_surface))
    for name, kind in _FILES.items():
        file = object_of(message.get(name))
        is_second_name = name == "document" and "animation" in message  # Telegram names an animation twice
        if text_of(file.get("file_id")) and not is_second_name:
            is_photo = name == "document" and text_of(file.get("mime_type")).startswith("image/")  # sent "as a file"
            yield _attachment(AttachmentKind.PHOTO if is_photo else kind, file)


def _attachment(kind: AttachmentKind, file: JsonObject) -> Attachment:
    return Attachment(
        kind=kind,
        reference=text_of(file.get("file_id")),
        size=size_of(file.get("file_size")),
        mime_type=text_of(file.get("mime_type")) or None,
    )


def _surface(size: JsonObject) -> int:
    return (size_of(size.get("width")) or 0) * (size_of(size.get("height")) or 0)


def parse_location(message: JsonObject) -> GeoPoint | None:
    """A shared position, or that of a shared place. None when it is nowhere on earth."""
    place = object_of(message.get("location")) or object_of(object_of(message.get("venue")).get("location"))
    lat, lon = place.get("latitude"), place.get("longitude")
    if not (_is_degrees(lat, 90) and _is_degrees(lon, 180)):
        return None
    return GeoPoint(lat=float(str(lat)), lon=float(str(lon)))


def _is_degrees(value: object, most: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def parse_moment(value: object) -> datetime | None:
    """Unix seconds. None for what is no moment between 1970 and 2100."""
    seconds = number_of(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < _LAST_MOMENT else None


def number_of(value: object) -> int | None:
    """A whole number that fits Telegram's 64 bits, whether it came as number or as text."""
    digits = id_of(value)
    return int(digits) if digits is not None and _NUMBER.fullmatch(digits) else None
