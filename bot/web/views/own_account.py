"""A colleague's own account: password, logging in in two steps, and where they are logged in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from bot.passwords import digest, hash_password
from bot.roles import Right
from bot.second_factor import counter_of, is_secret, new_secret, qr_svg
from bot.web.forms import FormError
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import LANGUAGES, gettext, speak, wished
from bot.web.pages import Message, Pages, forget_session, go_on
from bot.web.sessions import Sessions
from routing.sentences import said

router = APIRouter()
_LOOK = [needs(Right.LOOK)]


@router.get("/mijn", dependencies=_LOOK)
def show_own(visit: Admitted) -> Response:
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.looking() as work:
        account = work.staff.get_account(visit.account.username)
        sessions = work.staff.sessions_of(account, visit.desk.now())
    values = {"sessions": sessions, "here": digest(visit.token), "has_totp": account.totp_secret is not None, "place": "mijn"}
    return pages.show(visit, "mijn.html", values)


@router.post("/mijn/twee-stappen", dependencies=_LOOK)
def begin_totp(visit: Admitted) -> Response:
    """Shows a new secret, as a picture and in letters. It counts only once the password and a code of it were typed."""
    pages: Pages = visit.request.app.state.pages
    secret = new_secret()
    picture = qr_svg(secret, username=visit.account.username, office=visit.desk.office)
    return pages.show(visit, "twee_stappen.html", {"secret": secret, "picture": picture, "place": "mijn"})


@router.post("/mijn/twee-stappen/bevestigen", dependencies=_LOOK)
def confirm_totp(visit: Admitted) -> Response:
    _check_password(visit)
    secret, now = visit.form.raw("geheim"), visit.desk.now()
    counter = counter_of(secret, visit.form.text("code"), now, after=0) if is_secret(secret) else None
    if counter is None:
        raise FormError(
            gettext("Deze code klopt niet. Kijk of de klok van uw telefoon goed staat en begin opnieuw."), name="code"
        )
    with visit.desk.database.work() as work:
        work.staff.set_totp(work.staff.get_account(visit.account.username), secret, counter)
        work.journal.write(visit.account.username, said("twee stappen aan"), visit.account.username, now)
        work.commit()
    return go_on(
        visit, "/mijn", Message(tone="ok", text=gettext("Vanaf nu vraagt de balie bij het inloggen ook een code uit uw app."))
    )


@router.post("/mijn/wachtwoord", dependencies=_LOOK)
def change_password(visit: Admitted) -> Response:
    """A new password ends every session, also this one."""
    _check_password(visit)
    hashed = hash_password(visit.form.raw("nieuw"))
    with visit.desk.database.work() as work:
        work.staff.set_password(work.staff.get_account(visit.account.username), hashed)
        work.journal.write(visit.account.username, said("wachtwoord gewijzigd"), visit.account.username, visit.desk.now())
        work.commit()
    response = go_on(visit, "/inloggen?reden=wachtwoord")
    forget_session(response, visit.desk)
    return response


@router.post("/mijn/sessies", dependencies=_LOOK)
def end_session(visit: Admitted) -> Response:
    with visit.desk.database.work() as work:
        work.staff.end_session(work.staff.get_account(visit.account.username), visit.form.raw("sessie"))
        work.commit()
    return go_on(visit, "/mijn", Message(tone="ok", text=gettext("Die sessie is beëindigd.")))


@router.post("/mijn/taal", dependencies=_LOOK)
def choose_language(visit: Admitted) -> Response:
    """The language of the desk for this colleague alone; an empty one follows the browser again."""
    language = visit.form.choice("taal", ("", *LANGUAGES), gettext("Kies een taal uit de lijst."))
    with visit.desk.database.work() as work:
        work.staff.set_language(work.staff.get_account(visit.account.username), language or None)
        work.commit()
    speak(language or wished(visit.request.headers.get("accept-language", "")))
    return go_on(visit, "/mijn", Message(tone="ok", text=gettext("De balie spreekt nu Nederlands.")))


def _check_password(visit: Visit) -> None:
    sessions: Sessions = visit.request.app.state.sessions
    if not sessions.is_own_password(visit.account, visit.form.raw("wachtwoord")):
        raise FormError(gettext("Uw huidige wachtwoord klopt niet. Er is niets veranderd."), name="wachtwoord")
