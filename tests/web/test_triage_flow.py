"""Working through the queue: the next opens by itself, decisions are taken back, many are taken at once."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

from routing.melding import Status
from routing.messages import Person
from storage.database import Database
from storage.outbox import ReplyState
from tests.builders import ScriptedRouter, a_message
from tests.web.desk import UNSURE, DeskAtWork, a_desk, readable

QUEUE = "?queue=te_beoordelen"


async def a_busy_desk(database: Database, count: int = 3) -> DeskAtWork:
    desk = a_desk(database, ScriptedRouter(UNSURE))
    for number in range(count):
        desk.office.receive(a_message(f"lamp {number} is stuk", thread=f"t{number}", sender=Person(external_id=f"p{number}")))
    await desk.log_in()
    return desk


async def test_after_a_decision_the_next_opens_by_itself_and_after_the_last_the_queue(database: Database) -> None:
    desk = await a_busy_desk(database, 2)
    await desk.get(f"/meldingen/1{QUEUE}")
    page = await desk.follow(await desk.post(f"/meldingen/1/bevestigen{QUEUE}"))
    assert "WB-2026-00001 ligt nu bij Stadswerken" in readable(page)
    assert '<span class="kenmerk">WB-2026-00002</span>' in page.text
    page = await desk.follow(await desk.post(f"/meldingen/2/bevestigen{QUEUE}"))
    assert "Alles is beoordeeld" in readable(page)


async def test_the_way_back_leads_to_the_same_place_in_the_same_list(database: Database) -> None:
    desk = await a_busy_desk(database)
    listed = await desk.get("/?queue=te_beoordelen&wijk=Binnenstad&na=2.1")
    link = re.search(r'href="(/meldingen/2\?[^"]+)"', listed.text)
    assert link is not None
    page = await desk.get(link[1].replace("&amp;", "&"))
    back = re.search(r'id="terug"[^>]*href="([^"]+)"', page.text)
    assert back is not None
    assert back[1].replace("&amp;", "&") == "/?queue=te_beoordelen&wijk=Binnenstad&na=2.1#rij-2"


async def test_a_decision_is_taken_back_as_an_event_and_nothing_is_sent(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    before = desk.melding()
    await desk.do(before, "corrigeren", vakafdeling="vth", onderwerp="terras")
    undo = desk.hidden("stappen")
    page = await desk.follow(await desk.post("/ongedaan", stappen=undo))
    after = desk.melding()
    kept = ("status", "lead", "topic", "involved", "promised_at", "status_before_question")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert desk.office.events(1)[-2:] == ["doorgezet", "teruggedraaid"]
    assert desk.reply().state is ReplyState.DROPPED
    assert "Ongedaan gemaakt: WB-2026-00001. Er is niets verstuurd." in readable(page)
    assert "het logboek is compleet en niet veranderd" in readable(page)


async def test_a_closed_melding_opens_again_by_taking_it_back(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    await desk.do(desk.melding(), "afhandelen", einde="opgelost", toelichting="Klaar.")
    await desk.follow(await desk.post("/ongedaan", stappen=desk.hidden("stappen")))
    assert (desk.melding().status, desk.melding().outcome) == (Status.TE_BEOORDELEN, None)


async def test_what_was_sent_is_not_taken_back(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    await desk.do(desk.melding(), "bevestigen")
    now = desk.office.clock()
    with database.work() as work:
        for _ in range(2):  # the receipt, then the news of the decision
            claimed = work.outbox.claim_due("telegram", now, lease=timedelta(minutes=5))
            assert claimed is not None
            work.outbox.record_sent(claimed, "1", now)
        work.commit()
    page = await desk.follow(await desk.post("/ongedaan", stappen="1.3"))
    assert desk.melding().status is Status.DOORGEZET
    assert "kreeg al bericht" in readable(page)


async def test_only_the_newest_decision_is_taken_back(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    await desk.do(desk.melding(), "bevestigen")
    await desk.do(desk.melding(), "in-behandeling")
    page = await desk.follow(await desk.post("/ongedaan", stappen="1.3"))
    assert desk.melding().status is Status.IN_BEHANDELING
    assert "gebeurde intussen meer" in readable(page)
    page = await desk.follow(await desk.post("/ongedaan", stappen="1.4"))
    assert desk.melding().status is Status.DOORGEZET
    page = await desk.follow(await desk.post("/ongedaan", stappen="1.5"))
    assert "geen besluit dat terug kan" in readable(page)


async def test_news_that_a_decision_replaced_waits_again_after_taking_it_back(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    desk.office.clock.moment = desk.melding().promised_at or desk.office.clock()
    assert desk.office.keeper.run() == 1
    await desk.log_in()
    await desk.do(desk.melding(), "bevestigen")
    await desk.follow(await desk.post("/ongedaan", stappen=desk.hidden("stappen")))
    states = {reply.news: reply.state for reply in desk.office.replies()}
    assert states["nog_geen_nieuws"] is ReplyState.READY


async def test_many_are_looked_at_first_then_decided_then_taken_back(database: Database) -> None:
    desk = await a_busy_desk(database)
    await desk.get("/")
    chosen = [("keuze", "1.2"), ("keuze", "3.2"), ("csrf", desk.hidden("csrf")), ("vakafdeling", "vth")]
    looked = await desk.client.post("/samen/corrigeren/bekijken", content=_encoded(chosen), headers=_FORM)
    assert "Andere vakafdeling kiezen: 2 van 2" in readable(looked)
    assert "WB-2026-00003/2" in looked.text
    assert {melding.status for melding in desk.office.meldingen()} == {Status.TE_BEOORDELEN}
    done = await desk.client.post("/samen/corrigeren", content=_encoded(chosen), headers=_FORM)
    page = await desk.follow(done)
    assert [melding.lead for melding in desk.office.meldingen()] == ["vth", "stadswerken", "vth"]
    assert "2 gedaan" in readable(page)
    page = await desk.follow(await desk.post("/ongedaan", stappen=desk.hidden("stappen")))
    assert "Ongedaan gemaakt: 2 meldingen" in readable(page)
    assert {melding.lead for melding in desk.office.meldingen()} == {"stadswerken"}


async def test_one_that_cannot_does_not_hold_up_the_others(database: Database) -> None:
    desk = await a_busy_desk(database, 2)
    await desk.get("/")
    chosen = [("keuze", "1.1"), ("keuze", "2.2"), ("csrf", desk.hidden("csrf")), ("einde", "geen_actie_nodig")]
    looked = await desk.client.post("/samen/afhandelen/bekijken", content=_encoded(chosen), headers=_FORM)
    assert "1 van 2" in readable(looked)
    assert "WB-2026-00001 is veranderd terwijl u koos" in readable(looked)
    await desk.follow(await desk.client.post("/samen/afhandelen", content=_encoded(chosen), headers=_FORM))
    assert [melding.is_closed for melding in desk.office.meldingen()] == [False, True]


async def test_choosing_nothing_or_an_unknown_step_is_refused_in_words(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    await desk.get("/")
    assert "Kies eerst een of meer meldingen" in readable(await desk.post("/samen/bevestigen/bekijken"))
    assert (await desk.post("/samen/heropenen", keuze="1.2")).status_code == 404


async def test_a_filter_is_kept_under_a_name_and_forgotten(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    await desk.get("/?queue=te_beoordelen&wijk=Oost")
    page = await desk.follow(await desk.post("/filters?queue=te_beoordelen&wijk=Oost", naam="Mijn Oost"))
    assert 'href="/?queue=te_beoordelen&amp;wijk=Oost"><span>Mijn Oost</span>' in page.text
    assert "Niets past bij deze filters" in readable(page)
    assert (await desk.post("/filters?queue=spoed", naam="")).status_code == 400
    page = await desk.follow(await desk.post("/filters/1/verwijderen"))
    assert "Mijn Oost" not in page.text


async def test_searching_leads_to_what_was_said_and_a_reference_straight_to_its_melding(database: Database) -> None:
    desk = await a_busy_desk(database)
    assert "lamp 2 is stuk" in readable(await desk.get("/zoeken?q=lampen"))
    assert "Niets gevonden" in readable(await desk.get("/zoeken?q=%3Cscript%3E"))
    found = await desk.get("/zoeken?q=WB-2026-00002")
    assert found.headers["location"] == "/meldingen/2"


async def test_the_words_that_decided_are_marked_in_the_text(database: Database) -> None:
    desk = await a_busy_desk(database, 1)
    assert "<mark>lamp</mark> 0 is stuk" in (await desk.get("/meldingen/1")).text


_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs)
