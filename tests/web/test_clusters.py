"""Many meldingen about one thing: proposed as one cluster, looked at once, merged, and told to all at once."""

from __future__ import annotations

import re
from datetime import timedelta

from routing.decision import Located
from routing.melding import Status
from routing.messages import Person
from storage.database import Database
from storage.nearby import clusters
from tests.builders import ScriptedRouter, a_decision, a_message
from tests.web.desk import DeskAtWork, a_desk, readable

TREE = a_decision(topic="boom", located=Located(street="Lepelenburg", wijk="Oost"))


async def a_stormy_desk(database: Database, count: int = 4) -> DeskAtWork:
    lamp = a_decision(topic="straatverlichting", located=Located(street="Springweg", wijk="Binnenstad"))
    elsewhere = a_decision(topic="boom", located=Located(street="Neude", wijk="Binnenstad"))
    nowhere = a_decision(topic="boom", located=Located())
    danger = a_decision(lead="noodgeval", topic="boom", urgency="noodgeval", emergency="instorting", located=TREE.located)
    desk = a_desk(database, ScriptedRouter(TREE, lamp=lamp, neude=elsewhere, ergens=nowhere, eronder=danger))
    texts = [
        *(f"boom om, nummer {number}" for number in range(count)),
        "lamp uit",
        "boom neude",
        "boom ergens",
        "iemand ligt eronder",
    ]
    for number, text in enumerate(texts):
        desk.office.receive(a_message(text, thread=f"t{number}", sender=Person(external_id=f"p{number}")))
    await desk.log_in()
    return desk


async def test_a_cluster_is_merged_with_one_look_and_everybody_hears(database: Database) -> None:
    desk = await a_stormy_desk(database)
    page = await desk.get("/hoort-bij-elkaar")
    assert "Lepelenburg 4" in re.sub(r"\s+", " ", readable(page))
    chosen = re.findall(r'name="keuze" value="([\d.]+)"', page.text)
    assert [choice.split(".")[0] for choice in chosen] == ["2", "3", "4"]  # the oldest stays, danger is no part of it
    looked = await desk.post("/samen/samenvoegen/bekijken", met=desk.hidden("met"), keuze=" ".join(chosen))
    assert "3 van 3" in readable(looked)
    assert {melding.merged_into_id for melding in desk.office.meldingen()} == {None}
    await desk.follow(await desk.post("/samen/samenvoegen", met="WB-2026-00001", keuze=" ".join(chosen)))
    await desk.follow(await desk.post("/ongedaan", stappen=desk.hidden("stappen")))
    assert {melding.merged_into_id for melding in desk.office.meldingen()} == {None}
    chosen = re.findall(r'name="keuze" value="([\d.]+)"', (await desk.get("/hoort-bij-elkaar")).text)
    await desk.follow(await desk.post("/samen/samenvoegen", met="WB-2026-00001", keuze=" ".join(chosen)))
    merged = [melding for melding in desk.office.meldingen() if melding.merged_into_id == 1]
    assert [(melding.id, melding.status) for melding in merged] == [(2, Status.DUBBEL), (3, Status.DUBBEL), (4, Status.DUBBEL)]
    await desk.do(desk.office.handling.get(1), "bevestigen")
    told = {reply.recipient for reply in desk.office.replies() if reply.melding_id == 1 and reply.news == "doorgezet"}
    assert told == {"p0", "p1", "p2", "p3"}
    assert "geen meldingen die op elkaar lijken" in readable(await desk.get("/hoort-bij-elkaar"))


async def test_what_is_old_closed_or_too_few_is_no_cluster(database: Database) -> None:
    desk = await a_stormy_desk(database, count=3)
    now = desk.office.clock()
    with database.reading() as connection:
        assert [cluster.size for cluster in clusters(connection, since=now - timedelta(days=1))] == [3]
        assert clusters(connection, since=now - timedelta(days=1), least=4) == ()
        assert clusters(connection, since=now + timedelta(minutes=1)) == ()
    last = desk.office.handling.get(3)
    desk.office.handling.carry_out(last, desk.office.handling.solve(last), account="samira")
    with database.reading() as connection:
        assert clusters(connection, since=now - timedelta(days=1)) == ()
