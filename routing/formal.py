"""Is this a matter that the law ties to an official way (Wmebv, Awb, Woo)? Such a message always goes to a person.

It only recognises; where the resident must send it stands in the texts.
"""

from __future__ import annotations

import re

from routing.decision import Formal
from routing.text import fold

_PATTERNS: tuple[tuple[Formal, re.Pattern[str]], ...] = (
    (
        Formal.AANSPRAKELIJKSTELLING,
        re.compile(
            r"\b(aansprakelijk\w*|schadeclaim\w*|schade ?vergoed\w*|claim\w* (?:ik|wij|we|ingediend|indienen)|"
            r"schade (?:claimen|verhalen|melden bij de gemeente)|hold (?:you|the (?:city|municipality)) liable|liability claim)\b"
        ),
    ),
    (
        Formal.WOO_VERZOEK,
        re.compile(
            r"\b(woo[- ]?verzoek\w*|wob[- ]?verzoek\w*|wet open overheid|op grond van de woo|beroep op de woo|"
            r"avg[- ]?verzoek|inzageverzoek|freedom of information)\b"
        ),
    ),
    (
        Formal.HANDHAVINGSVERZOEK,
        re.compile(
            r"\b(handhavingsverzoek\w*|verzoek (?:ik )?(?:u )?(?:om|tot) (?:te )?handhav\w*|"
            r"last onder dwangsom|ingebrekestelling|in gebreke)\b"
        ),
    ),
    (
        Formal.BEZWAAR,
        re.compile(
            r"\b(bezwaarschrift\w*|bezwaar\w*(?! heb ik niet)|in beroep (?:gaan|tegen)|beroepschrift|zienswijze\w*|"
            r"formal objection|file an objection|object to the (?:decision|permit)|odwolanie|widerspruch|itiraz\w*)\b"
        ),
    ),
    (
        Formal.KLACHT_BEJEGENING,
        re.compile(
            r"\b(klacht\w* (?:over|tegen) (?:een |de |uw |jullie |die )?"
            r"(?:medewerk\w*|ambtena\w*|boa\w*|handhaver\w*|baliemedewerk\w*|bejegening)|"
            r"bejegen\w*|officiele klacht|formele klacht|klachtenprocedure|"
            r"complaint about (?:a |an |your |the )?(?:employee|officer|staff|civil servant))\b"
        ),
    ),
)


def find_formal(text: str) -> Formal | None:
    """The formal matter a text speaks of, or None. Errs to the side of recognising one."""
    folded = fold(text)
    return next((matter for matter, pattern in _PATTERNS if pattern.search(folded)), None)
