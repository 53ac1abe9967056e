"""Reads what Meta posts to our webhook for a page: changes on the page, and messages. Pure.

One body holds many entries, for Facebook and Messenger alike; each channel reads its own. Webhooks reference of Meta, 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from channels.base import Challenge
from channels.graph import GraphSettings
from channels.payload import JsonObject, list_of, object_of, size_of
from channels.webhooks import hex_signature, is_same

_LAST_MOMENT = 4_102_444_800  # 2100, in seconds since 1970


def page_changes(payload: JsonObject, page_id: str) -> Iterator[object]:
    """The value of every change on our page."""
    for entry in _entries(payload, page_id):
        for change in list_of(entry.get("changes")):
            yield object_of(change).get("value")


def page_messages(payload: JsonObject, page_id: str) -> Iterator[object]:
    """Every event of a conversation with our page, also of one that another app has in hand."""
    for entry in _entries(payload, page_id):
        yield from list_of(entry.get("messaging"))
        yield from list_of(entry.get("standby"))


def moment_of_seconds(value: object) -> datetime | None:
    seconds = size_of(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < _LAST_MOMENT else None


def moment_of_milliseconds(value: object) -> datetime | None:
    milliseconds = size_of(value)
    return None if milliseconds is None else moment_of_seconds(milliseconds // 1000)


def _entries(payload: JsonObject, page_id: str) -> Iterator[JsonObject]:
    for entry in list_of(payload.get("entry")):
        if object_of(entry).get("id") == page_id:
            yield object_of(entry)


class MetaWebhook:
    """The part of a webhook that Facebook and Messenger share: the address, the challenge and the signature."""

    webhook_path = "meta"

    def __init__(self, settings: GraphSettings) -> None:
        self._verify_token, self._app_secret = settings.verify_token, settings.app_secret

    def answer_challenge(self, query: Mapping[str, str]) -> Challenge | None:
        is_ours = query.get("hub.mode") == "subscribe" and is_same(query.get("hub.verify_token", ""), self._verify_token)
        return Challenge(body=query.get("hub.challenge", "")) if is_ours else None

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        return is_same(headers.get("x-hub-signature-256", ""), hex_signature(body, self._app_secret))
