"""From a waiting message to a melding, its events and what the resident is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.decision import Decision, Formal, Located, Zone
from routing.errors import StaleError
from routing.melding import Event, Status
from routing.messages import Attachment, AttachmentKind, Delivery, GeoPoint, Person, Visibility
from storage import queries
from storage.database import Database
from storage.outbox import ReplyState
from storage.tables import meldingen
from tests.bot.office import an_office
from tests.builders import MONDAY, ScriptedRouter, a_decision, a_message


class Rivalled(ScriptedRouter):
    """A rival holds what the message 'twee' is about until what was decided before it is committed."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.refused = 0

    def route(self, text: str, *, point: GeoPoint | None = None) -> Decision:
        with self.database.reading() as connection:
            committed = connection.execute(sa.select(sa.func.count()).select_from(meldingen)).scalar_one()
        if text == "twee" and committed == 0:
            self.refused += 1
            raise StaleError("iemand anders was eerder")
        return super().route(text, point=point)


PUBLIC = {"channel": "x", "visibility": Visibility.PUBLIC, "thread": "root"}
BO = Person(external_id="bo", display_name="Bo")


def test_a_rival_that_waits_for_an_earlier_message_of_the_same_commit_gets_it(database: Database) -> None:
    router = Rivalled(database)
    office = an_office(database, router)
    office.receive(a_message("een"), a_message("twee", thread="2", sender=BO))
    with database.reading() as connection:
        assert queries.unreadable_items(connection, limit=5) == ()
    assert len(office.meldingen()) == 2
    assert router.refused == 1


def test_a_sure_message_goes_to_its_vakafdeling_with_one_receipt(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    (melding,) = office.meldingen()
    (reply,) = office.replies()
    assert (melding.status, melding.lead) == (Status.DOORGEZET, "stadswerken")
    assert melding.kenmerk == "WB-2026-00001"
    assert "WB-2026-00001/1" in reply.text
    assert "Stadswerken kijkt ernaar" in reply.text
    assert "Ik ben een computer" in reply.text
    assert "maandag 30 november" in reply.text
    assert reply.delivery is Delivery.DIRECT


def test_an_unsure_message_waits_for_staff_and_the_receipt_does_not_name_a_vakafdeling(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST, confidence=0.6)))
    office.receive(a_message())
    assert office.meldingen()[0].status is Status.TE_BEOORDELEN
    text = office.replies()[0].text
    assert "Stadswerken" not in text
    assert "Een medewerker van wijkbureau Binnenstad kijkt wie dit oppakt" in text


def test_danger_is_answered_with_112_at_once_and_never_queued_behind_a_receipt(database: Database) -> None:
    decision = a_decision(lead="noodgeval", topic="te_water", urgency="noodgeval", emergency="te_water", zone=Zone.PERSON)
    office = an_office(database, ScriptedRouter(decision))
    office.receive(a_message("er ligt iemand in de gracht", **PUBLIC))
    (melding,) = office.meldingen()
    (reply,) = office.replies()
    assert melding.is_emergency
    assert melding.status is Status.TE_BEOORDELEN
    assert reply.text.startswith("Ligt er iemand in het water? Bel direct 112.")
    assert reply.delivery is Delivery.PUBLIC_REPLY


def test_what_is_not_ours_is_referred_with_name_and_contact(database: Database) -> None:
    decision = a_decision(lead="extern", topic="vitens", partner="vitens")
    office = an_office(database, ScriptedRouter(decision))
    office.receive(a_message("geen water uit de kraan"))
    assert office.meldingen()[0].status is Status.DOORVERWEZEN
    (reply,) = office.replies()
    assert "van Vitens, het waterbedrijf" in reply.text
    assert "0800-0359" in reply.text


def test_a_compliment_is_thanked_and_public_chatter_is_left_alone(database: Database) -> None:
    nothing = {"lead": "geen_actie", "topic": "praatje", "urgency": "laag"}
    router = ScriptedRouter(
        a_decision(**nothing, kind="overig"),
        top=a_decision(**nothing, kind="compliment"),
        koop=a_decision(**nothing, kind="spam"),
    )
    office = an_office(database, router)
    office.receive(a_message("top gedaan", **PUBLIC), a_message("eens even kijken", **{**PUBLIC, "thread": "2", "sender": BO}))
    office.receive(a_message("koop nu pillen", sender=Person(external_id="bot", display_name="bot")))
    assert [reply.news for reply in office.replies()] == ["dank"]
    assert {melding.status for melding in office.meldingen()} == {Status.AFGEHANDELD}


def test_a_formal_matter_tells_the_official_way(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(formal=Formal.BEZWAAR, zone=Zone.PERSON, kind="klacht")))
    office.receive(a_message("ik maak bezwaar tegen de vergunning"))
    assert "een bezwaar telt pas als u het officieel instuurt" in office.replies()[0].text


@pytest.mark.parametrize(("how", "told"), [({}, "Klopt dit niet? Antwoord hier."), (PUBLIC, "privébericht")])
def test_who_tells_of_a_place_outside_the_gemeente_hears_where_to_go(
    database: Database, how: dict[str, object], told: str
) -> None:
    elsewhere = Located(in_gemeente=False)
    office = an_office(database, ScriptedRouter(a_decision(located=elsewhere, zone=Zone.PERSON)))
    office.receive(a_message("de lamp is stuk in Nieuwegein", **how))
    (reply,) = office.replies()
    assert "lijkt buiten onze gemeente te liggen. Bel ook de gemeente daar: 14 en het netnummer." in reply.text
    assert told in reply.text
    assert office.meldingen()[0].question is None
    assert office.meldingen()[0].status is Status.TE_BEOORDELEN


def test_a_photo_without_text_becomes_a_melding_and_is_asked_about(database: Database) -> None:
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="file-1")
    office = an_office(database, ScriptedRouter(a_decision(lead="wijkbureau", topic="onduidelijk", zone=Zone.PERSON)))
    office.receive(a_message("", attachments=(photo,)))
    assert "wat er aan de hand is, en waar" in office.replies()[0].text


def test_a_message_without_author_is_kept_as_a_melding_without_reply(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message(sender=None))
    assert len(office.meldingen()) == 1
    assert office.replies() == []


def test_a_follow_up_fills_in_the_place_and_is_no_second_melding(database: Database) -> None:
    router = ScriptedRouter(a_decision(located=Located(), zone=Zone.SUGGEST), voorstraat=a_decision(zone=Zone.SUGGEST))
    office = an_office(database, router)
    office.receive(a_message("de lamp is stuk"))
    office.receive(a_message("Voorstraat 10", sent_at=MONDAY + timedelta(minutes=5)))
    (melding,) = office.meldingen()
    assert melding.street == "Voorstraat"
    assert office.events(melding.id)[-1] == Event.AANGEVULD


def test_a_neighbour_in_a_public_thread_becomes_a_second_melder(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message("de lamp is stuk", **PUBLIC))
    office.receive(a_message("hier ook last van", sender=BO, **PUBLIC))
    (melding,) = office.meldingen()
    with database.work() as work:
        assert len(work.meldingen.melders_of(melding.id)) == 2
    assert [reply.news for reply in office.replies()] == ["ontvangst", "medemelder"]
    assert office.has_event(melding.id, Event.MEDEMELDER)


def test_a_status_question_is_answered_from_the_melding(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.receive(a_message("hoe staat het ermee?", sent_at=MONDAY + timedelta(days=2)))
    assert "uw melding ligt bij Stadswerken." in office.replies()[-1].text


def test_a_status_question_in_public_is_work_for_staff(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message("de lamp is stuk", **PUBLIC))
    office.receive(a_message("hoe staat het ermee?", **PUBLIC))
    last = office.replies()[-1]
    assert last.state is ReplyState.BY_HAND
    assert last.problem is not None
    assert "alleen het eerste antwoord automatisch" in last.problem


def test_a_melder_can_withdraw_and_come_back(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.receive(a_message("laat maar, is al gemaakt"))
    assert office.meldingen()[0].status is Status.INGETROKKEN
    office.receive(a_message("de lamp is toch nog steeds stuk", sent_at=MONDAY + timedelta(days=1)))
    assert office.meldingen()[0].status is Status.HEROPEND
    assert [reply.news for reply in office.replies()] == ["ontvangst", "ingetrokken", "heropend"]


def test_one_melder_does_not_withdraw_for_the_others(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message("de lamp is stuk", **PUBLIC))
    office.receive(a_message("hier ook", sender=BO, **PUBLIC))
    office.receive(a_message("laat maar", **PUBLIC))
    assert office.meldingen()[0].status is Status.DOORGEZET


def test_who_asks_for_a_person_gets_one_promised(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.receive(a_message("medewerker"))
    (melding,) = office.meldingen()
    assert melding.needs_personal_contact
    assert office.replies()[-1].news == "mens_gevraagd"


def test_danger_that_only_the_model_feels_in_a_follow_up_brings_the_melding_before_staff(database: Database) -> None:
    danger = a_decision(lead="noodgeval", topic="brand", urgency="noodgeval", emergency=None, zone=Zone.PERSON)
    office = an_office(database, ScriptedRouter(alzheimer=danger))
    office.receive(a_message())
    assert office.meldingen()[0].status is Status.DOORGEZET
    office.receive(a_message("ze heeft alzheimer", sent_at=MONDAY + timedelta(minutes=5)))
    (melding,) = office.meldingen()
    assert melding.status is Status.TE_BEOORDELEN


@pytest.mark.parametrize("zone", Zone)
def test_a_first_message_may_ask_for_a_person_in_every_zone(database: Database, zone: Zone) -> None:
    office = an_office(database, ScriptedRouter(a_decision(zone=zone)))
    office.receive(a_message("de lamp is stuk, bel mij"))
    assert [reply.news for reply in office.replies()] == ["ontvangst", "mens_gevraagd"]


def test_replaying_the_same_messages_changes_nothing(database: Database) -> None:
    office = an_office(database)
    history = [a_message("de lamp is stuk"), a_message("hoe staat het?"), a_message("dank u wel")]
    office.receive(*history)
    before = (office.meldingen(), office.replies())
    office.receive(*reversed(history))
    office.receive(*history)
    assert (office.meldingen(), office.replies()) == before


def test_a_message_that_breaks_the_router_stands_before_staff_and_the_rest_goes_on(database: Database) -> None:
    class Broken(ScriptedRouter):
        def route(self, text: str, *, point: object = None) -> object:  # type: ignore[override]  # deliberately broken
            if "kapot" in text:
                raise ZeroDivisionError
            return super().route(text)

    office = an_office(database, Broken())
    office.receive(a_message("kapot"), a_message("heel", thread="2"))
    with database.reading() as connection:
        (item,) = queries.unreadable_items(connection, limit=5)
    assert "ZeroDivisionError" in item.problem
    assert len(office.meldingen()) == 1


@pytest.mark.parametrize(
    "text", ["", " ", "{{ 7*7 }}{% for x in y %}", "<script>alert(1)</script>", "\u202eמגילה", "x" * 100_000]
)
def test_hostile_text_becomes_a_melding_and_is_never_executed(database: Database, text: str) -> None:
    office = an_office(database)
    office.receive(a_message(text))
    assert len(office.meldingen()) == 1
    assert all("49" not in reply.text for reply in office.replies())


def test_other_languages_get_dutch_and_english(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(language="tr")))
    office.receive(a_message("lamba bozuk"))
    text = office.replies()[0].text
    assert "Dank u wel" in text
    assert "Thank you" in text


@pytest.mark.parametrize("first", ["", "de lamp is stuk"])
def test_who_asks_for_a_person_is_put_before_one_also_when_the_melding_is_closed(database: Database, first: str) -> None:
    chatter = a_decision(lead="geen_actie", topic="overig", kind="vraag")
    office = an_office(database, ScriptedRouter(medewerker=chatter))
    if first:
        office.receive(a_message(first))
        (melding,) = office.meldingen()
        office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    office.receive(a_message("hoe staat het? ik wil een medewerker spreken"))
    (melding,) = office.meldingen()
    assert (melding.is_closed, melding.needs_personal_contact) == (False, True)
    assert melding.promised_at is not None
    assert office.replies()[-1].news == "mens_gevraagd"


def test_a_neighbour_who_tells_that_it_is_not_solved_opens_the_melding_again(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message("de lamp is stuk", **PUBLIC))
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    office.receive(a_message("de lamp is hier nog steeds stuk", sender=BO, **PUBLIC))
    assert office.meldingen()[0].status is Status.HEROPEND
    assert [reply.news for reply in office.replies()][-1] == "heropend"
    assert office.replies()[-1].melder_id == 2


@pytest.mark.parametrize("text", ["haha", "top, bedankt!"])
def test_who_only_passes_by_in_a_public_thread_is_no_melder_and_gets_no_answer(database: Database, text: str) -> None:
    office = an_office(database)
    office.receive(a_message("de lamp is stuk", **PUBLIC))
    office.receive(a_message(text, sender=BO, **PUBLIC))
    with database.work() as work:
        assert len(work.meldingen.melders_of(1)) == 1
    assert [reply.news for reply in office.replies()] == ["ontvangst"]
