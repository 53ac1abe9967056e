"""Searching as colleagues do it, on every database."""

from __future__ import annotations

import pytest

from routing.decision import Zone
from routing.messages import Person
from storage.database import Database
from storage.search import dutch_forms, reference_in, search
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message


@pytest.fixture
def office(database: Database) -> Office:
    office = an_office(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST)))
    said = (
        ("de straatlantaarn is kapot, al drie weken donker", "Ada de Vries"),
        ("drie bomen omgewaaid in het park", "Bo Jansen"),
        ("überlast: katten op de daken", "Cem Yılmaz"),
    )
    for number, (text, name) in enumerate(said):
        office.receive(a_message(text, thread=f"t{number}", sender=Person(external_id=f"p{number}", display_name=name)))
    return office


def found(office: Office, text: str, *, sees_contacts: bool = True, limit: int = 10, older_than: int | None = None) -> list[int]:
    with office.database.reading() as connection:
        answer = search(connection, text, limit=limit, sees_contacts=sees_contacts, older_than=older_than)
    return [melding.id for melding in answer.meldingen]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("straatlantaarn", [1]),
        ("straatlan", [1]),
        ("boom", [2]),
        ("bomen", [2]),
        ("kat", [3]),
        ("dak", [3]),
        ("drie", [2, 1]),
        ("drie park", [2]),
        ("drie daken", []),
        ("Voorstraat", [3, 2, 1]),
        ("KAPOT", [1]),
        ("WB-2026-00002", [2]),
        ("wb-2026-00002/1", [2]),
        ("#3", [3]),
        ("WB-2026-00099", []),
        ("jansen", [2]),
        ("Ada Vries", [1]),
        ("niemand", []),
        ("", []),
        ('" OR *', []),
        ("'; DROP TABLE meldingen; --", []),
        ("NEAR(a b) {summary}:", []),
        ("a & b | !c <-> d:*", []),
    ],
)
def test_what_people_type_finds_what_they_mean(office: Office, text: str, ids: list[int]) -> None:
    assert found(office, text) == ids


def test_people_are_found_only_by_who_may_see_them(office: Office) -> None:
    assert found(office, "jansen", sees_contacts=False) == []


CONTACT = "bel 06 12345678 of mail ada@ziggo.nl over de kapotte bank"


@pytest.mark.parametrize("thread", ["new", "t1"], ids=["of a melding", "said later"])
@pytest.mark.parametrize("asked", ["bel 12345678", "bel 0612", "06 123", "mail ada", "ada@ziggo.nl", "bank ziggo", "bank ada"])
def test_contact_details_are_found_only_by_who_may_see_them(office: Office, thread: str, asked: str) -> None:
    sender = Person(external_id="p1" if thread == "t1" else "p9", display_name="Bo")
    office.receive(a_message(CONTACT, thread=thread, sender=sender))
    assert found(office, asked, sees_contacts=False) == []
    assert found(office, "banken kapotte", sees_contacts=False) == found(office, "banken kapotte") != []


def test_what_the_page_shows_is_found_by_everybody(office: Office) -> None:
    for asked in ("boom", "drie", "Voorstraat", "uberlast katten", "KAPOT"):
        assert found(office, asked, sees_contacts=False) == found(office, asked) != []
    assert found(office, "Voorstraat", sees_contacts=False, limit=2) == [3, 2]
    assert found(office, "Voorstraat", sees_contacts=False, limit=2, older_than=2) == [1]


def test_what_was_added_later_is_found_too(office: Office) -> None:
    office.receive(
        a_message("er hangt ook een kabel los", thread="t1", sender=Person(external_id="p1", display_name="Bo Jansen"))
    )
    assert found(office, "kabels") == [2]


def test_what_is_wiped_is_no_longer_found(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET text = ''")
        connection.exec_driver_sql("UPDATE meldingen SET summary = ''")
        connection.exec_driver_sql("UPDATE people SET display_name = ''")
    assert [found(office, word) for word in ("lantaarn", "park", "jansen")] == [[], [], []]


def test_older_ones_come_page_by_page(office: Office) -> None:
    assert found(office, "Voorstraat", limit=2) == [3, 2]
    assert found(office, "Voorstraat", limit=2, older_than=2) == [1]


@pytest.mark.parametrize(
    ("word", "form"),
    [("straten", "straat"), ("straat", "straten"), ("bomen", "boom"), ("katten", "kat"), ("lampen", "lamp"), ("tegels", "tegel")],
)
def test_dutch_words_find_their_other_number(word: str, form: str) -> None:
    assert form in dutch_forms(word)


@pytest.mark.parametrize(
    ("text", "number"),
    [("WB-2026-00042", 42), ("zie WB-2026-00042 graag", 42), ("42", 42), ("lamp 42", None), ("112", 112), ("Neude 1", None)],
)
def test_a_reference_is_told_from_other_numbers(text: str, number: int | None) -> None:
    assert reference_in(text) == number
