"""Telling again what other rooms said in Dutch (`routing.sentences`): errors, reasons and what is kept of them in the database.

A sentence is known by the template it was made with. What no template fits stays as it is: somebody wrote it in their own words.
"""

from __future__ import annotations

import re
from functools import cache

from bot.web.language import ROOMS, SOURCE, catalogue, messages, spoken

_PLACE = re.compile(r"%\((\w+)\)s")
_BETWEEN = "; "  # several reasons are kept as one


def told(sentence: str) -> str:
    """The sentence in the language of the request."""
    if spoken() == SOURCE:
        return sentence
    whole = _told(sentence, spoken())
    return whole if whole is not None else _BETWEEN.join(_told(part, spoken()) or part for part in sentence.split(_BETWEEN))


def _told(sentence: str, language: str) -> str | None:
    rooms = catalogue(language, ROOMS)
    for template, pattern in _patterns(language):
        if (found := pattern.fullmatch(sentence)) is not None:
            return rooms.gettext(template) % {name: _told(fact, language) or fact for name, fact in found.groupdict().items()}
    return None


@cache
def _patterns(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The templates, those with the most words of their own first."""
    templates = sorted(messages(language, ROOMS), key=lambda template: -len(_PLACE.sub("", template)))
    return tuple((template, _pattern(template)) for template in templates)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = _PLACE.split(template)
    parts = [
        re.escape(piece.replace("%%", "%")) if number % 2 == 0 else f"(?P<{piece}>.*?)" for number, piece in enumerate(pieces)
    ]
    return re.compile("".join(parts), re.DOTALL)
