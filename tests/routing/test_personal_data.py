"""Which parts of a text are personal: every kind in its many writings, what is public, and masking."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.personal_data import Finding, find_personal_data, mask
from routing.personal_numbers import passes_elfproef, passes_mod97

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
PIECES = st.sampled_from(
    [
        *("06-12345678", "030-2345678", "+49 170 1234567", "mijn bsn", "123456782", "111222333", "NL91 ABNA 0417 1643 00"),
        *("kenteken", "XB-204-K", "geboren", "03-04-1967", "ik woon", "Springweg 14", "3511 VS 14", "a.b@example.nl", "adres:"),
        *(" ", ", ", ". ", "\n", "tel", "(at)", "punt nl", "rekening", "12", "A1B2", "naam:"),
    ]
)


def kinds_and_texts(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, finding.text) for finding in find_personal_data(text)]


@pytest.mark.parametrize(
    "number",
    [
        *("06-12345678", "0612345678", "06 12 34 56 78", "06.12.34.56.78", "06 - 1234 5678", "06/12345678", "+31 6 12345678"),
        *(
            "+31(0)6-12345678",
            "0031 6 1234 5678",
            "030-2345678",
            "(030) 234 56 78",
            "0302345678",
            "0346-561234",
            "+49 170 1234567",
        ),
        *("+48600123456", "0049 151 23456789", "٠٦١٢٣٤٥٦٧٨", "06‑12345678"),
    ],
)
def test_a_phone_number_is_found_however_it_is_written(number: str) -> None:
    assert kinds_and_texts(f"Bel mij gerust op {number} na zessen") == [("phone", number)]


@pytest.mark.parametrize(
    "text",
    [
        *("Bel 112 of 14 030", "Ik belde 0900-8844 en 0800-7000", "113 is er ook", "144 red een dier", "gemeente: 030-2860000"),
        *("Melding WB-2026-00042", "zaaknummer 0612345678", "op 01-02-2023 10:30 gemeld", "lijn 28 om 08.00-17.00 uur"),
        *("1.234.567,00 euro", "sinds 15-10-2023", "van 9-to-5", "klantnummer 123456782", "in 2019, 2021 en 2023 gemeld"),
        *("Voorstraat 12 ligt vol glas", "ter hoogte van Oudegracht 187", "Springweg 14 dagen dicht", "de A12 en de N230"),
        *("info@utrecht.nl antwoordt niet", "@GemeenteUtrecht help", "ik kom at home", "3 april gemeld", "12-mei-25"),
    ],
)
def test_public_numbers_dates_amounts_and_places_are_not_personal(text: str) -> None:
    assert kinds_and_texts(text) == []


@pytest.mark.parametrize(
    "address",
    [
        "a.b-c@example.nl",
        "x_y+z@sub.example.co.uk",
        "piet (at) example punt nl",
        "piet.k at gmail dot com",
        "jan apenstaartje ziggo punt nl",
    ],
)
def test_a_mail_address_is_found_also_spelt_out(address: str) -> None:
    assert kinds_and_texts(f"Antwoord naar {address}, dank!") == [("email", address)]


@pytest.mark.parametrize(
    ("text", "number", "valid"),
    [
        ("BSN 111222333", "111222333", True),
        ("mijn burgerservicenummer is 12.34.56.782", "12.34.56.782", True),
        ("bsn: 123456789", "123456789", False),
        ("sofinummer 12345678", "12345678", False),
        ("999990019 is mijn bsn", "999990019", True),
        ("Het gaat om 123456782, groet", "123456782", True),
    ],
)
def test_a_bsn_is_found_also_when_it_is_only_presented_as_one(text: str, number: str, valid: bool) -> None:
    assert [(f.kind, f.text, f.valid) for f in find_personal_data(text)] == [("bsn", number, valid)]


@pytest.mark.parametrize("text", ["Bestelling 123456789", "kenmerk 123456782", "paalnummer 123456782"])
def test_another_number_is_no_bsn(text: str) -> None:
    assert kinds_and_texts(text) == []


@pytest.mark.parametrize(
    ("text", "account", "valid"),
    [
        ("Stort op NL91 ABNA 0417 1643 00 graag", "NL91 ABNA 0417 1643 00", True),
        ("iban nl91abna0417164300.", "nl91abna0417164300", True),
        ("IBAN NL02ABNA0123456788", "NL02ABNA0123456788", False),
        ("mijn rekening is DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", True),
        ("BE68 5390 0754 7034 is van mijn zus", "BE68 5390 0754 7034", True),
    ],
)
def test_a_bank_account_is_found_with_and_without_right_check_digits(text: str, account: str, valid: bool) -> None:
    assert [(f.kind, f.text, f.valid) for f in find_personal_data(text)] == [("iban", account, valid)]


@pytest.mark.parametrize(
    "plate",
    [
        *("AB-12-34", "12-34-AB", "12-AB-34", "AB-12-CD", "AB-CD-12", "12-AB-CD", "12-ABC-3", "1-ABC-23", "AB-123-C", "A-123-BC"),
        *("ABC-12-D", "A-12-BCD", "1-AB-234", "123-AB-4"),
    ],
)
def test_a_plate_of_every_sidecode_is_found(plate: str) -> None:
    assert kinds_and_texts(f"Het busje ({plate}) staat op de stoep") == [("plate", plate)]


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("kenteken zb204k", "zb204k"),
        ("kenteken ZB 204 K", "ZB 204 K"),
        ("Kennzeichen WA 12345", "WA 12345"),
        ("matrícula: 3841 KLM", "3841 KLM"),
    ],
)
def test_a_plate_without_dashes_or_from_abroad_is_found_by_its_cue(text: str, plate: str) -> None:
    assert kinds_and_texts(text) == [("plate", plate)]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("geboren 12-03-1980 te Gouda", "12-03-1980"),
        ("geb. 3/5/88", "3/5/88"),
        ("Zijn geboortedatum: 3 mei 1935.", "3 mei 1935"),
        ("born on May 3, 1990", "May 3, 1990"),
        ("doğum tarihim 03.05.1988", "03.05.1988"),
        ("ur. 12.05.1984 w Gdyni", "12.05.1984"),
        ("mijn dochter 12-03-2016 heeft nog geen pas", "12-03-2016"),
    ],
)
def test_a_birth_date_is_found_by_its_cue(text: str, date: str) -> None:
    assert kinds_and_texts(text) == [("dob", date)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Ik woon op Springweg 14 bis en hoor alles", "Springweg 14 bis"),
        ("Mijn adres is neude 12a", "neude 12a"),
        ("adres: Oudenoord 340, 3513 EX Utrecht", "Oudenoord 340, 3513 EX"),
        ("Kunt u bij mij langskomen? Jan van Scorelstraat 88.", "Jan van Scorelstraat 88"),
        ("U vindt mij op 3582 KL 14", "3582 KL 14"),
        ("Wir wohnen in der Poortstraat 49", "Poortstraat 49"),
    ],
)
def test_a_home_address_is_found(text: str, address: str) -> None:
    assert kinds_and_texts(text) == [("address", address)]


def test_every_occurrence_is_found_in_order() -> None:
    text = "06-12345678 of 030-2345678, anders a@example.nl of b@example.nl"
    assert [kind for kind, _ in kinds_and_texts(text)] == ["phone", "phone", "email", "email"]


def test_masking_names_what_was_there() -> None:
    assert mask("Bel 06-12345678, BSN 111222333") == "Bel [telefoonnummer], BSN [burgerservicenummer]"


def test_masking_with_given_findings_masks_only_those() -> None:
    text = "a@example.nl en b@example.nl"
    first, _ = find_personal_data(text)
    assert mask(text, (first,)) == "[e-mailadres] en b@example.nl"


def test_a_finding_does_not_show_its_text_in_logs() -> None:
    assert "06" not in repr(Finding(kind="phone", start=0, end=11, text="06-12345678"))


@pytest.mark.parametrize(
    ("digits", "right"), [("111222333", True), ("123456782", True), ("123456789", False), ("000000000", False)]
)
def test_the_elfproef_is_that_of_the_bsn(digits: str, right: bool) -> None:
    assert passes_elfproef(digits) == right


@pytest.mark.parametrize(
    ("iban", "right"), [("nl91abna0417164300", True), ("nl91abna0417164301", False), ("gb82west12345698765432", True)]
)
def test_mod_97_is_that_of_the_iban(iban: str, right: bool) -> None:
    assert passes_mod97(iban) == right


@given(st.one_of(ANY_TEXT, st.lists(PIECES, max_size=12).map("".join)))
@settings(deadline=None, max_examples=300)
def test_findings_are_exact_ordered_substrings(text: str) -> None:
    findings = find_personal_data(text)
    assert findings == find_personal_data(text)
    assert all(text[finding.start : finding.end] == finding.text for finding in findings)
    assert all(before.end <= after.start for before, after in pairwise(findings))


@given(st.one_of(ANY_TEXT, st.lists(PIECES, max_size=12).map(" ".join)))
@settings(deadline=None, max_examples=300)
def test_a_masked_text_holds_nothing_personal(text: str) -> None:
    assert find_personal_data(mask(text)) == ()


@pytest.mark.parametrize("word", ["06-12345678 ", "1 ", "a@", "ik woon straat 12, ", "NL91 ", "\ud800"])
def test_a_text_of_a_hundred_thousand_characters_is_read(word: str) -> None:
    text = word * (100_000 // len(word))
    assert len(mask(text)) > 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("De nota graag in 12 keer van rekening NL91ABNA0417164300", ("iban", "NL91ABNA0417164300")),
        ("请打电话0612345678", ("phone", "0612345678")),
        ("De monteur kan maandag pas. 06-12345678", ("phone", "06-12345678")),
        ("Sturen aan Ada van den Berg, Springweg 14.", ("address", "Springweg 14")),
        ("My daughter (03-04-2018) needs a place", ("dob", "03-04-2018")),
        ("Het gaat om Piet Vis, 3 april 1941, hij valt steeds", ("dob", "3 april 1941")),
        ("地址 Springweg 14", ("address", "Springweg 14")),
        ("Mijn vader moet een nieuw pasje, hij is van 03-04-1947.", ("dob", "03-04-1947")),
        ("Mam samochód KRA 1234X i mieszkam w centrum", ("plate", "KRA 1234X")),
        ("Моє авто AB 1234 CD стоїть біля дому", ("plate", "AB 1234 CD")),
        ("pas van Springweg 14 doet het niet", ("address", "Springweg 14")),
        ("hij slaat mij weer en de deur is op slot Springweg 14", ("address", "Springweg 14")),
        ("Wir ziehen im Mai um, ich ziehe nach Springweg 14", ("address", "Springweg 14")),
    ],
)
def test_it_is_found_in_the_words_that_residents_put_around_it(text: str, found: tuple[str, str]) -> None:
    assert found in kinds_and_texts(text)


@pytest.mark.parametrize("text", ["lamp kapot Springweg 14", "de boom bij Springweg 14", "busje staat op Springweg 14 fout"])
def test_where_something_is_wrong_is_no_home(text: str) -> None:
    assert kinds_and_texts(text) == []
