"""The brakes: the stop switch, and which messages a guard made wait or holds for a colleague."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from bot.roles import Right
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext
from bot.web.pages import Message, Pages, go_on
from routing.sentences import said
from storage.guards import Guards, trip_counts, trips

router = APIRouter()
SHOWN = 50
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@router.get("/remmen", dependencies=[needs(Right.LOOK)])
def show_brakes(visit: Admitted) -> Response:
    pages: Pages = visit.request.app.state.pages
    now = visit.desk.now()
    with visit.desk.database.reading() as connection:
        values = {
            "switch": Guards(connection).switch(),
            "today": trip_counts(connection, since=now - _DAY),
            "week": trip_counts(connection, since=now - _WEEK),
            "trips": trips(connection, limit=SHOWN),
            "shown": SHOWN,
            "place": "remmen",
        }
    return pages.show(visit, "remmen.html", values)


@router.post("/remmen/stoppen", dependencies=[needs(Right.SEND)])
def stop(visit: Admitted) -> Response:
    """Nothing leaves any more, on any channel, until somebody lets it."""
    why = visit.form.text("reden")
    return _switch(
        visit, why or said("geen reden opgegeven"), gettext("Er gaat niets meer weg. Berichten komen wel binnen."), is_on=True
    )


@router.post("/remmen/hervatten", dependencies=[needs(Right.SEND)])
def resume(visit: Admitted) -> Response:
    return _switch(visit, said("hervat"), gettext("Wat wachtte, gaat nu weg."), is_on=False)


def _switch(visit: Visit, why: str, done: str, *, is_on: bool) -> Response:
    with visit.desk.database.work() as work:
        work.guards.set_switch(is_on=is_on, by=visit.account.username, why=why, now=visit.desk.now())
        work.commit()
    return go_on(visit, "/remmen", Message(tone="warning" if is_on else "ok", text=done))
