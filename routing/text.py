"""Folding and cutting of a message text, shared by the modules that look for something in it.

Folding keeps one character for each character, so every offset in the folded text is an offset in the original. This
module knows nothing about places, languages or danger.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

IGNORABLE = "\u0300"
"""Stands for what a reader does not see: combining accents, soft hyphens, zero-width characters, Arabic vowel signs."""

_FIXED = {
    **dict.fromkeys("‘’‚‛`´ʼ′", "'"),
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "),
    **dict(zip("łøßæœđħðþıĳŀ", "losaodhdtiyl", strict=True)),
    **dict.fromkeys("أإآٱ", "ا"),
    **dict(zip("ىیئةکؤ", "يييهكو", strict=True)),
    "\u0640": IGNORABLE,
}
_TOKEN = re.compile(rf"[a-z{IGNORABLE}]+|[0-9]+|[^\W\d_a-z]+(?:{IGNORABLE}+[^\W\d_a-z]+)*")
_FOLDED_RANGES = (
    (0, 0x250),
    (0x370, 0x400),
    (0x1E00, 0x2000),
    (0xFB00, 0xFB10),
    (0xFF00, 0xFFEF),
)  # Latin, Greek and their forms


class Token(NamedTuple):
    """A run of letters of one script, or a run of digits. `word` is folded; `start` and `end` point into the text."""

    word: str
    start: int
    end: int


class _FoldTable(dict[int, str]):
    """Fills itself: a character is looked up in the Unicode tables once."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    lower = character.lower()[0]
    if lower in _FIXED:
        return _FIXED[lower]
    category = unicodedata.category(lower)
    if category == "Nd":
        return str(unicodedata.decimal(lower))
    if category == "Cf" or (category == "Mn" and not 0x900 <= ord(lower) < 0x1200):
        return IGNORABLE
    if any(start <= ord(lower) < end for start, end in _FOLDED_RANGES):
        return unicodedata.normalize("NFKD", lower)[0].lower()
    return lower


_TABLE = _FoldTable()
_WITHOUT_IGNORABLE = {ord(IGNORABLE): None}


def word_set(words: str) -> frozenset[str]:
    """The words of a list that is written as one string."""
    return frozenset(words.split())


def fold(text: str) -> str:
    """Lower case, without accents, plain quotes, dashes, blanks and digits. As long as `text`."""
    return text.lower() if text.isascii() else text.translate(_TABLE)


@lru_cache(maxsize=16)  # several modules look at the same message, one after another
def cut(folded: str) -> tuple[Token, ...]:
    """The words and numbers of a folded text, in order. A word ends where the script or the kind of character changes."""
    if IGNORABLE not in folded:
        return tuple([Token(match.group(), *match.span()) for match in _TOKEN.finditer(folded)])
    tokens = (Token(match.group().translate(_WITHOUT_IGNORABLE), *match.span()) for match in _TOKEN.finditer(folded))
    return tuple(token for token in tokens if token.word)


_SOUNDS = (
    ("sch", "sg"),
    ("ouw", "au"),
    ("auw", "au"),
    ("ou", "au"),
    ("ij", "y"),
    ("ei", "y"),
    ("ey", "y"),
    ("uy", "ui"),
    ("ae", "a"),
    ("ie", "i"),
    ("ck", "k"),
    ("ch", "g"),
    ("gh", "g"),
    ("ph", "f"),
    ("th", "t"),
    ("dt", "t"),
    ("ce", "se"),
    ("ci", "si"),
    ("c", "k"),
    ("q", "k"),
    ("x", "ks"),
    ("z", "s"),
    ("v", "f"),
)
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """How a folded word sounds to a Dutch ear: words that are often confused in writing get the same key."""
    for written, heard in _SOUNDS:
        if written in word:
            word = word.replace(written, heard)
    word = _DOUBLED.sub(r"\1", word)
    return word[:-1] + "t" if word.endswith("d") else word
