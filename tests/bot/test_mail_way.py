"""E-mail as a lasting way: an address left in a conversation, proven by its link, and news that comes by one way only."""

from __future__ import annotations

import pytest

from bot.commands import read_address
from routing.melding import Status
from routing.messages import Delivery, Person
from storage.database import Database
from storage.outbox import Reply, ReplyState
from tests.bot.office import Office, an_office
from tests.builders import a_message

ADDRESS = "ada@voorbeeld.example"


def says(text: str, **changes: object) -> object:
    sender = Person(external_id="ada", display_name="Ada")
    return a_message(text, **{"channel": "messenger", "thread": "ada", "sender": sender, **changes})


@pytest.fixture
def office(database: Database) -> Office:
    office = an_office(database, sends_mail=True)
    office.receive(says("de lamp in de Voorstraat is stuk"))
    return office


def prove(office: Office) -> None:
    """What the page behind the link does."""
    with office.database.work() as work:
        mail = next(melder for melder in work.meldingen.melders_of(1) if melder.channel == "web_form")
        work.inbox.record_proof(mail.person_id, office.clock())
        work.outbox.release_proven(mail.id, office.clock())
        work.mail_ways.prefer(mail.person_id)
        work.commit()


def waiting(office: Office, news: str) -> list[tuple[str, ReplyState]]:
    return [(reply.channel, reply.state) for reply in office.replies() if reply.news == news]


def close(office: Office) -> None:
    melding = office.meldingen()[-1]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")


def test_where_the_platform_soon_forbids_to_write_the_first_message_offers_mail(database: Database) -> None:
    office = an_office(database, sends_mail=True)
    office.receive(says("de lamp is stuk"))
    office.receive(a_message("de bank is stuk"))
    messenger, telegram = office.replies()
    assert "Stuur ons uw e-mailadres" in messenger.text
    assert "e-mail" not in telegram.text


def test_an_address_gets_one_message_with_a_link_and_no_news_until_it_is_proven(office: Office) -> None:
    office.receive(says(f"mijn adres is {ADDRESS}"))
    office.receive(says(ADDRESS))
    mail: list[Reply] = [reply for reply in office.replies() if reply.channel == "web_form"]
    assert [(reply.news, reply.delivery, reply.recipient) for reply in mail] == [
        ("adres", Delivery.PRIVATE_REPLY, f"{ADDRESS}#p1")
    ]
    assert "Klik op de link" in office.replies()[-1].text
    assert len(office.meldingen()) == 1

    close(office)
    assert waiting(office, "opgelost") == [("messenger", ReplyState.READY), ("web_form", ReplyState.DROPPED)]


def test_after_the_proof_news_goes_by_mail_alone_also_when_the_window_of_the_platform_closed(office: Office) -> None:
    office.receive(says(ADDRESS))
    prove(office)
    office.clock.advance(days=3)
    melding = office.meldingen()[0]
    previews = office.handling.preview(melding, office.handling.solve(melding), account="samira")
    assert [preview.channel for preview in previews] == ["web_form"]
    close(office)
    assert waiting(office, "opgelost") == [("messenger", ReplyState.DROPPED), ("web_form", ReplyState.READY)]


def test_the_next_melding_is_told_by_mail_and_its_receipt_in_the_conversation(office: Office) -> None:
    office.receive(says(ADDRESS))
    prove(office)
    office.clock.advance(days=40)
    office.receive(says("er ligt afval op de Neude, een heel ander verhaal", sent_at=office.clock()))
    assert len(office.meldingen()) == 2
    assert waiting(office, "ontvangst")[-1] == ("messenger", ReplyState.READY)
    close(office)
    assert waiting(office, "opgelost") == [("messenger", ReplyState.DROPPED), ("web_form", ReplyState.READY)]


def test_who_left_an_address_can_still_withdraw_and_is_told_once(office: Office) -> None:
    office.receive(says(ADDRESS))
    prove(office)
    office.receive(says("laat maar, is al gemaakt"))
    assert office.meldingen()[0].status is Status.INGETROKKEN
    assert waiting(office, "ingetrokken") == [("messenger", ReplyState.READY)]


def test_who_wants_another_way_is_asked_for_an_address_and_may_come_back(office: Office) -> None:
    office.receive(says("liever per mail"))
    assert "Op welk e-mailadres" in office.replies()[-1].text
    office.receive(says(ADDRESS))
    prove(office)
    office.receive(says("alles"))
    office.keeper.run()
    close(office)
    assert waiting(office, "opgelost") == [("messenger", ReplyState.READY), ("web_form", ReplyState.DROPPED)]
    office.receive(says("per e-mail"))
    assert "voortaan per e-mail" in office.replies()[-1].text


def test_nobody_sends_mail_to_many_addresses_or_to_one_again_and_again(office: Office) -> None:
    for number in range(6):
        office.receive(says(f"x{number}@voorbeeld.example"))
    assert sum(reply.channel == "web_form" for reply in office.replies()) == 3


def test_without_mail_an_address_is_a_message_like_any_other(database: Database) -> None:
    office = an_office(database)
    office.receive(says("de lamp is stuk"))
    office.receive(says(ADDRESS))
    assert {reply.channel for reply in office.replies()} == {"messenger"}
    assert office.replies()[-1].news == "aangevuld"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (ADDRESS, ADDRESS),
        (f"Mijn e-mail: {ADDRESS}.", ADDRESS),
        (f"graag per mail naar {ADDRESS}", ADDRESS),
        (f"de buurman {ADDRESS} zet elke dag zijn afval naast de container", None),
        ("a@b", None),
        ("@wijkbureau hallo", None),
        ("", None),
    ],
)
def test_only_a_message_that_gives_little_more_than_an_address_is_one(text: str, address: str | None) -> None:
    assert read_address(text) == address
