"""Telegram: private chats with residents, and groups where the bot is named, by polling or by webhook.

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
from channels.payload import JsonObject, object_of, size_of, text_of
from channels.telegram_api import ChatMovedError, OutcomeUnknownError, TelegramApi, WebhookInUseError
from channels.telegram_messages import KINDS, NAME, number_of, parse_update
from channels.webhooks import is_same, read_body
from routing.errors import ChannelError, ConfigError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import (
    CannotTell,
    Delivery,
    InboundMessage,
    Item,
    Option,
    OptionKind,
    OutboundMessage,
    Page,
    Sent,
    Unknown,
)
from routing.sentences import said

LONGEST_TEXT = 4096
BATCH = 100
"""The most that one getUpdates gives."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


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


# -- parse: what Telegram hands over -> values (messages: telegram_messages)


def judge_bot(me: JsonObject, webhook: JsonObject, webhook_url: str) -> Iterator[Finding]:
    """What getMe and getWebhookInfo say about a bot that is polled, or that has the webhook of the settings."""
    yield Finding(text=said("het token is goed; de bot heet @%(account)s", account=text_of(me.get("username"))))
    if text_of(webhook.get("url")) != webhook_url:
        yield Finding(
            text=said("bij Telegram staat een ander webhookadres dan in de instellingen; bij de start wordt dat gelijk"),
            is_good=False,
        )
    if webhook_url and text_of(webhook.get("last_error_message")):
        yield Finding(
            text=said("Telegram bereikt de webhook niet: %(words)s", words=text_of(webhook.get("last_error_message"))),
            is_good=False,
        )
    waiting = size_of(webhook.get("pending_update_count")) or 0
    yield Finding(text=said("er wachten %(count)s berichten bij Telegram", count=waiting))


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
    if message.delivery is Delivery.PRIVATE_REPLY:
        raise MessageRejectedError(said("telegram: hier bestaan alleen directe berichten en antwoorden in een groep"))
    text = text_of(message.text)
    if not text.strip() or utf16_length(text) > LONGEST_TEXT:
        raise MessageRejectedError(said("telegram: de tekst is leeg of langer dan %(most)s tekens", most=LONGEST_TEXT))
    is_there = message.delivery is Delivery.PUBLIC_REPLY or message.thread == message.to or not message.to
    chat_id = number_of(message.thread if is_there else message.to)  # a private chat has the number of the person
    answered = number_of(message.reply_to) if is_there else None
    if chat_id is None:
        raise RecipientUnreachableError(said("telegram: bij dit gesprek hoort geen nummer van Telegram"))
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
    max_length={Delivery.DIRECT: LONGEST_TEXT, Delivery.PUBLIC_REPLY: LONGEST_TEXT},
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
            raise TemporaryChannelError(said("telegram: ophalen lukt nu niet: %(problem)s", problem=error)) from error

    async def _get_updates(self, offset: int) -> list[object]:
        wanted = {"offset": offset, "limit": BATCH, "timeout": self._long_poll, "allowed_updates": list(KINDS)}
        try:
            updates = await self._ask("get_updates", wanted, wait=self._long_poll)
        except WebhookInUseError:
            await self._ask("delete_webhook", {"drop_pending_updates": False})
            updates = await self._ask("get_updates", wanted, wait=self._long_poll)
        if not isinstance(updates, list):
            raise TemporaryChannelError(said("telegram: ophalen lukt nu niet: het antwoord is geen lijst"))
        return updates

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        return await self._send(render_message(message))

    async def _send(self, wanted: dict[str, object]) -> Sent | Unknown:
        """In a group that became a supergroup the message goes to its new number, once."""
        try:
            answer = await self._api.call("send_message", wanted)
        except ChatMovedError as moved:  # provably not posted
            return await self._send({**wanted, "chat_id": moved.new_chat_id})
        except OutcomeUnknownError as error:
            return Unknown(reason=str(error))
        message_id = number_of(object_of(answer).get("message_id"))
        if message_id is None:
            return Unknown(reason=said("Telegram gaf geen nummer van het bericht terug"))
        return Sent(external_id=f"{wanted['chat_id']}:{message_id}")

    async def find_sent(self, message: OutboundMessage) -> CannotTell:  # noqa: ARG002 - the contract's parameter
        return CannotTell(reason=said("Telegram laat een bot niet teruglezen wat hij stuurde"))

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None:
        """Telegram gives files of up to 20 MB to a bot (core.telegram.org/bots/api, November 2026)."""
        try:
            file = object_of(await self._api.call("get_file", {"file_id": reference}))
        except OutcomeUnknownError as error:
            raise TemporaryChannelError(
                said("telegram: de bijlage is nu niet op te halen: %(problem)s", problem=error)
            ) from error
        path, base = text_of(file.get("file_path")), self._settings.base_url.rstrip("/")
        if not path:
            raise MessageRejectedError(said("telegram: de bijlage is er niet meer"))
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
