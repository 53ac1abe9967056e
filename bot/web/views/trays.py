"""The trays: replies that no machine could or may send, and items nobody could read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from bot.roles import Right
from bot.web import display
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext
from bot.web.pages import Message, Pages, go_on
from bot.web.retelling import told
from routing.errors import InvalidTransitionError, NotFoundError
from storage import queries

router = APIRouter()
SHOWN = 50


@router.get("/niet-verzonden", dependencies=[needs(Right.HANDLE)])
def show_unsent(visit: Admitted) -> Response:
    return _unsent(visit)


@router.post("/niet-verzonden/{number}/geplaatst", dependencies=[needs(Right.SEND)])
def mark_posted(visit: Admitted, number: str) -> Response:
    """A colleague placed the text by hand, or saw that it is there."""
    return _decide(visit, number, visit.desk.handling.mark_posted, gettext("Genoteerd: het antwoord is geplaatst."))


@router.post("/niet-verzonden/{number}/opnieuw-versturen", dependencies=[needs(Right.SEND)])
def send_again(visit: Admitted, number: str) -> Response:
    """A colleague looked, and it is not there."""
    return _decide(visit, number, visit.desk.handling.send_again, gettext("Het antwoord wordt opnieuw verzonden."))


@router.get("/niet-leesbaar", dependencies=[needs(Right.JUDGE)])
def show_unreadable(visit: Admitted) -> Response:
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.reading() as connection:
        found = queries.unreadable_items(connection, limit=SHOWN)
    items = [(item, display.raw_payload(item.raw)) for item in found]
    return pages.show(visit, "niet_leesbaar.html", {"items": items, "shown": SHOWN, "place": "niet-leesbaar"})


def _unsent(visit: Visit, *, message: Message | None = None, status: int = 200) -> Response:
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.reading() as connection:
        replies = queries.unsent_replies(connection, limit=SHOWN)
        names = queries.addressees(connection, [reply.melder_id for reply in replies])
    values: dict[str, Any] = {"replies": replies, "names": names, "shown": SHOWN, "place": "niet-verzonden"}
    return pages.show(visit, "niet_verzonden.html", values, message=message, status=status)


def _decide(visit: Visit, number: str, decide: Callable[..., None], done: str) -> Response:
    if re.fullmatch(r"[0-9]{1,12}", number) is None:
        raise NotFoundError(gettext("Dit antwoord bestaat niet. Kijk bij Niet verzonden."))
    try:
        decide(int(number), account=visit.account.username)
    except InvalidTransitionError as error:
        hint = gettext("Hieronder staat wat er nu nog wacht.")
        return _unsent(visit, message=Message(tone="error", text=told(str(error)), hint=hint), status=409)
    return go_on(visit, "/niet-verzonden", Message(tone="ok", text=done))
