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
_ONE_SENTENCE = 10
_SOUND_FROM = 5
_BESIDE = 3
_REACH = 6
_LONGEST_PREFIX = 20
_PASSAGE = 2000
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


class Phrase(NamedTuple):
    """A way to write a sign. It is looked for where its most telling part, number `key`, is read."""

    sign: str
    parts: tuple[Part, ...]
    key: int


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
    """Compiled signs and rules. Phrases are found by their longest word: as written, as heard, or by its beginning or end."""

    words: Mapping[str, tuple[Phrase, ...]] = field(repr=False)
    heard: Mapping[str, tuple[Phrase, ...]] = field(repr=False)
    prefixes: Mapping[str, tuple[Phrase, ...]] = field(repr=False)
    prefix_starts: frozenset[str] = field(repr=False)
    suffixes: Mapping[str, tuple[Phrase, ...]] = field(repr=False)
    pieces: tuple[tuple[str, str], ...] = field(repr=False)
    rules: Mapping[str, tuple[Rule, ...]] = field(repr=False)
    damping: frozenset[str]
    wide: frozenset[str]
    before: frozenset[str]
    everywhere: frozenset[str]


class _Read(NamedTuple):
    """A text prepared for looking: its words, how they sound, and in which sentence each stands."""

    tokens: Sequence[Token]
    heard: Sequence[str]
    sentences: Sequence[int]


class Match(NamedTuple):
    """A fulfilled rule and where its signs stand in the text: (start, end) of each."""

    rule: Rule
    spans: tuple[tuple[int, int], ...]


def load_rules(file: str) -> RuleBook:
    """Compiles a rule file from the packaged data."""
    source = tomllib.loads(resources.files("routing").joinpath("data", file).read_text(encoding="utf-8"))
    indexes: dict[str, dict[str, list[Phrase]]] = {name: defaultdict(list) for name in ("word", "prefix", "suffix", "heard")}
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
        prefix_starts=frozenset(prefix[:2] for prefix in frozen["prefix"]),
        suffixes=frozen["suffix"],
        pieces=tuple(pieces),
        rules={sign: tuple(group) for sign, group in rules.items()},
        damping=frozenset(source["damping"]),
        wide=frozenset(source["scope"]["wide"]),
        before=frozenset(source["scope"]["before"]),
        everywhere=frozenset(source["scope"].get("everywhere", ())),
    )


def _index(sign: str, entry: str, indexes: Mapping[str, dict[str, list[Phrase]]], pieces: list[tuple[str, str]]) -> None:
    if not entry:
        return
    if _UNSPACED.search(entry):
        pieces.append((sign, fold(entry)))
        return
    parts = tuple(_parts(entry))
    key = max(range(len(parts)), key=lambda number: (len(parts[number].word), number))
    phrase = Phrase(sign, parts, key)
    indexes[parts[key].kind][parts[key].word].append(phrase)
    if parts[key].kind == "word" and parts[key].heard:
        indexes["heard"][parts[key].heard].append(phrase)


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
    """The fulfilled rules, in the order of their first sign. A very long text is read in passages."""
    found: list[Match] = []
    for start, end in _passages(text):
        for match in _find_in_passage(text[start:end], book):
            spans = tuple((start + first, start + last) for first, last in match.spans)
            found.append(Match(match.rule, spans))
    return found


def _passages(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > _PASSAGE:
        end = text.rfind(" ", start + _PASSAGE // 2, start + _PASSAGE) + 1 or start + _PASSAGE
        yield start, end
        start = end
    yield start, len(text)


def _find_in_passage(text: str, book: RuleBook) -> list[Match]:
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
    read = _Read(tokens, _heard(tokens, book), _sentence_numbers(folded, tokens))
    hits: dict[str, list[Hit]] = defaultdict(list)
    for number in range(len(tokens)):
        for phrase in _candidates(read, number, book):
            hit = _place(phrase, number, read)
            if hit is not None and hit not in hits[phrase.sign]:
                hits[phrase.sign].append(hit)
    for sign, piece in book.pieces if not folded.isascii() else ():
        at = folded.find(piece)
        if at >= 0:
            number = max((number for number, token in enumerate(tokens) if token.start <= at), default=0)
            hits[sign].append(Hit(number, number, read.sentences[number]))
    if len(tokens) <= _SHORT:
        hits["short"].append(Hit(0, 0, 0))
    return {sign: sorted(found) for sign, found in hits.items() if found}


def _heard(tokens: Sequence[Token], book: RuleBook) -> list[str]:
    """How the words sound that are long enough to be misspelt and are no word of a sign as they stand."""
    return [
        sound(token.word) if len(token.word) >= _SOUND_FROM - 1 and token.word not in book.words and token.word.isascii() else ""
        for token in tokens
    ]


def _sentence_numbers(folded: str, tokens: Sequence[Token]) -> list[int]:
    ends = [match.start() for match in _SENTENCE_END.finditer(folded)]
    numbers: list[int] = []
    current = 0
    for token in tokens:
        while current < len(ends) and ends[current] < token.start:
            current += 1
        numbers.append(current)
    return numbers


def _candidates(read: _Read, number: int, book: RuleBook) -> Iterator[Phrase]:
    word = read.tokens[number].word
    for variant in _variants(word):
        yield from book.words.get(variant, ())
        if variant[:2] in book.prefix_starts:
            for length in range(2, min(_LONGEST_PREFIX, len(variant)) + 1):
                yield from book.prefixes.get(variant[:length], ())
    if read.heard[number]:
        yield from book.heard.get(read.heard[number], ())
    for length in range(3, min(8, len(word))):
        yield from book.suffixes.get(word[-length:], ())


def _place(phrase: Phrase, number: int, read: _Read) -> Hit | None:
    """Where the whole phrase stands when its key is read at token `number`."""
    if len(phrase.parts) == 1:
        return Hit(number, number, read.sentences[number])
    for first in range(number, max(-1, number - _REACH * phrase.key - 1), -1):
        if _fits(phrase.parts[0], read.tokens[first].word, read.heard[first]):
            last = _follow(phrase.parts, first, read)
            if last is not None and last >= number:
                return Hit(first, last, read.sentences[first])
    return None


def _variants(word: str) -> Iterable[str]:
    """Arabic writes 'and', 'in' and 'the' to the front of a word."""
    if not "\u0600" <= word[0] <= "\u06ff":
        return (word,)
    return dict.fromkeys(
        (word, *(word[len(lead) :] for lead in _ARABIC_LEADS if word.startswith(lead) and len(word) > len(lead) + 1))
    )


def _follow(parts: Sequence[Part], first: int, read: _Read) -> int | None:
    """The last token of a phrase that starts at `first`, or None when the rest of its words does not follow."""
    at = first
    for part in parts[1:]:
        at = _next(part, at, read)
        if at < 0:
            return None
    return at


def _next(part: Part, after: int, read: _Read) -> int:
    """The token that continues a phrase: the next one, or one behind a few words that do not matter."""
    skipped = 0
    for number in range(after + 1, min(after + 3 + part.skip, len(read.tokens))):
        if read.sentences[number] != read.sentences[after]:
            return -1
        word = read.tokens[number].word
        if _fits(part, word, read.heard[number]):
            return number
        skipped += part.skip == _ANY_WORDS or word not in _FILLERS
        if skipped > (_ANY_WORDS if part.skip == _ANY_WORDS else 0):
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
    """For each sign of the rule the hit nearest to the anchor; the same sign twice asks for two hits apart."""
    chosen = [anchor]
    for number, sign in enumerate(rule.signs[1:], start=1):
        used = [hit for hit, earlier in zip(chosen, rule.signs[:number], strict=True) if earlier == sign]
        near = [hit for hit in hits[sign] if _is_near(anchor, hit, rule) and all(_is_apart(hit, other) for other in used)]
        if not near:
            return None
        chosen.append(min(near, key=lambda hit: _distance(anchor, hit)))
    return chosen


def _is_apart(one: Hit, other: Hit) -> bool:
    return one.last < other.first or other.last < one.first


def _is_near(anchor: Hit, hit: Hit, rule: Rule) -> bool:
    if rule.ordered and (hit.first <= anchor.last or hit.sentence != anchor.sentence):
        return False
    return _distance(anchor, hit) <= rule.window and abs(hit.sentence - anchor.sentence) <= _sentences_apart(rule.window)


def _sentences_apart(window: int) -> int:
    """A narrow rule stays within a sentence, a usual one may reach into the next, a wide one over the whole text."""
    if window < _ONE_SENTENCE:
        return 0
    return 1 if window <= _WINDOW else window


def _distance(one: Hit, other: Hit) -> int:
    return max(0, other.first - one.last, one.first - other.last)


def _is_silenced(chosen: Sequence[Hit], rule: Rule, hits: Mapping[str, Sequence[Hit]], book: RuleBook) -> bool:
    sentences = {hit.sentence for hit in chosen}
    if any(_is_damped(sign, chosen, rule, hits, book) for sign in book.damping - rule.immune):
        return True
    if any(sign in book.everywhere or hit.sentence in sentences for sign in rule.unless for hit in hits.get(sign, ())):
        return True
    return any(_distance(chosen[0], hit) <= _BESIDE for sign in rule.not_beside for hit in hits.get(sign, ()))


def _is_damped(sign: str, chosen: Sequence[Hit], rule: Rule, hits: Mapping[str, Sequence[Hit]], book: RuleBook) -> bool:
    sentences = {hit.sentence for hit in chosen}
    end = max(hit.first for hit in chosen)
    for hit in hits.get(sign, ()):
        reaches = rule.kind in book.wide or hit.sentence in sentences
        if reaches and (sign not in book.before or hit.first <= end):
            return True
    return False
