"""Finds home addresses in a folded text: a street with a number told as where somebody lives, or a postcode with a number.

An address that only says where the problem is, is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from routing.gazetteer import STREET_TYPES, load_gazetteer, name_key
from routing.personal_numbers import Span
from routing.text import word_set

_TYPE = (
    "(?:"
    + "|".join(
        sorted(
            {*STREET_TYPES, "str", "ln", "kerkhof", "erf", "baan", "burcht", "dreef", "strasse", "street"}, key=len, reverse=True
        )
    )
    + r")\.?"
)
_NUMBER = r"\d{1,4}(?: ?(?:-|/)? ?(?:[a-h]|bis(?: ?[a-z]\b)?|[ivx]{1,3}|\d{1,3}|hs|huis)(?![\w]))?(?: ?(?:bis|hoog)\b)?"
_POSTCODE = r"[1-9]\d{3} ?[a-z]{2}(?![a-z0-9])"
_WORD = r"[^\W\d_][\w.'-]*"
_STREET = re.compile(rf"\w{{3}}{_TYPE}$")
_NAMED = re.compile(
    rf"(?<![\w.-])((?:(?:\d(?:e|ste|de) )?{_WORD} ){{0,4}}(?:{_WORD}))(,? (?:nr\.? ?|nummer |no\.? ?|huisnummer "
    rf")?)({_NUMBER})(,? (?:te )?{_POSTCODE})?"
)
_POSTCODE_NUMBER = re.compile(
    r"(?<![\w.-])[1-9]\d{3} ?([a-z]{2})(?![a-z0-9])"
    r"(?:,? ?(?:nr\.? |nummer |huisnummer |-|/)? ?\d{1,4}(?: ?[a-h]|-\d{1,3}| bis)?(?![\w.,:-]\w))"
)
_NO_POSTCODE_LETTERS = word_set(
    "al as bv de do en er et ff ga he ik in is je ma me mn na no nu of om op sa so ss te tm uw we za zn zo"
)
_COUNTED = re.compile(
    r"\s*(?:uur|u\b|keer|x\b|maal|euro|dag|dage|weke?n?\b|jaar|jare|maand|minu|meter|m2?\b|kilo|km\b|cm\b|mensen|man\b"
    r"|auto|fiets|zakke|jongen|persone"
    r"|procent|%|gezin|bewoner|huize|bome?n?\b|lampe|paal|palen|kinder|years?|weeks?|days?|months?|times|people|hours?"
    r"|gün|yil|lat\b"
    r"|januari|februari|maart|april|mei\b|juni|juli|augustus|september|oktober|november|december|[:.,]\d|euros?)"
)
_PLURAL = re.compile(r" (?!(?:en|een|graag|mijn|zijn|hebben|wonen|even)\b)[a-z]{3,}(?:en|s)\b")
_HOME = re.compile(
    r"(?<!\[)(?:\bwoon\w*|\bwonen\w*|\bwoont\b|\badres\w*|\baddress|\bадрес\w*"
    r"|地址|عنوان\w*|البيت|بيتي|\bev\b|\bdom\b|huisadres|\bbij (?:mij|ons|mijn huis) (?:op|aan|in|thuis)?"
    r"|\bbij huis\b|\bthuis\b"
    r"|(?:mijn|m'n|mn|ons|onze|me|mijn eigen|van mij|my|our|mijn moeders?|mijn vaders?) (?:\w+ ){0,2}?(?:huis|woning"
    r"|flat|app?artement|(?:voor|achter)?deur|stoep|gevel"
    r"|(?:voor|achter)?tuin|raam|balkon|oprit|pand|kelder|dak|kliko|portiek|kamer|slaapkamer|keuken|moeder|vader|oma"
    r"|opa|ouders|buurvrouw|buurman|huisje|house|flat|door"
    r"|home|apartment|garden|building|winkel|zaak|praktijk|kantoor|schuur|garage|brievenbus|parkeerplek"
    r"|parkeerplaats)\b|bij mij voor de deur|bij ons voor de deur|\bwij zitten op\b|\bik zit op\b|langs ?komen|op "
    r"bezoek|kom langs|sturen naar|stuur het naar|bezorg\w*"
    r"|ingeschreven|staat op naam|aanbellen|bel aan|gemeldet|angemeldet|ophalen|afleveren|post naar|brief naar"
    r"|verhuis\w*|\bkamer \d+ (?:van|op|aan)"
    r"|\b(?:pas|afvalpas|kliko|huurders?|bewoners?) van|\b(?:mevrouw|meneer) (?:op|van|aan)"
    r"|aanvraag (?:\w+ ){0,2}(?:voor|op)|afspraak (?:op|aan)"
    r"|\bziehe\w* .{0,20}nach|umzieh\w*|moving to|moved to|tasin\w*|przeprowadz\w*|demenage\w*|me mudo"
    r"|i live|we live|living at|my (?:home )?address|my house|my flat|ich wohne|wir wohnen|wohnhaft|meine "
    r"adresse|j'habite"
    r"|nous habitons|mon adresse|vivo en|vivimos|mi direccion|abito|moro n|mieszkam\w*|moj adres|otur\w+|adresim"
    r"|ikamet\w*|locuiesc|adresa mea"
    r"|живу|мешкаю|моя адреса|мой адрес|проживаю|اسكن|عنواني|ساكن)[^.!?\n]{0,40}$"
)
_PROBLEM = re.compile(
    r"(?:\bthv|t\.?h\.?v\.?|hoogte van|tegenover|t\.?/?o\.?|voor|naast|bij|achter|nabij|hoek|near|opposite|in front of"
    r"|langs|tussen|deur van|outside)"
    r" (?:de |het |t |'t |the |nummer |huisnummer )?$"
)
_AT = re.compile(r"\b(?:at|op|aan|in|van|naar|uit|an|w|przy|en|rue|calle|on)\.? (?:de |het |t |'t |the )?$")
_FIRST_PERSON = re.compile(
    r"\b(?:ik|mij|mijn|me|mn|m'n|wij|we|ons|onze|i|i'm|my|our|us|ich|mein\w*|wir|unser\w*|je|j'ai|mon|ma|mes|nous|mi|yo|mio|mia"
    r"|moj\w*|mnie|ben|benim|bizim|babam\w*|annem\w*|мій|моя|мене|мой|меня|мене)\b"
)
_PERSON_AT = re.compile(r"(?:[A-Z][\w'-]+|[A-Z]\.)(?: (?:van|de|der|den|ter|ten))* [A-Z][\w'-]+, $")
_WORD_BEFORE = re.compile(r"[^\W\d_] $")
_PLACED = re.compile(
    r"\b(?:at|op|aan|in|van|naar|uit|an|w|przy|na|en|rue|calle|on|of|voor|bij|thv|hoek|tegenover|naast|achter|near|from|opposite"
    r"|de|het|the|der|straat|ul|und|and|tussen|langs|over|via|door|om) $"
)
_FLOOR = re.compile(r"[ ,]{0,2}(?:(?:\d|first|second|third|eerste|tweede|derde)\w{0,2} (?:floor|hoog|verdieping|etage))?[ .!]*$")
_OPENED = re.compile(r"(?:^|[.?!\n:;,(-]|\b(?:groet|groeten|groetjes|mvg|dank|bedankt|alvast|kom|kom snel|hier))[ )]*$")
_CLOSED = re.compile(r"[ ]?(?:$|[.,;:)\n!?-]|en |tel|bel |mail|of |hs|\d?hoog|\d ?hoog|utrecht)")
_REPORTED_PLACE = re.compile(r"(?:locatie|plek|plaats|waar|straat|location|where|lugar|lieu|ort)[:,]? ?$")
_HOME_AFTER = re.compile(
    r"[ ,(.-]{0,3}(?:is|dat is|daar|waar)? ?(?:(?:mijn|ons|onze|my|our) (?:adres|huis|woning|flat|address|house|home"
    r"|deur)|(?:ik|wij|we) wo+ne?n?\b|woon ik|wonen (?:wij|we)"
    r"|where i live|where we live)"
)
_REACHED_BY = re.compile(r"@[a-z]|\d{6}|(?:\d\d[ .-]?){4}")
_LEADING = word_set(
    "ik woon op in aan de het wij wonen zelf adres is mijn ons huis het: bij mij ons op nu nog al te at on live the i "
    "we my address a en of dit dat"
    " thuis zit zitten van van de voor langs komen naar und in der wohne am na mieszkam przy vivo calle rue habite au "
    "langskomen kom"
)


def find_addresses(folded: str, text: str) -> Iterator[Span]:
    for match in _NAMED.finditer(folded):
        start = _street_start(folded, text, match)
        counted = _COUNTED.match(folded, match.end(3)) or (_PLURAL.match(folded, match.end(3)) and not match[4])
        if start is None or counted:
            continue
        if match[4] or _PERSON_AT.search(text[:start]) or _is_home(folded, start, match.end()):
            yield Span("address", start, match.end())
    for match in _POSTCODE_NUMBER.finditer(folded):
        if match[1] not in _NO_POSTCODE_LETTERS or text[match.start(1) : match.end(1)].isupper():
            yield Span("address", match.start(), match.end())


def _street_start(folded: str, text: str, match: re.Match[str]) -> int | None:
    """Where the name of the street begins among the words before the number; None when they hold no street."""
    words = [(found.start() + match.start(1), found[0]) for found in re.finditer(rf"\d?{_WORD}", match[1])]
    exact = load_gazetteer().exact
    for start, word in words:
        name = folded[start : match.end(1)]
        if name_key(name) in exact and (word not in _LEADING or " " in name):
            return start
    last_start, last = words[-1]
    if _STREET.search(last) is None:
        return None
    start = last_start
    for earlier, word in reversed(words[:-1]):
        if word in _LEADING or not (text[earlier].isupper() or word in {"van", "der", "den", "de", "ter", "ten", "v.d.", "vd"}):
            break
        start = earlier
    return start if text[start].isupper() or start == last_start else last_start


def _is_home(folded: str, start: int, end: int) -> bool:
    before = folded[max(0, start - 60) : start]
    if _HOME.search(before):
        return True
    if _HOME_AFTER.match(folded, end):
        return True
    if _PROBLEM.search(before):
        return False
    if _REPORTED_PLACE.search(before):
        return False
    if _AT.search(before):
        return _FIRST_PERSON.search(re.split(r"[.!?\n]", folded[:start])[-1]) is not None
    if _WORD_BEFORE.search(before) and not _PLACED.search(before) and _FLOOR.match(folded, end):
        return _FIRST_PERSON.search(folded) is not None  # the last words of who tells something, without a word for where
    if _OPENED.search(before) is None or _CLOSED.match(folded, end) is None:
        return False
    signed = start > 0 and not folded[end:].strip(" .!")
    return signed or _FIRST_PERSON.search(folded) is not None or _REACHED_BY.search(folded) is not None
