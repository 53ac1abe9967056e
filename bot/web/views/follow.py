"""The page by which a resident follows their melding: no account, no script, one unguessable address."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import Response

from bot.appointments import invitation
from bot.follow import LANGUAGE_NAMES, WORDS, page_of
from bot.roles import Right
from bot.texts import LANGUAGES
from bot.web.guard import Admitted, Entry, Visit, needs
from bot.web.language import gettext
from bot.web.pages import Pages
from routing.errors import NotFoundError
from storage import queries

router = APIRouter()
_NUMBER = re.compile(r"[0-9]{1,12}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")


@router.get("/volg/{token}", dependencies=[needs(Entry.OPEN)])
def show_follow(visit: Admitted, token: str, taal: str = "") -> Response:
    """404, in the same words, for a link that never was and for one that expired."""
    pages: Pages = visit.request.app.state.pages
    desk = visit.desk
    with desk.database.looking() as work:
        followed = work.follow.find(token, desk.now()) if _TOKEN.fullmatch(token) else None
    language = _language(visit, taal, followed.language if followed else "")
    replies = desk.handling.replies
    values = {"now": desk.now(), "languages": [(code, LANGUAGE_NAMES[code]) for code in LANGUAGES if code != language]}
    if followed is None or followed.melding_id is None:
        book, reason = replies.texts[language], "verlopen" if followed is None else "wacht"
        words = {name: book.word(f"volg_{name}", {"kantoor": replies.office, **replies.contact.as_values()}) for name in WORDS}
        told = {"page": None, "language": language, "words": words, "reason": reason}
        return pages.bare("volg.html", values | told, status=404 if followed is None else 200)
    with desk.database.reading() as connection:
        melding = queries.get_melding(connection, followed.melding_id)
        if melding.merged_into_id is not None:
            melding = queries.get_melding(connection, melding.merged_into_id)
        page = page_of(replies, melding, queries.event_log(connection, melding.id), language)
    return pages.bare(
        "volg.html",
        values
        | {
            "page": page,
            "language": language,
            "words": page.words,
            "book": replies.texts[language],
            "has_appointment": melding.appointment_at is not None and not melding.is_closed,
            "address": f"/volg/{token}",
        },
    )


def _language(visit: Visit, wanted: str, of_melder: str) -> str:
    """The language that was asked for, else the melder's own, else that of the browser."""
    browser = visit.request.headers.get("accept-language", "")[:2].lower()
    fallback = "en" if of_melder not in {"", *LANGUAGES} else LANGUAGES[0]
    return next((code for code in (wanted, of_melder, browser) if code in LANGUAGES), fallback)


@router.get("/volg/{token}/afspraak.ics", dependencies=[needs(Entry.OPEN)])
def show_invitation(visit: Admitted, token: str) -> Response:
    """The appointment for the resident's own calendar, without the names of colleagues."""
    desk = visit.desk
    with desk.database.looking() as work:
        followed = work.follow.find(token, desk.now()) if _TOKEN.fullmatch(token) else None
        melding = work.meldingen.get(followed.melding_id) if followed and followed.melding_id else None
    if melding is None or melding.appointment_at is None:
        raise NotFoundError(gettext("Deze afspraak is er niet (meer)."))
    return calendar_file(invitation(melding, desk.office, desk.now(), with_guests=False))


@router.get("/meldingen/{number}/afspraak.ics", dependencies=[needs(Right.HANDLE)])
def show_colleagues_invitation(visit: Admitted, number: str) -> Response:
    """The appointment for colleagues, with everybody who joins."""
    if _NUMBER.fullmatch(number) is None:
        raise NotFoundError(gettext("Deze melding bestaat niet."))
    melding = visit.desk.handling.get(int(number))
    if melding.appointment_at is None:
        raise NotFoundError(gettext("Bij deze melding is geen afspraak."))
    return calendar_file(invitation(melding, visit.desk.office, visit.desk.now(), with_guests=True))


def calendar_file(content: bytes) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="afspraak.ics"'}
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)
