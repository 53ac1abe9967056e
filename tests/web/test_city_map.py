"""The map is drawn from a list of every open melding. The list tells all, and nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from bot.web.app import build_desk
from bot.web.desk import Tiles
from bot.web.views import city_map
from routing.decision import Located, Zone
from routing.messages import Person
from storage.database import Database
from tests.builders import ScriptedRouter, a_decision, a_message
from tests.web.desk import DeskAtWork, a_desk, readable

NEUDE = Located(street="Neude", buurt="Domplein, Neude, Janskerkhof", wijk="Binnenstad", lat=52.0929, lon=5.1181)
TILES = Tiles(address="https://tegels.test/{z}/{x}/{y}.png", attribution="Kadaster")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The list is a queue without a queue: its SQL is tested on both databases in tests/storage/test_queues.py."""
    return sqlite_url


@pytest.fixture
async def desk(database: Database) -> DeskAtWork:
    router = ScriptedRouter(
        a_decision(zone=Zone.SUGGEST, located=Located()),
        neude=a_decision(zone=Zone.SUGGEST, located=NEUDE),
        brand=a_decision(lead="noodgeval", urgency="noodgeval", emergency="brand", zone=Zone.AUTO, located=NEUDE),
    )
    desk = a_desk(database, router)
    for number, text in enumerate(("lamp stuk op de neude", "ergens ligt een boom", "brand!")):
        desk.office.receive(
            a_message(text, thread=f"t{number}", sender=Person(external_id=f"p{number}", display_name=f"Melder {number}"))
        )
    await desk.log_in()
    return desk


def listed(page: str) -> list[str]:
    return re.findall(r"WB-2026-\d{5}(?=</b> <bdi>)", page)


async def test_every_open_melding_is_listed_danger_first_also_one_without_a_place(desk: DeskAtWork) -> None:
    page = await desk.get("/kaart")
    assert listed(page.text) == ["WB-2026-00003", "WB-2026-00001", "WB-2026-00002"]
    assert re.findall(r'data-lat="([^"]*)" data-lon="([^"]*)"', page.text) == [("52.0929", "5.1181")] * 2
    assert "Plaats onbekend" in readable(page)


async def test_when_there_are_more_than_fit_the_map_says_so(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city_map, "MOST", 2)
    page = await desk.get("/kaart")
    assert listed(page.text) == ["WB-2026-00003", "WB-2026-00001"]
    assert "meer dan 2" in readable(page)
    assert "kies een wijk of vakafdeling" in readable(page)


async def test_a_closed_melding_is_not_listed(desk: DeskAtWork) -> None:
    tree = next(melding for melding in desk.office.meldingen() if "boom" in melding.summary)
    await desk.do(tree, "afhandelen", einde="opgelost")
    assert "WB-2026-00002" not in (await desk.get("/kaart")).text


@pytest.mark.parametrize(("query", "numbers"), [("wijk=Binnenstad", [3, 1]), ("vakafdeling=noodgeval", [3]), ("wijk=Oost", [])])
async def test_the_filters_of_the_queues_narrow_the_map(desk: DeskAtWork, query: str, numbers: list[int]) -> None:
    page = await desk.get(f"/kaart?{query}")
    assert listed(page.text) == [f"WB-2026-{number:05}" for number in numbers]


async def test_who_may_not_see_contact_details_cannot_look_for_a_name(desk: DeskAtWork) -> None:
    assert listed((await desk.get("/kaart?melder=Melder+1")).text) == ["WB-2026-00002"]
    with desk.office.database.work() as work:
        account = work.staff.get_account("samira")
        work.staff.set_rights(account, role="kijker", vakafdeling=None, sees_contacts=False)
        work.commit()
    assert len(listed((await desk.get("/kaart?melder=Melder+1")).text)) == 3


async def test_the_ground_is_drawn_from_our_own_data(desk: DeskAtWork) -> None:
    ground = json.loads((await desk.get("/kaart/gebied.json")).text)
    assert "Binnenstad" in {wijk["naam"] for wijk in ground["wijken"]}
    assert len(ground["wijken"]) == 10
    latitudes = [point[0] for wijk in ground["wijken"] for polygon in wijk["grens"] for ring in polygon for point in ring]
    assert all(51.9 < latitude < 52.2 for latitude in latitudes)
    assert len(ground["buurten"]) > 100


async def test_without_a_background_no_page_may_fetch_from_elsewhere(desk: DeskAtWork) -> None:
    page = await desk.get("/kaart")
    assert "img-src 'self';" in page.headers["content-security-policy"]
    assert "data-tegels" not in page.text


async def test_with_a_background_the_map_may_fetch_from_that_one_host(desk: DeskAtWork) -> None:
    desk.client._transport.app = build_desk(replace(desk.app.state.desk, tiles=TILES))  # type: ignore[attr-defined]
    page = await desk.get("/kaart")
    assert "img-src 'self' https://tegels.test;" in page.headers["content-security-policy"]
    assert 'data-tegels="https://tegels.test/{z}/{x}/{y}.png"' in page.text
    for other in ("/", "/kaart/gebied.json", "/inloggen"):
        assert "img-src 'self';" in (await desk.get(other)).headers["content-security-policy"]
