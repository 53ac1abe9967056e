"""A call or a visit at an agreed time: the melder hears it, and calendars understand it."""

from __future__ import annotations

from datetime import timedelta

from icalendar import Calendar

from bot.appointments import invitation
from routing.melding import Event
from tests.builders import a_message
from tests.web.desk import DeskAtWork, readable


async def test_a_visit_is_told_to_the_melder_and_invites_colleagues(desk: DeskAtWork) -> None:
    desk.office.receive(a_message())
    fields = {
        "dag": "2026-11-26",
        "tijd": "14:30",
        "plaats": "Voorstraat, bij de brug",
        "collegas": "jan@utrecht.nl, an@utrecht.nl",
    }
    await desk.do(desk.melding(), "afspreken", **fields)
    assert "Wij komen bij u langs op donderdag 26 november, 14:30." in desk.reply().text
    assert "Groet, Samira" in desk.reply().text
    page = await desk.get("/meldingen/1/afspraak.ics")
    assert page.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(page.content).walk("VEVENT")
    assert event["location"] == "Voorstraat, bij de brug"
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(hours=1)
    assert [str(guest) for guest in event["attendee"]] == ["mailto:jan@utrecht.nl", "mailto:an@utrecht.nl"]
    copy = invitation(desk.melding(), desk.office.triage.replies.office, desk.office.clock(), with_guests=False)
    assert b"jan@" not in copy


async def test_a_call_back_has_a_time_and_a_past_moment_is_refused(desk: DeskAtWork) -> None:
    desk.office.receive(a_message())
    await desk.get("/meldingen/1")
    refused = await desk.post("/meldingen/1/afspreken", dag="2026-11-23", tijd="09:00")
    assert "Dit moment is voorbij" in readable(refused)
    await desk.do(desk.melding(), "afspreken", dag="2026-11-24", tijd="10:00")
    assert "Wij bellen u op dinsdag 24 november, 10:00." in desk.reply().text
    assert desk.office.has_event(1, Event.AFSPRAAK_GEMAAKT)


async def test_without_an_appointment_there_is_no_invitation(desk: DeskAtWork) -> None:
    desk.office.receive(a_message())
    assert (await desk.get("/meldingen/1/afspraak.ics")).status_code == 404
    assert (await desk.get("/volg/" + "a" * 32 + "/afspraak.ics")).status_code == 404
