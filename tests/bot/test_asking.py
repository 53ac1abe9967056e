"""A question at a time, one reminder, promises that are warned of, a verdict asked once, and wishes that are kept."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import Command, read_command
from routing.decision import Located
from routing.melding import Event, Status
from routing.messages import Attachment, AttachmentKind, GeoPoint, OptionKind, Visibility
from storage.database import Database
from storage.outbox import ReplyState
from storage.queues import Asked, Queue, page
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message

PHOTO = (Attachment(kind=AttachmentKind.PHOTO, reference="f1"),)


def an_office_about(database: Database, **decision: Any) -> Office:
    return an_office(database, ScriptedRouter(a_decision(located=Located(), topic="zwerfafval", **decision)))


def test_questions_come_one_at_a_time_with_buttons_and_end(database: Database) -> None:
    office = an_office_about(database)
    office.receive(a_message("er ligt afval"))
    receipt = office.replies()[-1]
    assert "Waar is het precies?" in receipt.text
    assert [(option.kind, option.label) for option in receipt.options] == [(OptionKind.PLACE, "Deel waar ik ben")]
    office.receive(a_message("", location=GeoPoint(lat=52.09, lon=5.12)))
    thanks = office.replies()[-1]
    assert "Hebt u een foto?" in thanks.text
    assert [option.label for option in thanks.options] == ["Ik heb geen foto"]
    office.receive(a_message("", attachments=PHOTO))
    assert "?" not in office.replies()[-1].text
    melding = office.meldingen()[0]
    assert (melding.question, melding.asked) == (None, {"waar", "foto"})


def test_what_is_known_is_not_asked(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(topic="zwerfafval")))
    office.receive(a_message("afval in de Voorstraat", attachments=PHOTO))
    assert office.meldingen()[0].question is None
    assert office.replies()[-1].options == ()


def test_in_public_and_about_danger_nothing_is_asked(database: Database) -> None:
    office = an_office_about(database)
    office.receive(a_message("er ligt afval", channel="x", visibility=Visibility.PUBLIC))
    assert office.meldingen()[0].question is None
    danger = an_office_about(database, lead="noodgeval", emergency="brand")
    danger.receive(a_message("brand!"))
    assert danger.meldingen()[-1].question is None


def test_a_question_is_recalled_once_and_then_the_melding_goes_on(database: Database) -> None:
    office = an_office_about(database)
    office.receive(a_message("er ligt afval"))
    office.clock.advance(hours=5)
    assert office.questions.run() == 0
    for _ in range(8):
        office.clock.advance(days=1)
        office.questions.run()
    news = [reply.news for reply in office.replies()]
    assert news == ["ontvangst", "herinnering"]
    assert "Waar is het precies?" in office.replies()[-1].text
    assert office.has_event(1, Event.VRAAG_VERLOPEN)
    melding = office.meldingen()[0]
    assert (melding.question, melding.status) == (None, Status.DOORGEZET)


def test_a_colleagues_own_question_is_recalled_in_their_words(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.ask(melding, question="Welke kleur heeft de paal?"), account="samira")
    assert "Groet, samira van wijkbureau Binnenstad" in office.replies()[-1].text
    office.clock.advance(days=4)
    office.questions.run()
    assert "Welke kleur heeft de paal?" in office.replies()[-1].text
    office.receive(a_message("groen"))
    assert office.meldingen()[0].status is Status.DOORGEZET


def test_staff_are_warned_once_before_a_promise_breaks(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    assert office.keeper.warn() == 0
    promised = office.meldingen()[0].promised_at
    assert promised is not None
    office.clock.moment = promised.replace(hour=9)
    assert (office.keeper.warn(), office.keeper.warn()) == (1, 0)
    assert office.has_event(1, Event.BELOFTE_NADERT)
    assert [reply.news for reply in office.replies()] == ["ontvangst"]


def test_the_second_broken_promise_proposes_the_ladder_and_climbs_nothing(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    for _ in range(2):
        office.clock.advance(days=9)
        office.keeper.run()
    melding = office.meldingen()[0]
    assert melding.is_escalation_proposed
    assert office.handling.proposed_role(melding) == "de coördinator van Stadswerken"
    with database.reading() as connection:
        asked = Asked(queue=Queue.TO_ESCALATE, now=office.clock(), soon=office.clock())
        (waiting,) = page(connection, asked, limit=5).meldingen
    assert waiting.id == melding.id
    office.handling.carry_out(melding, office.handling.escalate(melding), account="samira")
    office.clock.advance(days=9)
    office.keeper.run()
    again = office.meldingen()[0]
    assert office.handling.proposed_role(again) == "het afdelingshoofd van Stadswerken"
    office.handling.carry_out(again, office.handling.take_up(again), account="samira")
    assert office.meldingen()[0].promises_broken == 0


def closed(office: Office) -> None:
    office.receive(a_message())
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")


def test_closing_asks_once_whether_it_helped_and_yes_is_noted(database: Database) -> None:
    office = an_office(database)
    closed(office)
    reply = office.replies()[-1]
    assert "Bent u zo goed geholpen?" in reply.text
    assert [option.label for option in reply.options] == ["Ja", "Nee"]
    office.receive(a_message("Ja"))
    assert office.meldingen()[0].feedback == "ja"
    assert "Fijn om te horen" in office.replies()[-1].text


def test_no_opens_the_melding_again_and_asks_why(database: Database) -> None:
    office = an_office(database)
    closed(office)
    office.receive(a_message("nee"))
    melding = office.meldingen()[0]
    assert (melding.status, melding.feedback, melding.question) == (Status.HEROPEND, "nee", "waarom")
    assert "Wat is er nog niet goed?" in office.replies()[-1].text
    office.receive(a_message("hij knippert nog"))
    office.handling.carry_out(office.meldingen()[0], office.handling.solve(office.meldingen()[0]), account="samira")
    assert "geholpen" not in office.replies()[-1].text


def test_who_says_stop_gets_no_news_but_answers_and_can_come_back(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.receive(a_message("/stop"))
    assert "geen berichten meer" in office.replies()[-1].text
    office.clock.advance(days=9)
    office.keeper.run()
    assert office.replies()[-1].state is ReplyState.DROPPED
    assert office.replies()[-1].problem == "de melder wil dit nieuws niet krijgen"
    office.receive(a_message("hoe staat het?"))
    assert office.replies()[-1].state is ReplyState.READY
    office.receive(a_message("start"))
    office.clock.advance(days=9)
    office.keeper.run()
    assert office.replies()[-1].state is ReplyState.READY


def test_the_first_private_message_tells_of_the_computer_and_of_privacy_once(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    assert "Ik ben een computer" in office.replies()[0].text
    assert "utrecht.nl/privacy" in office.replies()[0].text
    office.receive(a_message("zie foto"))
    assert "privacy" not in office.replies()[1].text
    assert "Dit is een automatisch bericht." in office.replies()[1].text


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STOP", Command.NIETS),
        ("/stop", Command.NIETS),
        ("/start", Command.START),
        ("start", Command.ALLES),
        ("Minder.", Command.MINDER),
        ("/help", Command.UITLEG),
        ("help", None),
        ("stop de herrie", None),
        ("/stop de herrie", None),
        ("", None),
        ("Ja!", Command.JA),
        ("nee.", Command.NEE),
        ("yes", Command.JA),
        ("nee, hij is stuk", None),
    ],
)
def test_only_a_message_that_says_nothing_else_speaks_to_the_computer(text: str, command: Command | None) -> None:
    assert read_command(text) is command
