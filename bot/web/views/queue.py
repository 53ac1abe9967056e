"""The queues: what waits for a colleague, the dringendste first, narrowed by the filters in the address bar."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from bot.roles import Right
from bot.web import words
from bot.web.actions import ENDINGS
from bot.web.forms import FormError
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext
from bot.web.listing import AGES, KINDS, Listing
from bot.web.pages import Message, Pages, go_on
from routing.errors import NotFoundError
from routing.melding import TO_JUDGE
from storage import queries, queues
from storage.queues import Asked, Queue, QueueCounts

router = APIRouter()
PER_PAGE = 25
_LONGEST_NAME = 40
_UNSIGNED = "@gezien@"  # where its own digest comes; the address before it would write it with %40


@router.get("/", dependencies=[needs(Right.LOOK)])
def show_queue(visit: Admitted, gezien: str = "") -> Response:
    """A page of a queue. htmx gets only the part that changes, and nothing (204) when it shows the same already."""
    pages: Pages = visit.request.app.state.pages
    listing = Listing.parse(visit.request.query_params)
    with visit.desk.database.reading() as connection:
        frame = pages.frame(connection, visit)
        values = frame | _read(connection, visit, listing, frame["counts"])
    unsigned = pages.text("_werkblad.html", values | {"seen": _UNSIGNED})
    seen = _digest(unsigned)
    if visit.is_partial and gezien == seen:
        return Response(status_code=204)
    sheet = unsigned.replace(_UNSIGNED, seen, 1)
    if visit.is_partial:
        return HTMLResponse(sheet)
    return pages.show(visit, "wachtrij.html", values | {"sheet": Markup(sheet)})  # noqa: S704 - a template escaped it


@router.post("/filters", dependencies=[needs(Right.LOOK)])
def save_filter(visit: Admitted) -> Response:
    """Give the list that the address names a name of one's own."""
    listing = Listing.parse(visit.request.query_params)
    name = visit.form.text("naam")
    if not name or len(name) > _LONGEST_NAME:
        raise FormError(gettext("Geef het filter een naam van hoogstens %(num)s tekens.", num=_LONGEST_NAME), name="naam")
    with visit.desk.database.work() as work:
        work.watching.save_filter(visit.account.username, name, listing.query())
        work.commit()
    return go_on(
        visit,
        f"/?{listing.query()}",
        Message(tone="ok", text=gettext("Het filter '%(naam)s' staat nu bij uw filters.", naam=name)),
    )


@router.post("/filters/{number}/verwijderen", dependencies=[needs(Right.LOOK)])
def forget_filter(visit: Admitted, number: str) -> Response:
    if re.fullmatch(r"[0-9]{1,12}", number) is None:
        raise NotFoundError(gettext("Dit filter bestaat niet. Kijk bij uw filters."))
    with visit.desk.database.work() as work:
        work.watching.forget_filter(visit.account.username, int(number))
        work.commit()
    listing = Listing.parse(visit.request.query_params)
    return go_on(visit, f"/?{listing.query()}", Message(tone="ok", text=gettext("Het filter is verwijderd.")))


def _read(connection: Any, visit: Visit, listing: Listing, counts: QueueCounts) -> dict[str, Any]:
    asked = listing.asked(visit)
    found = queues.page(connection, asked, limit=PER_PAGE, after=listing.after, before=listing.before)
    if not found.meldingen and (listing.after or listing.before):
        found = queues.page(connection, asked, limit=PER_PAGE)  # the page emptied meanwhile: begin again
    total = counts.queues.get(listing.queue)  # that of the closed is not counted: it only grows
    if total is not None and asked.filters:
        total = queues.count(connection, asked)
    urgent = queues.page(connection, Asked(queue=Queue.URGENT, now=asked.now, soon=asked.soon), limit=1).meldingen
    alarm = next((melding for melding in urgent if melding.urgency == "noodgeval" and melding.status in TO_JUDGE), None)
    return {
        "listing": listing,
        "queue": listing.queue,
        "title": gettext(words.QUEUES[listing.queue]),
        "hint": gettext(words.QUEUE_HINTS[listing.queue]),
        "nothing": gettext("Niets past bij deze filters." if listing.filters else words.EMPTY_QUEUES[listing.queue]),
        "found": found,
        "meldingen": found.meldingen,
        "arrivals": queries.arrivals(connection, [melding.id for melding in found.meldingen]),
        "alarm": alarm,
        "total": total,
        "ages": AGES,
        "kinds": KINDS,
        "ENDINGS": ENDINGS,
        "areas": visit.desk.areas,
        "asks_filters": "filters" in visit.request.query_params,
        "municipality": visit.desk.municipality,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
