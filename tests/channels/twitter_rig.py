"""What the tests of X share: the people, the channel under test, and messages to and fro."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from canned import an_answer

from channels.twitter import XChannel
from channels.twitter_client import XSettings
from routing.messages import Delivery, OutboundMessage

NOOR, JAN = "70010001", "70010002"
OWN = "2244994945"
TOKEN = "WB-2026-00042/2"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MENTIONS_ONLY = json.dumps({"direct_at": int(NOW.timestamp()) + 60})
ME = an_answer({"data": {"id": OWN, "name": "Wijkbureau", "username": "wijkbureau"}})
A_POST = {"id": "1993000000000000001", "author_id": NOOR, "text": "@wijkbureau hoi", "created_at": "2026-11-24T08:00:00.000Z"}


def a_channel(url: str, *, now: datetime | None = None, **settings: Any) -> XChannel:
    keys = {name: f"sleutel-{name}" for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")}
    values: dict[str, Any] = {**keys, "base_url": url, "connect_timeout": 5.0, "read_timeout": 5.0, "page_size": 5, **settings}
    return XChannel(XSettings(**values), now=(lambda: now) if now else lambda: datetime.now(UTC))


def a_reply(reply_to: str, text: str = f"Dank u. {TOKEN}", *, delivery: Delivery = Delivery.PUBLIC_REPLY) -> OutboundMessage:
    return OutboundMessage(channel="x", delivery=delivery, to=NOOR, thread=reply_to, reply_to=reply_to, text=text, token=TOKEN)
