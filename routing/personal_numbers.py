"""Finds phone numbers, BSNs, bank accounts and licence plates in a folded text. It knows their form, not what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from routing.text import word_set


class Span(NamedTuple):
    """Personal data of a kind at [start, end) of a text."""

    kind: str
    start: int
    end: int
    valid: bool = True


_PUBLIC_PHONES = frozenset({"0302860000", "0880242000"})
_NOT_IN_NUMBER = r"(?<![\w.,/+-])"
_SEPARATOR = r"[ .\-/]{0,3}"
_DUTCH_PHONE = re.compile(
    rf"(?<![a-z0-9.,+])(?:[0o]6{_SEPARATOR}\d(?:{_SEPARATOR}\d){{6,8}}|\(?0[1-9]\d{{1,2}}\)?{_SEPARATOR}\d(?:[ "
    rf".-]{{0,2}}\d){{5,7}})(?!\d|[.,]\d|[-/]\d)"
)
_FOREIGN_PHONE = re.compile(r"(?<![\w+])(?:\+ ?|00 ?)[1-9]\d{0,2}(?:[ .\-/()]{0,3}\d){7,12}(?!\d)")
_LOCAL_PHONE = re.compile(r"(?<![\w.,/+-])\d(?:[ .-]{0,2}\d){6,10}(?!\d|[-/.,]\d)")
_PHONE_CUE = re.compile(
    r"(?<!\[)(?:\btel\b|\btel\.|telefoon\w*|\bbel\b|bellen|belt|\bmobiel|\bmob\b|whats ?app|\bapp(?:en)?\b|phone"
    r"|\bcall\b|telefon\w*|\bтел\w*|телефон\w*|هاتف\w*"
    r"|جوال|تلفن|电话)[^\d]{0,24}$"
)
_DATE_START = re.compile(r"\(?(?:\d{1,2}[-./]\d{1,2}[-./](?:(?:19|20)\d{2}\b|\d{2}(?![\d.]))|(?:19|20)\d{2}[-./]\d)")
_OTHER_NUMBER = re.compile(
    r"(?:zaak\w*|melding\w*|meld\w*|kenmerk|referentie\w*|ref|dossier\w*|aanslag\w*|factuur\w*|order\w*|klant\w*"
    r"|polis\w*|kvk\w*|relatie\w*|\w*pas(?:nummer|nr)|btw"
    r"|track\w*|paal\w*|mast\w*|lichtmast|container\w*|case|ticket|nr\. van de zaak)[ -]?(?:nummer|nr|no|number)?[.:]? "
    r"?(?:is )?#?$"
)
_BSN = re.compile(r"(?<![\w.,/+-])\d(?:[ .-]?\d){7,8}(?![\d]|[.,-]\d|\w)")
_BSN_CUE = re.compile(r"(?<!\[)(?:\bbsn\b|bsn-?n|burger ?service|sofi|citizen service|social security|\bssn\b)")
_COUNTRIES_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "NL DK FI",
    19: "SI",
    20: "AT LU LT EE",
    21: "CH LV HR",
    22: "DE GB BG IE",
    24: "ES RO SE CZ SK",
    25: "PT",
    26: "TR",
    27: "FR IT GR",
    28: "PL HU CY",
    29: "UA",
    31: "MT",
}
_IBAN_LENGTHS = {country: length for length, countries in _COUNTRIES_BY_LENGTH.items() for country in countries.split()}
# Looked for at every place: words such as "in 10 keer" before an account look like the beginning of another.
_IBAN = re.compile(r"(?<![a-z0-9])(?=(([a-z]{2})[ .-]?\d{2}(?:[ .-]{0,2}[a-z0-9]){8,30}))")
_DUTCH_IBAN = re.compile(r"nl\d{2}[a-z]{4}\d{7,11}")
_BANK_CUE = re.compile(
    r"(?<!\[)(?:iban|rekening ?(?:nummer|nr)|bankrekening|mijn rekening|rek\.? ?nr|account number|bank account|konto"
    r"|kontonummer|giro)"
)
_OLD_ACCOUNT = re.compile(r"(?<![\w.,/+-])\d(?:[. -]?\d){8,9}(?![\d]|[.,-]\d|\w)")
_PLATE_SHAPES = (
    *("aa99 99", "99 99aa", "99aa99", "aa99aa", "aaaa99", "99aaaa", "99aaa9", "9aaa99"),
    *("aa999a", "a999aa", "aaa99a", "a99aaa", "9aa999", "999aa9"),
)
_PLATE_FORMS = frozenset(shape.replace(" ", "") for shape in _PLATE_SHAPES)
_NEW_PLATE_FORMS = frozenset({"99aaa9", "9aaa99", "aa999a", "a999aa", "aaa99a", "a99aaa", "9aa999", "999aa9"})
_DASHED_PLATE = re.compile(r"(?<![\w-])(?:[a-z]{1,3}|\d{1,3})([- ])(?:[a-z]{1,4}|\d{1,4})\1(?:[a-z]{1,3}|\d{1,3})(?![\w]|-\w)")
_PLAIN_PLATE = re.compile(r"(?<![\w-])(?=[a-z0-9]{6}(?![\w-]))(?=\d*[a-z])(?=[a-z]*\d)[a-z0-9]{6}")
_FOREIGN_PLATE = re.compile(
    r"(?<![\w-])(?=[A-Z0-9 -]{0,8}\d)(?=[A-Z0-9 -]{0,8}[A-Z])[A-Z0-9]{1,4}(?:[ -][A-Z0-9]{1,5}){0,2}(?![\w-])"
)
_PLATE_WORD = re.compile(
    r"(?<!\[)(?:kenteken\w*|nummerplaat|nummerbord|licen[cs]e plate|plate number|number plate|numberplate|\bplate\b"
    r"|plaka\w*|tablic\w*|kennzeichen|rejestracyjn\w*"
    r"|immatriculation|matricula|\btarga\b|номер\w* авто\w*|номерн\w* знак\w*)"
)
# Plates of other countries, as far as they stand in groups right behind the word for a vehicle: WGM 4471K, AA 1234 BC.
_GROUPED_PLATE = re.compile(r"(?<![\w-])[A-Z]{1,3}[ -](?:\d{3,4}[ -][A-Z]{1,3}|\d{3,5}[A-Z]{0,2})(?![\w-])")
_VEHICLE = re.compile(
    r"(?:auto|wagen|busje|bus|camper|scooter|car|van|truck|voiture|coche|macchina|araba\w*|samoch\w+|carro|masina"
    r"|авто\w*|машин\w*|камион\w*|бус\w*|سيارة\w*)[:,]? ?$"
)
_PLATE_GROUPS = frozenset({(2, 2, 2), (2, 3, 1), (1, 3, 2), (3, 2, 1), (1, 2, 3)})
_MONTHS = word_set("jan feb mrt apr mei may jun jul aug sep okt oct nov dec")
_NOT_PLATE_WORDS = word_set("op om tot of en van to by in is de te uur per x ca do za zo ma di wo vr st e nl a")


def find_phones(folded: str, _text: str) -> Iterator[Span]:
    for pattern in (_FOREIGN_PHONE, _DUTCH_PHONE):
        for match in pattern.finditer(folded):
            if _is_phone(folded, match):
                yield Span("phone", match.start(), match.end())
    for match in _LOCAL_PHONE.finditer(folded):
        before = folded[max(0, match.start() - 44) : match.start()]
        if _PHONE_CUE.search(before) and not _BSN_CUE.search(before) and _is_phone(folded, match):
            yield Span("phone", match.start(), match.end())


def _is_phone(folded: str, match: re.Match[str]) -> bool:
    digits = "".join(character for character in match[0] if character.isdigit())
    if digits.startswith(("0800", "0900", "0906", "0909")) or digits in _PUBLIC_PHONES:
        return False
    if _DATE_START.match(match[0]) or _OTHER_NUMBER.search(folded[max(0, match.start() - 26) : match.start()]):
        return False
    return len(set(digits)) > 1


def passes_elfproef(digits: str) -> bool:
    """The check on a BSN: weights 9 to 2, the last digit counts minus one (Besluit burgerservicenummer)."""
    padded = digits.zfill(9)
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(int(digit) * weight for digit, weight in zip(padded, weights, strict=True))
    return len(digits) in {8, 9} and int(padded) > 0 and total % 11 == 0


def find_bsns(folded: str, _text: str) -> Iterator[Span]:
    for match in _BSN.finditer(folded):
        digits = re.sub(r"\D", "", match[0])
        before = folded[max(0, match.start() - 48) : match.start()]
        presented = _BSN_CUE.search(before) or _BSN_CUE.search(folded[match.end() : match.end() + 24])
        other = _OTHER_NUMBER.search(before)
        plain = len(digits) == 9 and passes_elfproef(digits) and len(set(digits)) > 2
        if (presented and not other) or (plain and not other and not _DATE_START.match(match[0])):
            yield Span("bsn", match.start(), match.end(), passes_elfproef(digits))


def passes_mod97(iban: str) -> bool:
    """ISO 13616: country and check digits to the back, letters as numbers, the remainder of 97 is one."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def find_bank_accounts(folded: str, _text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(folded):
        span = _iban_span(folded, match)
        if span is not None:
            yield span
    for match in _OLD_ACCOUNT.finditer(folded):
        if _BANK_CUE.search(folded[max(0, match.start() - 40) : match.start()]):
            yield Span("iban", match.start(), match.end(), valid=False)


def _iban_span(folded: str, match: re.Match[str]) -> Span | None:
    """Takes as many characters as the country's accounts have, blanks not counted."""
    length = _IBAN_LENGTHS.get(match[2].upper())
    places = [place for place in range(*match.span(1)) if folded[place] not in " .-"]
    if length is None:
        return None
    presented = _BANK_CUE.search(folded[max(0, match.start() - 40) : match.start()]) is not None
    ends_word = len(places) <= length or places[length] > places[length - 1] + 1
    iban = "".join(folded[place] for place in places[:length])
    if len(iban) == length and ends_word and passes_mod97(iban):
        return Span("iban", match.start(), places[length - 1] + 1)
    if match[2] == "nl":
        shape = _DUTCH_IBAN.match("".join(folded[place] for place in places))
        return Span("iban", match.start(), places[shape.end() - 1] + 1, valid=False) if shape else None
    digits = sum(character.isdigit() for character in iban)
    if presented and len(iban) == length and ends_word and digits >= 10:
        return Span("iban", match.start(), places[length - 1] + 1, valid=False)
    return None


def find_plates(folded: str, text: str) -> Iterator[Span]:
    for match in _DASHED_PLATE.finditer(folded):
        cue = _has_plate_cue(folded, match.start())
        loud = text[match.start() : match.end()].isupper()
        if _is_plate(match[0].split(match[1]), clear=cue or loud) and (match[1] == "-" or cue or loud):
            yield Span("plate", match.start(), match.end())
    for match in _PLAIN_PLATE.finditer(folded):
        cue = _has_plate_cue(folded, match.start())
        form = _form(match[0])
        loud = text[match.start() : match.end()].isupper() and form in _NEW_PLATE_FORMS
        if (cue and form in _PLATE_FORMS) or loud:
            yield Span("plate", match.start(), match.end())
    yield from _foreign_plates(folded, text)
    for match in _GROUPED_PLATE.finditer(text):
        if _VEHICLE.search(folded[max(0, match.start() - 16) : match.start()]):
            yield Span("plate", match.start(), match.end())


def _has_plate_cue(folded: str, start: int) -> bool:
    before = folded[max(0, start - 60) : start]
    return any(not re.search(r"[.!?\n] ", before[cue.end() :]) for cue in _PLATE_WORD.finditer(before))


def _form(plate: str) -> str:
    return "".join("9" if character.isdigit() else "a" for character in plate)


def _is_plate(parts: list[str], *, clear: bool) -> bool:
    """Whether three groups make a Dutch plate: each group is letters or digits and the whole is one of the sidecodes."""
    if _form("".join(parts)) not in _PLATE_FORMS or tuple(len(part) for part in parts) not in _PLATE_GROUPS:
        return False
    return not any(part in _MONTHS or (part in _NOT_PLATE_WORDS and not clear) for part in parts)


def _foreign_plates(folded: str, text: str) -> Iterator[Span]:
    """A group of capitals and digits, but only soon after the word for a plate."""
    for cue in _PLATE_WORD.finditer(folded):
        match = _FOREIGN_PLATE.search(text, cue.end(), cue.end() + 40)
        if match is not None and 5 <= sum(character.isalnum() for character in match[0]) <= 9:
            yield Span("plate", match.start(), match.end())
