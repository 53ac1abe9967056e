"""Commands in a private chat, and colleagues in the wijk who forward what they see."""

from __future__ import annotations

import pytest

from bot.passwords import digest
from routing.messages import Person
from storage.database import Database
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


def says(text: str, **changes: object) -> object:
    return a_message(text, sender=Person(external_id="7", display_name="Samira"), **changes)


def becomes_colleague(office: Office) -> None:
    with office.database.work() as work:
        work.colleagues.invite("Samira (buurtteam)", digest("code"), "beheer", office.clock())
        work.commit()
    office.receive(says("/start code"))


@pytest.mark.parametrize(
    ("command", "words"), [("/start", "Welkom"), ("/help", "/status"), ("/privacy", "bewaren"), ("/START", "112")]
)
def test_a_command_is_explained_and_asks_nothing_of_staff(office: Office, command: str, words: str) -> None:
    office.receive(says(command))

    [reply], [melding] = office.replies(), office.meldingen()
    assert words in reply.text
    assert (melding.status.value, melding.outcome) == ("afgehandeld", "geen_actie_nodig")


def test_status_tells_how_the_newest_melding_stands(office: Office) -> None:
    office.receive(says("de lamp is stuk"))
    office.receive(says("/status"))

    [melding] = office.meldingen()
    assert [reply.news for reply in office.replies()] == ["ontvangst", "stand"]
    assert not melding.is_closed


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_status_of_what_is_done_promises_no_moment(database: Database, language: str) -> None:
    office = an_office(database, ScriptedRouter(a_decision(language=language)))
    office.receive(says("de lamp is stuk"))
    [melding] = office.meldingen()
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    office.receive(says("/status"))

    assert office.replies()[-1].news == "stand"
    assert not any(words in office.replies()[-1].text for words in ("uiterlijk", "at the latest"))


def test_a_second_command_makes_no_second_melding(office: Office) -> None:
    for command in ("/start", "/help", "/status", "/privacy"):
        office.receive(says(command))
    assert len(office.meldingen()) == 1


@pytest.mark.parametrize("word", ["/start", "/help", "/status"])
def test_what_is_told_behind_a_command_is_a_melding(office: Office, word: str) -> None:
    office.receive(says(f"{word} er ligt een boom op de Voorstraat"))

    [melding], [reply] = office.meldingen(), office.replies()
    assert "boom" in melding.summary
    assert (melding.is_closed, reply.news) == (False, "ontvangst")


def test_stop_without_a_melding_is_kept_for_later_meldingen(office: Office) -> None:
    office.receive(says("/stop"))
    assert [reply.news for reply in office.replies()] == ["voorkeur"]

    office.receive(says("de lamp in de Voorstraat is stuk"))
    melding = office.meldingen()[-1]
    office.handling.carry_out(melding, office.handling.take_up(melding), account="buur")
    office.clock.advance(days=9)
    office.keeper.run()
    assert office.replies()[-1].problem == "de melder wil dit nieuws niet krijgen"


def test_start_after_stop_brings_the_news_back(office: Office) -> None:
    for text in ("/stop", "/start", "/start"):
        office.receive(says(text))
    assert [reply.news for reply in office.replies()] == ["voorkeur", "voorkeur", "uitleg"]
    assert "weer al het nieuws" in office.replies()[1].text


def test_what_a_colleague_sends_is_each_time_a_melding_via_that_colleague(office: Office) -> None:
    becomes_colleague(office)
    office.receive(says("de lamp in de Voorstraat is stuk"))
    office.receive(says("de lamp in de Voorstraat is nog steeds stuk en er ligt afval naast de container"))

    [hello, *signals] = office.meldingen()
    assert hello.is_closed
    assert len(signals) == 2
    with office.database.reading() as connection:
        whys = connection.exec_driver_sql("SELECT why FROM events WHERE event = 'ontvangen' ORDER BY id").scalars().all()
    assert whys[1:] == ["via collega Samira (buurtteam)"] * 2
    assert [reply.news for reply in office.replies()] == ["collega", "ontvangst", "ontvangst"]


def test_a_colleague_hears_the_outcome(office: Office) -> None:
    becomes_colleague(office)
    office.receive(says("de lamp in de Voorstraat is stuk"))
    signal = office.meldingen()[-1]
    with office.database.reading() as connection:
        person = connection.exec_driver_sql(f"SELECT count(*) FROM melders WHERE melding_id = {signal.id}").scalar_one()
    assert person == 1


def test_an_answer_of_a_colleague_stays_with_its_melding(office: Office) -> None:
    becomes_colleague(office)
    office.receive(says("de lamp is stuk"))
    first = office.meldingen()[-1]
    office.receive(says(f"bij nummer 3, voor {first.kenmerk}"))
    assert len(office.meldingen()) == 2


@pytest.mark.parametrize("code", ["geraden", "code"])
def test_a_wrong_or_used_code_makes_nobody_a_colleague(office: Office, code: str) -> None:
    if code == "code":
        becomes_colleague(office)
    other = a_message(f"/start {code}", sender=Person(external_id="8", display_name="Iemand"), thread="8")
    office.receive(other)
    with office.database.work() as work:
        assert work.colleagues.name_of(2 if code == "code" else 1) is None
    assert office.replies()[-1].news == "uitleg"


def test_a_code_is_good_for_a_week(office: Office) -> None:
    with office.database.work() as work:
        work.colleagues.invite("Samira", digest("code"), "beheer", office.clock())
        work.commit()
    office.clock.advance(days=8)
    office.receive(says("/start code"))
    assert office.replies()[-1].news == "uitleg"
