"""In which language is a text written? Decides by script, then by small words, then by the shape of the words.

Dutch unless the text clearly says otherwise: most messages are Dutch, and a wrong guess costs more there. It knows
nothing of the meaning of the words.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from routing.text import cut, fold


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageGuess:
    """`code` is an ISO 639-1 code, `confidence` 0..1."""

    code: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lexicon:
    """`words` gives for a folded word the (language, weight) pairs it speaks for; `shapes` the usual pieces of words."""

    words: Mapping[str, tuple[tuple[str, float], ...]]
    shapes: Mapping[str, re.Pattern[str]]
    letters: Mapping[str, tuple[str, ...]]


_NOISE = re.compile(r"https?://\S{1,200}|www\.\S{1,200}|\S{1,64}@\S{1,200}|@\w{1,64}")
_READ_AT_MOST = 4000
"""Characters: by then the language of a text is clear."""

_ARABIZI = re.compile(r"(?<![a-z0-9])(?:[a-z]{1,8}[379][a-z]{1,8}|[379][a-z]{2,8})(?![a-z0-9])")
_NUMBERED_WORDS = re.compile(r"[379](?:uur|u|x|e|de|ste|hoog|jaar|dagen|weken|keer|am|pm|th|rd|days|km|cm|m|eur|euro)$")
_DUTCH_PRIOR = 0.6
_MARGIN = 0.6
_MARGIN_WITHOUT_DUTCH = 0.35
_LONG_ENOUGH = 4

_SCRIPTS = re.compile(
    r"(?P<latin>[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+)|(?P<cyrillic>[\u0400-\u052f]+)"
    r"|(?P<arabic>[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]+)"
    r"|(?P<kana>[\u3040-\u30ff]+)|(?P<han>[\u3400-\u9fff]+)|(?P<hangul>[\uac00-\ud7af\u1100-\u11ff]+)|(?P<ethiopic>[\u1200-\u139f]+)"
    r"|(?P<greek>[\u0370-\u03ff\u1f00-\u1fff]+)|(?P<hebrew>[\u0590-\u05ff]+)|(?P<devanagari>[\u0900-\u097f]+)"
    r"|(?P<thai>[\u0e00-\u0e7f]+)"
    r"|(?P<armenian>[\u0530-\u058f]+)|(?P<georgian>[\u10a0-\u10ff]+)|(?P<bengali>[\u0980-\u09ff]+)"
    r"|(?P<gurmukhi>[\u0a00-\u0a7f]+)|(?P<tamil>[\u0b80-\u0bff]+)"
)
_ONE_LANGUAGE = {
    "hangul": "ko",
    "greek": "el",
    "hebrew": "he",
    "devanagari": "hi",
    "thai": "th",
    "armenian": "hy",
    "georgian": "ka",
    "bengali": "bn",
    "gurmukhi": "pa",
    "tamil": "ta",
    "kana": "ja",
}
_DENSE_SCRIPTS = {"han": 3, "hangul": 2, "kana": 2, "ethiopic": 2}
_CYRILLIC_SIGNS = (
    (
        "uk",
        re.compile(r"[іїєґ]|\b(?:що|як|чи|та|це|дуже|вулиці|вулиця|немає|дякую|будь|ласка|доброго|добрий|можна|потрібно|мені)\b"),
    ),
    (
        "ru",
        re.compile(r"[ыэё]|\b(?:что|как|это|очень|улице|улица|нет|спасибо|пожалуйста|здравствуйте|можно|нужно|мне|или|есть)\b"),
    ),
    (
        "bg",
        re.compile(
            r"\b(?:съм|са|от|се|няма|моля|благодаря|това|тази|този|може|много|какво|къде|защо|улицата|при|ли|ще|със|във"
            r"|имам|искам)\b|ът\b|та\b"
        ),
    ),
    ("sr", re.compile(r"[јљњђћџ]")),
)
_ARABIC_SIGNS = (
    ("fa", re.compile(r"[پچژگکی]|\b(?:است|را|که|از|این|در|برای|سلام|لطفا|خیابان|من|ما|شما|می|هست|نیست|ممنون)\b")),
    ("ur", re.compile(r"[ٹڈڑںےہ]|\b(?:ہے|ہیں|کے|کی|کا|میں)\b")),
    ("ku", re.compile(r"[ێۆڕڵە]")),
    ("ar", re.compile(r"[ةىأإكي]|\bال|\b(?:في|من|على|هذا|هذه|السلام|عليكم|شكرا|كيف|عند|أمام|لا|نحن|أنا|هل)\b")),
)
_ETHIOPIC_SIGNS = (
    ("ti", re.compile(r"[ኣቐኸዅእ]|እዩ|ኣብ|ናይ|ብጣዕሚ|ኣሎ|በጃ|ክም|ዶ\b")),
    ("am", re.compile(r"[አ]|ነው|ላይ|አለ|እባክ|ናቸው|ምን|የለም|ጎዳና")),
)


def detect_language(text: str) -> LanguageGuess:
    """The dominant language of a text; `nl` with low confidence when nothing tells. Never raises."""
    text = text[:_READ_AT_MOST]
    if text.isascii():
        return _of_words(text)
    shares: Counter[str] = Counter()
    for run in _SCRIPTS.finditer(text):
        shares[run.lastgroup or "latin"] += run.end() - run.start()
    weights = {script: count * _DENSE_SCRIPTS.get(script, 1) for script, count in shares.items()}
    foreign = {script: weight for script, weight in weights.items() if script != "latin"}
    total = sum(weights.values())
    if foreign and sum(foreign.values()) >= max(3, 0.28 * total):
        script = max(foreign, key=lambda name: (foreign[name], name))
        return LanguageGuess(code=_of_script(script, text, shares), confidence=0.6 + 0.39 * foreign[script] / total)
    return _of_words(text)


def _of_script(script: str, text: str, shares: Mapping[str, int]) -> str:
    if script in {"han", "kana"}:
        return "ja" if shares.get("kana", 0) else "zh"
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script]
    signs, default = {"cyrillic": (_CYRILLIC_SIGNS, "uk"), "arabic": (_ARABIC_SIGNS, "ar"), "ethiopic": (_ETHIOPIC_SIGNS, "ti")}[
        script
    ]
    lower = text.lower()
    counts = {code: len(pattern.findall(lower)) for code, pattern in signs}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else default


def _of_words(text: str) -> LanguageGuess:
    folded = fold(text)
    if "@" in folded or "www." in folded or "://" in folded:
        folded = _NOISE.sub(" ", folded)
    words = [token.word for token in cut(folded) if token.word.isascii() and token.word.isalpha()]
    lexicon = _lexicon()
    scores: dict[str, float] = defaultdict(float, nl=_DUTCH_PRIOR)
    unknown: list[str] = []
    for word in words:
        known = lexicon.words.get(word)
        if known is None:
            unknown.append(word)
            continue
        for code, weight in known:
            scores[code] += weight
    arabizi = _ARABIZI.findall(folded) if any(letter in folded for letter in "379") else []
    scores["ar"] += 1.5 * sum(_NUMBERED_WORDS.match(found) is None for found in arabizi)
    _add_letters(text, lexicon, scores)
    _add_shapes(unknown, lexicon, scores)
    return _decide(scores, len(words))


def _add_letters(text: str, lexicon: _Lexicon, scores: dict[str, float]) -> None:
    if text.isascii():
        return
    found: Counter[str] = Counter()
    for letter in text.lower():
        for code in lexicon.letters.get(letter, ()):
            found[code] += 1
    for code, count in found.items():
        scores[code] += min(2.4, 0.6 * count)


def _add_shapes(words: Sequence[str], lexicon: _Lexicon, scores: dict[str, float]) -> None:
    """Unknown words speak softly, and only for languages that are still in the running."""
    best = max(scores.values())
    running = [code for code in lexicon.shapes if scores[code] >= best - 3.0]
    if len(running) < 2 and scores["nl"] >= best:
        return
    for word in words:
        if len(word) >= _LONG_ENOUGH:
            for code in running:
                scores[code] += _shape_weight(word, code)


@lru_cache(maxsize=20_000)
def _shape_weight(word: str, code: str) -> float:
    return min(0.6, 0.2 * len(_lexicon().shapes[code].findall(word)))


def _decide(scores: Mapping[str, float], words: int) -> LanguageGuess:
    best = max(scores, key=lambda code: (scores[code], code == "nl", code))
    margin = _MARGIN_WITHOUT_DUTCH if scores["nl"] <= _DUTCH_PRIOR else _MARGIN
    if best != "nl" and scores[best] - scores["nl"] < margin:
        best = "nl"
    rival = max((score for code, score in scores.items() if code != best), default=0.0)
    lead = max(0.0, scores[best] - rival) / (1.0 + words**0.5)
    return LanguageGuess(code=best, confidence=round(min(0.99, 0.5 + 0.4 * lead), 4))


@cache
def _lexicon() -> _Lexicon:
    source = tomllib.loads(resources.files("routing").joinpath("data", "talen.toml").read_text(encoding="utf-8"))
    words: dict[str, dict[str, float]] = defaultdict(dict)
    letters: dict[str, list[str]] = defaultdict(list)
    shapes: dict[str, re.Pattern[str]] = {}
    for code, entry in source.items():
        for word in entry["common"].split() + entry["topical"].split():
            folded = fold(word)
            weight = 0.35 if len(folded) == 1 else 0.8 if len(folded) == 2 else 1.0
            words[folded][code] = weight
        for letter in entry["letters"]:
            letters[letter].append(code)
        if entry["shapes"]:
            shapes[code] = re.compile("|".join(fold(shape) for shape in entry["shapes"].split()))
    return _Lexicon(
        words={word: tuple(codes.items()) for word, codes in words.items()},
        shapes=shapes,
        letters={letter: tuple(codes) for letter, codes in letters.items()},
    )
