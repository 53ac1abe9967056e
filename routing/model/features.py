"""What the model sees of a message: its words, the shapes of its words, and the onderwerpen its words point to.

Pure. Personal data and the name of the street are replaced before, so that the model learns neither people nor places.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from routing.lexicon import Hit, Lexicon
from routing.text import IGNORABLE, cut, fold

SHORTEST_SHAPE, LONGEST_SHAPE = 3, 5
_PLACE = " plaatsnaam "
_SIGNS = re.compile(r"\?+|!+|[\u2600-\u27bf\U0001f000-\U0001faff]")
_MENTION = re.compile(r"(?<!\w)@\w+")
_MOST_CHARACTERS = 4000  # what comes later in a very long message adds time, not evidence


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as the model sees it: counts of word terms, the words as spelt in their order, and the lexicon's evidence."""

    words: Mapping[str, int]
    spelt: Sequence[str]
    hits: Sequence[Hit]
    topics: Mapping[str, float]


def neutral(text: str, street_in_text: str | None) -> str:
    """The text without the street's name and without names of accounts: what is wrong decides, not where or to whom."""
    told = _MENTION.sub(" ", text)
    return told if not street_in_text else told.replace(street_in_text, _PLACE)


def read(text: str, lexicon: Lexicon) -> Reading:
    """Read a text that is already masked and neutral. Deterministic."""
    folded = fold(text[:_MOST_CHARACTERS]).replace(IGNORABLE, "")
    tokens = cut(folded)
    words = ["#" if token.word[0].isdigit() else token.word for token in tokens]
    hits = lexicon.find(tokens, folded)
    return Reading(
        words=Counter(_word_terms(words, folded)),
        spelt=words,
        hits=hits,
        topics=lexicon.scores(hits),
    )


def _word_terms(words: list[str], folded: str) -> list[str]:
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    signs = [f"!{sign[0]}" for sign in _SIGNS.findall(_MENTION.sub("", folded))]
    return [*words, *pairs, *signs]


def shapes_of(word: str) -> list[str]:
    """The pieces of a word and of its edges; of one shorter than a piece the whole."""
    padded = f" {word} "
    shapes: list[str] = []
    for length in range(SHORTEST_SHAPE, LONGEST_SHAPE + 1):
        if length >= len(padded):
            return [*shapes, padded]
        shapes += [padded[start : start + length] for start in range(len(padded) - length + 1)]
    return shapes
