"""Logging in and out."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.passwords import new_token
from bot.web.guard import Admitted, Entry, ForbiddenError, Visit, needs
from bot.web.language import gettext, msg
from bot.web.pages import Pages, forget_session, set_cookie
from bot.web.security import local_path
from bot.web.sessions import FAILURES_BEFORE_LOCK, LOCK_MINUTES, Sessions

router = APIRouter()
_REFUSAL = msg(
    "De gebruikersnaam, het wachtwoord of de code klopt niet. "
    "Na %(pogingen)s foute pogingen gaat een account %(minuten)s minuten dicht."
)
_NOTES = {
    "uit": msg("U bent uitgelogd."),
    "uit-organisatie": msg("U bent uitgelogd bij de balie, en nog niet bij uw organisatie."),
    "verlopen": msg("Uw sessie is voorbij. Log opnieuw in."),
    "wachtwoord": msg("Uw wachtwoord is gewijzigd."),
}
_FORM_SECONDS = 3600


@router.get("/inloggen", dependencies=[needs(Entry.OPEN)])
def ask_login(visit: Admitted, naar: str = "/", reden: str = "") -> Response:
    """Whoever is logged in already goes on."""
    if visit.session is not None:
        return RedirectResponse(local_path(naar), status_code=303)
    return login_page(visit, goal=naar, reason=reden)


@router.post("/inloggen", dependencies=[needs(Entry.OPEN)])
def login(visit: Admitted) -> Response:
    """A new token at every login; a session that was open in this browser ends."""
    if not visit.desk.takes_passwords:
        raise ForbiddenError(gettext("Inloggen met een wachtwoord staat uit. Log in met uw organisatie."))
    sessions: Sessions = visit.request.app.state.sessions
    token = sessions.login(
        visit.form.text("gebruikersnaam"),
        visit.form.raw("wachtwoord"),
        visit.form.text("code"),
        browser=visit.request.headers.get("user-agent", ""),
    )
    if token is None:
        refusal = gettext(_REFUSAL, pogingen=FAILURES_BEFORE_LOCK, minuten=LOCK_MINUTES)
        return login_page(visit, goal=visit.form.raw("naar"), problem=refusal)
    return let_in(visit, token, visit.form.raw("naar"))


def let_in(visit: Visit, token: str, goal: str) -> Response:
    """On to the goal with a new session; one that was open in this browser ends."""
    sessions: Sessions = visit.request.app.state.sessions
    if visit.token:
        sessions.close(visit.token)
    response = RedirectResponse(local_path(goal), status_code=303)
    seconds = int(visit.desk.session_length.total_seconds())
    set_cookie(response, visit.desk, visit.cookies.session, token, seconds=seconds)
    return response


@router.post("/uitloggen", dependencies=[needs(Entry.STAFF)])
def logout(visit: Admitted) -> Response:
    sessions: Sessions = visit.request.app.state.sessions
    sessions.close(visit.token)
    reason = "uit-organisatie" if visit.session and visit.session.by_organisation else "uit"
    response = RedirectResponse(f"/inloggen?reden={reason}", status_code=303)
    forget_session(response, visit.desk)
    return response


def login_page(visit: Visit, *, goal: str, reason: str = "", problem: str = "", status: int = 403) -> Response:
    """The form with a token that must come back in both the form and a cookie: nobody logs a colleague in as somebody else.

    `reason` is why the colleague is here, a key of the notes. A page with a problem has the `status`.
    """
    pages: Pages = visit.request.app.state.pages
    csrf = new_token()
    values = {
        "csrf": csrf,
        "desk": visit.desk,
        "goal": local_path(goal),
        "note": gettext(_NOTES[reason]) if reason in _NOTES else "",
        "problem": problem,
        "reason": reason,
        "username": visit.form.text("gebruikersnaam"),
    }
    response = pages.bare("login.html", values, status=status if problem else 200)
    set_cookie(response, visit.desk, visit.cookies.login, csrf, seconds=_FORM_SECONDS)
    return response
