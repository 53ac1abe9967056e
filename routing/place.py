"""Where is the problem? Chooses among the places a text mentions, and places a point on the map.

It looks at nothing but the text (or the point) and the gazetteer: no network, no sender, no earlier messages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from routing.gazetteer import Gazetteer, Spot, Wijk, name_key
from routing.place_areas import Area, Town, find_area, find_town
from routing.place_mentions import find_mentions
from routing.place_reading import Mention, Reading, is_at_building, is_here, is_person, read
from routing.place_roles import is_aside, is_contact_address, is_home


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of the problem. `street` is the name as the gazetteer writes it, `street_in_text` the exact substring.

    `alternatives` are other places the text may mean. `in_gemeente` is None when nothing tells. `confidence` is 0 without
    a place. `how` tells how it was read: exact, split, ending, sound, fuzzy, stem, area, town, point or none.
    """

    street: str | None = None
    street_in_text: str | None = field(default=None, repr=False)
    alternatives: tuple[str, ...] = ()
    buurt: str | None = None
    wijk: str | None = None
    in_gemeente: bool | None = None
    lat: float | None = field(default=None, repr=False)
    lon: float | None = field(default=None, repr=False)
    house_number: str | None = field(default=None, repr=False)
    confidence: float = 0.0
    how: str = "none"


class _Candidate(NamedTuple):
    mention: Mention
    spot: Spot
    number: str | None
    score: float


_HOUSE_NUMBER = re.compile(
    r"[ ,]{0,2}\(?(?:(?:thv|t\.?h\.?v\.?|ter hoogte van|voor|tegenover|t/?o|t\.o\.|naast|near)\.? ?(?:huis)?)?"
    r"(?:n[ru]\.? ?|nummer |no\.? ?|huisnummer |numara |number |#)?(\d{1,4})(?: ?[a-h]\b|-\d{1,3}\b|bis\b)?(?![\d:%€]|[.,]\d)"
)
_NO_HOUSE_NUMBER = re.compile(
    r"\s*[a-h]?\s*(?:uur|u\b|h\b|keer|x\b|maal|euro|eur|dag|week|weken|jaar|maand|minu|meter|m\b|m2|kilo|km|cm|mensen"
    r"|man\b|auto|fiets"
    r"|zakken|jongens|personen|procent|gezin|bewoner|huis|boom|bomen|lamp|lantaarn|paal|palen|kinder|januari|februari"
    r"|maart|april|mei\b"
    r"|juni|juli|augustus|september|oktober|november|december|am\b|pm\b|times|people|days|weeks|hours|years|tegels"
    r"|containers|bakken"
    r"|graden|ratten|'s\b)"
)
_CORNER = re.compile(
    r"\s*[(,]?\s*(?:/|-|&|\+|x|×|hoek|h/o|(?:op de )?hoek(?: van| met)?|kruising(?: met)?|met|en|and|und|et|y|ve|i)?\s*"
    r"(?:de |het |t |'t |the )?"
)
_STATION_WORDS = re.compile(
    r"\b(?:station\w*|trein\w*|train\w*|perron\w*|platform\w*|lift|roltrap\w*|escalator|poortjes|inchecken|uitgang"
    r"|ingang|sprinter\w*|fietsenstalling|ns)\b"
)
_HOW_WEIGHT = {"exact": 1.0, "ending": 0.95, "sound": 0.9, "split": 0.85, "fuzzy": 0.75, "stem": 0.6}
_NEAR_STREET_METRES = 500
_METRES_PER_DEGREE = 111_320


def find_place(text: str, gazetteer: Gazetteer) -> Place:
    """The place of the problem a text tells of. Never raises; a `Place` without street and wijk when there is none."""
    reading = read(text)
    if not reading.tokens:
        return Place()
    mentions = find_mentions(reading, gazetteer)
    candidates = list(_candidates(reading, mentions, gazetteer)) or list(_station(reading, gazetteer))
    area = find_area(reading, [(item.mention.start, item.mention.end) for item in candidates], gazetteer)
    town = find_town(reading, gazetteer)
    if town is not None:
        candidates = [item for item in candidates if not _belongs_to(reading, item.mention, town)]
        if not candidates and _is_elsewhere(reading, town, area):
            return Place(in_gemeente=False, confidence=0.8, how="town")
    if candidates:
        return _street_place(reading, candidates, gazetteer)
    return _area_place(area) if area else Place(in_gemeente=True if "utrecht" in reading.folded else None)


def _candidates(reading: Reading, mentions: Sequence[Mention], gazetteer: Gazetteer) -> Iterator[_Candidate]:
    for position, mention in enumerate(mentions):
        spot = gazetteer.spots[mention.spot]
        number = _house_number(reading, mention)
        beside = any(_are_beside(reading, mention, other) for other in mentions[max(0, position - 1) : position + 2])
        if spot.everyday and not _is_meant(reading, mention, gazetteer, number, beside):
            continue
        contact = number is not None and is_contact_address(reading.folded, mention.start)
        if contact or not _is_loose_name_meant(reading, mention, gazetteer):
            continue
        second = position > 0 and _are_beside(reading, mentions[position - 1], mention)
        yield _Candidate(mention, spot, number, _score(reading, mention, spot, number) - (0.2 if second else 0.02 * position))


def _is_loose_name_meant(reading: Reading, mention: Mention, gazetteer: Gazetteer) -> bool:
    key = name_key(reading.text[mention.start : mention.end])
    if key in gazetteer.offices:
        return is_at_building(reading, mention.first)
    if key in gazetteer.loose_here:
        return is_here(reading, mention.first)
    return key not in gazetteer.loose or mention.cue >= 2 or not reading.folded[mention.end :].strip(" .!?)")


def _station(reading: Reading, gazetteer: Gazetteer) -> Iterator[_Candidate]:
    """'Vaartsche Rijn': the station, unless 'de Vaartsche Rijn' is the water and nothing else speaks of a station."""
    for first in range(len(reading.words)):
        article = first > 0 and reading.words[first - 1] in {"de", "the"}
        for last in (first, min(first + 1, len(reading.words) - 1)):
            number = gazetteer.stations.get("".join(reading.words[first : last + 1]))
            if number is not None and (not article or _STATION_WORDS.search(reading.folded)):
                start, end = reading.tokens[first].start, reading.tokens[last].end
                yield _Candidate(Mention(number, start, end, first, last, "exact", 2), gazetteer.spots[number], None, 1.0)


def _house_number(reading: Reading, mention: Mention) -> str | None:
    match = _HOUSE_NUMBER.match(reading.folded, mention.end)
    if match is None or _NO_HOUSE_NUMBER.match(reading.folded, match.end(1)):
        return None
    return reading.text[match.start(1) : match.end()]


def _are_beside(reading: Reading, one: Mention, other: Mention) -> bool:
    first, second = sorted((one, other), key=lambda mention: mention.start)
    return first.end < second.start and _CORNER.fullmatch(reading.folded, first.end, second.start) is not None


def _is_meant(reading: Reading, mention: Mention, gazetteer: Gazetteer, number: str | None, beside: bool) -> bool:
    """Whether an ordinary word is meant as the name of a street here."""
    spot = gazetteer.spots[mention.spot]
    if number is not None or beside:
        return True
    if reading.folded[mention.end : mention.end + 1] == "-" or is_person(reading, mention.first):
        return False
    capital = reading.text[mention.start].isupper()
    if mention.cue == 0 and spot.name not in gazetteer.ordinary and not reading.folded[mention.end :].strip(" .!?)"):
        return True
    if spot.streetlike:
        before = reading.words[mention.first - 1] if mention.first > 0 else ""
        return (
            mention.cue == 3
            or (mention.cue == 2 and before in {"de", "het", "t", "the", "der"})
            or (mention.cue >= 1 and capital)
        )
    return mention.cue == 3 and capital


def _score(reading: Reading, mention: Mention, spot: Spot, number: str | None) -> float:
    score = _HOW_WEIGHT[mention.how] + 0.05 * min(mention.cue, 2) + (0.15 if number else 0.0) - (0.0 if spot.is_street else 0.12)
    if is_home(reading.folded, mention.start):
        score -= 0.6
    elif is_aside(reading.folded, mention.start):
        score -= 0.25
    return score


def _belongs_to(reading: Reading, mention: Mention, town: Town) -> bool:
    """'Kerkstraat 4 in Zeist': the street is that town's."""
    if mention.start <= town.start < mention.end:
        return False
    between = reading.folded[mention.end : town.start]
    return town.start >= mention.end and re.fullmatch(r"[ ,(]*(?:\d{1,4} ?[a-h]?)?[ ,(]*(?:in |te |at )?", between) is not None


def _is_elsewhere(reading: Reading, town: Town, area: Area | None) -> bool:
    return town.stays and area is None and "utrecht" not in reading.folded


def _street_place(reading: Reading, candidates: Sequence[_Candidate], gazetteer: Gazetteer) -> Place:
    best = max(candidates, key=lambda item: (item.score, -item.mention.start))
    others = dict.fromkeys(item.spot.name for item in candidates if item.spot.name != best.spot.name)
    spot = _at_the_wharf(best.spot, candidates, gazetteer)
    return Place(
        street=spot.name,
        street_in_text=reading.text[best.mention.start : best.mention.end],
        alternatives=tuple(others),
        buurt=spot.buurt,
        wijk=spot.wijk,
        in_gemeente=True,
        lat=spot.lat,
        lon=spot.lon,
        house_number=best.number,
        confidence=max(0.05, min(0.99, best.score - 0.05)),
        how=best.mention.how,
    )


def _at_the_wharf(spot: Spot, candidates: Sequence[_Candidate], gazetteer: Gazetteer) -> Spot:
    """'de werf ... Oudegracht' is the lower street along the water, which has a name of its own."""
    if not any(item.spot.name.endswith("aan de Werf") for item in candidates):
        return spot
    wharf = gazetteer.exact.get(name_key(f"{spot.name} aan de Werf"))
    return spot if wharf is None else gazetteer.spots[wharf.spot]


def _area_place(area: Area) -> Place:
    return Place(buurt=area.name, wijk=area.wijk, in_gemeente=True, confidence=0.9 * area.weight, how="area")


def place_of_point(lat: float, lon: float, gazetteer: Gazetteer) -> Place:
    """Wijk, buurt and nearest street of a point in WGS84 degrees; `in_gemeente` False when it lies outside."""
    wijk = next((wijk for wijk in gazetteer.wijken if _contains(wijk, lat, lon)), None)
    if wijk is None:
        return Place(in_gemeente=False, lat=lat, lon=lon, confidence=0.95, how="point")
    streets = (spot for spot in gazetteer.spots if spot.is_street and spot.lat is not None)
    nearest = min(streets, key=lambda spot: _metres(lat, lon, spot.lat or 0.0, spot.lon or 0.0))
    distance = _metres(lat, lon, nearest.lat or 0.0, nearest.lon or 0.0)
    buurten = [buurt for buurt in gazetteer.buurten if buurt.wijk == wijk.name]
    buurt = min(buurten, key=lambda buurt: _metres(lat, lon, buurt.lat, buurt.lon)).name
    near = distance <= _NEAR_STREET_METRES
    return Place(
        street=nearest.name if near else None,
        buurt=nearest.buurt if near and nearest.wijk == wijk.name else buurt,
        wijk=wijk.name,
        in_gemeente=True,
        lat=lat,
        lon=lon,
        confidence=0.9 if distance < 60 else 0.6,
        how="point",
    )


def _metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    east = (other_lon - lon) * math.cos(math.radians(lat))
    return math.hypot(other_lat - lat, east) * _METRES_PER_DEGREE


def _contains(wijk: Wijk, lat: float, lon: float) -> bool:
    return any(
        _in_ring(rings[0], lat, lon) and not any(_in_ring(hole, lat, lon) for hole in rings[1:]) for rings in wijk.polygons
    )


def _in_ring(ring: Sequence[tuple[float, float]], lat: float, lon: float) -> bool:
    """Even-odd rule: count the edges that a line to the east crosses."""
    inside = False
    for (lon1, lat1), (lon2, lat2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (lat1 > lat) != (lat2 > lat) and lon < (lon2 - lon1) * (lat - lat1) / (lat2 - lat1) + lon1:
            inside = not inside
    return inside
