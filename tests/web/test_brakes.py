"""The brakes on the desk: what they held is there to see, and the stop switch works."""

from __future__ import annotations

from datetime import timedelta

from routing.guards import Guard, Halt
from storage.database import Database
from tests.builders import a_message
from tests.web.desk import DeskAtWork, readable


async def test_a_colleague_stops_all_sending_and_lets_it_go_on(desk: DeskAtWork, database: Database) -> None:
    await desk.get("/remmen")
    page = readable(await desk.follow(await desk.post("/remmen/stoppen", reden="verkeerde tekst")))
    assert "Er gaat niets weg. Gestopt door samira" in page
    assert "verkeerde tekst" in page
    assert "De noodstop staat aan" in readable(await desk.get("/gezondheid"))
    await desk.get("/remmen")
    page = readable(await desk.follow(await desk.post("/remmen/hervatten")))
    assert "Alles wordt verstuurd." in page
    with database.work() as work:
        assert not work.guards.is_stopped()


async def test_what_a_guard_holds_is_listed_with_its_melding(desk: DeskAtWork, database: Database) -> None:
    desk.office.receive(a_message())
    assert "Er is nog geen bericht tegengehouden." in readable(await desk.get("/remmen"))
    with database.work() as work:
        until = desk.office.clock() + timedelta(hours=3)
        work.guards.record(desk.reply(), Halt(guard=Guard.NACHTRUST, until=until), desk.office.clock())
        work.commit()
    page = readable(await desk.get("/remmen"))
    assert "Nachtrust: wacht tot de ochtend 1 in 24 uur, 1 in 7 dagen" in page
    assert "WB-2026-00001/1" in page
    assert "Gaat weg vanaf" in page
