"""What may be one matter: many meldingen about the same thing at the same place, to be merged with one look."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from bot.roles import Right
from bot.web.guard import Admitted, needs
from bot.web.pages import Pages
from storage.nearby import clusters

router = APIRouter()
WINDOW = timedelta(days=3)
AT_ONCE = 50  # as many as one form can carry with room to spare


@router.get("/hoort-bij-elkaar", dependencies=[needs(Right.JUDGE)])
def show_clusters(visit: Admitted) -> Response:
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.reading() as connection:
        found = clusters(connection, since=visit.desk.now() - WINDOW)
    names = {code: topic.name for code, topic in visit.desk.municipality.onderwerpen.items()}
    values = {"clusters": found, "names": names, "at_once": AT_ONCE, "days": WINDOW.days, "place": "hoort-bij-elkaar"}
    return pages.show(visit, "hoort_bij_elkaar.html", values)
