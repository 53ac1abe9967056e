"""Which rules of a rule book does a text fulfil (see routing/rule_book.py)? Forgives spelling as far as words sound alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from routing.rule_book import ANY_WORDS, SOUND_FROM, USUAL_WINDOW, Part, Phrase, Rule, RuleBook
from routing.text import Token, cut, fold, sound, word_set

_FILLERS = word_set(
    "er nu ook al echt zo even gewoon maar toch net heel erg zelf de het een t n mn mijn zijn zn haar dr ons onze m 'm "
    "hem weer hier daar dus nog in op me mij je ik hij ze "
    "just now really all the a my his her their is are so very das die der ein eine mein le la un une mon ma el los "
    "una mi il lo o os um uma meu minha na w z"
)
_ONE_SENTENCE = 10
_BESIDE = 3
_REACH = 6
_LONGEST_PREFIX = 20
_PASSAGE = 2000
_SHORT = 3
_SENTENCE_END = re.compile(r"[.!?;\n…]+(?=\s|$)|\n|[。！？]")
_ARABIC_LEADS = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل")


class Hit(NamedTuple):
    """A sign read at tokens first..last, in a sentence."""

    first: int
    last: int
    sentence: int


class _Word(NamedTuple):
    """What a word means to a rule book. `heard` is how it sounds if it may be misspelt; `phrases` may stand where it is read."""

    written: str
    heard: str
    phrases: tuple[Phrase, ...]


class _Read(NamedTuple):
    """A text prepared for looking. `sentences` tells in which one each token stands; `said` are its words and how they sound."""

    folded: str
    tokens: Sequence[Token]
    sentences: Sequence[int]
    said: frozenset[str]


class Match(NamedTuple):
    """A fulfilled rule and where its signs stand in the text: (start, end) of each."""

    rule: Rule
    spans: tuple[tuple[int, int], ...]


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
    read = _read(text)
    if not read.tokens:
        return []
    hits = _find_signs(read, book)
    if not any(sign in book.rules for sign in hits):
        return []
    matches = (_fulfil(rule, hits, read.tokens, book) for sign in hits for rule in book.rules.get(sign, ()))
    found = [match for match in matches if match is not None]
    return sorted(found, key=lambda match: match.spans)


@lru_cache(maxsize=4)  # several rule books look at the same message, one after another
def _read(text: str) -> _Read:
    folded = fold(text)
    tokens = cut(folded)
    words = {token.word for token in tokens}
    return _Read(folded, tokens, _sentence_numbers(folded, tokens), frozenset(words.union(map(sound, words))))


def _find_signs(read: _Read, book: RuleBook) -> dict[str, list[Hit]]:
    words = [_word(token.word, book) for token in read.tokens]
    hits: dict[str, list[Hit]] = defaultdict(list)
    for number, word in enumerate(words):
        for phrase in word.phrases:
            hit = _place(phrase, number, words, read) if phrase.others <= read.said else None
            if hit is not None and hit not in hits[phrase.sign]:
                hits[phrase.sign].append(hit)
    for sign, piece in book.pieces if not read.folded.isascii() else ():
        at = read.folded.find(piece)
        if at >= 0:
            number = max((number for number, token in enumerate(read.tokens) if token.start <= at), default=0)
            hits[sign].append(Hit(number, number, read.sentences[number]))
    if len(read.tokens) <= _SHORT:
        hits["short"].append(Hit(0, 0, 0))
    return {sign: sorted(found) for sign, found in hits.items() if found}


@lru_cache(maxsize=20_000)
def _word(word: str, book: RuleBook) -> _Word:
    may_be_misspelt = len(word) >= SOUND_FROM - 1 and word not in book.words and word.isascii()
    heard = sound(word) if may_be_misspelt else ""
    return _Word(word, heard, tuple(_phrases(word, heard, book)))


def _sentence_numbers(folded: str, tokens: Sequence[Token]) -> list[int]:
    ends = [match.start() for match in _SENTENCE_END.finditer(folded)]
    numbers: list[int] = []
    current = 0
    for token in tokens:
        while current < len(ends) and ends[current] < token.start:
            current += 1
        numbers.append(current)
    return numbers


def _phrases(word: str, heard: str, book: RuleBook) -> Iterator[Phrase]:
    for variant in _variants(word):
        yield from book.words.get(variant, ())
        if variant[:2] in book.prefix_starts:
            for length in range(2, min(_LONGEST_PREFIX, len(variant)) + 1):
                yield from book.prefixes.get(variant[:length], ())
    if heard:
        yield from book.heard.get(heard, ())
    for length in range(3, min(8, len(word))):
        yield from book.suffixes.get(word[-length:], ())


def _place(phrase: Phrase, number: int, words: Sequence[_Word], read: _Read) -> Hit | None:
    """Where the whole phrase stands when its key is read at token `number`."""
    if len(phrase.parts) == 1:
        return Hit(number, number, read.sentences[number])
    for first in range(number, max(-1, number - _REACH * phrase.key - 1), -1):
        if _fits(phrase.parts[0], words[first]):
            last = _follow(phrase.parts, first, words, read.sentences)
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


def _follow(parts: Sequence[Part], first: int, words: Sequence[_Word], sentences: Sequence[int]) -> int | None:
    """The last token of a phrase that starts at `first`, or None when the rest of its words does not follow."""
    at = first
    for part in parts[1:]:
        at = _next(part, at, words, sentences)
        if at < 0:
            return None
    return at


def _next(part: Part, after: int, words: Sequence[_Word], sentences: Sequence[int]) -> int:
    """The token that continues a phrase: the next one, or one behind a few words that do not matter."""
    skipped = 0
    for number in range(after + 1, min(after + 3 + part.skip, len(words))):
        if sentences[number] != sentences[after]:
            return -1
        if _fits(part, words[number]):
            return number
        skipped += part.skip == ANY_WORDS or words[number].written not in _FILLERS
        if skipped > (ANY_WORDS if part.skip == ANY_WORDS else 0):
            return -1
    return -1


def _fits(part: Part, word: _Word) -> bool:
    if part.kind == "prefix":
        return word.written.startswith(part.word)
    if part.kind == "suffix":
        return word.written.endswith(part.word)
    if word.written == part.word or (part.heard != "" and part.heard == word.heard):
        return True
    return not word.written.isascii() and part.word in _variants(word.written)


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
    return 1 if window <= USUAL_WINDOW else window


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
