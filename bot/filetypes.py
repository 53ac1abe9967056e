"""What a file is, by its first bytes: what the sender says about it is not believed."""

from __future__ import annotations

import re

SNIFFED = 64  # bytes that are enough
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

# The types that are kept. Everything else is refused: a desk has no use for programs, archives or pages.
_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"ID3|\xff[\xfb\xf3\xf2]"), "audio/mpeg"),
    (re.compile(rb"....ftypM4A", re.DOTALL), "audio/mp4"),
    (re.compile(rb"....ftyp(?:isom|iso[2-9]|mp4[12]|avc1|qt  |M4V |MSNV|3gp.)", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "video/webm"),
)


def type_of(beginning: bytes) -> str | None:
    """The media type, or None for what is not kept."""
    return next((name for signature, name in _SIGNATURES if signature.match(beginning)), None)
