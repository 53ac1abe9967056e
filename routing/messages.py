"""The values that travel through the house: what came in, what goes out, who and where.

Frozen and free of I/O. Personal data is kept out of `repr`, so that a log line cannot leak it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Visibility(StrEnum):
    """Who can read a message on its platform."""

    PUBLIC = "openbaar"
    PRIVATE = "prive"


class AttachmentKind(StrEnum):
    PHOTO = "foto"
    VIDEO = "video"
    VOICE = "spraak"
    DOCUMENT = "document"
    OTHER = "overig"


class Delivery(StrEnum):
    """By which kind of way a reply travels. The channel decides what each one is on its platform."""

    PUBLIC_REPLY = "openbaar_antwoord"
    PRIVATE_REPLY = "prive_antwoord"
    DIRECT = "direct_bericht"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file a resident sent. `reference` is the platform's own handle (file id or address)."""

    kind: AttachmentKind
    reference: str = field(repr=False)
    size: int | None = None
    mime_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoPoint:
    """WGS84 degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The sender as the platform knows them: an id and the name shown there, nothing else is kept.

    `is_proven` is False when nobody checked that the sender is who the id says (an address typed into a form).
    """

    external_id: str
    display_name: str = field(repr=False, default="")
    is_bot: bool = False
    is_proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One message as a platform handed it over.

    `external_id` is unique within the channel. `thread` names the conversation (a chat, the root of a public
    thread); `reply_to` is the platform's handle a reply must name. `raw` is the payload as JSON text.
    `sender` is None when the platform withheld the author. `edits` is the `external_id` of the message that
    this one replaces. `in_reply_to` is the external id this message answers on the platform. `album` is shared by
    messages that the resident sent as one.
    """

    channel: str
    external_id: str
    thread: str
    reply_to: str
    visibility: Visibility
    sent_at: datetime
    sender: Person | None = None
    text: str = field(repr=False, default="")
    attachments: tuple[Attachment, ...] = ()
    location: GeoPoint | None = field(repr=False, default=None)
    in_reply_to: str | None = None
    edits: str | None = None
    album: str | None = None
    raw: str = field(repr=False, default="{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableItem:
    """Something the platform handed over that is no message to us. Kept, and shown to staff."""

    channel: str
    external_id: str
    reason: str
    raw: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The resident took a message back at the platform. `external_id` is that of the message.

    `doubt` says why it may have gone in another way: then nothing of ours is masked, and staff see that it is not there any more.
    """

    channel: str
    external_id: str
    doubt: str = ""


Item = InboundMessage | UnreadableItem | Removal
"""What a platform hands over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One step of fetching. `cursor` is opaque to everybody but the channel and is stored together with the items.

    `more` tells that the platform has further items ready now. `problem` says what could not be read while the rest could.
    `again_after`: the platform's pace; it is not asked again before.
    """

    items: tuple[Item, ...]
    cursor: str
    more: bool = False
    problem: str = ""
    again_after: timedelta | None = None


class OptionKind(StrEnum):
    """What a button does: say its words, share where I am, share my number."""

    SAY = "zeg"
    PLACE = "plaats"
    PHONE = "telefoon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A button under a message, on channels that have them. The text never depends on it."""

    kind: OptionKind
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """One reply to be posted once.

    `token` is the visible reference (`WB-2026-00042/2`): it is part of `text`, unique per reply, and what
    `find_sent` looks for. `to` is the person's id on the platform, `thread` and `reply_to` as on the inbound side.
    """

    channel: str
    delivery: Delivery
    to: str
    thread: str
    reply_to: str
    text: str = field(repr=False)
    token: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform answered with the id of the post."""

    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can tell yet whether the platform posted it. Never send again before reading back."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The channel was read back and the post is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """This platform offers no way to read back (or the look itself failed): a person must decide."""

    reason: str
