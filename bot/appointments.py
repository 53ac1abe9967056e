"""An appointment as an invitation that any calendar reads (iCalendar, RFC 5545). Sends nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vText

from storage.meldingen import Melding

LENGTHS = {True: timedelta(hours=1), False: timedelta(minutes=15)}
"""How long an appointment on location (True) and a call (False) take."""


def invitation(melding: Melding, office: str, now: datetime, *, with_guests: bool) -> bytes:
    """The invitation to the appointment of a melding. A changed appointment replaces the earlier one in every calendar.

    It names the melding by its number only; `with_guests` adds the colleagues, which is not for the melder's copy.
    Raises ValueError when there is no appointment.
    """
    if melding.appointment_at is None:
        raise ValueError("there is no appointment")
    is_visit = melding.appointment_place is not None
    event = Event()
    event.add("uid", f"{melding.kenmerk}@wijkbalie")
    event.add("sequence", melding.event_count)
    event.add("dtstamp", now)
    event.add("dtstart", melding.appointment_at)
    event.add("dtend", melding.appointment_at + LENGTHS[is_visit])
    event.add("summary", f"{office}: {'afspraak' if is_visit else 'wij bellen u'} over {melding.kenmerk}")
    if melding.appointment_place is not None:
        event.add("location", melding.appointment_place)
    for address in melding.appointment_guests.split() if with_guests else ():
        guest = vCalAddress(f"mailto:{address}")
        guest.params["ROLE"] = vText("REQ-PARTICIPANT")
        event.add("attendee", guest, encode=False)
    calendar = Calendar()
    calendar.add("prodid", "-//Wijkbalie//NL")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
