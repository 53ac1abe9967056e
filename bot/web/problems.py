"""What people see when something is refused or breaks: a page that says what to do. Never a stack, never JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.web.forms import FormError
from bot.web.guard import ForbiddenError, LoginNeededError, SecondFactorNeededError
from bot.web.language import gettext, msg
from bot.web.pages import Pages
from bot.web.retelling import told
from bot.web.security import HEADERS
from routing.errors import InvalidTransitionError, NotFoundError, StaleError

Answer = Callable[[Request, Exception], Awaitable[Response]]
_log = structlog.get_logger(__name__)
# error -> (status, title)
_PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    FormError: (400, msg("Dit formulier kan niet worden gebruikt")),
    ForbiddenError: (403, msg("Dit verzoek is geweigerd")),
    NotFoundError: (404, msg("Niet gevonden")),
    InvalidTransitionError: (409, msg("Deze stap kan nu niet")),
    StaleError: (409, msg("Iemand was u voor")),
}


def install(app: FastAPI) -> None:
    """Give the app an answer for every error that can reach it."""
    for kind, (status, title) in _PROBLEMS.items():
        app.add_exception_handler(kind, _page_for(status, title))
    app.add_exception_handler(LoginNeededError, _to_login)
    app.add_exception_handler(SecondFactorNeededError, _to_own_account)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _unusable)
    app.add_exception_handler(Exception, _defect)


def _page_for(status: int, title: str) -> Answer:
    async def answer(request: Request, error: Exception) -> Response:
        return _problem(request, status, gettext(title), told(str(error)))

    return answer


async def _to_login(request: Request, error: Exception) -> Response:
    reason = "&reden=verlopen" if isinstance(error, LoginNeededError) and error.was_over else ""
    goal = request.url.path + (f"?{request.url.query}" if request.url.query else "") if request.method == "GET" else "/"
    is_partial = request.headers.get("hx-request") == "true"
    address = f"/inloggen?naar={quote('/' if is_partial else goal)}{reason}"
    if is_partial:  # htmx would follow a redirect and put the login page inside the list
        return Response(status_code=401, headers={"HX-Redirect": address})
    if request.headers.get("accept") == "text/event-stream":  # a login page nobody sees would make the one they see useless
        return Response(status_code=401)
    return RedirectResponse(address, status_code=303)


async def _to_own_account(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the page itself says what is needed
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/mijn"})
    return RedirectResponse("/mijn", status_code=303)


async def _http_problem(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentences = {
        404: gettext("Deze pagina bestaat niet. Kijk of het adres klopt, of ga naar de wachtrij."),
        405: gettext("Dit adres hoort bij een knop en is geen pagina. Ga naar de wachtrij en kies daar."),
    }
    sentence = sentences.get(status) or gettext("Dit verzoek kan niet worden gedaan.")
    return _problem(request, status, gettext("Niet gevonden"), sentence)


async def _unusable(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the error names only our own parameters
    return _problem(request, 400, gettext("Dit adres klopt niet"), gettext("Ga naar de wachtrij en kies daar."))


async def _defect(request: Request, error: Exception) -> Response:
    _log.error("request failed", path=request.scope["path"], kind=type(error).__name__)
    sentence = gettext("Er is niets veranderd. Probeer het nog eens. Blijft het zo, meld het dan aan de beheerder, met de tijd.")
    response = _problem(request, 500, gettext("Er ging iets mis in de balie"), sentence)
    response.headers.update({**HEADERS, "Cache-Control": "no-store"})  # made outside every middleware, also that of the headers
    return response


def _problem(request: Request, status: int, title: str, sentence: str) -> Response:
    pages: Pages = request.app.state.pages
    values = {"title": title, "sentence": sentence}
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(pages.text("_probleem.html", values), status_code=status)
    return pages.bare("probleem.html", values, status=status)
