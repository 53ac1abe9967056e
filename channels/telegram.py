"""Telegram: private chats with residents, by polling.

The SDK's `Updater` must never be used: it confirms updates to Telegram before we have stored them. Updates are taken raw and
parsed one by one, because the SDK gives up on a whole batch for one update that it cannot model.
Platform facts: core.telegram.org/bots/api, looked up November 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from channels.base import Finding, Limits
from channels.media import download
from channels.payload import JsonObject, id_of, object_of, objects_of, raw_of, size_of, text_of, unreadable
from channels.telegram_api import OutcomeUnknownError, TelegramApi, WebhookInUseError
from channels.webhooks import is_same, read_body
from routing.errors import ChannelError, ConfigError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import (
    Attachment,
    AttachmentKind,
    CannotTell,
    Delivery,
    GeoPoint,
    InboundMessage,
    Item,
    Option,
    OptionKind,
    OutboundMessage,
    Page,
    Person,
    Sent,
    Unknown,
    UnreadableItem,
    Visibility,
)

NAME = "telegram"
LONGEST_TEXT = 4096
BATCH = 100
"""The most that one getUpdates gives."""
KINDS = ("message", "edited_message")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_LAST_MOMENT = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_ENVELOPE = {"message_id", "chat", "from", "date", "edit_date", "reply_to_message", "media_group_id"}
_FILES = {
    "video": AttachmentKind.VIDEO,
    "video_note": AttachmentKind.VIDEO,
    "animation": AttachmentKind.VIDEO,
    "voice": AttachmentKind.VOICE,
    "audio": AttachmentKind.VOICE,
    "document": AttachmentKind.DOCUMENT,
    "sticker": AttachmentKind.OTHER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSettings:
    """Times are seconds. `long_poll_seconds` is how long Telegram may hold a fetch open when nothing waits.

    `start`: what was sent before it is not taken in. `webhook_url`: the public address of our webhook; empty means polling.
    `webhook_secret` is what Telegram sends along.
    """

    token: str = field(repr=False)
    base_url: str = "https://api.telegram.org"
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    long_poll_seconds: int = 0
    start: datetime | None = None
    webhook_url: str = ""
    webhook_secret: str = field(repr=False, default="")

    def __post_init__(self) -> None:
        if self.start is not None and self.start.tzinfo is None:
            raise ConfigError("channels.telegram.start mist een tijdzone; schrijf bijvoorbeeld 2026-11-01T00:00:00+01:00")
        if self.webhook_url and not self.webhook_url.startswith("https://"):
            raise ConfigError("channels.telegram.webhook_url begint niet met https://; Telegram wil een versleuteld adres")
        if self.webhook_url and not _SECRET.fullmatch(self.webhook_secret):
            raise ConfigError("channels.telegram.webhook_secret moet 1 tot 256 letters, cijfers, _ of - zijn")


# -- parse: what Telegram hands over -> values


def parse_update(update: object, *, bot_id: str, now: datetime) -> InboundMessage | UnreadableItem | None:
    """One raw update. None for what we wrote ourselves. Never raises; `now` stands in for a date that is missing."""
    body = object_of(update)
    kind = next((kind for kind in KINDS if kind in body), None)
    if kind is None:
        return unreadable(NAME, update, f"onbekend soort bericht ({_named(set(body) - {'update_id'})})")
    message = object_of(body[kind])
    chat_id, message_id = number_of(object_of(message.get("chat")).get("id")), number_of(message.get("message_id"))
    if chat_id is None or message_id is None:
        return unreadable(NAME, update, "het bericht heeft geen nummer of geen gesprek")
    sender = parse_sender(message.get("from"))
    if sender is not None and sender.external_id == bot_id:
        return None
    if object_of(message.get("chat")).get("type") != "private":
        return unreadable(NAME, update, "bericht uit een groep of kanaal: alleen privégesprekken worden een melding")
    return _parse_private(update, message, sender, is_edit=kind == "edited_message", now=now)


def _parse_private(
    update: object, message: JsonObject, sender: Person | None, *, is_edit: bool, now: datetime
) -> InboundMessage | UnreadableItem:
    chat_id, message_id = number_of(object_of(message.get("chat")).get("id")), number_of(message.get("message_id"))
    text, attachments, location = parse_text(message), tuple(parse_attachments(message)), parse_location(message)
    if not (text or attachments or location or isinstance(message.get("text"), str)):
        return unreadable(NAME, update, f"bericht zonder tekst, foto of plaats ({_named(set(message) - _ENVELOPE)})")
    original = f"{chat_id}:{message_id}"
    answered = number_of(object_of(message.get("reply_to_message")).get("message_id"))
    return InboundMessage(
        channel=NAME,
        external_id=f"{original}:{_edit_mark(update, message)}" if is_edit else original,
        thread=str(chat_id),
        reply_to=str(message_id),
        visibility=Visibility.PRIVATE,
        sent_at=parse_moment(message.get("edit_date") if is_edit else message.get("date")) or now,
        sender=sender,
        text=text,
        attachments=attachments,
        location=location,
        in_reply_to=None if answered is None else f"{chat_id}:{answered}",
        edits=original if is_edit else None,
        raw=raw_of(update),
    )


def _named(fields: set[str]) -> str:
    return ", ".join(sorted(text_of(name)[:40] for name in fields)[:5]) or "leeg"


def _edit_mark(update: object, message: JsonObject) -> str:
    edited = number_of(message.get("edit_date"))
    return str(edited) if edited is not None else f"u{id_of(object_of(update).get('update_id'))}"


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
    """What the resident wrote: the text, the words under a photo, the name of a place, an emoji, the number they share."""
    venue = object_of(message.get("venue"))
    candidates = (
        text_of(message.get("text")),
        text_of(message.get("caption")),
        ", ".join(part for part in (text_of(venue.get("title")), text_of(venue.get("address"))) if part),
        text_of(object_of(message.get("sticker")).get("emoji")),
        text_of(object_of(message.get("contact")).get("phone_number")),
    )
    return next((text for text in candidates if text), "")


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


def judge_bot(me: JsonObject, webhook: JsonObject, webhook_url: str) -> Iterator[Finding]:
    """What getMe and getWebhookInfo say about a bot that is polled, or that has the webhook of the settings."""
    yield Finding(text=f"het token is goed; de bot heet @{text_of(me.get('username'))}")
    if text_of(webhook.get("url")) != webhook_url:
        yield Finding(
            text="bij Telegram staat een ander webhookadres dan in de instellingen; bij de start wordt dat gelijk", is_good=False
        )
    if webhook_url and text_of(webhook.get("last_error_message")):
        yield Finding(text=f"Telegram bereikt de webhook niet: {text_of(webhook.get('last_error_message'))}", is_good=False)
    waiting = size_of(webhook.get("pending_update_count")) or 0
    yield Finding(text=f"er wachten {waiting} berichten bij Telegram")


def next_offset(updates: list[object], offset: int) -> int:
    """Where to go on after this batch. It follows the batch, not the highest number ever seen.

    An empty answer proves that everything before `offset` is confirmed, so the next poll needs none (0). That matters: after
    a week of silence Telegram chooses a new number at random, and an old offset above it would confirm messages unseen.
    """
    numbers = [number for update in updates if (number := number_of(object_of(update).get("update_id"))) is not None]
    if not updates:
        return 0
    return max(numbers) + 1 if numbers else offset


def parse_cursor(cursor: str | None) -> int:
    """The offset in our own cursor; 0 (the earliest unconfirmed update, so nothing is lost) when there is none in it."""
    try:
        return number_of(object_of(json.loads(cursor or "{}")).get("offset")) or 0
    except ValueError:
        return 0


# -- render: values -> what Telegram takes


def render_message(message: OutboundMessage) -> dict[str, object]:
    """Parameters of sendMessage: plain text, no preview of links, under the resident's message if that still exists.

    Raises MessageRejectedError for what Telegram would refuse, RecipientUnreachableError for a thread that is no chat.
    """
    if message.delivery is not Delivery.DIRECT:
        raise MessageRejectedError("telegram: hier bestaan alleen directe berichten")
    text = text_of(message.text)
    if not text.strip() or utf16_length(text) > LONGEST_TEXT:
        raise MessageRejectedError(f"telegram: de tekst is leeg of langer dan {LONGEST_TEXT} tekens")
    chat_id, answered = number_of(message.thread), number_of(message.reply_to)
    if chat_id is None:
        raise RecipientUnreachableError("telegram: bij dit gesprek hoort geen nummer van Telegram")
    reply: dict[str, object] = (
        {} if answered is None else {"reply_parameters": {"message_id": answered, "allow_sending_without_reply": True}}
    )
    if message.options:
        reply["reply_markup"] = render_buttons(message.options)
    return {"chat_id": chat_id, "text": text, "link_preview_options": {"is_disabled": True}, **reply}


def render_buttons(options: tuple[Option, ...]) -> dict[str, object]:
    """A keyboard that goes away once it is used (core.telegram.org/bots/api#replykeyboardmarkup)."""
    asks: dict[OptionKind, dict[str, object]] = {
        OptionKind.PLACE: {"request_location": True},
        OptionKind.PHONE: {"request_contact": True},
        OptionKind.SAY: {},
    }
    keys = [[{"text": option.label, **asks[option.kind]}] for option in options]
    return {"keyboard": keys, "one_time_keyboard": True, "resize_keyboard": True}


def render_cursor(offset: int) -> str:
    return json.dumps({"offset": offset})


def utf16_length(text: str) -> int:
    """Telegram's limit is said to be in characters, its offsets are in UTF-16 units: the stricter of the two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


LIMITS = Limits(
    max_length={Delivery.DIRECT: LONGEST_TEXT},
    length_of=utf16_length,
    min_interval=timedelta(milliseconds=40),  # about 30 a second over all chats (core.telegram.org/bots/faq, November 2026)
    min_interval_per_thread=timedelta(seconds=1),  # the same page
    can_read_back=False,
)


class TelegramChannel:
    """The channel of one bot. Telegram serves one poller per bot: a second process that fetches makes both fail in turn."""

    def __init__(self, settings: TelegramSettings) -> None:
        """Makes no connection. Raises ConfigError for a missing token or a wrong address."""
        self._api = TelegramApi(
            settings.token, settings.base_url, connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout
        )
        self._settings = settings
        self._bot_id = settings.token.partition(":")[0]
        self._is_webhook_set = False
        self._long_poll = settings.long_poll_seconds

    @property
    def name(self) -> str:
        return NAME

    @property
    def limits(self) -> Limits:
        return LIMITS

    async def fetch(self, cursor: str | None) -> Page:
        """One batch. Asking with a cursor confirms to Telegram everything before it, so it must be stored already.

        With a webhook nothing is asked for: Telegram is told the address, once, and the cursor begins anew, because the
        updates that come meanwhile move it on unseen.
        """
        if self._settings.webhook_url:
            await self._set_webhook()
            return Page(items=(), cursor=render_cursor(0))
        offset = parse_cursor(cursor)
        updates = await self._get_updates(offset)
        now = datetime.now(UTC)
        parsed = [parse_update(update, bot_id=self._bot_id, now=now) for update in updates]
        return Page(
            items=tuple(item for item in parsed if item is not None and not self._is_before_start(item)),
            cursor=render_cursor(next_offset(updates, offset)),
            more=len(updates) >= BATCH,
        )

    def _is_before_start(self, item: Item) -> bool:
        start = self._settings.start
        return start is not None and isinstance(item, InboundMessage) and item.sent_at < start

    async def _set_webhook(self) -> None:
        if self._is_webhook_set:
            return
        wanted = {
            "url": self._settings.webhook_url,
            "secret_token": self._settings.webhook_secret,
            "allowed_updates": list(KINDS),
        }
        await self._ask("set_webhook", wanted)
        self._is_webhook_set = True

    async def _ask(self, method: str, wanted: Mapping[str, object], *, wait: float = 0) -> object:
        """A call that posts nothing. Raises TemporaryChannelError or ChannelAuthError."""
        try:
            return await self._api.call(method, wanted, wait=wait)
        except (OutcomeUnknownError, MessageRejectedError, RecipientUnreachableError) as error:
            raise TemporaryChannelError(f"telegram: ophalen lukt nu niet: {error}") from error

    async def _get_updates(self, offset: int) -> list[object]:
        wanted = {"offset": offset, "limit": BATCH, "timeout": self._long_poll, "allowed_updates": list(KINDS)}
        try:
            updates = await self._ask("get_updates", wanted, wait=self._long_poll)
        except WebhookInUseError:
            await self._ask("delete_webhook", {"drop_pending_updates": False})
            updates = await self._ask("get_updates", wanted, wait=self._long_poll)
        if not isinstance(updates, list):
            raise TemporaryChannelError("telegram: ophalen lukt nu niet: het antwoord is geen lijst")
        return updates

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        wanted = render_message(message)
        try:
            answer = await self._api.call("send_message", wanted)
        except OutcomeUnknownError as error:
            return Unknown(reason=str(error))
        message_id = number_of(object_of(answer).get("message_id"))
        if message_id is None:
            return Unknown(reason="Telegram gaf geen nummer van het bericht terug")
        return Sent(external_id=f"{wanted['chat_id']}:{message_id}")

    async def find_sent(self, message: OutboundMessage) -> CannotTell:  # noqa: ARG002 - the contract's parameter
        return CannotTell(reason="Telegram laat een bot niet teruglezen wat hij stuurde")

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None:
        """Telegram gives files of up to 20 MB to a bot (core.telegram.org/bots/api, November 2026)."""
        try:
            file = object_of(await self._api.call("get_file", {"file_id": reference}))
        except OutcomeUnknownError as error:
            raise TemporaryChannelError(f"telegram: de bijlage is nu niet op te halen: {error}") from error
        path, base = text_of(file.get("file_path")), self._settings.base_url.rstrip("/")
        if not path:
            raise MessageRejectedError("telegram: de bijlage is er niet meer")
        address = f"{base}/file/bot{self._settings.token}/{quote(path)}"
        host = urlsplit(base).hostname or ""
        await download(address, target, hosts={host}, limit=limit, secrets=(self._settings.token,))

    @property
    def webhook_path(self) -> str:
        return NAME

    def answer_challenge(self, query: Mapping[str, str]) -> None:  # noqa: ARG002 - Telegram asks nothing
        return None

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002 - Telegram signs no body
        return is_same(headers.get("x-telegram-bot-api-secret-token", ""), self._settings.webhook_secret)

    def parse_webhook(self, body: bytes, now: datetime) -> tuple[Item, ...]:
        update, unreadable_items = read_body(NAME, body)
        item = None if unreadable_items else parse_update(update, bot_id=self._bot_id, now=now)
        return unreadable_items if item is None else (item,)

    async def check(self) -> tuple[Finding, ...]:
        try:
            me = object_of(await self._api.call("get_me", {}))
            webhook = object_of(await self._api.call("get_webhook_info", {}))
        except (ChannelError, OutcomeUnknownError) as error:
            return (Finding(text=str(error), is_good=False),)
        return tuple(judge_bot(me, webhook, self._settings.webhook_url))

    async def aclose(self) -> None:
        await self._api.aclose()
