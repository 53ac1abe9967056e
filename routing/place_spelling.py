"""Reads a name of the gazetteer in what looks like a misspelt, shortened or inflected one.

Works word by word, on the word a name would end with, and looks only at names that begin with the same sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from routing.gazetteer import STREET_TYPES, Entry, Gazetteer, Spot
from routing.place_reading import ARTICLES, PREPOSITIONS, Mention, Reading, has_capital, is_person, locative_cue, mention_of
from routing.text import sound, word_set

ENDINGS = word_set(
    "ta te da de tan ten dan den taki teki daki deki ya ye a e i u s n nin nun in un yi yu si su nda nde ndaki ndeki "
    "owi em ach om ie "
    "ban ben on en re ra ul ului se er bewoner bewoners kant zijde buurt hoek knoop plein brug bocht route kruising ondernemers "
    "winkeliers fontein garage gebied terras terrassen tunnel halte kerk school markt stalling ingang pand water wijk "
    "kwartier bieb"
)
_ABBREVIATED = (
    ("straat", ("str", "strt", "sr", "strr")),
    ("laan", ("ln",)),
    ("plein", ("pl", "pln")),
    ("weg", ("wg",)),
    ("singel", ("sngl", "sgl", "sing")),
    ("gracht", ("gr", "grcht")),
    ("plantsoen", ("plnts", "plants", "pltsn")),
    ("kade", ("kd", "kaai")),
    ("steeg", ("stg",)),
    ("dreef", ("drf", "dr")),
    ("plaats", ("plts", "plaat")),
    ("baan", ("bn",)),
    ("park", ("pk", "prk")),
    ("bolwerk", ("bolwrk", "blwrk")),
)
_EXPANSIONS = {short: long for long, shorts in _ABBREVIATED for short in shorts}
_ABBREVIATION = re.compile("(" + "|".join(sorted(_EXPANSIONS, key=len, reverse=True)) + ")$")
_INITIALS = {"k": "kade", "l": "laan", "w": "weg", "p": "plein", "s": "straat", "d": "dreef"}
_FOREIGN_ENDINGS = (
    ("grachcie", "gracht"),
    ("grachtcie", "gracht"),
    ("straacie", "straat"),
    ("straatcie", "straat"),
    ("strasse", "straat"),
    ("strase", "straat"),
    ("street", "straat"),
)
_FOREIGN_KINDS = tuple(ending for ending, _ in _FOREIGN_ENDINGS)
_STREET_ENDING = re.compile(
    r"(?:st?r?aat|st?r?at|strt|stra+d?|straatt|la+n|we+g|wech|pl(?:ei|ij|ey|ie|y|e)+n|dre+f|dreev|ste+ge?|gr?a[gc]h?t"
    r"|gracth|grach|graht"
    r"|singe?l|sin[gl]+e?|ka+de|hoff?|pa[dt]|park|mark?t?|bur[gh]|bru?g|di[jei]+k|veld|felt|baan|ban|tunn?el|dam|plaats|plats"
    r"|plants[oe]+n|bolwerk|kerkhof|weer[dt])$"
)
_SOUND_TYPES = tuple(sorted({sound(kind) for kind in STREET_TYPES}, key=len, reverse=True))
_PAIRED_NAMES = word_set("lange korte oude nieuwe kleine wijde smalle nauwe kromme 1e 2e 3e")


class _Hints(NamedTuple):
    """What a word tells by itself of the name it may end: the kind of street it abbreviates, the stems it is a form of (see
    `_stems_of`), and whether it ends in a kind of street, well written or not."""

    abbreviation: re.Match[str] | None
    stems: tuple[tuple[str, int], ...]
    typed: bool


@lru_cache(maxsize=20_000)
def _hints(word: str, gazetteer: Gazetteer) -> _Hints | None:
    """None when no name ends with the word."""
    if word in gazetteer.not_streets or not ("a" <= word[0] <= "z"):
        return None
    return _Hints(_ABBREVIATION.search(word), tuple(_stems_of(word, gazetteer)), _STREET_ENDING.search(word) is not None)


def find_misspelt(reading: Reading, last: int, taken: set[int], gazetteer: Gazetteer) -> Mention | None:
    """The name that ends at token `last`, if the words there come close enough to one."""
    word = reading.words[last]
    hints = _hints(word, gazetteer)
    if hints is None or (len(word) < 2 and last == 0):
        return None
    mention = _by_abbreviation(reading, last, taken, gazetteer, hints.abbreviation)
    if mention is None and hints.stems:
        mention = _by_ending(reading, last, taken, gazetteer, hints.stems)
    if mention is not None or len(word) < 4:
        return mention
    if hints.typed or _stands_out(reading, last):
        mention = _by_sound(reading, last, taken, gazetteer, hints.typed)
    return mention or _by_stem(reading, last, taken, gazetteer)


def _stands_out(reading: Reading, number: int) -> bool:
    """Whether a word without a kind of street may still be a name: after a preposition, or with a capital or hashtag."""
    if len(reading.words[number]) < 5 or reading.words[number] in PREPOSITIONS:
        return False
    cue = locative_cue(reading, number)
    return cue >= 2 or (cue == 1 and (number == 0 or reading.words[number - 1] not in ARTICLES or has_capital(reading, number)))


def _starts(reading: Reading, last: int, taken: set[int], most: int) -> Iterator[int]:
    """The possible first words of a name that ends at `last`, longest name first."""
    first = last
    while first > 0 and last - first + 1 < most and reading.joined[first - 1] and first - 1 not in taken:
        first -= 1
    yield from range(first, last + 1)


def _by_abbreviation(
    reading: Reading, last: int, taken: set[int], gazetteer: Gazetteer, match: re.Match[str] | None
) -> Mention | None:
    initial = _INITIALS.get(reading.tokens[last].word) if last > 0 and len(reading.words[last - 1]) >= 5 else None
    if match is None and initial is None:
        return None
    whole = match.string[: match.start()] + _EXPANSIONS[match[1]] if match else initial or ""
    alone = match is None or match.start() == 0
    for first in _starts(reading, last, taken, 6):
        if (first == last and alone) or reading.words[first] in ARTICLES:
            continue
        key = "".join(reading.words[first:last]) + whole
        entry = gazetteer.exact.get(key)
        if entry is None and match and len(key) >= 9 and len(match[1]) >= 3:
            near = _nearest(sound(key), gazetteer, typed=True, announced=True)
            entry = near[0] if near and near[0].words >= last - first + 1 - alone else None
        if entry is not None and not gazetteer.spots[entry.spot].everyday:
            return mention_of(reading, entry, first, last, "exact")
    return None


def _by_ending(
    reading: Reading, last: int, taken: set[int], gazetteer: Gazetteer, stems: Sequence[tuple[str, int]]
) -> Mention | None:
    word = reading.words[last]
    for stem, written in stems:
        for first in _starts(reading, last, taken, 4):
            entry = gazetteer.exact.get("".join(reading.words[first:last]) + stem)
            if entry is not None and _may_take_ending(reading, first, word[written:], gazetteer.spots[entry.spot]):
                end = reading.tokens[last].start + written
                return mention_of(reading, entry, first, last, "ending")._replace(end=end)
    return None


def _stems_of(word: str, gazetteer: Gazetteer) -> Iterator[tuple[str, int]]:
    """Last words of names that `word` may be a form of, and how many of its letters belong to the name."""
    if word.endswith(_FOREIGN_KINDS):
        yield from ((word.removesuffix(ending) + own, len(word)) for ending, own in _FOREIGN_ENDINGS if word.endswith(ending))
    for length in range(1, min(11, len(word) - 4)):
        if word[:-length] in gazetteer.last_words and word[-length:] in ENDINGS:
            yield word[:-length], len(word) - length


def _may_take_ending(reading: Reading, first: int, tail: str, spot: Spot) -> bool:
    if spot.everyday:
        return False
    return len(tail) > 3 or len(spot.name) >= 7 or has_capital(reading, first)


def _by_sound(reading: Reading, last: int, taken: set[int], gazetteer: Gazetteer, typed: bool) -> Mention | None:
    best: tuple[float, Mention] | None = None
    for first in _starts(reading, last, taken, 4):
        if reading.words[first] in ARTICLES or (first < last and reading.words[first] in PREPOSITIONS):
            continue
        cue = locative_cue(reading, first)
        heard = sound("".join(reading.words[first : last + 1]))
        found = _nearest(heard, gazetteer, typed=typed and (cue >= 1 or first == last), announced=cue >= 1)
        if found is None or (found[1] and found[0].words < last - first + 1):
            continue
        entry, distance = found
        rank = distance - 0.6 * (last - first)
        if (best is None or rank < best[0]) and _fits_sound(reading, first, last, gazetteer.spots[entry.spot], cue):
            best = rank, mention_of(reading, entry, first, last, "fuzzy" if distance else "sound")
    return best[1] if best else None


def _fits_sound(reading: Reading, first: int, last: int, spot: Spot, cue: int) -> bool:
    split = last > first and " " not in spot.name
    return not is_person(reading, first) and not spot.everyday and (not split or cue >= 2)


@lru_cache(maxsize=20_000)
def _nearest(heard: str, gazetteer: Gazetteer, *, typed: bool, announced: bool) -> tuple[Entry, float] | None:
    entry = gazetteer.by_sound.get(heard)
    if entry is not None:
        return entry, 0
    group = gazetteer.by_beginning.get((heard[0], len(heard)), ())
    near = process.extract(heard, group, scorer=OSA.distance, score_cutoff=2, limit=4)
    fitting = [(key, distance) for key, distance, _ in near if distance <= _allowed(key, heard, typed, announced)]
    if not fitting:
        return None
    least = fitting[0][1]
    entries = {gazetteer.by_sound[key] for key, distance in fitting if distance == least}
    return _likeliest(entries, gazetteer), least


def _likeliest(entries: set[Entry], gazetteer: Gazetteer) -> Entry:
    """Of streets that are equally near, the one in the wijk this counter serves; otherwise the first by name."""
    return min(entries, key=lambda entry: (gazetteer.spots[entry.spot].wijk != "Binnenstad", gazetteer.spots[entry.spot].name))


def _allowed(key: str, heard: str, typed: bool, announced: bool) -> int:
    """How many letters may differ: the part that makes the name its own must stay recognisable.

    `typed` and `announced`: the text writes a kind of street, and a word before it announces a place.
    """
    kind = next((kind for kind in _SOUND_TYPES if key.endswith(kind)), "")
    own = len(key) - len(kind)
    if kind and heard.endswith(kind):
        if announced:
            return 0 if own < 4 else 1 if own < 7 else 2
        return 0 if own < 5 else 1 if own < 9 else 2
    if kind and typed:
        return 1 if own >= 3 else 0
    return 0 if not announced or own < 5 else 1 if own < 10 else 2


def _by_stem(reading: Reading, last: int, taken: set[int], gazetteer: Gazetteer) -> Mention | None:
    """'in de Lange Elisabeth', '... herrie drieharing': the kind of street left out."""
    if reading.words[last] not in gazetteer.stem_ends:
        return None
    for first in _starts(reading, last, taken, 3):
        stem = "".join(reading.words[first : last + 1])
        entry = gazetteer.stems.get(stem)
        if entry is None or stem in gazetteer.stem_words or gazetteer.spots[entry.spot].everyday:
            continue
        if _is_street_without_kind(reading, first, last):
            return mention_of(reading, entry, first, last, "stem")
    return None


def _is_street_without_kind(reading: Reading, first: int, last: int) -> bool:
    cue = locative_cue(reading, first)
    ends_text = last == len(reading.tokens) - 1
    if reading.words[first] in _PAIRED_NAMES:
        return last > first and (cue >= 1 or ends_text)
    before = reading.words[first - 1] if first > 0 else ""
    if last > first:
        return before in {"in", "thv", "hoek"}
    if cue >= 2 and before in {"de", "het", "t"}:
        return has_capital(reading, first) or len(reading.words[first]) >= 8
    return ends_text and cue == 0 and not has_capital(reading, first) and len(reading.words[first]) >= 5
