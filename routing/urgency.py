"""Is a life in danger now, and does a text ask for haste? Two questions about urgency, answered from rules kept as data.

The emergency layer errs to the safe side. It does not decide what is done about it, nor which department is concerned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from routing.danger import find_matches
from routing.rule_book import RuleBook, load_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """`kind` names the danger (a topic of noodgeval), `words` are the parts of the text that say so."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyCues:
    """Words that make a message urgent (`high`) or not (`low`), and that say nobody was hurt (`unhurt`). Each may be empty."""

    high: tuple[str, ...]
    low: tuple[str, ...]
    unhurt: tuple[str, ...]


_CONSEQUENCE = "bewusteloos_medisch"


@cache
def _emergency_rules() -> RuleBook:
    return load_rules("noodgeval.toml")


def find_emergency(text: str) -> Emergency | None:
    """The danger to life a text tells of, or None. When several kinds fit, the one with most rules fulfilled.

    Being unwell is the consequence of most other dangers, so those go before it.
    """
    matches = find_matches(text, _emergency_rules())
    if not matches:
        return None
    kinds = [match.rule.kind for match in matches]
    kind = max(kinds, key=lambda name: (name != _CONSEQUENCE, kinds.count(name), -kinds.index(name)))
    spans = sorted({span for match in matches if match.rule.kind == kind for span in match.spans})
    return Emergency(kind=kind, words=tuple(dict.fromkeys(text[start:end] for start, end in spans)))


@cache
def _haste_rules() -> RuleBook:
    return load_rules("haast.toml")


def urgency_cues(text: str) -> UrgencyCues:
    """What in a text asks for haste and what says that there is none (routing guide, section 3)."""
    words: dict[str, dict[str, None]] = {"hoog": {}, "laag": {}, "ongedeerd": {}}
    for match in find_matches(text, _haste_rules()):
        for start, end in match.spans:
            words[match.rule.kind][text[start:end]] = None
    return UrgencyCues(high=tuple(words["hoog"]), low=tuple(words["laag"]), unhurt=tuple(words["ongedeerd"]))
