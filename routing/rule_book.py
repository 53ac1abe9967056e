"""Reads signs and rules from data and indexes them. It knows the grammar of the rules, not their content.

A *sign* is a word or phrase in any language; a *rule* asks for signs close together; a *damping* sign silences the rules in
the sentence it stands in (see data/noodgeval.toml).
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import NamedTuple

from routing.text import cut, fold, sound

ANY_WORDS = 5
USUAL_WINDOW = 16
SOUND_FROM = 5
_FEW_WORDS = 1
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[\U0001f300-\U0001faff]")


class Part(NamedTuple):
    """One word of a phrase. `kind`: word, prefix or suffix; `skip` is how many words may stand before it."""

    word: str
    heard: str
    kind: str
    skip: int


class Phrase(NamedTuple):
    """A way to write a sign. It is looked for where its most telling part, number `key`, is read.

    `others` are the words, or how they sound, without which it cannot stand in a text.
    """

    sign: str
    parts: tuple[Part, ...]
    key: int
    others: frozenset[str]


class Rule(NamedTuple):
    """`ordered` asks for the signs in this order; `unless` silences from anywhere in the sentence, `not_beside` from close by."""

    kind: str
    signs: tuple[str, ...]
    ordered: bool
    not_beside: frozenset[str]
    unless: frozenset[str]
    window: int
    immune: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    phrase = Phrase(sign, parts, key, frozenset(_others(parts, key)))
    indexes[parts[key].kind][parts[key].word].append(phrase)
    if parts[key].kind == "word" and parts[key].heard:
        indexes["heard"][parts[key].heard].append(phrase)


def _others(parts: Sequence[Part], key: int) -> Iterator[str]:
    for number, part in enumerate(parts):
        if number != key and part.kind == "word" and part.word.isascii():
            yield part.heard or part.word


def _parts(entry: str) -> Iterator[Part]:
    skip = 0
    for piece in entry.split():
        if piece == "..":
            skip = ANY_WORDS
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
            yield Part(bare, sound(bare) if len(bare) >= SOUND_FROM and bare.isascii() else "", kind, skip)
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
        window=int(window) if window.strip() else USUAL_WINDOW,
        immune=frozenset(immune.split()),
    )
