"""How it goes, for colleagues and for a monitor."""

from __future__ import annotations

import json
from datetime import timedelta

from routing.messages import UnreadableItem
from storage.database import Database
from tests.builders import MONDAY, a_message, take_in
from tests.web.desk import DeskAtWork, readable


async def test_a_monitor_needs_no_login_and_hears_that_all_is_well(strangers_desk: DeskAtWork) -> None:
    response = await strangers_desk.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"


async def test_a_monitor_is_told_when_something_stands_still(strangers_desk: DeskAtWork) -> None:
    take_in(strangers_desk.office.database, a_message())
    strangers_desk.office.clock.advance(minutes=11)
    response = await strangers_desk.get("/health")
    assert response.status_code == 503
    assert response.json()["waiting_messages"] == 1
    assert response.json()["oldest_waiting_seconds"] == 660


async def test_work_that_waits_for_colleagues_is_no_alarm(strangers_desk: DeskAtWork, database: Database) -> None:
    take_in(database, UnreadableItem(channel="x", external_id="1", reason="onbekend", raw="{}"))
    response = await strangers_desk.get("/health")
    assert response.status_code == 200
    assert response.json()["unreadable"] == 1


async def test_a_paused_channel_is_an_alarm_without_its_error(strangers_desk: DeskAtWork, database: Database) -> None:
    for _ in range(2):
        with database.work() as work:
            work.channels.record_refusal("x", "token ABC van Ada is verlopen", MONDAY)
            work.commit()
    response = await strangers_desk.get("/health")
    assert response.status_code == 503
    assert response.json()["channels"]["x"]["paused"] is True
    assert "ABC" not in response.text


async def test_the_figures_carry_nothing_of_residents(strangers_desk: DeskAtWork) -> None:
    strangers_desk.office.receive(a_message("bel Ada op 06-12345678"))
    text = json.dumps((await strangers_desk.get("/health")).json())
    assert "Ada" not in text
    assert "0612345678" not in text.replace("-", "")


async def test_a_database_that_does_not_answer_is_an_alarm(strangers_desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE channel_states")
    response = await strangers_desk.get("/health")
    assert response.status_code == 503
    assert response.json() == {"status": "fout", "database": False}


async def test_colleagues_read_it_in_plain_dutch(desk: DeskAtWork) -> None:
    take_in(desk.office.database, a_message())
    page = readable(await desk.get("/gezondheid"))
    assert "Alles loopt." in page or "De balie werkt." in page
    assert "Telegram" in page
    desk.office.clock.advance(minutes=11)
    page = readable(await desk.get("/gezondheid"))
    assert "Er staat iets stil." in page
    assert "Gezondheid let op" in page


async def test_a_token_that_ends_soon_is_told_and_is_no_alarm_until_it_ended(desk: DeskAtWork, database: Database) -> None:
    clock = desk.office.clock
    with database.work() as work:
        work.channels.record_check("x", clock(), token_expires_at=clock() + timedelta(days=7))
        work.commit()
    early, page = await desk.get("/health"), await desk.get("/gezondheid")
    with database.work() as work:
        work.channels.record_check("x", clock(), token_expires_at=clock() - timedelta(days=1))
        work.commit()
    late = await desk.get("/health")
    assert (early.status_code, late.status_code) == (200, 503)
    assert "Het token van kanaal x verloopt op" in readable(page)
