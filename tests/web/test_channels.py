"""The channels on the desk: what a colleague sets holds for the product, and who set it is kept."""

from __future__ import annotations

import re
from html import unescape

import pytest

from routing.channel_modes import ChannelMode
from storage.database import Database
from storage.journal import newest_lines
from tests.builders import a_message
from tests.web.desk import PASSWORD, DeskAtWork, readable

MODES = {"telegram": ChannelMode.FULL, "x": ChannelMode.INTAKE_ONLY}


@pytest.fixture(autouse=True)
def switched_on(desk: DeskAtWork, database: Database) -> None:
    with database.work() as work:
        work.channels.configure(MODES)
        work.commit()


def mode_of(database: Database, channel: str) -> ChannelMode:
    with database.looking() as work:
        return work.channels.get(channel).mode


@pytest.mark.parametrize("mode", ChannelMode)
async def test_a_colleague_changes_how_a_channel_works_and_says_why(
    desk: DeskAtWork, database: Database, mode: ChannelMode
) -> None:
    await desk.get("/kanalen")
    page = await desk.follow(await desk.post("/kanalen/stand", kanaal="telegram", stand=mode, reden="storing <b>bij</b> hen"))
    assert mode_of(database, "telegram") is mode
    assert mode_of(database, "x") is ChannelMode.INTAKE_ONLY
    with database.looking() as work:
        [change] = work.channels.changes_of("telegram")
    assert (change.actor, change.change, change.why) == ("samira", mode.value, "storing <b>bij</b> hen")
    assert "storing <b>bij</b> hen" in readable(page)
    assert "<b>bij" not in page.text


async def test_the_choice_is_given_back_to_the_settings(desk: DeskAtWork, database: Database) -> None:
    for chosen in (ChannelMode.STOPPED, "instellingen"):
        await desk.get("/kanalen")
        page = readable(await desk.follow(await desk.post("/kanalen/stand", kanaal="x", stand=chosen, reden="proef")))
    assert mode_of(database, "x") is ChannelMode.INTAKE_ONLY
    assert "X staat nu op: neemt alleen in." in page
    assert "instellingen: neemt alleen in" in page


async def test_a_channel_that_is_stopped_on_the_desk_sends_nothing(desk: DeskAtWork, database: Database) -> None:
    await desk.get("/kanalen")
    await desk.post("/kanalen/stand", kanaal="telegram", stand="stop", reden="proef")
    with database.looking() as work:
        assert not work.channels.get("telegram").may_work


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kanaal": "telegram", "stand": "stop", "reden": ""}, "Schrijf op waarom"),
        ({"kanaal": "telegram", "stand": "misschien", "reden": "x"}, "Kies hoe het kanaal moet werken"),
        ({"kanaal": "hyves", "stand": "stop", "reden": "x"}, "staat niet aan in de instellingen"),
    ],
)
async def test_what_is_wrong_changes_nothing(desk: DeskAtWork, database: Database, fields: dict[str, str], problem: str) -> None:
    await desk.get("/kanalen")
    response = await desk.post("/kanalen/stand", **fields)
    assert response.status_code in {400, 404}
    assert problem in readable(response)
    assert mode_of(database, "telegram") is ChannelMode.FULL


async def test_who_may_not_decide_what_leaves_sees_and_changes_nothing(desk: DeskAtWork, database: Database) -> None:
    desk.add_colleague("ahmed", "Ahmed", "behandelaar")
    desk.client.cookies.clear()
    await desk.log_in(PASSWORD, "ahmed")
    page = await desk.get("/kanalen")
    assert "Zet om" not in page.text
    assert "Nodig uit" not in page.text
    for path in ("/kanalen/stand", "/kanalen/collegas", "/kanalen/collegas/weg"):
        assert (await desk.post(path, kanaal="telegram", stand="stop", reden="x", naam="Jan")).status_code == 403
    assert mode_of(database, "telegram") is ChannelMode.FULL


async def test_a_colleague_is_introduced_reports_and_is_let_go(desk: DeskAtWork, database: Database) -> None:
    await desk.get("/kanalen")
    page = await desk.post("/kanalen/collegas", naam="Jan de Boer")
    found = re.search(r"/start ([\w-]+)", unescape(page.text))
    assert found is not None
    assert found[1] not in (await desk.get("/kanalen")).text  # it is shown once

    desk.office.receive(a_message(found[0]))
    assert "Jan de Boer: meldt sinds" in readable(await desk.get("/kanalen"))
    desk.office.receive(a_message("lantaarn stuk op de Springweg"))

    await desk.get("/kanalen")
    page = await desk.follow(await desk.post("/kanalen/collegas/weg", naam="Jan de Boer"))
    assert "Jan de Boer is geen collega meer" in readable(page)
    assert "Er is nog geen collega uitgenodigd." in readable(page)
    with database.reading() as connection:
        lines = [(line.actor, line.action, line.object) for line in newest_lines(connection, limit=10)]
    assert ("samira", "collega uitgenodigd", "Jan de Boer") in lines
    assert ("samira", "collega verwijderd", "Jan de Boer") in lines
    assert found[1] not in str(lines)
