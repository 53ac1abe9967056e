"""What part a place plays in a sentence: the sender's home, a place in passing, or where something is the matter."""

from __future__ import annotations

import re

_LOOK_BACK = 70

_HOME = re.compile(
    r"\b(?:woon\w*|wonen\w*|woont|verhuisd|verhuis|mijn adres|ons adres|adres is|adres:|huur(?: ik)? \w+|ons huis|mijn "
    r"huis|ik zit zelf"
    r"|(?:ik|we|wij) kom(?:en)? uit|afkomstig|thuis"
    r"|i live|we live|i'm living|living|my address|my home|ich wohne|wir wohnen|wohnhaft|j'habite|j' ?habite|nous "
    r"habitons|vivo|vivimos"
    r"|abito|abitiamo|moro|moramos|mieszkam|mieszkamy|otur\w+|yasiy\w+|locuiesc|живу|мешкаю|проживаю|живемо|живем|اسكن"
    r"|ساكن\w*|سكن|نسكن|زندگي)\b"
    r"[^.!?;\n]{0,34}$"
)
_ADDRESS_IS = re.compile(
    r"(?:adres(?: is|:)|huisadres|postadres|address is|i live at|woonachtig(?: op| aan)?|adresim|adresse ist)[ :]*(?:de |het )?$"
)
_AT_HOME = re.compile(
    r"\b(?:bij (?:mij|ons)|(?:mijn|ons|onze|m'n|mn|our|my) (?:\w+ )?(?:deur|huis|woning|straat|stoep|raam|gevel|tuin"
    r"|buren|buurman|buurvrouw|boven\w*|onder\w*|house|door"
    r"|street)|voor de deur|hiernaast|hier in de straat|kelder|lekkage|muur|plafond)\b"
)
_TURN = re.compile(r"\b(?:maar|alleen|echter|en op|en in|but|aber|mais|pero|ama|ale|но|але|tegenover|omdat|want|waar)\b")
_ASIDE = re.compile(
    r"\b(?:net als|zoals|net zoals|anders dan|in plaats van|ipv|vergelijkbaar met|vroeger|destijds|like|unlike|instead of"
    r"|richting|naar|via|towards?|op weg naar|onderweg naar|van|vanaf|vanuit|from)\s+(?:in |op |aan |bij |on |at "
    r")?(?:de |het |t |'t |the )?$"
)


def is_home(folded: str, start: int) -> bool:
    """Whether the place written at `start` is told as where the sender lives."""
    before = folded[max(0, start - _LOOK_BACK) : start]
    match = _HOME.search(before)
    return match is not None and _TURN.search(before, match.start()) is None


def is_contact_address(folded: str, start: int) -> bool:
    """Whether the address at `start` only tells where the sender can be reached: nothing in the text is said to be there."""
    return _ADDRESS_IS.search(folded[max(0, start - _LOOK_BACK) : start]) is not None and _AT_HOME.search(folded) is None


def is_aside(folded: str, start: int) -> bool:
    """Whether the place written at `start` is only compared with, come from or gone to."""
    return _ASIDE.search(folded[max(0, start - _LOOK_BACK) : start]) is not None
