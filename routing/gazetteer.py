"""Loads the places of Utrecht from the packaged data and indexes them by every way their name may be written.

The only module of `routing` that reads the place files. It answers look-ups; it reads no message and decides nothing.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from io import StringIO
from typing import Any, NamedTuple

from routing.text import cut, fold, sound

STREET_TYPES = (
    "straat",
    "laan",
    "weg",
    "dreef",
    "plein",
    "plantsoen",
    "singel",
    "gracht",
    "kade",
    "hof",
    "pad",
    "steeg",
    "park",
    "markt",
    "brug",
    "dijk",
    "veld",
    "baan",
    "tunnel",
    "plaats",
    "bolwerk",
    "burg",
    "dam",
)
_SAME_WORD = {
    "sint": "st",
    "sankt": "st",
    "eerste": "1e",
    "tweede": "2e",
    "derde": "3e",
    "burgemeester": "burg",
    "burgem": "burg",
    "professor": "prof",
    "dokter": "dr",
    "doctor": "dr",
    "wethouder": "weth",
    "minister": "min",
    "v": "van",
    "d": "de",
    "nwe": "nieuwe",
    "nw": "nieuwe",
    "ouwe": "oude",
    "lge": "lange",
    "lng": "lange",
    "krte": "korte",
    "kte": "korte",
    "lg": "lange",
}
_ARTICLES = ("De ", "Den ", "Het ", "'t ")
_TITLES = frozenset({"burg", "prof", "dr", "mr", "weth", "min", "admiraal", "prinses", "prins", "pastoor", "deken", "van", "de"})


class Entry(NamedTuple):
    """One way of writing a spot. `words` is how many words that way has."""

    spot: int
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A street or a landmark. `everyday` tells that its name is also an ordinary word, `streetlike` how much proof that asks."""

    name: str
    buurt: str
    wijk: str
    lat: float | None = None
    lon: float | None = None
    is_street: bool = True
    everyday: bool = False
    streetlike: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wijk:
    """One of the ten official wijken with its outline: rings of (lon, lat), the first of each polygon is the outer one."""

    name: str
    polygons: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buurt:
    name: str
    wijk: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gazetteer:
    """All places and the indexes over them. Keys are folded and written without blanks, as `name_key` makes them.

    `beginnings` are the keys of `exact` with ever more of their last letters left out.
    """

    spots: tuple[Spot, ...] = field(repr=False)
    wijken: tuple[Wijk, ...] = field(repr=False)
    buurten: tuple[Buurt, ...] = field(repr=False)
    exact: Mapping[str, Entry] = field(repr=False)
    beginnings: frozenset[str] = field(repr=False)
    by_sound: Mapping[str, Entry] = field(repr=False)
    by_beginning: Mapping[tuple[str, int], tuple[str, ...]] = field(repr=False)
    stems: Mapping[str, Entry] = field(repr=False)
    first_words: Mapping[str, int] = field(repr=False)
    last_words: frozenset[str] = field(repr=False)
    area_words: Mapping[str, int] = field(repr=False)
    town_first_words: frozenset[str] = field(repr=False)
    areas: Mapping[str, str] = field(repr=False)
    areas_by_sound: Mapping[str, Mapping[str, str]] = field(repr=False)
    compass: Mapping[str, str] = field(repr=False)
    towns: frozenset[str] = field(repr=False)
    town_words: frozenset[str] = field(repr=False)
    not_streets: frozenset[str] = field(repr=False)
    loose: frozenset[str] = field(repr=False)
    loose_here: frozenset[str] = field(repr=False)
    offices: frozenset[str] = field(repr=False)
    ordinary: frozenset[str] = field(repr=False)
    stem_words: frozenset[str] = field(repr=False)
    stem_ends: frozenset[str] = field(repr=False)
    stations: Mapping[str, int] = field(repr=False)


def canonical_words(words: Iterable[str]) -> list[str]:
    """One spelling for titles, ordinals and 'sint': 'burgemeester' and 'burg.' become the same word."""
    return [word[:-3] + "straat" if len(word) > 5 and word.endswith("str") else _SAME_WORD.get(word, word) for word in words]


def name_words(name: str) -> list[str]:
    return canonical_words(token.word for token in cut(fold(name)))


@lru_cache(maxsize=5_000)
def name_key(name: str) -> str:
    return "".join(name_words(name))


@cache
def load_gazetteer() -> Gazetteer:
    """Reads and indexes the packaged data once; later calls give the same object."""
    nicknames = tomllib.loads(_read("utrecht_bijnamen.toml"))
    weak = frozenset(name_key(name) for name in nicknames["weak"]["names"])
    spots, writings = _spots(nicknames, weak)
    exact = _exact_index(spots, writings)
    areas = {name_key(name): wijk for wijk, names in nicknames["areas"].items() for name in names}
    loose, loose_here, offices = (frozenset(map(name_key, nicknames["loose"][kind])) for kind in ("names", "here", "offices"))
    stems = _stem_index(spots)
    by_sound = _sound_index(spots, {key: entry for key, entry in exact.items() if key not in loose | loose_here | offices})
    return Gazetteer(
        spots=tuple(spots),
        wijken=tuple(_wijken()),
        buurten=tuple(_buurten()),
        exact=exact,
        beginnings=frozenset(key[:length] for key in exact for length in range(1, len(key) + 1)),
        by_sound=by_sound,
        by_beginning=_grouped_by_beginning(by_sound),
        stems=stems,
        stem_ends=frozenset(_without_kind(name_words(spots[entry.spot].name)[-1]) for entry in stems.values()),
        first_words=_longest_name_by_first_word(writing for _, writing in writings),
        last_words=frozenset(name_words(writing)[-1] for _, writing in writings),
        area_words=_longest_name_by_first_word(name for names in nicknames["areas"].values() for name in names),
        town_first_words=frozenset(name_words(town)[0] for kind in ("sure", "words") for town in nicknames["towns"][kind]),
        areas=areas,
        areas_by_sound=_areas_by_sound(nicknames["areas"]),
        compass=nicknames["compass"],
        towns=frozenset(name_key(town) for town in nicknames["towns"]["sure"]),
        town_words=frozenset(name_key(town) for town in nicknames["towns"]["words"]),
        not_streets=frozenset(nicknames["not_streets"]["words"]),
        loose=loose,
        loose_here=loose_here,
        offices=offices,
        ordinary=frozenset(nicknames["ordinary"]["words"]),
        stem_words=frozenset(nicknames["stem_words"]["words"]),
        stations={name_key(name): exact[name_key(full)].spot for name, full in nicknames["stations"].items()},
    )


def _read(file: str) -> str:
    return resources.files("routing").joinpath("data", file).read_text(encoding="utf-8")


def _rows(file: str) -> Iterator[dict[str, str]]:
    return iter(csv.DictReader(StringIO(_read(file))))


def _spots(nicknames: Mapping[str, Any], weak: frozenset[str]) -> tuple[list[Spot], list[tuple[int, str]]]:
    """The spots, and (spot, writing) for every way to write one; the proper names come first."""
    spots = [*_streets(nicknames), *_missing_streets(nicknames)]
    by_name = {spot.name: number for number, spot in reversed(list(enumerate(spots)))}
    names: list[tuple[int, str]] = [(number, spot.name) for number, spot in enumerate(spots)]
    aliases: list[tuple[int, str]] = []
    own_names = frozenset(nicknames["own_names"]["landmarks"])
    for row in _rows("utrecht_straten.csv"):
        aliases += [(by_name[row["straat"]], alias) for alias in row["aliassen"].split(";") if alias]
    for row in _rows("utrecht_landmarks.csv"):
        street = row["bron"].removeprefix("straat:")
        if street in by_name and row["naam"] not in own_names:
            number = by_name[street]
            aliases.append((number, row["naam"]))
        else:
            number = by_name[row["naam"]] = len(spots)
            spots.append(_landmark(row))
            names.append((number, row["naam"]))
        aliases += [(number, alias.removeprefix("de ")) for alias in row["aliassen"].split(";") if alias]
    own = [(by_name[name], alias) for name, writings in nicknames["aliases"].items() for alias in writings]
    return spots, [*names, *own, *((number, alias) for number, alias in aliases if name_key(alias) not in weak)]


def _streets(nicknames: Mapping[str, Any]) -> Iterator[Spot]:
    streetlike, others, plain = (frozenset(nicknames["everyday"][kind]) for kind in ("streetlike", "others", "plain"))
    for row in _rows("utrecht_straten.csv"):
        name = row["straat"]
        everyday = (row["ambigu"] == "ja" and name not in plain) or name in streetlike or name in others
        yield Spot(
            name=name,
            buurt=row["buurt"],
            wijk=row["wijk"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            everyday=everyday,
            streetlike=not everyday or name in streetlike,
        )


def _missing_streets(nicknames: Mapping[str, Any]) -> Iterator[Spot]:
    buurten = {row["buurt_code"]: row for row in _rows("utrecht_buurten.csv")}
    for name, code in nicknames["missing_streets"].items():
        yield Spot(name=name, buurt=buurten[code]["buurt"], wijk=buurten[code]["wijk"])


def _landmark(row: Mapping[str, str]) -> Spot:
    return Spot(
        name=row["naam"], buurt=row["buurt"], wijk=row["wijk"], lat=float(row["lat"]), lon=float(row["lon"]), is_street=False
    )


def _exact_index(spots: list[Spot], writings: list[tuple[int, str]]) -> dict[str, Entry]:
    index: dict[str, Entry] = {}
    for number, writing in writings:
        words = [token.word for token in cut(fold(writing))]
        same = canonical_words(words)
        for key in ("".join(same), "".join(words)):
            known = index.setdefault(key, Entry(number, len(words)))
            if known.spot == number and known.words < len(words):
                index[key] = Entry(number, len(words))
    for short, entry in _shortened_names(spots):
        index.setdefault(short, entry)
    return index


def _shortened_names(spots: list[Spot]) -> Iterator[tuple[str, Entry]]:
    """'Reigerstraat', 'J. van Scorelstraat' and 'vd Palmstraat' for the longer official names, where only one street fits."""
    found: dict[str, set[Entry]] = defaultdict(set)
    for number, spot in enumerate(spots):
        words = name_words(spot.name)
        if len(words) < 2 or not spot.is_street:
            continue
        for short in _shorter(words):
            found["".join(short)].add(Entry(number, len(short)))
    for key, entries in found.items():
        if len({entry.spot for entry in entries}) == 1 and len(key) >= 8:
            yield key, min(entries, key=lambda entry: -entry.words)


def _shorter(words: list[str]) -> Iterator[list[str]]:
    if any(words[-1].endswith(kind) and words[-1] != kind for kind in STREET_TYPES):
        for start in range(1, len(words)):
            if words[start] not in {"de", "den", "der", "het"}:
                yield words[start:]
    if len(words[0]) > 3 and words[0] not in _TITLES:
        yield from ([words[0][:length], *words[1:]] for length in (1, 2, 3, 4))
    for long, short in ((["van", "der"], "vd"), (["van", "den"], "vd"), (["van", "de"], "vd")):
        for at in range(len(words) - 2):
            if words[at : at + 2] == long:
                yield [*words[:at], short, *words[at + 2 :]]
                yield [*words[:at], "van", "de", *words[at + 2 :]]


def _sound_index(spots: list[Spot], exact: Mapping[str, Entry]) -> dict[str, Entry]:
    index: dict[str, Entry] = {}
    for key, entry in exact.items():
        with_article = spots[entry.spot].name.startswith(_ARTICLES) and len(key) < 10
        if len(key) >= 5 and not spots[entry.spot].everyday and not with_article and not key.startswith("utrecht"):
            index.setdefault(sound(key), entry)
    return index


def _grouped_by_beginning(keys: Iterable[str]) -> dict[tuple[str, int], tuple[str, ...]]:
    """For a first letter and a length, the keys with that letter that are at most two letters longer or shorter."""
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    for key in keys:
        for length in range(len(key) - 2, len(key) + 3):
            groups[key[0], length].append(key)
    return {beginning: tuple(group) for beginning, group in groups.items()}


def _areas_by_sound(areas: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """The areas of one long word, the only ones that are recognised with a letter wrong, by their first sound."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for wijk, names in areas.items():
        for name in names:
            if len(name) >= 7 and name.isascii() and name.isalpha():
                groups[sound(name)[0]][sound(name)] = wijk
    return dict(groups)


def _stem_index(spots: list[Spot]) -> dict[str, Entry]:
    """'lange elisabeth' for Lange Elisabethstraat: names without their kind of street, where only one street fits."""
    found: dict[str, set[int]] = defaultdict(set)
    words: dict[str, int] = {}
    for number, spot in enumerate(spots):
        key = "" if spot.name.startswith(_ARTICLES) else name_key(spot.name)
        stem = _without_kind(key)
        if len(stem) >= 5:
            found[stem].add(number)
            words[stem] = len(name_words(spot.name))
    return {stem: Entry(min(numbers), words[stem]) for stem, numbers in found.items() if len(numbers) == 1}


def _without_kind(key: str) -> str:
    return next((key.removesuffix(kind) for kind in STREET_TYPES if key.endswith(kind)), "")


def _longest_name_by_first_word(writings: Iterable[str]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for writing in writings:
        words = name_words(writing)
        longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return longest


def _wijken() -> Iterator[Wijk]:
    for feature in json.loads(_read("utrecht_wijken_cbs.geojson"))["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        outline = tuple(tuple(tuple((lon, lat) for lon, lat in ring) for ring in polygon) for polygon in polygons)
        yield Wijk(name=feature["properties"]["wijk"], polygons=outline)


def _buurten() -> Iterator[Buurt]:
    for row in _rows("utrecht_buurten.csv"):
        yield Buurt(name=row["buurt"], wijk=row["wijk"], lat=float(row["lat"]), lon=float(row["lon"]))
