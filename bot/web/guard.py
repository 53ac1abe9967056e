"""The door of the desk: every route passes here first, so a new view is closed until somebody opens it.

Four questions for every request: does a post come from our own page, who is it, does the form carry the token of the session,
and does who it is have the one right that the route declares?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request, params
from starlette.concurrency import run_in_threadpool

from bot.roles import Right, has_right
from bot.web.desk import Desk
from bot.web.forms import Form, read_form
from bot.web.language import gettext, speak
from bot.web.security import is_own_request, is_same_token
from bot.web.sessions import Sessions
from bot.web.words import ROLES, word
from routing.errors import WijkbalieError
from storage.queues import Viewer
from storage.staff import Account, Session

# What a colleague reaches who must set up a second factor first.
_BEFORE_SECOND_FACTOR = ("/mijn", "/inloggen/organisatie", "/uitloggen")


class Entry(StrEnum):
    """What a route may ask instead of a right: nothing at all, or only a login."""

    OPEN = "open"
    STAFF = "ingelogd"


class LoginNeededError(WijkbalieError):
    """Nobody is logged in. `was_over` tells that there was a session, which has ended."""

    def __init__(self, *, was_over: bool = False) -> None:
        super().__init__("Log eerst in.")
        self.was_over = was_over


class SecondFactorNeededError(WijkbalieError):
    """The desk asks a second factor of who logs in with a password, and this account has none yet."""


class ForbiddenError(WijkbalieError):
    """The request does not come from a form of this desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieNames:
    """Over https the names promise the browser that no other host or path can have set them (RFC 6265bis, `__Host-`)."""

    session: str
    login: str
    flash: str
    attempt: str

    @classmethod
    def of(cls, desk: Desk) -> CookieNames:
        prefix = "__Host-wijkbalie" if desk.is_secure else "wijkbalie"
        return cls(
            session=f"{prefix}-sessie", login=f"{prefix}-inloggen", flash=f"{prefix}-bericht", attempt=f"{prefix}-aanmelden"
        )


# Without a repr: it holds tokens and what was typed.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Visit:
    """One request that was let in: by whom, with which form. `csrf` is what forms on the answered page must carry."""

    request: Request
    desk: Desk
    cookies: CookieNames
    session: Session | None
    form: Form
    csrf: str

    @property
    def account(self) -> Account:
        """Raises LoginNeededError when nobody is logged in."""
        if self.session is None:
            raise LoginNeededError
        return self.session.account

    @property
    def viewer(self) -> Viewer:
        """Whose queues these are."""
        return Viewer(username=self.account.username, vakafdeling=self.account.vakafdeling)

    @property
    def token(self) -> str:
        return self.request.cookies.get(self.cookies.session, "")

    @property
    def lacks_second_factor(self) -> bool:
        """Whether the colleague must set up logging in in two steps before anything else."""
        is_by_password = self.session is not None and not self.session.by_organisation
        return self.desk.requires_totp and is_by_password and self.account.totp_secret is None

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a piece of the page."""
        return self.request.headers.get("hx-request") == "true"


async def admit(request: Request) -> Visit:
    """Let a request in. Raises ForbiddenError, LoginNeededError, SecondFactorNeededError or FormError."""
    desk: Desk = request.app.state.desk
    sessions: Sessions = request.app.state.sessions
    cookies = CookieNames.of(desk)
    if request.method == "POST" and not is_own_request(request.headers):
        raise ForbiddenError(gettext("Dit verzoek kwam niet van een pagina van de balie. Ga naar de balie en probeer het daar."))
    token = request.cookies.get(cookies.session, "")
    session = await run_in_threadpool(sessions.find, token) if token else None
    if session is not None and session.account.language:
        speak(session.account.language)
    is_open = Entry.OPEN in declared(request.scope["route"].dependencies)
    if session is None and not is_open:
        raise LoginNeededError(was_over=bool(token))
    csrf = session.csrf_token if session else request.cookies.get(cookies.login, "")
    form = await read_form(request) if request.method == "POST" else Form()
    if request.method == "POST" and not is_same_token(form.raw("csrf"), csrf):
        raise ForbiddenError(gettext("Het formulier is verlopen. Laad de pagina opnieuw en probeer het nog eens."))
    visit = Visit(request=request, desk=desk, cookies=cookies, session=session, form=form, csrf=csrf)
    if visit.lacks_second_factor and not is_open and not request.url.path.startswith(_BEFORE_SECOND_FACTOR):
        raise SecondFactorNeededError(gettext("Zet eerst inloggen in twee stappen aan."))
    return visit


Admitted = Annotated[Visit, Depends(admit)]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route declares. Raises ForbiddenError for who may not pass."""

    right: Right | Entry

    async def __call__(self, visit: Admitted) -> None:  # waits for nothing, and so needs no thread
        if isinstance(self.right, Right) and not has_right(visit.account, self.right):
            role = word(ROLES, visit.account.role)
            raise ForbiddenError(
                gettext("Uw rol (%(rol)s) mag dit niet. Vraag het een collega, of de beheerder om het recht.", rol=role)
            )


def needs(right: Right | Entry) -> params.Depends:
    """For routes and routers: who comes in must have this right. Each route declares exactly one."""
    return params.Depends(Needs(right))


def declared(dependencies: Sequence[params.Depends]) -> tuple[Right | Entry, ...]:
    """The rights among the dependencies of a route."""
    return tuple(depends.dependency.right for depends in dependencies if isinstance(depends.dependency, Needs))
