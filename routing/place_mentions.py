"""Finds where in a text a place of the gazetteer is written. It does not decide which one counts.

First the names as they are written, then (see place_spelling) what is left over and may be a name with errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from routing.gazetteer import Entry, Gazetteer, Spot
from routing.place_reading import ARTICLES, PREPOSITIONS, Mention, Reading, locative_cue, mention_of
from routing.place_spelling import find_misspelt

_MOST_WORDS = 8
_SHORT_KINDS = frozenset({"weg", "hof", "dam", "pad", "baan"})
_CLEAR_KINDS = frozenset({"straat", "laan", "dreef", "plein", "singel", "plantsoen"})


def find_mentions(reading: Reading, gazetteer: Gazetteer) -> list[Mention]:
    """Every mention, in order of appearance and without overlap."""
    mentions: list[Mention] = []
    free_from = 0
    for first in range(len(reading.tokens)):
        if first < free_from:
            continue
        mention = _exact(reading, first, gazetteer)
        if mention is not None:
            mentions.append(mention)
            free_from = mention.last + 1
    taken = {number for mention in mentions for number in range(mention.first, mention.last + 1)}
    for last in range(len(reading.tokens)):
        if last in taken:
            continue
        mention = find_misspelt(reading, last, taken, gazetteer)
        if mention is not None:
            mentions.append(mention)
            taken.update(range(mention.first, mention.last + 1))
    return sorted(mentions, key=lambda mention: mention.start)


def _exact(reading: Reading, first: int, gazetteer: Gazetteer) -> Mention | None:
    """The longest name that is written from token `first` on."""
    for last, entry in reversed(list(_names_from(reading, first, gazetteer))):
        how = _how(reading, first, last - first + 1, entry, gazetteer)
        if how is not None:
            return mention_of(reading, entry, first, last, how)
    return None


def _names_from(reading: Reading, first: int, gazetteer: Gazetteer) -> Iterator[tuple[int, Entry]]:
    """The names that the words first..first, first..first+1, ... fuse to, as long as they stand together, and where each ends."""
    most = max(3, min(_MOST_WORDS, gazetteer.first_words.get(reading.words[first], 0)))
    key = ""
    for last in range(first, min(first + most, len(reading.words))):
        key += reading.words[last]
        if key not in gazetteer.beginnings:
            return
        if (entry := gazetteer.exact.get(key)) is not None:
            yield last, entry
        if not reading.joined[last]:
            return


def _how(reading: Reading, first: int, count: int, entry: Entry, gazetteer: Gazetteer) -> str | None:
    if count <= entry.words or reading.words[first][0].isdigit():
        return "exact"
    torn = _is_torn_name(
        reading.words[first : first + count], locative_cue(reading, first), gazetteer.spots[entry.spot], gazetteer
    )
    return "split" if torn else None


def _is_torn_name(words: Sequence[str], cue: int, spot: Spot, gazetteer: Gazetteer) -> bool:
    """'ridder schap straat' is a name torn apart; 'de kerk weg' and 'voor straat' are ordinary words side by side."""
    head, kind = words[0], words[-1]
    if spot.everyday or len(kind) < 3 or head in ARTICLES:
        return False
    if head in PREPOSITIONS or head in gazetteer.ordinary:
        return cue >= 2 and kind not in _SHORT_KINDS
    shortest = 6 if kind in _SHORT_KINDS else 4 if kind in _CLEAR_KINDS else 5
    return len(head) >= shortest or cue >= 1
