"""Logging in and out at the organisation's own provider, and linking an account of the desk to it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from bot.identities import NoAccessError, identity_of
from bot.oidc import Attempt, LoginRefusedError, ProviderDownError
from bot.web.desk import Organisation
from bot.web.forms import FormError
from bot.web.guard import Admitted, Entry, Visit, needs
from bot.web.language import gettext
from bot.web.pages import Message, Pages, forget, go_on, set_cookie
from bot.web.retelling import told
from bot.web.security import is_same_token, sign
from bot.web.sessions import Sessions
from bot.web.views.login import let_in, login_page
from routing.errors import NotFoundError

router = APIRouter()
RETURN_PATH = "/inloggen/organisatie/terug"
PATH_AFTER_LOGOUT = "/inloggen"
_ATTEMPT_SECONDS = 600


# Without a repr: it holds an attempt.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Started:
    """What the browser keeps while it is away. `link` proves that the colleague asked to link the account of this session."""

    attempt: Attempt
    goal: str
    link: str = ""

    def packed(self) -> str:
        parts = [self.attempt.state, self.attempt.nonce, self.attempt.verifier, self.goal, self.link]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @classmethod
    def unpacked(cls, cookie: str) -> _Started:
        """Raises LoginRefusedError."""
        try:
            state, nonce, verifier, goal, link = map(str, json.loads(base64.urlsafe_b64decode(cookie)))
        except (ValueError, TypeError, binascii.Error) as error:
            raise LoginRefusedError(gettext("Deze aanmelding is verlopen. Begin opnieuw met inloggen.")) from error
        return cls(attempt=Attempt(state=state, nonce=nonce, verifier=verifier), goal=goal, link=link)


@router.get("/inloggen/organisatie", dependencies=[needs(Entry.OPEN)])
async def begin(visit: Admitted, naar: str = "/") -> Response:
    started = _Started(attempt=Attempt.new(), goal=naar)
    try:
        address = await _organisation(visit).provider.begin(started.attempt)
    except ProviderDownError as error:
        return login_page(visit, goal=naar, problem=told(str(error)), status=503)
    response = RedirectResponse(address, status_code=303)
    set_cookie(response, visit.desk, visit.cookies.attempt, started.packed(), seconds=_ATTEMPT_SECONDS)
    return response


@router.post("/inloggen/organisatie/koppelen", dependencies=[needs(Entry.STAFF)])
async def begin_link(visit: Admitted) -> Response:
    """Asks the password once more: who sits at a desk that was left open must not link the account to themselves."""
    sessions: Sessions = visit.request.app.state.sessions
    pages: Pages = visit.request.app.state.pages
    if not await run_in_threadpool(sessions.is_own_password, visit.account, visit.form.raw("wachtwoord")):
        raise FormError(gettext("Uw huidige wachtwoord klopt niet. Er is niets veranderd."), name="wachtwoord")
    attempt = Attempt.new()
    provider = _organisation(visit).provider
    address = await provider.begin(attempt)
    values = {"address": address, "name": provider.name, "place": "mijn"}
    response = await run_in_threadpool(pages.show, visit, "koppelen.html", values)
    started = _Started(attempt=attempt, goal="/mijn", link=sign(attempt.state, visit.csrf))
    set_cookie(response, visit.desk, visit.cookies.attempt, started.packed(), seconds=_ATTEMPT_SECONDS)
    return response


@router.get(RETURN_PATH, dependencies=[needs(Entry.OPEN)])
async def come_back(visit: Admitted) -> Response:
    """The browser comes back from the provider. The attempt is used up, whatever comes of it."""
    try:
        response = await _finish(visit)
    except ProviderDownError as error:
        response = login_page(visit, goal="/", problem=told(str(error)), status=503)
    except (LoginRefusedError, NoAccessError) as error:
        response = login_page(visit, goal="/", problem=told(str(error)), status=403)
    forget(response, visit.desk, visit.cookies.attempt)
    return response


@router.get("/uitloggen/organisatie", dependencies=[needs(Entry.OPEN)])
async def leave(visit: Admitted) -> Response:
    """On to the page of the provider that logs out there. A link, not a form: a form may lead to no other site."""
    try:
        address = await _organisation(visit).provider.end_address()
    except ProviderDownError as error:
        return login_page(visit, goal="/", problem=told(str(error)), status=503)
    return RedirectResponse(address or "/inloggen?reden=uit", status_code=303)


async def _finish(visit: Visit) -> Response:
    """Raises LoginRefusedError, ProviderDownError or NoAccessError."""
    organisation = _organisation(visit)
    sessions: Sessions = visit.request.app.state.sessions
    started = _Started.unpacked(visit.request.cookies.get(visit.cookies.attempt, ""))
    claims = await organisation.provider.complete(started.attempt, visit.request.query_params, organisation.rules.are_answered_by)
    identity = identity_of(claims, organisation.rules)
    if started.link:
        if visit.session is None or not is_same_token(started.link, sign(started.attempt.state, visit.csrf)):
            raise LoginRefusedError(gettext("Deze koppeling hoort niet bij wie nu is ingelogd. Begin opnieuw onder uw naam."))
        await run_in_threadpool(sessions.link, visit.account, identity)
        return go_on(
            visit,
            "/mijn",
            Message(tone="ok", text=gettext("Vanaf nu kunt u inloggen met %(naam)s.", naam=organisation.provider.name)),
        )
    browser = visit.request.headers.get("user-agent", "")
    token = await run_in_threadpool(sessions.login_by_organisation, identity, browser=browser)
    return await run_in_threadpool(let_in, visit, token, started.goal)


def _organisation(visit: Visit) -> Organisation:
    if visit.desk.organisation is None:
        raise NotFoundError(gettext("Inloggen met de organisatie staat uit. Log in met een gebruikersnaam en wachtwoord."))
    return visit.desk.organisation
