"""Telling again what other rooms said in Dutch (`routing.sentences`): errors, reasons and what is kept of them in the database.

A sentence is known by the template it was made with. What no template fits stays as it is: somebody wrote it in their own words.
"""

from __future__ import annotations

import re
from functools import cache

from bot.web.language import ROOMS, SOURCE, catalogue, messages, spoken

_PLACE = re.compile(r"%\((\w+)\)s")
_BETWEEN = re.compile(r"(; |(?<=\.) )")  # several reasons, or several sentences, are kept as one
_LONGEST_RUN = 7  # four parts of a sentence, and what stands between them
# What a fact looks like, where any words at all would make a template fit what somebody wrote themselves.
_NUMBERS = "count days hours least longest melder_id melding_id millions minutes most num number reply_id seconds"
_SHAPES = {
    **dict.fromkeys(_NUMBERS.split(), "[0-9]+"),
    **dict.fromkeys(("kenmerk", "other"), "WB-[0-9-]+"),
    "day": "[0-9-]+",
    "share": "[0-9]+%",
}


def told(sentence: str) -> str:
    """The sentence in the language of the request."""
    return sentence if spoken() == SOURCE else _told(sentence, spoken())


def _told(sentence: str, language: str) -> str:
    whole = _whole(sentence, language)
    return _piecewise(sentence, language) if whole is None else whole


def _piecewise(sentence: str, language: str) -> str:
    """Several sentences that were kept as one. A template may itself hold what stands between two: the longest run counts."""
    parts, retold = _BETWEEN.split(sentence), ""  # each second one is what stands between
    while parts:
        runs = range(min(len(parts), _LONGEST_RUN), 0, -2)
        known = ((run, words) for run in runs if (words := _whole("".join(parts[:run]), language)) is not None)
        run, words = next(known, (1, parts[0]))
        retold += words + "".join(parts[run : run + 1])
        parts = parts[run + 1 :]
    return retold


def _whole(sentence: str, language: str) -> str | None:
    for template, pattern in _patterns(language):
        if (found := pattern.fullmatch(sentence)) is not None:
            facts = {name: _told(fact, language) for name, fact in found.groupdict().items()}
            return catalogue(language, ROOMS).gettext(template) % facts
    return None


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The templates, those with the most words of their own first."""
    templates = sorted(messages(language, ROOMS), key=lambda template: -len(_PLACE.sub("", template)))
    return tuple((template, _pattern(template)) for template in templates)


def _pattern(template: str) -> re.Pattern[str]:
    words, names = _PLACE.split(template)[::2], _PLACE.split(template)[1::2]
    parts = [re.escape(word.replace("%%", "%")) for word in words]
    facts = [f"(?P<{name}>{_SHAPES.get(name, '.+?')})" for name in names]
    return re.compile("".join(part + fact for part, fact in zip(parts, [*facts, ""], strict=True)), re.DOTALL)
