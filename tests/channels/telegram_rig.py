"""What the tests of Telegram share: the people, the channel under test, and messages to and fro."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.messages import Delivery, OutboundMessage

NOOR = "70010001"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOKEN = "70099:loopback-token"


def a_channel(telegram: TelegramSimulator, *, long_poll_seconds: int = 0, read_timeout: float = 0.3) -> TelegramChannel:
    return TelegramChannel(
        TelegramSettings(token=TOKEN, base_url=telegram.url, read_timeout=read_timeout, long_poll_seconds=long_poll_seconds)
    )


def an_answer(text: str = "Dank u. WB-2026-00042/1", *, thread: str = NOOR, reply_to: str = "1") -> OutboundMessage:
    return OutboundMessage(
        channel="telegram",
        delivery=Delivery.DIRECT,
        to=NOOR,
        thread=thread,
        reply_to=reply_to,
        text=text,
        token="WB-2026-00042/1",
    )


def a_message(**fields: Any) -> dict[str, Any]:
    """A private message of Noor, with other fields on top; None takes a field away."""
    message = {
        "message_id": 5,
        "date": int(NOW.timestamp()),
        "chat": {"id": int(NOOR), "type": "private"},
        "from": {"id": int(NOOR), "is_bot": False, "first_name": "Noor", "last_name": "de Wit"},
    } | fields
    return {key: value for key, value in message.items() if value is not None}
