"""Logging in and out."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.passwords import new_token
from bot.web.guard import Admitted, Entry, Visit, needs
from bot.web.pages import Pages, forget_session, set_cookie
from bot.web.security import local_path
from bot.web.sessions import FAILURES_BEFORE_LOCK, LOCK_MINUTES, Sessions

router = APIRouter()
_REFUSAL = (
    "De gebruikersnaam, het wachtwoord of de code klopt niet. "
    f"Na {FAILURES_BEFORE_LOCK} foute pogingen gaat een account {LOCK_MINUTES} minuten dicht."
)
_NOTES = {
    "uit": "U bent uitgelogd.",
    "verlopen": "Uw sessie is voorbij. Log opnieuw in.",
    "wachtwoord": "Uw wachtwoord is gewijzigd.",
}
_FORM_SECONDS = 3600


@router.get("/inloggen", dependencies=[needs(Entry.OPEN)])
def ask_login(visit: Admitted, naar: str = "/", reden: str = "") -> Response:
    """Whoever is logged in already goes on."""
    if visit.session is not None:
        return RedirectResponse(local_path(naar), status_code=303)
    return _form(visit, goal=naar, note=_NOTES.get(reden, ""))


@router.post("/inloggen", dependencies=[needs(Entry.OPEN)])
def login(visit: Admitted) -> Response:
    """A new token at every login; a session that was open in this browser ends."""
    sessions: Sessions = visit.request.app.state.sessions
    token = sessions.login(
        visit.form.text("gebruikersnaam"),
        visit.form.raw("wachtwoord"),
        visit.form.text("code"),
        browser=visit.request.headers.get("user-agent", ""),
    )
    if token is None:
        return _form(visit, goal=visit.form.raw("naar"), problem=_REFUSAL)
    if visit.token:
        sessions.close(visit.token)
    response = RedirectResponse(local_path(visit.form.raw("naar")), status_code=303)
    seconds = int(visit.desk.session_length.total_seconds())
    set_cookie(response, visit.desk, visit.cookies.session, token, seconds=seconds)
    return response


@router.post("/uitloggen", dependencies=[needs(Entry.STAFF)])
def logout(visit: Admitted) -> Response:
    sessions: Sessions = visit.request.app.state.sessions
    sessions.close(visit.token)
    response = RedirectResponse("/inloggen?reden=uit", status_code=303)
    forget_session(response, visit.desk)
    return response


def _form(visit: Visit, *, goal: str, note: str = "", problem: str = "") -> Response:
    """The form with a token that must come back in both the form and a cookie: nobody logs a colleague in as somebody else."""
    pages: Pages = visit.request.app.state.pages
    csrf = new_token()
    values = {"csrf": csrf, "goal": local_path(goal), "note": note, "problem": problem}
    username = visit.form.text("gebruikersnaam")
    response = pages.bare("login.html", values | {"username": username}, status=403 if problem else 200)
    set_cookie(response, visit.desk, visit.cookies.login, csrf, seconds=_FORM_SECONDS)
    return response
