"""The queue as colleagues see it."""

from __future__ import annotations

import re

import pytest

from routing.decision import Located, Zone
from routing.messages import Attachment, AttachmentKind, Person, Visibility
from storage.database import Database
from tests.builders import ScriptedRouter, a_decision, a_message
from tests.web.desk import UNSURE, DeskAtWork, a_desk, readable

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}\u202egnp.exe"


async def a_desk_with(database: Database, router: ScriptedRouter, *texts: str) -> DeskAtWork:
    desk = a_desk(database, router)
    for number, text in enumerate(texts):
        desk.office.receive(a_message(text, sender=Person(external_id=f"p{number}"), thread=f"t{number}"))
    await desk.log_in()
    return desk


async def test_a_row_tells_what_a_colleague_needs_to_choose(desk: DeskAtWork) -> None:
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="f1")
    desk.office.receive(a_message("de lamp is stuk", channel="x", visibility=Visibility.PUBLIC, attachments=(photo,)))
    desk.office.clock.advance(minutes=43)
    text = readable(await desk.get("/"))
    for part in ("WB-2026-00001", "de lamp is stuk", "X", "Voorstraat, Binnenstad", "1 bijlage", "Stadswerken", "twijfel (62%)"):
        assert part in text
    assert "Binnen 43 minuten" in text
    assert re.search(r"Nieuws (vandaag|morgen|\w\w \d+ \w+) 17:00", text)


async def test_danger_stands_on_top_and_is_named_on_every_queue(database: Database) -> None:
    danger = a_decision(lead="noodgeval", topic="brand", urgency="noodgeval", emergency="brand", zone=Zone.AUTO)
    desk = await a_desk_with(database, ScriptedRouter(UNSURE, brand=danger), "de lamp is stuk", "brand!", "de stoep is los")
    page = await desk.get("/")
    assert re.findall(r"WB-2026-\d{5}(?=</span>)", page.text)[0] == "WB-2026-00002"
    assert "rij--noodgeval" in page.text
    other = await desk.get("/?queue=loopt")
    assert "Bekijk WB-2026-00002 nu" in readable(other)


async def test_what_residents_write_is_shown_and_never_executed(database: Database) -> None:
    desk = await a_desk_with(database, ScriptedRouter(UNSURE), HOSTILE)
    page = await desk.get("/")
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\u202e" not in page.text
    assert "[U+202E]" in page.text


async def test_phone_numbers_and_mail_addresses_are_masked_in_the_list_and_on_the_page_until_somebody_looks(
    database: Database,
) -> None:
    desk = await a_desk_with(database, ScriptedRouter(UNSURE), "lamp stuk, mijn nummer is 06-12345678 of mail ada@voorbeeld.nl")
    listed = await desk.get("/")
    assert "06-12345678" not in listed.text
    assert "ada@voorbeeld.nl" not in listed.text
    assert "[telefoonnummer]" in listed.text
    assert "06-12345678" not in (await desk.get("/meldingen/1")).text
    assert "06-12345678" in (await desk.post("/meldingen/1/inzien")).text


async def test_an_empty_queue_says_so_kindly(desk: DeskAtWork) -> None:
    assert "Alles is beoordeeld" in (await desk.get("/")).text
    assert "Wij wachten op niemand" in (await desk.get("/?queue=wacht_op_melder")).text


@pytest.mark.parametrize(
    "query",
    [
        "queue=bestaat_niet",
        "na=-1.1",
        "na=abc",
        "na=9999999999999999.1",
        "voor=99999999999999999.999999999999",
        "na=２.１",
        "queue=%00",
        "dagen=x",
    ],
)
async def test_a_strange_question_gets_a_queue_all_the_same(desk: DeskAtWork, query: str) -> None:
    desk.office.receive(a_message())
    response = await desk.get(f"/?{query}")
    assert response.status_code == 200
    assert "WB-2026-00001" in response.text


async def test_a_long_queue_is_shown_page_by_page(database: Database) -> None:
    desk = await a_desk_with(database, ScriptedRouter(UNSURE), *(f"lamp {number} is stuk" for number in range(26)))
    first = await desk.get("/")
    further = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert further is not None
    second = await desk.get(further[1].replace("&amp;", "&"))
    assert first.text.count('class="rij') > second.text.count('class="rij')
    assert "WB-2026-00026" in second.text
    back = re.search(r'rel="prev" href="([^"]+)"', second.text)
    assert back is not None
    assert readable(await desk.get(back[1].replace("&amp;", "&"))) == readable(first)
    assert 'class="rij' in (await desk.get("/?na=2.99999")).text  # past the end: from the beginning


async def test_counts_stand_beside_the_queues(desk: DeskAtWork) -> None:
    desk.office.receive(a_message())
    text = readable(await desk.get("/gezondheid"))
    assert (
        "Te beoordelen 1 Spoed 0 Wacht op melder 0 Hogerop voorleggen 0 Belofte in gevaar 0 Gevolgd 0 Loopt 0 Uitgesteld 0 "
        "Afgesloten Niet verzonden 0 Niet leesbaar 0" in text
    )


async def test_htmx_gets_the_part_that_changes_and_nothing_when_it_did_not(desk: DeskAtWork) -> None:
    desk.office.receive(a_message())
    page = await desk.get("/")
    refresh = re.search(r'hx-get="([^"]+)"', page.text)
    assert refresh is not None
    path = refresh[1].replace("&amp;", "&")
    assert (await desk.get(path, HX_Request="true")).status_code == 204
    desk.office.receive(a_message("de stoep is los", thread="b", sender=Person(external_id="bo")))
    part = await desk.get(path, HX_Request="true")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "WB-2026-00002" in part.text


async def test_a_refresh_after_the_session_ended_leads_to_the_login_and_not_into_the_list(desk: DeskAtWork) -> None:
    desk.office.clock.advance(hours=11)
    response = await desk.get("/", HX_Request="true")
    assert response.status_code == 401
    assert response.headers["hx-redirect"].startswith("/inloggen")


async def test_a_melding_without_text_or_place_is_shown_as_such(database: Database) -> None:
    decision = a_decision(zone=Zone.PERSON, located=Located(), confidence=0.2)
    desk = await a_desk_with(database, ScriptedRouter(decision), "")
    text = readable(await desk.get("/"))
    assert "(geen tekst)" in text
    assert "Plaats onbekend" in text
    assert "onzeker (20%)" in text


async def test_a_promise_that_passed_stands_out(desk: DeskAtWork) -> None:
    desk.office.receive(a_message())
    desk.office.clock.advance(days=30)
    await desk.log_in()
    assert "(te laat)" in readable(await desk.get("/?queue=belofte_in_gevaar"))
