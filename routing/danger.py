"""Reads signs and rules from data and tells which rules a text fulfils. It knows the grammar of the rules, not their content.

A *sign* is a word or phrase in any language; a *rule* asks for signs close together; a *damping* sign silences the rules in
the sentence it stands in (see data/noodgeval.toml). Spelling is forgiven as far as words sound alike.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import NamedTuple

from routing.text import Token, cut, fold, sound, word_set

_FILLERS = word_set(
    "er nu ook al echt zo even gewoon maar toch net heel erg zelf de het een t n mn mijn zijn zn haar dr ons onze m 'm "
    "hem weer hier daar dus nog in op me mij je ik hij ze "
    "just now really all the a my his her their is are so very das die der ein eine mein le la un une mon ma el los "
    "una mi il lo o os um uma meu minha na w z"
)
_ANY_WORDS = 5
_FEW_WORDS = 1
_WINDOW = 16
_SOUND_FROM = 5
_BESIDE = 3
_SHORT = 3
_SENTENCE_END = re.compile(r"[.!?;\n…]+(?=\s|$)|\n|[。！？]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[\U0001f300-\U0001faff]")
_ARABIC_LEADS = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل")


class Part(NamedTuple):
    """One word of a phrase. `kind`: word, prefix or suffix; `skip` is how many words may stand before it."""

    word: str
    heard: str
    kind: str
    skip: int


class Hit(NamedTuple):
    """A sign read at tokens first..last, in a sentence."""

    first: int
    last: int
    sentence: int


class Rule(NamedTuple):
    """`ordered` asks for the signs in this order; `unless` silences from anywhere in the sentence, `not_beside` from close by."""

    kind: str
    signs: tuple[str, ...]
    ordered: bool
    not_beside: frozenset[str]
    unless: frozenset[str]
    window: int
    immune: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """Compiled signs and rules. Phrases are found by their first word: as written, as heard, or by its beginning or end."""

    words: Mapping[str, tuple[tuple[str, tuple[Part, ...]], ...]] = field(repr=False)
    heard: Mapping[str, tuple[tuple[str, tuple[Part, ...]], ...]] = field(repr=False)
    prefixes: Mapping[str, tuple[tuple[str, tuple[Part, ...]], ...]] = field(repr=False)
    suffixes: Mapping[str, tuple[tuple[str, tuple[Part, ...]], ...]] = field(repr=False)
    pieces: tuple[tuple[str, str], ...] = field(repr=False)
    rules: Mapping[str, tuple[Rule, ...]] = field(repr=False)
    damping: frozenset[str]
    wide: frozenset[str]


class Match(NamedTuple):
    """A fulfilled rule and where its signs stand in the text: (start, end) of each."""

    rule: Rule
    spans: tuple[tuple[int, int], ...]


def load_rules(file: str) -> RuleBook:
    """Compiles a rule file from the packaged data."""
    source = tomllib.loads(resources.files("routing").joinpath("data", file).read_text(encoding="utf-8"))
    indexes: dict[str, dict[str, list[tuple[str, tuple[Part, ...]]]]] = {
        name: defaultdict(list) for name in ("word", "prefix", "suffix", "heard")
    }
    pieces: list[tuple[str, str]] = []
    for sign, entries in {**source["signs"], **source["damping"]}.items():
        for entry in entries.replace("\n", " ").split(","):
            _index(sign, entry.strip(), indexes, pieces)
    rules: dict[str, list[Rule]] = defaultdict(list)
    for kind, lines in source["rules"].items():
        for line in lines:
            rule = _parse_rule(kind, line)
            rules[rule.signs[0]].append(rule)
    frozen = {name: {key: tuple(patterns) for key, patterns in index.items()} for name, index in indexes.items()}
    return RuleBook(
        words=frozen["word"],
        heard=frozen["heard"],
        prefixes=frozen["prefix"],
        suffixes=frozen["suffix"],
        pieces=tuple(pieces),
        rules={sign: tuple(group) for sign, group in rules.items()},
        damping=frozenset(source["damping"]),
        wide=frozenset(source["scope"]["wide"]),
    )


def _index(
    sign: str, entry: str, indexes: Mapping[str, dict[str, list[tuple[str, tuple[Part, ...]]]]], pieces: list[tuple[str, str]]
) -> None:
    if not entry:
        return
    if _UNSPACED.search(entry):
        pieces.append((sign, fold(entry)))
        return
    parts = tuple(_parts(entry))
    first = parts[0]
    indexes[first.kind][first.word].append((sign, parts))
    if first.kind == "word" and first.heard:
        indexes["heard"][first.heard].append((sign, parts))


def _parts(entry: str) -> Iterator[Part]:
    skip = 0
    for piece in entry.split():
        if piece == "..":
            skip = _ANY_WORDS
            continue
        words = [token.word for token in cut(fold(piece))]
        for number, word in enumerate(words):
            kind = (
                "prefix"
                if piece.endswith("*") and number == len(words) - 1
                else "suffix"
                if piece.startswith("*") and number == 0
                else "word"
            )
            bare = word[2:] if word.startswith("ال") and len(word) > 4 else word
            yield Part(bare, sound(bare) if len(bare) >= _SOUND_FROM and bare.isascii() else "", kind, skip)
            skip = _FEW_WORDS


def _parse_rule(kind: str, line: str) -> Rule:
    head, _, immune = line.partition("~")
    head, _, window = head.partition("@")
    head, _, unless = head.partition("!")
    signs, _, not_beside = head.partition("^")
    return Rule(
        kind=kind,
        signs=tuple(sign.strip() for sign in re.split("[&>]", signs)),
        ordered=">" in signs,
        not_beside=frozenset(not_beside.split()),
        unless=frozenset(unless.split()),
        window=int(window) if window.strip() else _WINDOW,
        immune=frozenset(immune.split()),
    )


def find_matches(text: str, book: RuleBook) -> list[Match]:
    """The fulfilled rules, in the order of their first sign."""
    folded = fold(text)
    tokens = cut(folded)
    if not tokens:
        return []
    hits = _find_signs(folded, tokens, book)
    if not any(sign in book.rules for sign in hits):
        return []
    matches = (_fulfil(rule, hits, tokens, book) for sign in hits for rule in book.rules.get(sign, ()))
    found = [match for match in matches if match is not None]
    return sorted(found, key=lambda match: match.spans)


def _find_signs(folded: str, tokens: Sequence[Token], book: RuleBook) -> dict[str, list[Hit]]:
    sentences = _sentence_numbers(folded, tokens)
    hits: dict[str, list[Hit]] = defaultdict(list)
    heard = [sound(token.word) if len(token.word) >= _SOUND_FROM and token.word.isascii() else "" for token in tokens]
    for first in range(len(tokens)):
        for sign, parts in _candidates(tokens[first].word, heard[first], book):
            last = _follow(parts, first, tokens, heard, sentences)
            if last is not None:
                hits[sign].append(Hit(first, last, sentences[first]))
    for sign, piece in book.pieces if not folded.isascii() else ():
        at = folded.find(piece)
        if at >= 0:
            number = max((number for number, token in enumerate(tokens) if token.start <= at), default=0)
            hits[sign].append(Hit(number, number, sentences[number]))
    if len(tokens) <= _SHORT:
        hits["short"].append(Hit(0, 0, 0))
    return hits


def _sentence_numbers(folded: str, tokens: Sequence[Token]) -> list[int]:
    ends = [match.start() for match in _SENTENCE_END.finditer(folded)]
    numbers: list[int] = []
    current = 0
    for token in tokens:
        while current < len(ends) and ends[current] < token.start:
            current += 1
        numbers.append(current)
    return numbers


def _candidates(word: str, heard: str, book: RuleBook) -> Iterator[tuple[str, tuple[Part, ...]]]:
    for variant in _variants(word):
        yield from book.words.get(variant, ())
        for length in range(2, len(variant) + 1):
            yield from book.prefixes.get(variant[:length], ())
    if heard and word not in book.words:
        yield from book.heard.get(heard, ())
    for length in range(3, min(8, len(word))):
        yield from book.suffixes.get(word[-length:], ())


def _variants(word: str) -> Iterable[str]:
    """Arabic writes 'and', 'in' and 'the' to the front of a word."""
    if not "\u0600" <= word[0] <= "\u06ff":
        return (word,)
    return dict.fromkeys(
        (word, *(word[len(lead) :] for lead in _ARABIC_LEADS if word.startswith(lead) and len(word) > len(lead) + 1))
    )


def _follow(
    parts: Sequence[Part], first: int, tokens: Sequence[Token], heard: Sequence[str], sentences: Sequence[int]
) -> int | None:
    """The last token of a phrase that starts at `first`, or None when the rest of its words does not follow."""
    at = first
    for part in parts[1:]:
        at = _next(part, at, tokens, heard, sentences)
        if at < 0:
            return None
    return at


def _next(part: Part, after: int, tokens: Sequence[Token], heard: Sequence[str], sentences: Sequence[int]) -> int:
    skipped = 0
    for number in range(after + 1, min(after + 3 + part.skip, len(tokens))):
        if sentences[number] != sentences[after]:
            return -1
        if _fits(part, tokens[number].word, heard[number]):
            return number
        skipped += tokens[number].word not in _FILLERS or part.skip == _ANY_WORDS
        if skipped > (part.skip if part.skip == _ANY_WORDS else 0):
            return -1
    return -1


def _fits(part: Part, word: str, heard: str) -> bool:
    if part.kind == "prefix":
        return word.startswith(part.word)
    if part.kind == "suffix":
        return word.endswith(part.word)
    return (
        word == part.word or (part.heard != "" and part.heard == heard) or (not word.isascii() and part.word in _variants(word))
    )


def _fulfil(rule: Rule, hits: Mapping[str, Sequence[Hit]], tokens: Sequence[Token], book: RuleBook) -> Match | None:
    if any(sign not in hits for sign in rule.signs):
        return None
    for anchor in hits[rule.signs[0]]:
        chosen = _around(anchor, rule, hits)
        if chosen is None or _is_silenced(chosen, rule, hits, book):
            continue
        return Match(rule, tuple((tokens[hit.first].start, tokens[hit.last].end) for hit in chosen))
    return None


def _around(anchor: Hit, rule: Rule, hits: Mapping[str, Sequence[Hit]]) -> list[Hit] | None:
    chosen = [anchor]
    for sign in rule.signs[1:]:
        near = [hit for hit in hits[sign] if hit not in chosen and _is_near(anchor, hit, rule)]
        if not near:
            return None
        chosen.append(min(near, key=lambda hit: _distance(anchor, hit)))
    return chosen


def _is_near(anchor: Hit, hit: Hit, rule: Rule) -> bool:
    if rule.ordered and (hit.first <= anchor.last or hit.sentence != anchor.sentence):
        return False
    return _distance(anchor, hit) <= rule.window and (rule.window > _WINDOW or abs(hit.sentence - anchor.sentence) <= 1)


def _distance(one: Hit, other: Hit) -> int:
    return max(0, other.first - one.last, one.first - other.last)


def _is_silenced(chosen: Sequence[Hit], rule: Rule, hits: Mapping[str, Sequence[Hit]], book: RuleBook) -> bool:
    sentences = {hit.sentence for hit in chosen}
    for sign in book.damping - rule.immune:
        if hits.get(sign) and (rule.kind in book.wide or any(hit.sentence in sentences for hit in hits[sign])):
            return True
    if any(hit.sentence in sentences for sign in rule.unless for hit in hits.get(sign, ())):
        return True
    return any(_distance(chosen[0], hit) <= _BESIDE for sign in rule.not_beside for hit in hits.get(sign, ()))
