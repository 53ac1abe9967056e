"""Searching everything that was said: words, streets, reference numbers."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.roles import Right
from bot.web.guard import Admitted, needs
from bot.web.pages import Pages
from storage import queries
from storage.search import Found, reference_in, search

router = APIRouter()
PER_PAGE = 25
_LONGEST = 200


@router.get("/zoeken", dependencies=[needs(Right.LOOK)])
def show_found(visit: Admitted, q: str = "", na: str = "") -> Response:
    """What was found, the newest first. A reference number alone leads straight to its melding."""
    pages: Pages = visit.request.app.state.pages
    asked = " ".join(q.split())[:_LONGEST]
    older_than = int(na) if re.fullmatch(r"[0-9]{1,12}", na) else None
    found = Found(meldingen=(), has_more=False)
    with visit.desk.database.reading() as connection:
        if asked:
            found = search(connection, asked, limit=PER_PAGE, sees_contacts=visit.account.sees_contacts, older_than=older_than)
        if reference_in(asked) is not None and len(found.meldingen) == 1:
            return RedirectResponse(f"/meldingen/{found.meldingen[0].id}", status_code=303)
        values = pages.frame(connection, visit)
        values["arrivals"] = queries.arrivals(connection, [melding.id for melding in found.meldingen])
    values |= {"asked": asked, "found": found, "meldingen": found.meldingen, "queue": "", "place": "zoeken"}
    return pages.show(visit, "zoeken.html", values)
