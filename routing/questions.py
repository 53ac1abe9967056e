"""Which question helps now? One short question at a time, each asked once, and only what the onderwerp needs. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from routing.messages import OptionKind
from routing.vakafdelingen import packaged

MOST_QUESTIONS = 3
_REPORTS = frozenset({"melding", "klacht"})
_TELLS_TIME = re.compile(
    r"\b(sinds|al (een|twee|drie|\d+|weken|maanden|dagen|jaren)|gister\w*|vandaag|vannacht|elke|iedere|dagen|weken|maanden|uur|"
    r"since|yesterday|today|tonight|every|days|weeks|months)\b",
    re.IGNORECASE,
)
_TELLS_NUMBER = re.compile(r"(?:\+?\d[\s-]?){9,13}")


class Question(StrEnum):
    """What we may ask. The texts stand in bot/teksten under vraag_<value>."""

    WAT = "wat"
    WAAR = "waar"
    FOTO = "foto"
    SINDS = "sinds"
    BELLEN = "bellen"
    WAAROM = "waarom"
    OORDEEL = "oordeel"


# The buttons of a question, as names of words (knop_<name>). A question without buttons is answered in words.
BUTTONS: Mapping[Question, tuple[tuple[OptionKind, str], ...]] = {
    Question.WAAR: ((OptionKind.PLACE, "plaats"),),
    Question.FOTO: ((OptionKind.SAY, "geen_foto"),),
    Question.SINDS: ((OptionKind.SAY, "vandaag"), (OptionKind.SAY, "dagen"), (OptionKind.SAY, "weken")),
    Question.BELLEN: ((OptionKind.PHONE, "nummer"), (OptionKind.SAY, "niet_bellen")),
    Question.OORDEEL: ((OptionKind.SAY, "ja"), (OptionKind.SAY, "nee")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a melding tells so far, and what was asked about it already."""

    text: str = field(repr=False)
    topic: str
    kind: str
    needs_place: bool
    needs_personal_contact: bool
    has_place: bool
    has_photo: bool
    asked: frozenset[str]


def next_question(told: Told) -> Question | None:
    """The most useful question that was not asked yet; None when enough is known or enough was asked."""
    if len(told.asked) >= MOST_QUESTIONS:
        return None
    return next((question for question, helps in _helpful(told) if helps and question.value not in told.asked), None)


def _helpful(told: Told) -> tuple[tuple[Question, bool], ...]:
    is_report = told.kind in _REPORTS
    return (
        (Question.WAT, not told.text.strip()),
        (Question.WAAR, is_report and told.needs_place and not told.has_place),
        (Question.FOTO, is_report and told.topic in _topics("foto") and not told.has_photo),
        (Question.SINDS, is_report and told.topic in _topics("sinds") and not _TELLS_TIME.search(told.text)),
        (Question.BELLEN, told.needs_personal_contact and not _TELLS_NUMBER.search(told.text)),
    )


@cache
def _topics(name: str) -> frozenset[str]:
    table = tomllib.loads(packaged("vragen.toml").read_text(encoding="utf-8"))
    return frozenset(table[name]["onderwerpen"])
