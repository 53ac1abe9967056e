"""Whether a text is one e-mail address that can be written to. Pure; it asks no server."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address

_LONGEST = 254  # RFC 5321: 256 with the angle brackets
_LONGEST_NAME = 64


def checked_address(text: str) -> str | None:
    """The address with its domain in lower case, or None. Plain ASCII, one @, a domain with a dot, nothing around it."""
    address = text.strip()
    if not address.isascii() or not address.isprintable() or " " in address or len(address) > _LONGEST:
        return None
    try:
        parsed = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError):
        return None
    labels = parsed.domain.split(".")
    is_domain = len(labels) > 1 and all(_is_label(label) for label in labels)
    is_name = 0 < len(parsed.username) <= _LONGEST_NAME and not set(parsed.username) & set('"()<>[]:;,\\@')
    return f"{parsed.username}@{parsed.domain.lower()}" if is_domain and is_name else None


def _is_label(label: str) -> bool:
    return label.replace("-", "").isalnum() and not label.startswith("-") and not label.endswith("-")
