"""Which onderwerpen the words of a message point to, by the municipality's own word lists, and with which words.

A term is a word, a few words in a row, or parts joined by " + " that must all occur; `*` stands for any ending (or, in
front, any beginning). Decides nothing: it counts evidence, which the model weighs and a colleague reads.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from routing.text import Token, cut, fold
from routing.vakafdelingen import Onderwerp

STRONG, WEAK, EXCLUDED = 2.0, 1.0, -1.5
_LONGEST_ROW = 8
_REMEMBERED = 20_000  # words; residents use the same ones over and over
_SPACELESS = re.compile(r"[\u2600-\u27bf\u3040-\u30ff\u3400-\u9fff\U0001f000-\U0001faff]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A term that was found. `words` are the words of the message that matched, as folded."""

    topic: str
    weight: float
    words: tuple[str, ...]


class _Term(NamedTuple):
    """`rows` are patterns that must stand next to each other, written with blanks; `number` is its place among all terms."""

    topic: str
    weight: float
    rows: tuple[str, ...]
    number: int


class Lexicon:
    """The compiled word lists. Build once; `find` is pure."""

    def __init__(self, topics: Mapping[str, Onderwerp]) -> None:
        self._exact: set[str] = set()
        self._prefixes: dict[str, str] = {}
        self._suffixes: dict[str, str] = {}
        self._infixes: dict[str, str] = {}
        self._spaceless: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self._rows: set[str] = set()
        self._begun: set[str] = set()
        self._terms: dict[str, list[_Term]] = defaultdict(list)
        self._patterns_of = lru_cache(maxsize=_REMEMBERED)(self._find_patterns)
        self._add(topics.values())

    def find(self, tokens: Sequence[Token], folded: str) -> list[Hit]:
        """Every term that occurs, in the order of its first word in the text. A term counts once, however often it occurs."""
        patterns = [self._patterns_of(token.word) for token in tokens]
        starts = self._row_starts(patterns)
        order = {pattern: number for number, pattern in enumerate(dict.fromkeys(chain.from_iterable(patterns)))}
        terms = [
            term
            for row in starts
            for term in self._terms.get(row, ())
            if len(term.rows) == 1 or all(part in starts for part in term.rows)
        ]
        terms.sort(key=lambda term: (order[term.rows[0].partition(" ")[0]], term.number))
        hits = [Hit(term.topic, term.weight, _words_of(term, starts, tokens)) for term in terms]
        if _SPACELESS.search(folded):
            found = ((sign, uses) for sign, uses in self._spaceless.items() if sign in folded)
            hits += [Hit(topic, weight, (sign,)) for sign, uses in found for topic, weight in uses]
        return hits

    def scores(self, hits: Iterable[Hit]) -> dict[str, float]:
        """The evidence per topic: what further terms add shrinks, so that one list cannot win by its length."""
        per_topic: dict[str, list[float]] = defaultdict(list)
        for hit in hits:
            per_topic[hit.topic].append(hit.weight)
        return {topic: _diminishing(weights) for topic, weights in per_topic.items()}

    def _row_starts(self, patterns: Sequence[Sequence[str]]) -> dict[str, int]:
        """The rows of terms that stand in the text, with the number of the token where each does so first."""
        starts: dict[str, int] = {}
        for number, here in enumerate(patterns):
            at, reached = number, here
            while reached:
                for row in reached:
                    starts.setdefault(row, number)
                at += 1
                reached = self._longer(reached, patterns[at]) if at < len(patterns) else ()
        return starts

    def _longer(self, rows: Sequence[str], patterns: Sequence[str]) -> Sequence[str]:
        """The rows, or beginnings of rows, that are one of `rows` and one of `patterns` behind it."""
        longer = [f"{row} {pattern}" for row in rows if row in self._begun for pattern in patterns]
        return [row for row in longer if row in self._rows or row in self._begun]

    def _find_patterns(self, word: str) -> tuple[str, ...]:
        """The patterns that a word fits."""
        found = [word] if word in self._exact else []
        for end in range(2, len(word) + 1):
            if (pattern := self._prefixes.get(word[:end])) is not None:
                found.append(pattern)
            if (pattern := self._suffixes.get(word[-end:])) is not None:
                found.append(pattern)
        found += [pattern for part, pattern in self._infixes.items() if part in word]
        return tuple(found)

    def _add(self, topics: Iterable[Onderwerp]) -> None:
        terms = []
        sharing: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for topic, weight, text in _written_terms(topics):
            folded = fold(text)
            if _SPACELESS.search(folded):
                self._spaceless[folded.strip()].append((topic, weight))
            elif rows := tuple(" ".join(row) for part in folded.split("+") if (row := self._row(part))):
                together = rows if len(rows) == 1 else tuple(sorted(set(rows)))
                terms.append((topic, weight, rows, together))
                self._rows.update(rows)
                sharing[together].add(topic)
        asked = Counter(chain.from_iterable(together for *_, together in terms))
        for number, (topic, weight, rows, together) in enumerate(terms):
            term = _Term(topic, weight * _rarity(rows, len(sharing[together])), rows, number)
            self._terms[min(rows, key=asked.__getitem__)].append(term)

    def _row(self, part: str) -> list[str]:
        """The word patterns of one part: words cut as in a message, keeping `*` at their outer ends."""
        row = [pattern for written in part.split() for pattern in self._patterns_written(written)][:_LONGEST_ROW]
        for length in range(1, len(row)):
            self._begun.add(" ".join(row[:length]))
        return row

    def _patterns_written(self, written: str) -> list[str]:
        if written.isascii() and written.isalpha():
            self._exact.add(written)
            return [written]
        words = [token.word for token in cut(written)]
        if words:
            words[0] = f"*{words[0]}" if written.startswith("*") else words[0]
            words[-1] = f"{words[-1]}*" if written.endswith("*") else words[-1]
        for pattern in words:
            self._index(pattern)
        return words

    def _index(self, pattern: str) -> None:
        core = pattern.strip("*")
        if pattern.startswith("*") and pattern.endswith("*"):
            self._infixes[core] = pattern
        elif pattern.startswith("*"):
            self._suffixes[core] = pattern
        elif pattern.endswith("*"):
            self._prefixes[core] = pattern
        else:
            self._exact.add(core)


def _written_terms(topics: Iterable[Onderwerp]) -> Iterator[tuple[str, float, str]]:
    for topic in topics:
        for weight, terms in ((STRONG, topic.strong), (WEAK, topic.words), (EXCLUDED, topic.excluded)):
            yield from ((topic.code, weight, term) for term in dict.fromkeys(terms))


def _rarity(rows: tuple[str, ...], sharing: int) -> float:
    """A term that several topics share says less about each; one of several words says more."""
    length = min(sum(row.count(" ") + 1 for row in rows), 3)
    return (1.0 + 0.25 * (length - 1)) / math.sqrt(sharing)


def _words_of(term: _Term, starts: Mapping[str, int], tokens: Sequence[Token]) -> tuple[str, ...]:
    """The words of the message where the rows of a term stand."""
    spans = ((starts[row], starts[row] + row.count(" ") + 1) for row in term.rows)
    return tuple(dict.fromkeys(token.word for start, end in spans for token in tokens[start:end]))


def _diminishing(weights: list[float]) -> float:
    positive = sorted((weight for weight in weights if weight > 0), reverse=True)
    against = sum(weight for weight in weights if weight < 0)
    return sum(weight * 0.7**rank for rank, weight in enumerate(positive)) + max(against, -3.0)
