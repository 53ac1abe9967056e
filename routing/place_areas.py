"""Finds the buurt or wijk a text names, and the towns outside the gemeente. It knows nothing of streets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from routing.gazetteer import Gazetteer
from routing.place_reading import Reading, locative_cue
from routing.place_roles import is_aside, is_home
from routing.place_spelling import ENDINGS
from routing.text import sound, word_set

_NEEDS_CUE = frozenset(
    {"centrum", "centro", "sentrum", "downtown", "welgelegen", "halvemaan", "hetzand", "west", "veemarkt", "parkwijk"}
)
_OFFICES = word_set("wijkbureau wijkraad buurtteam wijkregisseur wijkagent wijkadviseur team bureau")
_COMPASS_CUES = word_set("in wijk utrecht buurt bewonersavond wijkavond")
_COMPASS_ELSEWHERE = word_set("nederland europa limburg holland vlaanderen afrika frankrijk van en duitsland amerika")
_TOWN_CUES = word_set("in te uit naar bij van gemeente stad en i w à a din")
_STAY_CUES = frozenset({"in", "te", "gemeente", "à", "w", "en"})


class Area(NamedTuple):
    """`name` as the text writes it, the wijk it lies in. `weight` is lower for a home, an office or a place in passing."""

    name: str
    wijk: str
    start: int
    end: int
    weight: float


class Town(NamedTuple):
    """A town outside the gemeente. `stays` tells that something is said to be there, not merely coming from it."""

    name: str
    start: int
    end: int
    stays: bool


def find_area(reading: Reading, taken: Sequence[tuple[int, int]], gazetteer: Gazetteer) -> Area | None:
    """The weightiest area named outside the spans in `taken`, the first of equals."""
    areas = [
        area for area in _areas(reading, gazetteer) if not any(start < area.end and area.start < end for start, end in taken)
    ]
    return max(areas, key=lambda area: (area.weight, -area.start), default=None)


def _areas(reading: Reading, gazetteer: Gazetteer) -> Iterator[Area]:
    first = 0
    while first < len(reading.tokens):
        found = _area_at(reading, first, gazetteer)
        if found is None:
            first += 1
            continue
        wijk, last = found
        start, end = reading.tokens[first].start, reading.tokens[last].end
        yield Area(reading.text[start:end], wijk, start, end, _weight(reading, first))
        first = last + 1


def _weight(reading: Reading, first: int) -> float:
    start = reading.tokens[first].start
    if is_home(reading.folded, start):
        return 0.4
    if first > 0 and reading.words[first - 1] in _OFFICES:
        return 0.3
    return 0.6 if is_aside(reading.folded, start) else 1.0


def _area_at(reading: Reading, first: int, gazetteer: Gazetteer) -> tuple[str, int] | None:
    words = reading.words
    most = gazetteer.area_words.get(words[first], 0)
    for last in range(min(first + most, len(words)) - 1, first - 1, -1):
        if not all(reading.joined[first:last]):
            continue
        key = "".join(words[first : last + 1])
        wijk = gazetteer.areas.get(key)
        if wijk and (key not in _NEEDS_CUE or locative_cue(reading, first) >= 1):
            return wijk, last
    compass = gazetteer.compass.get(words[first])
    if compass and _has_compass_cue(reading, first):
        return compass, first
    wijk = _misspelt(reading, first, gazetteer)
    return (wijk, first) if wijk else None


def _has_compass_cue(reading: Reading, first: int) -> bool:
    if first == 0 or reading.words[first - 1] not in _COMPASS_CUES:
        return False
    after = reading.words[first + 1] if first + 1 < len(reading.words) and reading.joined[first] else ""
    return after not in _COMPASS_ELSEWHERE


def _misspelt(reading: Reading, first: int, gazetteer: Gazetteer) -> str | None:
    word = reading.words[first]
    if len(word) < 6:
        return None
    inflected, near = _like_area(word, gazetteer)
    return inflected or (near if near and locative_cue(reading, first) >= 1 else None)


@lru_cache(maxsize=20_000)
def _like_area(word: str, gazetteer: Gazetteer) -> tuple[str | None, str | None]:
    """The wijk of the area that a word is a form of, and that of the area it sounds much like."""
    if not word.isascii() or word in gazetteer.not_streets:
        return None, None
    for length in range(1, min(9, len(word) - 4)):
        stem = word[:-length]
        if stem in gazetteer.areas and word[-length:] in ENDINGS and stem not in _NEEDS_CUE:
            return gazetteer.areas[stem], None
    if len(word) < 7:
        return None, None
    heard = sound(word)
    alike = gazetteer.areas_by_sound.get(heard[0], {})
    near = process.extractOne(heard, alike.keys(), scorer=OSA.distance, score_cutoff=2 if len(heard) >= 11 else 1)
    return None, alike[near[0]] if near else None


def find_town(reading: Reading, gazetteer: Gazetteer) -> Town | None:
    """The first town named with a preposition ('in Nieuwegein', 'te Houten'), one where something is, before one in passing."""
    towns = list(_towns(reading, gazetteer))
    return next((town for town in towns if town.stays), towns[0] if towns else None)


def _towns(reading: Reading, gazetteer: Gazetteer) -> Iterator[Town]:
    words = reading.words
    for first in range(len(words)):
        if words[first] not in gazetteer.town_first_words:
            continue
        for last in range(first, min(first + 3, len(words))):
            key = "".join(words[first : last + 1])
            if key not in gazetteer.towns and key not in gazetteer.town_words:
                continue
            start, end = reading.tokens[first].start, reading.tokens[last].end
            before = words[first - 1] if first > 0 else ""
            if before not in _TOWN_CUES and not re.match(r"\s*$|[,.(]", reading.folded[end:]):
                continue
            if key in gazetteer.town_words and not (before in _TOWN_CUES and reading.text[start].isupper()):
                continue
            stays = before in _STAY_CUES and not is_home(reading.folded, start) and not is_aside(reading.folded, start)
            yield Town(reading.text[start:end], start, end, stays)
