"""Which parts of a text are personal data? Finds them as exact substrings and masks them.

It finds what can identify or reach a resident: phone, e-mail, BSN, IBAN, licence plate, birth date, home address. It does
not look for names, and it leaves alone what is public (112, 14 030, 0900-...) or only a place where something is wrong.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from routing.personal_address import find_addresses
from routing.personal_numbers import Span, find_bank_accounts, find_bsns, find_phones, find_plates
from routing.text import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Personal data at [start, end) of the text. `kind`: phone, email, bsn, iban, plate, dob or address.

    `valid` is False when a BSN fails the elfproef or an IBAN its check digits: it was still presented as one.
    """

    kind: str
    start: int
    end: int
    text: str = field(repr=False)
    valid: bool = True


_MASKS = {
    "phone": "[telefoonnummer]",
    "email": "[e-mailadres]",
    "bsn": "[burgerservicenummer]",
    "iban": "[bankrekening]",
    "plate": "[kenteken]",
    "dob": "[geboortedatum]",
    "address": "[huisadres]",
}
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]+\.)+[a-z]{2,24}(?![\w@])")
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?(?:\(at\)|\[at\]|\{at\}|\(a\)|\bat\b|\bapenstaartje\b|@) ?"
    r"[\w-]{2,40}(?:(?: ?(?:\(punt\)|\[punt\]|\(dot\)|\[dot\]|\bpunt\b|\bdot\b) ?|\.)[\w-]{2,24}){1,3}(?!\w)"
)
_AT_SIGN = re.compile(r"\(at?\)|\[at\]|\{at\}|\bat\b|\bapenstaartje\b|@")
_DIGIT = re.compile(r"\d")
_PUBLIC_EMAIL = re.compile(
    r"(?:info|contact|gemeente|klantcontact|wijkbureau\w*|woo|bezwaar|balie|no-?reply)@(?:\w+\.)?utrecht\.nl"
)
_MONTH_DATE = r"\d{1,2}(?:e|ste|st|nd|rd|th|\.)?(?: (?:of|de))? [^\W\d_]{3,12}\.?,?(?: de)? (?:19|20)\d{2}"
_DATE = re.compile(
    rf"(?<![\d.,/-])(?:\d{{1,2}} ?[-./ ] ?\d{{1,2}} ?[-./ ] ?(?:(?:19|20)\d{{2}}|\d{{2}})|(?:19"
    rf"|20)\d{{2}}[-./]\d{{1,2}}[-./]\d{{1,2}}|{_MONTH_DATE}"
    r"|[a-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d{2})(?![\d%€]|[-/.]\d)"
)
_BIRTH = re.compile(
    r"(?<!\[)(?:gebor[eo]n|geborene?r?|\bgeb\b|\bgeb\.|geboorte ?d\w*|gbd\b|\bborn\b|birth|\bd\.?o\.?b\b|geburt\w*"
    r"|naissance|\bnee? le\b|nacid[oa]|nacimiento"
    r"|\bnat[oa] il\b|nascita|nascid[oa]|nascimento|urodz\w*|\bur\.|dogum\w*|nascut\w*|nasterii|народ\w*|рожд\w*"
    r"|родил\w*|родив\w*|ميلاد|مواليد|تولد|ولدت"
    r"|出生|生日)"
)
_FAMILY = re.compile(
    r"\b(?:zoon|zoontje|dochter|dochtertje|kind|moeder|vader|man|vrouw|partner|son|daughter|child|mother|father|husband|wife"
    r"|(?:ik ben|hij is|zij is|ze is|wij zijn)(?: van)?),? \(?$"
)
_OLD_DATE = re.compile(r"\d{1,2}(?:[-./]\d{1,2}[-./]|(?:e|ste|st|nd|rd|th)? [^\W\d_]{3,9} )(?:19[1-9]\d|200\d)")
_EVENT = re.compile(
    r"\b(?:sinds|op|per|vanaf|van|tot|d\.?d\.?|dd|brief|besluit|vergunning|nota|aanslag|akte|oorlog|opening|on|since|from|until|of)"
    r"\.? ?\(?$"
)
_NAME_OR_BSN = re.compile(r"(?<!\[)(?:\bbsn\b|burgerservicenummer|sofi ?nummer|\bnaam:|voornaam|achternaam|\bname:)")


def find_personal_data(text: str) -> tuple[Finding, ...]:
    """Every finding, in order, without overlap. Never raises."""
    folded = fold(text)
    if _DIGIT.search(folded) is None and _AT_SIGN.search(folded) is None:
        return ()
    taken: list[Span] = []
    for finder in _FINDERS:
        for span in finder(folded, text):
            at = bisect_left(taken, span.start, key=lambda other: other.start)
            free_before = at == 0 or taken[at - 1].end <= span.start
            if free_before and (at == len(taken) or span.end <= taken[at].start):
                taken.insert(at, span)
    return tuple(
        Finding(kind=span.kind, start=span.start, end=span.end, text=text[span.start : span.end], valid=span.valid)
        for span in taken
    )


def mask(text: str, findings: tuple[Finding, ...] | None = None) -> str:
    """The text with each finding replaced by a readable mask such as `[telefoonnummer]`.

    Without `findings` it looks for them itself, and again in what it masked: of two that overlap, the second shows only then.
    """
    if findings is not None:
        return _replace(text, findings)
    while found := find_personal_data(text):
        text = _replace(text, found)
    return text


def _replace(text: str, findings: tuple[Finding, ...]) -> str:
    pieces: list[str] = []
    position = 0
    for finding in sorted(findings, key=lambda finding: finding.start):
        if finding.start < position:
            continue
        pieces += (text[position : finding.start], _MASKS[finding.kind])
        position = finding.end
    return "".join((*pieces, text[position:]))


def _emails(folded: str, _text: str) -> Iterator[Span]:
    if _AT_SIGN.search(folded) is None:
        return
    for pattern in (_EMAIL, _SPELT_EMAIL):
        for match in pattern.finditer(folded):
            if pattern is _SPELT_EMAIL and not _is_spelt_email(match[0]):
                continue
            if _PUBLIC_EMAIL.fullmatch(match[0]) is None:
                yield Span("email", match.start(), match.end())


def _is_spelt_email(found: str) -> bool:
    """'kom at vijf punt' is no address: it takes a marked at, or the word with a dot or 'punt' and a known ending."""
    marked = re.search(r"[(\[{]|apenstaart|@", found) is not None
    provider = re.search(r" at (?:gmail|hotmail|outlook|ziggo|kpnmail|live|icloud|yahoo|example)\.", found) is not None
    return marked or provider or re.search(r" (?:punt|dot) ?(?:nl|com|org|net|eu|be|de)$", found) is not None


def _birth_dates(folded: str, _text: str) -> Iterator[Span]:
    for match in _DATE.finditer(folded):
        before = folded[max(0, match.start() - 36) : match.start()]
        after = folded[match.end() : match.end() + 14]
        told = _BIRTH.search(_last_sentence(before)) or _BIRTH.match(after.lstrip(" ,(")) or _NAME_OR_BSN.search(before)
        if told or _FAMILY.search(before) or (_OLD_DATE.fullmatch(match[0]) and not _EVENT.search(before)):
            yield Span("dob", match.start(), match.end())


def _last_sentence(before: str) -> str:
    return re.split(r"[!?\n]|(?<!\bgeb)(?<!\bur)(?<!\bd)\. ", before)[-1]


_FINDERS: tuple[Callable[[str, str], Iterator[Span]], ...] = (
    _emails,
    find_bank_accounts,
    _birth_dates,
    find_phones,
    find_bsns,
    find_plates,
    find_addresses,
)
