"""Takes untrusted values out of a platform's payload: every function gives a usable value or None, and never raises.

It knows no platform and no wire format beyond JSON values.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from routing.messages import UnreadableItem

JsonObject = Mapping[str, object]

_LONGEST_ID = 255
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def text_of(value: object) -> str:
    """Text that any database stores: NUL and lone surrogates become U+FFFD. Everything but a string is empty."""
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else ""


def id_of(value: object) -> str | None:
    """A platform id as text, whether it came as a string or as a number. None when it cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < _LONGEST_ID:
        return str(value)
    identifier = text_of(value).strip()
    return identifier if 0 < len(identifier) <= _LONGEST_ID else None


def object_of(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def objects_of(value: object) -> tuple[JsonObject, ...]:
    return tuple(element for element in list_of(value) if isinstance(element, dict))


def size_of(value: object) -> int | None:
    """A size in bytes. None for what is no whole number of a sane magnitude."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**53 else None


def moment_of(value: object) -> datetime | None:
    """An ISO 8601 moment (`Z`, `+0000` or `+00:00`) as aware UTC. A moment without a zone counts as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def raw_of(payload: object) -> str:
    """The payload as JSON text in ASCII, so that whatever characters came in can be stored."""
    try:
        return json.dumps(payload, ensure_ascii=True, default=repr)
    except (ValueError, RecursionError):  # a number of thousands of digits, nesting without end
        return json.dumps({"onleesbaar": "de inhoud kon niet worden opgeschreven"})


def unreadable(channel: str, payload: object, reason: str) -> UnreadableItem:
    """Keeps what could not be read. One payload always gets the same id, so that it is kept once."""
    raw = raw_of(payload)
    digest = hashlib.sha256(raw.encode()).hexdigest()[:24]
    return UnreadableItem(channel=channel, external_id=f"onleesbaar-{digest}", reason=reason, raw=raw)


def carries_token(text: object, token: str) -> bool:
    """Whether the text holds this very reference: `WB-2026-00042/2` is not in `WB-2026-00042/21`."""
    return bool(token) and re.search(rf"(?<!\w){re.escape(token)}(?![\w/])", text_of(text)) is not None
