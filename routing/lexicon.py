"""Which onderwerpen the words of a message point to, by the municipality's own word lists, and with which words.

A term is a word, a few words in a row, or parts joined by " + " that must all occur; `*` stands for any ending (or, in
front, any beginning). Decides nothing: it counts evidence, which the model weighs and a colleague reads.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from routing.text import Token, cut, fold
from routing.vakafdelingen import Onderwerp

STRONG, WEAK, EXCLUDED = 2.0, 1.0, -1.5
_LONGEST_ROW = 8
_SPACELESS = re.compile(r"[\u2600-\u27bf\u3040-\u30ff\u3400-\u9fff\U0001f000-\U0001faff]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A term that was found. `words` are the words of the message that matched, as folded."""

    topic: str
    weight: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """`rows` are patterns that must stand next to each other; `number` is the term's place among all terms."""

    topic: str
    weight: float
    rows: tuple[tuple[str, ...], ...]
    number: int


class Lexicon:
    """The compiled word lists. Build once; `find` is pure."""

    def __init__(self, topics: Mapping[str, Onderwerp]) -> None:
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._prefixes: dict[str, str] = {}
        self._suffixes: dict[str, str] = {}
        self._infixes: dict[str, str] = {}
        self._spaceless: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self._uses: dict[str, set[str]] = defaultdict(set)
        self._terms: list[_Term] = []
        for topic in topics.values():
            for weight, terms in ((STRONG, topic.strong), (WEAK, topic.words), (EXCLUDED, topic.excluded)):
                for term in dict.fromkeys(terms):
                    self._add(topic.code, weight, term)
        self._by_rarest = _by_rarest(self._terms)
        self._rarity = {term.number: self._rarity_of(term) for term in self._terms}

    def find(self, tokens: list[Token], folded: str) -> list[Hit]:
        """Every term that occurs, in the order of its first word in the text. A term counts once, however often it occurs."""
        places = self._pattern_places(tokens)
        order = {pattern: number for number, pattern in enumerate(places)}
        candidates = [
            (order[term.rows[0][0]], term.number, term)
            for pattern in places
            for term in self._by_rarest.get(pattern, ())
            if term.rows[0][0] in order
        ]
        candidates.sort(key=lambda candidate: candidate[:2])
        hits = []
        for _, _, term in candidates:
            words = self._words_of(term, places, tokens)
            if words:
                hits.append(Hit(term.topic, term.weight * self._rarity[term.number], words))
        for sign, uses in self._spaceless.items():
            if sign in folded:
                hits += [Hit(topic, weight, (sign,)) for topic, weight in uses]
        return hits

    def scores(self, hits: Iterable[Hit]) -> dict[str, float]:
        """The evidence per topic: what further terms add shrinks, so that one list cannot win by its length."""
        per_topic: dict[str, list[float]] = defaultdict(list)
        for hit in hits:
            per_topic[hit.topic].append(hit.weight)
        return {topic: _diminishing(weights) for topic, weights in per_topic.items()}

    def _add(self, topic: str, weight: float, term: str) -> None:
        folded = fold(term)
        if _SPACELESS.search(folded):
            self._spaceless[folded.strip()].append((topic, weight))
            return
        rows = tuple(row for part in folded.split("+") if (row := tuple(_patterns(part))))
        if not rows:
            return
        self._terms.append(_Term(topic, weight, rows, len(self._terms)))
        for row in rows:
            for pattern in row:
                self._index(pattern)
        self._uses[_key(rows)].add(topic)

    def _index(self, pattern: str) -> None:
        core = pattern.strip("*")
        if pattern.startswith("*") and pattern.endswith("*"):
            self._infixes[core] = pattern
        elif pattern.startswith("*"):
            self._suffixes[core] = pattern
        elif pattern.endswith("*"):
            self._prefixes[core] = pattern
        else:
            self._exact[core].add(pattern)

    def _pattern_places(self, tokens: list[Token]) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for number, token in enumerate(tokens):
            for pattern in self._patterns_of(token.word):
                places[pattern].append(number)
        return places

    def _patterns_of(self, word: str) -> Iterable[str]:
        yield from self._exact.get(word, ())
        for end in range(2, len(word) + 1):
            if (pattern := self._prefixes.get(word[:end])) is not None:
                yield pattern
            if (pattern := self._suffixes.get(word[-end:])) is not None:
                yield pattern
        if self._infixes:
            seen = {word[start:end] for start in range(len(word)) for end in range(start + 3, len(word) + 1)}
            yield from (self._infixes[part] for part in seen & self._infixes.keys())

    def _words_of(self, term: _Term, places: Mapping[str, list[int]], tokens: list[Token]) -> tuple[str, ...]:
        found: list[str] = []
        for row in term.rows:
            start = _row_start(row, places)
            if start is None:
                return ()
            found += [tokens[start + offset].word for offset in range(len(row))]
        return tuple(dict.fromkeys(found))

    def _rarity_of(self, term: _Term) -> float:
        """A term that several topics share says less about each; one of several words says more."""
        sharing = len(self._uses[_key(term.rows)])
        length = min(sum(len(row) for row in term.rows), 3)
        return (1.0 + 0.25 * (length - 1)) / math.sqrt(sharing)


def _by_rarest(terms: Sequence[_Term]) -> dict[str, list[_Term]]:
    """Terms by the pattern that fewest terms ask for: a term is looked at only where its rarest word stands."""
    asked = Counter(pattern for term in terms for row in term.rows for pattern in set(row))
    found: dict[str, list[_Term]] = defaultdict(list)
    for term in terms:
        found[min((pattern for row in term.rows for pattern in row), key=lambda pattern: asked[pattern])].append(term)
    return found


def _key(rows: tuple[tuple[str, ...], ...]) -> str:
    return "+".join(sorted(" ".join(row) for row in rows))


def _patterns(part: str) -> list[str]:
    """The word patterns of one part: words cut as in a message, keeping `*` at their outer ends."""
    patterns: list[str] = []
    for written in part.split():
        words = [token.word for token in cut(written)]
        if not words:
            continue
        words[0] = f"*{words[0]}" if written.startswith("*") else words[0]
        words[-1] = f"{words[-1]}*" if written.endswith("*") else words[-1]
        patterns += words
    return patterns[:_LONGEST_ROW]


def _row_start(row: tuple[str, ...], places: Mapping[str, list[int]]) -> int | None:
    for start in places.get(row[0], ()):
        if all(start + offset in places.get(pattern, ()) for offset, pattern in enumerate(row)):
            return start
    return None


def _diminishing(weights: list[float]) -> float:
    positive = sorted((weight for weight in weights if weight > 0), reverse=True)
    against = sum(weight for weight in weights if weight < 0)
    return sum(weight * 0.7**rank for rank, weight in enumerate(positive)) + max(against, -3.0)
