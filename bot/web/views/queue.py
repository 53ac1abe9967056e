"""The queue: what waits for a colleague, the dringendste first."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from bot.web import words
from bot.web.guard import Admitted, Visit
from bot.web.pages import AT_RISK, Pages
from routing.melding import TO_JUDGE
from storage import queries
from storage.queries import Queue

router = APIRouter()
PER_PAGE = 25


@router.get("/")
def show_queue(visit: Admitted, queue: str = Queue.TO_JUDGE.value, page: str = "1", gezien: str = "") -> Response:
    """A page of a queue. htmx gets only the part that changes, and nothing (204) when it shows the same already."""
    pages: Pages = visit.request.app.state.pages
    chosen = Queue(queue) if queue in set(Queue) else Queue.TO_JUDGE
    frame = pages.frame(visit)
    values = frame | _read(visit, chosen, _page_number(page), frame["counts"].queues[chosen])
    seen = _digest(pages.text("_werkblad.html", values | {"seen": ""}))
    if visit.is_partial:
        if gezien == seen:
            return Response(status_code=204)
        return HTMLResponse(pages.text("_werkblad.html", values | {"seen": seen}))
    return pages.show(visit, "wachtrij.html", values | {"seen": seen})


def _read(visit: Visit, queue: Queue, page: int, total: int) -> dict[str, Any]:
    now = visit.desk.now()
    last = max(1, -(-total // PER_PAGE))
    page = min(page, last)
    with visit.desk.database.reading() as connection:
        soon = now + AT_RISK
        found = queries.list_queue(connection, queue, soon=soon, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
        arrivals = queries.arrivals(connection, [melding.id for melding in found])
        urgent = queries.list_queue(connection, Queue.URGENT, soon=soon, limit=1)
    alarm = next((melding for melding in urgent if melding.urgency == "noodgeval" and melding.status in TO_JUDGE), None)
    return {
        "queue": queue,
        "title": words.QUEUES[queue],
        "hint": words.QUEUE_HINTS[queue],
        "nothing": words.EMPTY_QUEUES[queue],
        "meldingen": found,
        "arrivals": arrivals,
        "alarm": alarm,
        "total": total,
        "page": page,
        "last": last,
    }


def _page_number(text: str) -> int:
    """A number nobody can abuse; the first page for anything else."""
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
