"""The page on which a visitor of the demonstration plays a resident. Shows answers as they arrive; works without scripts too."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from bot.bootstrap import Application
from bot.demo.city import CHANNELS, City
from routing.errors import NotFoundError
from storage import audit

VISITOR = "9001"
_SHOWN = 12
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One balloon of a conversation."""

    is_ours: bool
    text: str


def create_page(city: City, application: Application, desk_port: int) -> FastAPI:
    """The page, on loopback only."""
    here = files("bot.demo")
    page = FastAPI(title="Wijkbalie: de bewoner", openapi_url=None)
    templates = Jinja2Templates(directory=str(here / "templates"))
    page.mount("/vendor", StaticFiles(directory=str(files("bot.web") / "static" / "vendor")))
    page.mount("/static", StaticFiles(directory=str(here / "static")))
    said: dict[str, list[str]] = {name: [] for name in CHANNELS}

    @page.get("/")
    def look(request: Request) -> HTMLResponse:
        conversations = {name: _conversation(city, name, said[name]) for name in CHANNELS}
        with application.database.reading() as connection:
            meldingen = audit.all_meldingen(connection)[-_SHOWN:][::-1]
        values = {
            "channels": CHANNELS,
            "conversations": conversations,
            "meldingen": meldingen,
            "name_of": application.municipality.name_of,
            "desk": f"http://127.0.0.1:{desk_port}/",
        }
        answer = templates.TemplateResponse(request, "bewoner.html", values)
        answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    @page.post("/{channel}")
    def write(channel: str, text: Annotated[str, Form(max_length=4000)] = "") -> Response:
        try:
            city.writes(channel, (VISITOR, "Bezoeker"), text)
        except NotFoundError as error:
            return HTMLResponse(str(error), status_code=404)
        said[channel].append(text)
        return RedirectResponse(f"/#{channel}", status_code=303)

    return page


def _conversation(city: City, channel: str, said: list[str]) -> list[Line]:
    simulators = {
        "telegram": city.telegram,
        "x": city.x,
        "facebook": city.graph,
        "messenger": city.graph,
        "mastodon": city.mastodon,
    }
    answers = [post.text for post in simulators[channel].answers_to(VISITOR) if _is_of(channel, post.way)]
    lines: list[Line] = []
    for number in range(max(len(said), len(answers))):
        if number < len(said):
            lines.append(Line(False, said[number]))
        if number < len(answers):
            lines.append(Line(True, answers[number]))
    return lines


def _is_of(channel: str, way: str) -> bool:
    return channel not in {"facebook", "messenger"} or (way == "comment") == (channel == "facebook")
