"""A text prepared for finding places: its words, which of them stand together, and the words before a name that betray it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from routing.gazetteer import Entry, canonical_words
from routing.text import Token, cut, fold, word_set

PREPOSITIONS = word_set(
    "in int opt aant bijt inde bijde aande vd vh opde op aan bij langs naast achter voor tegenover thv hoogte rond "
    "rondom over onder "
    "door hoek kruising richting vanaf tot nabij via linksaf rechtsaf uit van naar vlakbij tegen boven tussen beneden "
    "bovenaan onderaan "
    "omgeving straat buurt ah on at near by along behind opposite corner of around from to through under outside "
    "street beside between "
    "next junction an auf am im zur zum vor hinter neben entlang der beim bei ecke strasse nahe dem dans sur rue du "
    "pres devant derriere "
    "chez au aux en calle cerca por sobre frente esquina su vicino via nella sulla dalla alla davanti na no em rua "
    "perto da przy w "
    "ulica ul ulicy obok kolo nad pod okolice pe strada langa на у в біля вул вулиці вулиця возле около улице улица ул при "
    "في شارع عند قرب على بشارع جنب امام خلف در خيابان نزديك كنار"
)
HERE_PREPOSITIONS = PREPOSITIONS - {"van", "naar", "over", "uit", "vanaf", "tot", "via", "from", "to", "of", "da", "du", "der"}
BUILDING_PREPOSITIONS = word_set(
    "in bij voor naast achter tegenover rond onder inside near behind opposite outside vor hinter neben devant derriere"
)
STRONG_PREPOSITIONS = frozenset(("aan", "hoek", "thv", "tegenover", "hoogte", "langs", "kruising"))
ARTICLES = word_set("de het t den der the la le les el il lo o a die das dem l d do della del")
_TITLES = word_set(
    "meneer mevrouw mevr mw dhr heer familie fam mr mrs ms mister juf oom tante dokter dr weth burg wethouder burgemeester"
)
_SURNAME_WORDS = word_set("van de den der ter ten te vd")
_EMAIL_OR_LINK = re.compile(r"\S{1,64}@\S{1,200}|https?://\S{1,200}|www\.\S{1,200}")
_GAP = re.compile(r"[ .'\-]{0,3}")


class Mention(NamedTuple):
    """`spot` is written at [start, end) of the text, in tokens [first, last]. `how`: exact, split, ending, sound, fuzzy, stem."""

    spot: int
    start: int
    end: int
    first: int
    last: int
    how: str
    cue: int


class Reading(NamedTuple):
    """`words` are the canonical words of the tokens; `joined[i]` tells that token i and i+1 may belong to one name."""

    text: str
    folded: str
    tokens: Sequence[Token]
    words: Sequence[str]
    joined: Sequence[bool]


def read(text: str) -> Reading:
    """Addresses of mail and web are blanked out first: what stands in them is not a place."""
    folded = fold(text)
    if "@" in folded or "www" in folded or "://" in folded:
        folded = _EMAIL_OR_LINK.sub(lambda match: " " * len(match[0]), folded)
    tokens = cut(folded)
    joined = [_is_joined(folded, before, after) for before, after in pairwise(tokens)]
    return Reading(text, folded, tokens, canonical_words(token.word for token in tokens), [*joined, False])


def _is_joined(folded: str, before: Token, after: Token) -> bool:
    gap = folded[before.end : after.start]
    if gap in {" ", "", "-"}:
        return True
    if gap == "/":
        return before.word == "a" and after.word == "d"
    return _GAP.fullmatch(gap) is not None and ("." not in gap or len(before.word) <= 5)


def mention_of(reading: Reading, entry: Entry, first: int, last: int, how: str) -> Mention:
    start, end = reading.tokens[first].start, reading.tokens[last].end
    return Mention(entry.spot, start, end, first, last, how, locative_cue(reading, first))


def locative_cue(reading: Reading, first: int) -> int:
    """How clearly the words before token `first` announce a place.

    3: a preposition that only fits a street; 2: a preposition; 1: an article, a hashtag, a capital in a sentence; 0: nothing.
    """
    before = first - 1
    article = before >= 0 and reading.words[before] in ARTICLES
    preposition = before - 1 if article else before
    if preposition >= 0 and reading.joined[preposition]:
        word = reading.words[preposition]
        if word in STRONG_PREPOSITIONS:
            return 3
        if word in PREPOSITIONS:
            return 2
    start = reading.tokens[first].start
    hashtag = start > 0 and reading.folded[start - 1] == "#"
    capital = has_capital(reading, first) and first > 0 and reading.joined[before]
    return 1 if article or hashtag or capital else 0


def is_here(reading: Reading, first: int) -> bool:
    """Whether a preposition before token `first` says that something is there: 'bij de Dom', not 'over de Dom'."""
    return _preposition_before(reading, first) in HERE_PREPOSITIONS


def is_at_building(reading: Reading, first: int) -> bool:
    """Whether token `first` is a building where something is: 'voor het stadhuis', not 'naar het stadhuis'."""
    return _preposition_before(reading, first) in BUILDING_PREPOSITIONS


def _preposition_before(reading: Reading, first: int) -> str:
    before = first - 1
    if before >= 0 and reading.words[before] in ARTICLES:
        before -= 1
    return reading.words[before] if before >= 0 and reading.joined[before] else ""


def is_person(reading: Reading, first: int) -> bool:
    """Whether token `first` is the surname of somebody: 'mevrouw Van den Brink', 'fam. Brink'."""
    before = first - 1
    while before >= 0 and (reading.words[before] in _SURNAME_WORDS or len(reading.words[before]) == 1):
        before -= 1
    return before >= 0 and reading.words[before] in _TITLES


def has_capital(reading: Reading, number: int) -> bool:
    return reading.text[reading.tokens[number].start].isupper()
