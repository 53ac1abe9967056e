"""What the platforms' webhooks share: signatures compared in constant time, and bodies read without trust. Pure.

A platform posts here beside, or instead of, being polled. What a body holds is the channel's to read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from channels.payload import JsonObject, object_of, unreadable
from routing.messages import UnreadableItem
from routing.sentences import said


def is_same(given: str, expected: str) -> bool:
    """In constant time. An empty expectation never fits: a webhook without a secret is closed."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def hex_signature(body: bytes, secret: str) -> str:
    """As Meta signs: `X-Hub-Signature-256: sha256=<hex>` over the raw body with the app secret."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def base64_signature(body: bytes, secret: str) -> str:
    """As X signs: `x-twitter-webhooks-signature: sha256=<base64>` over the raw body, or over a `crc_token`."""
    return f"sha256={base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()}"


def read_body(channel: str, body: bytes) -> tuple[JsonObject, tuple[UnreadableItem, ...]]:
    """The object in the body; or what was there instead, to be kept for staff."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = body.decode("utf-8", "replace")
    if isinstance(value, dict):
        return object_of(value), ()
    return {}, (unreadable(channel, {"body": value}, said("een webhook zonder leesbare inhoud")),)
