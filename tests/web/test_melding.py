"""What a colleague does with a melding, from the page to what the melder gets."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.melding import NotSolved, Status
from routing.messages import Person, Removal, Visibility
from storage import queries
from storage.database import Database
from storage.outbox import ReplyState
from storage.tables import events, meldingen
from tests.builders import MONDAY, a_message
from tests.web.desk import DeskAtWork, a_desk_for, readable


async def test_the_page_shows_the_proposal_with_its_reasons_and_the_conversation(open_desk: DeskAtWork) -> None:
    text = readable(await open_desk.get("/meldingen/1"))
    for part in ("Stadswerken", "twijfel (62%)", "'lamp' -> stadswerken", "de lamp is stuk", "Ada", "Dank u wel voor uw bericht"):
        assert part in text
    assert "Staat klaar en wordt zo verzonden" in text
    assert "Vergunningen, Toezicht en Handhaving 30%" in text
    assert "het logboek is compleet en niet veranderd" in text


async def test_looking_waits_for_nobody_who_writes(open_desk: DeskAtWork) -> None:
    with open_desk.office.database.work() as work:
        work.watching.follow("bram", 1, MONDAY)
        async with asyncio.timeout(25):
            page = await open_desk.get("/meldingen/1")
    assert page.status_code == 200


async def test_confirming_sends_it_on_and_says_what_happened(open_desk: DeskAtWork) -> None:
    page = await open_desk.do(open_desk.melding(), "bevestigen")
    assert open_desk.melding().status is Status.DOORGEZET
    assert "Gelukt. WB-2026-00001 ligt nu bij Stadswerken. De melder krijgt bericht." in readable(page)
    assert "Doorgezet naar de vakafdeling door Samira" in readable(page)
    assert "Gelukt." not in readable(await open_desk.get("/meldingen/1"))  # said once


async def test_one_click_corrects_the_proposal(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "corrigeren", vakafdeling="vth")
    melding = open_desk.melding()
    assert (melding.lead, melding.proposal["lead"]) == ("vth", "stadswerken")
    assert "Het voorstel was Stadswerken" in readable(await open_desk.get("/meldingen/1"))


async def test_correcting_takes_topic_and_explanation_along(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "corrigeren", vakafdeling="vth", onderwerp="terras", toelichting="Zij gaan kijken.")
    assert open_desk.melding().topic == "terras"
    assert "Zij gaan kijken." in open_desk.reply().text


async def test_the_preview_is_exactly_what_is_sent_and_changes_nothing(open_desk: DeskAtWork) -> None:
    before = open_desk.melding()
    fields = {"einde": "opgelost", "toelichting": "De lamp is vervangen & getest."}
    page = await open_desk.post("/meldingen/1/afhandelen/bekijken", **fields)
    assert page.status_code == 200
    assert open_desk.melding() == before
    assert "Dit krijgt de melder:" in readable(page)
    open_desk.page = page.text
    await open_desk.follow(await open_desk.post("/meldingen/1/afhandelen", **fields))
    assert " ".join(open_desk.reply().text.split()) in readable(page)


async def test_the_preview_keeps_what_was_typed(open_desk: DeskAtWork) -> None:
    page = await open_desk.post("/meldingen/1/vragen/bekijken", vaste_vraag="eigen", vraag="Welke <lamp> precies?")
    assert "Welke &lt;lamp&gt; precies?</textarea>" in page.text
    assert "Welke <lamp> precies?" in readable(page)


async def test_htmx_gets_only_the_preview(open_desk: DeskAtWork) -> None:
    fields = {"csrf": open_desk.hidden("csrf"), "versie": open_desk.hidden("versie")}
    response = await open_desk.client.post("/meldingen/1/bevestigen/bekijken", data=fields, headers={"HX-Request": "true"})
    assert "<html" not in response.text
    assert "gaat ermee aan de slag" in response.text


async def test_a_question_of_ones_own_reaches_the_melder(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "vragen", vaste_vraag="eigen", vraag="Staat er een nummer op de paal?")
    assert open_desk.melding().status is Status.WACHT_OP_MELDER
    assert "Staat er een nummer op de paal?" in open_desk.reply().text


async def test_a_prepared_question_is_asked_in_the_language_of_the_melder(database: Database) -> None:
    desk = await a_desk_for(database, a_message("the light is broken"), language="en")
    await desk.do(desk.melding(), "vragen", vaste_vraag="waar")
    assert "Where" in desk.reply().text
    assert "Waar is het" not in desk.reply().text


async def test_a_melding_goes_all_the_way_and_comes_back(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "bevestigen")
    await open_desk.do(open_desk.melding(), "in-behandeling", contactpersoon="Bram")
    assert open_desk.melding().contact_person == "Bram"
    await open_desk.do(open_desk.melding(), "inplannen", dag="2026-11-26", toelichting="In de ochtend.")
    assert "donderdag 26 november. In de ochtend." in open_desk.reply().text
    await open_desk.do(open_desk.melding(), "afhandelen", einde="opgelost")
    assert open_desk.melding().outcome == "opgelost"
    page = await open_desk.do(open_desk.melding(), "heropenen", reden="de lamp is weer stuk")
    assert open_desk.melding().status is Status.HEROPEND
    assert "is weer open" in readable(page)


@pytest.mark.parametrize("reason", list(NotSolved))
async def test_closing_without_a_solution_tells_the_coded_reason(open_desk: DeskAtWork, reason: NotSolved) -> None:
    await open_desk.do(open_desk.melding(), "afhandelen", einde=reason.value)
    assert open_desk.melding().not_solved_reason == reason.value
    assert "De reden:" in open_desk.reply().text


async def test_closing_because_nothing_was_asked_tells_nobody(open_desk: DeskAtWork) -> None:
    replies = len(open_desk.office.replies())
    page = await open_desk.do(open_desk.melding(), "afhandelen", einde="geen_actie_nodig")
    melding = open_desk.melding()
    assert (melding.status, melding.outcome, melding.lead) == (Status.AFGEHANDELD, "geen_actie_nodig", "geen_actie")
    assert len(open_desk.office.replies()) == replies
    assert "Niemand krijgt hierover bericht" in readable(page)


async def test_referring_names_the_partner(open_desk: DeskAtWork) -> None:
    page = await open_desk.do(open_desk.melding(), "doorverwijzen", organisatie="stedin")
    assert "is doorverwezen naar Stedin" in readable(page)
    assert "0800-9009" in open_desk.reply().text


async def test_what_no_machine_may_send_is_announced_beforehand_and_afterwards(database: Database) -> None:
    desk = await a_desk_for(database, a_message(channel="x", visibility=Visibility.PUBLIC))
    await desk.get("/meldingen/1")
    preview = await desk.post("/meldingen/1/bevestigen/bekijken")
    assert "met de hand te plaatsen: in het openbaar gaat alleen het eerste antwoord automatisch" in readable(preview)
    page = await desk.do(desk.melding(), "bevestigen")
    assert "Let op." in readable(page)
    assert "Eén antwoord plaatst u zelf: kijk bij Niet verzonden." in readable(page)


async def test_every_melder_is_shown_and_told(database: Database) -> None:
    first = a_message(
        "de lamp is stuk",
        channel="x",
        visibility=Visibility.PUBLIC,
        thread="draad",
        sender=Person(external_id="a", display_name="Ada"),
    )
    second = a_message(
        "hier ook, de lamp is stuk",
        channel="x",
        visibility=Visibility.PUBLIC,
        thread="draad",
        sender=Person(external_id="b", display_name="Bo"),
    )
    desk = await a_desk_for(database, first, second)
    text = readable(await desk.get("/meldingen/1"))
    assert "Melders Ada X, openbaar gesprek" in text
    assert "Wijkbalie aan Bo" in text
    preview = readable(await desk.post("/meldingen/1/bevestigen/bekijken"))
    assert "Dit krijgen de 2 melders:" in preview


async def test_a_colleague_who_was_second_sees_the_new_state_and_keeps_what_was_typed(open_desk: DeskAtWork) -> None:
    old_page = open_desk.page
    await open_desk.do(open_desk.melding(), "bevestigen")
    open_desk.page = old_page
    page = await open_desk.post("/meldingen/1/vragen", vaste_vraag="eigen", vraag="Een lange vraag die niemand twee keer typt")
    assert page.status_code == 409
    assert "veranderd terwijl u keek" in readable(page)
    assert "Een lange vraag die niemand twee keer typt</textarea>" in page.text
    assert "Doorgezet" in readable(page)
    assert open_desk.melding().status is Status.DOORGEZET


async def test_a_step_that_the_melding_does_not_allow_is_refused_in_words(open_desk: DeskAtWork) -> None:
    page = await open_desk.post("/meldingen/1/heropenen")
    assert page.status_code == 409
    assert "De stap 'heropend' kan niet" in readable(page)


async def test_a_melding_without_a_melder_says_that_nobody_hears(database: Database) -> None:
    desk = await a_desk_for(database, a_message(sender=None))
    text = readable(await desk.get("/meldingen/1"))
    assert "Het kanaal gaf geen afzender" in text
    page = await desk.do(desk.melding(), "bevestigen")
    assert "Niemand krijgt hierover bericht" in readable(page)


async def test_the_state_of_every_reply_is_told_in_words(open_desk: DeskAtWork, database: Database) -> None:
    now = open_desk.office.clock()
    with database.work() as work:
        reply = work.outbox.claim_due("telegram", now, lease=timedelta(minutes=5))
        assert reply is not None
        work.outbox.record_uncertain(reply, "geen antwoord van het platform", now, look_at=None)
        work.commit()
    text = readable(await open_desk.get("/meldingen/1"))
    assert "Onzeker of dit is aangekomen: geen antwoord van het platform – Beslis hierover" in text
    assert open_desk.reply().state is ReplyState.UNCERTAIN


async def test_a_log_that_was_tampered_with_shows(open_desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.update(events).where(events.c.seq == 1).values(why="nooit gebeurd"))
    assert "Het logboek klopt niet" in readable(await open_desk.get("/meldingen/1"))


async def test_the_next_melding_to_judge_is_one_link_away(database: Database) -> None:
    texts = ("lamp een", "lamp twee", "lamp drie")
    desk = await a_desk_for(database, *(a_message(text, thread=text, sender=Person(external_id=text)) for text in texts))
    following = [
        re.search(r'rel="next"[^>]*href="([^"?]+)', (await desk.get(f"/meldingen/{number}")).text) for number in (1, 2, 3)
    ]
    assert [found[1] for found in following if found] == ["/meldingen/2", "/meldingen/3", "/meldingen/1"]


async def test_a_proposal_that_is_not_ours_refers_when_it_is_confirmed(database: Database) -> None:
    desk = await a_desk_for(
        database,
        a_message("de bus reed door"),
        lead="extern",
        topic="u_ov",
        partner="u_ov",
        top3=(("extern", 0.8), ("remo", 0.1), ("geen_actie", 0.05)),
    )
    text = readable(await desk.get("/meldingen/1"))
    assert "Niet van de gemeente: U-OV, het vervoerbedrijf" in text
    assert 'formaction="/meldingen/1/afhandelen"' in desk.page
    await desk.do(desk.melding(), "bevestigen")
    assert desk.melding().status is Status.DOORVERWEZEN


async def test_a_hint_says_when_a_melder_writes_another_language(database: Database) -> None:
    desk = await a_desk_for(database, a_message("the light is broken"), language="en")
    assert "niet elke melder schrijft Nederlands" in readable(await desk.get("/meldingen/1"))


async def test_danger_is_not_confirmed_but_given_to_somebody(database: Database) -> None:
    danger = {"lead": "noodgeval", "topic": "brand", "urgency": "noodgeval", "emergency": "brand"}
    desk = await a_desk_for(database, a_message("brand in de straat"), **danger)
    text = readable(await desk.get("/meldingen/1"))
    assert "Neem nu zelf contact op, of bel 112" in text
    assert "Regel eerst de hulp." in text
    assert "Bevestig voorstel" not in text
    await desk.do(desk.melding(), "corrigeren", vakafdeling="veiligheid")
    assert desk.melding().lead == "veiligheid"


async def test_a_melding_outlives_its_vakafdeling(open_desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.update(meldingen).values(lead="oude_dienst", involved=["nog_een"], partner="weg", topic="weg"))
    for path in ("/", "/meldingen/1"):
        page = await open_desk.get(path)
        assert page.status_code == 200
        assert "Oude dienst" in page.text


async def test_a_message_that_the_platform_shows_no_more_says_so(open_desk: DeskAtWork) -> None:
    with open_desk.office.database.reading() as connection:
        message = queries.conversation(connection, 1)[0]
    with open_desk.office.database.work() as work:
        gone = Removal(channel=message.channel, external_id=message.external_id or "", doubt="het account is verhuisd")
        work.inbox.take_pushed(message.channel, [gone], open_desk.office.clock())
        work.commit()
    text = readable(await open_desk.get("/meldingen/1"))
    for part in ("de lamp is stuk", "Niet meer te zien bij Telegram", "Bericht niet meer te zien op het platform", "verhuisd"):
        assert part in text
