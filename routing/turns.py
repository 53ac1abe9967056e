"""What a message says as a turn in a conversation: signs of thanking, asking how it stands, taking back, adding, and so on.

Reads one text with the word patterns of routing/data/gesprek.toml. It knows no meldingen and decides nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise

from routing.text import IGNORABLE, cut, fold, sound


class Sign(StrEnum):
    """What a turn shows. The values are tables of gesprek.toml (explained there); the last seven need more than a pattern."""

    STATUS = "status"
    SOLVED = "solved"
    RETRACT = "retract"
    THANKS = "thanks"
    STILL = "still"
    AGAIN = "again"
    CORRECTION = "correction"
    ADDITION = "addition"
    JOINING = "joining"
    WITNESS = "witness"
    REQUEST = "request"
    SECOND = "second"
    ASIDE = "aside"
    LAUGH = "laugh"
    OPINION = "opinion"
    SARCASM = "sarcasm"
    PAST = "past"
    ALOOF = "aloof"
    MISSING = "missing"
    BACK = "back"
    CONTRAST = "contrast"
    WISH = "wish"
    PERSON = "person"
    ALREADY = "already"
    REACHABLE = "reachable"
    CONTINUES = "continues"
    RESIGNED = "resigned"
    NUMBER = "number"
    """Holds a number."""
    QUESTION = "question"
    """Asks something, with a question mark or without."""
    GREETS = "greets"
    """Begins with a greeting."""
    GREETING_ONLY = "greeting_only"
    """Says nothing but a greeting."""
    THANKS_ONLY = "thanks_only"
    """Says nothing but thanks, perhaps with a greeting."""
    ACK_ONLY = "ack_only"
    """Says nothing but 'ok', 'haha' and the like."""
    TWO_MATTERS = "two_matters"
    """Tells something, and then announces another matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnReading:
    """`words` counts the words; where none are written apart, two signs count as one. `content` may name a matter, as it sounds.

    `plain` is the text as the patterns read it. A sign is looked for when it is asked for: most never are.
    """

    plain: str
    words: int
    content: frozenset[str]

    def has(self, *signs: Sign) -> bool:
        """Whether it shows any of `signs`."""
        return any(_shows(self.plain, sign) for sign in signs)


_MOST_CHARACTERS = 1_000  # what comes later in a very long message is no chat
_NOISE = re.compile(r"https?://\S+|(?<!\w)@\w+|#(?=\w)")
_MENTION = re.compile(r"(?<!\w)@\w+")
_APOSTROPHE = re.compile("'")
_STOP = re.compile(r"[.!\n…]+")
_ASKED = re.compile(r"[?؟]+")
_SEPARATOR = re.compile(r"[,;:()\"\[\]/،|*_~-]+")
_BLANKS = re.compile(r"\s+")
_SENTENCE = re.compile(r"(?<=[.?]) ")
_CLAUSE_END = re.compile(r"(?<=[.!?,;:\n…])\s*(?=\S)")
_NUMBER = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_IDEOGRAM = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_SHORTEST_CONTENT = 3
_SHORTEST_OPENING = 3
_STEM = 6
_REMEMBERED = 512


def read_turn(text: str) -> TurnReading:
    """Read a text. Pure; never raises."""
    plain = _plain(text)
    return TurnReading(plain=plain, words=_count_words(plain), content=content_of(text))


def is_to_another(text: str) -> bool:
    """Whether it begins with the name of an account and names the office nowhere: '@Carla gaan we vrijdag?'. Pure."""
    spoken = text[:_MOST_CHARACTERS].lstrip()
    return _MENTION.match(spoken) is not None and not any(
        _book()["office"].search(fold(name)) for name in _MENTION.findall(spoken)
    )


def _count_words(plain: str) -> int:
    signs = len(_IDEOGRAM.findall(plain))
    return len(_WORD.findall(_IDEOGRAM.sub(" ", plain))) + (signs + 1) // 2


@lru_cache(maxsize=_REMEMBERED)
def _shows(plain: str, sign: Sign) -> bool:
    book = _book()
    match sign:
        case Sign.NUMBER:
            return _NUMBER.search(plain) is not None
        case Sign.QUESTION:
            return (_ASKED.search(plain) or book["asks"].search(plain)) is not None
        case Sign.SOLVED:
            return any(_tells_solved(sentence, book) for sentence in _SENTENCE.split(plain))
        case Sign.STILL | Sign.AGAIN if book[sign].search(plain) and _shows(plain, Sign.SOLVED):
            return book[sign].search(book[Sign.SOLVED].sub(" ", plain)) is not None
        case Sign.THANKS:
            return book[sign].search(_meant(plain, book)) is not None
        case Sign.GREETS:
            return book["greeting"].match(plain) is not None
        case Sign.ADDITION | Sign.CONTINUES | Sign.RESIGNED:
            return book[sign].match(plain) is not None
        case Sign.THANKS_ONLY | Sign.ACK_ONLY | Sign.GREETING_ONLY:
            return sign is _nothing_else(_meant(plain, book), book)
        case Sign.TWO_MATTERS:
            return _tells_two(plain, book)
        case _:
            return book[sign].search(plain) is not None


def content_of(text: str) -> frozenset[str]:
    """The words of a text that may name a matter: as they sound, cut to a stem."""
    common = _book()["common"]
    return frozenset(
        sound(token.word)[:_STEM]
        for token in cut(fold(_NOISE.sub(" ", text[: 4 * _MOST_CHARACTERS])))
        if len(token.word) >= _SHORTEST_CONTENT and not token.word.isdigit() and not common.fullmatch(token.word)
    )


def _plain(text: str) -> str:
    """Folded, without addresses and names of accounts; single blanks; a sentence ends in ' .' or ' ?'."""
    folded = _NOISE.sub(" ", fold(text[:_MOST_CHARACTERS])).replace(IGNORABLE, "")
    folded = _SEPARATOR.sub(" ", _APOSTROPHE.sub("", folded))
    return _BLANKS.sub(" ", _ASKED.sub(" ? ", _STOP.sub(" . ", folded))).strip()


def _tells_solved(sentence: str, book: Mapping[str, re.Pattern[str]]) -> bool:
    """'Is gemaakt', but neither 'is nog niet gemaakt' nor 'is het al gemaakt?' nor 'misschien is het gemaakt'."""
    if "?" in sentence or book[Sign.STATUS].match(sentence) or book["hedge"].search(sentence):
        return False
    found = book[Sign.SOLVED].search(sentence)
    if found is None:
        return False
    before = " ".join(sentence[: found.start()].split()[-2:])
    after = " ".join(sentence[found.end() :].split()[:1])
    return book["not"].search(f"{before} {found.group()} {after}") is None


def _meant(plain: str, book: Mapping[str, re.Pattern[str]]) -> str:
    return book["polite"].sub(" polite ", plain)


def _nothing_else(plain: str, book: Mapping[str, re.Pattern[str]]) -> Sign | None:
    """Which of greeting, thanks and 'ok' is all that the text says."""
    if not plain:
        return None
    rest = plain
    shown: set[Sign] = set()
    for name, sign in (
        ("thanks", Sign.THANKS_ONLY),
        ("greeting", Sign.GREETING_ONLY),
        ("company", Sign.GREETING_ONLY),
        ("ack", Sign.ACK_ONLY),
        ("laugh", Sign.ACK_ONLY),
    ):
        rest, found = book[name].subn(" ", rest)
        if found:
            shown.add(sign)
    if _WORD.search(rest):
        return None
    return next((sign for sign in (Sign.THANKS_ONLY, Sign.ACK_ONLY, Sign.GREETING_ONLY) if sign in shown), Sign.ACK_ONLY)


def _tells_two(plain: str, book: Mapping[str, re.Pattern[str]]) -> bool:
    """'De lamp is stuk. Iets anders: ...': enough words before and after what announces another matter."""
    found = book[Sign.SECOND].search(plain)
    if found is None:
        return False
    before, after = plain[: found.start()], plain[found.end() :]
    return min(len(_WORD.findall(before)), len(_WORD.findall(found.group() + after)) - 1) >= _SHORTEST_OPENING


def second_matter_at(text: str) -> int | None:
    """At which character a text says that it begins about another matter ('... Iets anders: ...'); None if it does not. Pure."""
    announces = _book()[Sign.SECOND]
    starts = [found.end() for found in _CLAUSE_END.finditer(text[:_MOST_CHARACTERS])]
    for start, end in pairwise((*starts, len(text))):
        is_told_before = len(_WORD.findall(text[:start])) >= _SHORTEST_OPENING
        if is_told_before and announces.search(_plain(text[start:end])):
            return start
    return None


_OPENING = r"(?<![^.?] )(?:(?:en|maar|dus|nou|ok|oke|ja|sorry|hoi|hallo|hey|he|goede?\w*|beste|and|but|so|hi|hello|hey) )*"


@cache
def _book() -> Mapping[str, re.Pattern[str]]:
    source = tomllib.loads(resources.files("routing").joinpath("data", "gesprek.toml").read_text(encoding="utf-8"))
    pieces = {f"<{name}>": piece.replace("\n", "") for name, piece in source.pop("pieces").items()}
    return {name: _pattern((entry for entries in table.values() for entry in entries), pieces) for name, table in source.items()}


def _pattern(entries: Iterable[str], pieces: Mapping[str, str]) -> re.Pattern[str]:
    """Any of the entries as whole words. An entry that begins with ^ must begin a sentence."""
    whole = (re.sub(r"<\w+>", lambda name: pieces[name.group()], entry) for entry in entries)
    folded = (fold(entry).replace(IGNORABLE, "") for entry in whole)
    parts = "|".join(_OPENING + entry[1:] if entry.startswith("^") else entry for entry in folded)
    return re.compile(rf"(?<!\w)(?:{parts})(?!\w)")
