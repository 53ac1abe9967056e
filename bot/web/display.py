"""Showing what residents wrote without letting it do anything: hidden controls become visible, long texts are cut.

Escaping HTML is the template engine's work; this is about what escaping leaves alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from markupsafe import Markup, escape

from bot.web.language import gettext
from routing.personal_data import mask

EXCERPT = 160
SHOWN_AT_ONCE = 4_000
RAW_SHOWN = 20_000
# Embeddings, overrides and isolates can make a line read differently from what it says (CVE-2021-42574). The marks that
# Arabic and Hebrew writers need (U+200E, U+200F, U+061C) stay.
_DECEIVING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_QUOTED = re.compile(r"'([^']{2,60})'")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LongText:
    """A text in two parts: what is shown, and what is behind a fold."""

    shown: str = field(repr=False)
    rest: str = field(repr=False)


def visible(text: str) -> str:
    """The text with deceiving controls written out as [U+202E] and other controls as a replacement sign."""
    return _CONTROL.sub("\ufffd", _DECEIVING.sub(lambda found: f"[U+{ord(found[0]):04X}]", text.replace("\r\n", "\n")))


@lru_cache(maxsize=2_000)
def excerpt(text: str) -> str:
    """The beginning of a message on one line, personal data masked: lists are read over shoulders.

    Kept for the lists that colleagues look at all day: looking for personal data is most of the work of a list.
    """
    line = " ".join(visible(mask(text)).split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT].rsplit(' ', 1)[0]} …"


def in_parts(text: str) -> LongText:
    """Cut after a word, near SHOWN_AT_ONCE characters."""
    whole = visible(text)
    if len(whole) <= SHOWN_AT_ONCE:
        return LongText(whole, "")
    cut = whole.rfind(" ", SHOWN_AT_ONCE - 100, SHOWN_AT_ONCE)
    cut = SHOWN_AT_ONCE if cut < 0 else cut
    return LongText(whole[:cut], whole[cut:])


def reason_words(reasons: Sequence[str]) -> tuple[str, ...]:
    """The words a routing decision names as its reasons: those between quotes, the longest first."""
    return tuple(sorted({word for reason in reasons for word in _QUOTED.findall(reason)}, key=len, reverse=True))


def marked(text: str, words: Sequence[str]) -> Markup:
    """The text, escaped, with the words that decided marked. Words are found whole, in capitals or not."""
    if not words:
        return escape(text)
    pattern = re.compile(r"\b(" + "|".join(r"\s+".join(map(re.escape, word.split())) for word in words) + r")\b", re.IGNORECASE)
    pieces = pattern.split(text)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if number % 2 else piece for number, piece in enumerate(pieces)
    )


def raw_payload(raw: str) -> LongText:
    """What a platform handed over, indented when it is JSON. `rest` says how much was left out."""
    text = _indented(raw) if len(raw) <= RAW_SHOWN else raw
    left_out = len(text) - RAW_SHOWN
    note = gettext("Nog %(num)s tekens staan alleen in de database.", num=left_out) if left_out > 0 else ""
    return LongText(visible(text[:RAW_SHOWN]), note)


def _indented(raw: str) -> str:
    try:
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return raw
