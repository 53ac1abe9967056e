"""Turning values into pages: the template engine, what every page shows, and messages that survive a redirect.

Reads no melding; views do.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.roles import Right, has_right
from bot.web import display, words
from bot.web.assets import Assets
from bot.web.condition import machine_concerns
from bot.web.desk import Desk
from bot.web.guard import CookieNames, Visit
from bot.web.language import LANGUAGES, catalogue, spoken, translated
from bot.web.retelling import told
from bot.web.security import is_same_token, sign
from routing.office_hours import AMSTERDAM
from routing.personal_data import mask
from storage import queries, queues
from storage.watching import mentions_of, saved_filters_of

_FLASH_SECONDS = 120
# filter -> the words it shows for a code
_TABLES: Mapping[str, Mapping[Any, str]] = {
    "actor": words.ACTORS,
    "channel_mode": words.CHANNEL_MODES,
    "event": words.EVENTS,
    "file_kind": words.FILE_KINDS,
    "guard": words.GUARDS,
    "kind": words.KINDS,
    "language": words.LANGUAGES,
    "outcome": words.OUTCOMES,
    "reason": words.REASONS,
    "reply_state": words.REPLY_STATES,
    "role": words.ROLES,
    "status": words.STATUSES,
    "task_state": words.TASK_STATES,
    "urgency": words.URGENCIES,
}
Tone = Literal["ok", "warning", "error", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A sentence for the colleague, above the page. `undo` names the decisions that can be taken back: `12.5 13.4`."""

    tone: Tone
    text: str
    hint: str = ""
    undo: str = ""


class Pages:
    """Renders the pages of one desk."""

    def __init__(self, desk: Desk, assets: Assets) -> None:
        self.desk = desk
        self.assets = assets

    def show(
        self, visit: Visit, name: str, values: dict[str, Any], *, message: Message | None = None, status: int = 200
    ) -> Response:
        """A whole page for a colleague who is logged in, with the waiting message, if any."""
        framed = self._framed(visit, values) | {"message": message or _read_flash(visit)}
        response = HTMLResponse(self.text(name, framed), status_code=status)
        if visit.request.cookies.get(visit.cookies.flash):
            forget(response, visit.desk, visit.cookies.flash)
        return response

    def bare(self, name: str, values: dict[str, Any], *, status: int = 200) -> HTMLResponse:
        """A page outside the desk: the login, or a problem. Carries nothing of anybody."""
        frame: dict[str, Any] = {"visit": None, "office": self.desk.office, "assets": self.assets, "message": None}
        return HTMLResponse(self.text(name, frame | values), status_code=status)

    def _lead_name(self, code: str) -> str:
        """A melding may outlive a vakafdeling that was taken out of the tables: then its code is all there is."""
        known = self.desk.municipality.vakafdelingen.get(code)
        return translated(known.name) if known else words.readable(code)

    def text(self, name: str, values: dict[str, Any]) -> str:
        return _environment().get_template(name).render(values)

    def _framed(self, visit: Visit, values: dict[str, Any]) -> dict[str, Any]:
        if "counts" in values:
            return values
        with self.desk.database.reading() as connection:
            return self.frame(connection, visit) | values

    def frame(self, connection: Any, visit: Visit) -> dict[str, Any]:
        """What every page shows: who is logged in, the queues with their counts, and whether all is well.

        A view that reads itself asks for it with its own connection; for the others `show` does.
        """
        now = self.desk.now()
        counts = queues.count_all(connection, viewer=visit.viewer, now=now, soon=now + self.desk.at_risk)
        health = queries.health(connection, now)
        return {
            "visit": visit,
            "may": lambda right: has_right(visit.account, Right(right)),
            "office": self.desk.office,
            "assets": self.assets,
            "now": now,
            "today": now.astimezone(AMSTERDAM).date(),
            "counts": counts,
            "own_filters": saved_filters_of(connection, visit.account.username),
            "mentions": mentions_of(connection, visit.account.username),
            "asked": "",
            "stands_still": bool(machine_concerns(health, self.desk.municipality, now)),
            "lead_name": self._lead_name,
            "message": None,
            "place": "",
        }


def go_on(visit: Visit, path: str, message: Message | None = None) -> Response:
    """Answer a post: on to a page, where the message is shown once."""
    response = RedirectResponse(path, status_code=303)
    if message is not None:
        set_cookie(response, visit.desk, visit.cookies.flash, _packed(message, visit.csrf), seconds=_FLASH_SECONDS)
    return response


def set_cookie(response: Response, desk: Desk, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=desk.is_secure, httponly=True, samesite="lax")


def forget(response: Response, desk: Desk, name: str) -> None:
    response.delete_cookie(name, path="/", secure=desk.is_secure, httponly=True, samesite="lax")


def forget_session(response: Response, desk: Desk) -> None:
    forget(response, desk, CookieNames.of(desk).session)


def _packed(message: Message, key: str) -> str:
    """Signed, so that nobody but this desk puts words above a page."""
    body = base64.urlsafe_b64encode(json.dumps([message.tone, message.text, message.hint, message.undo]).encode()).decode()
    return f"{body}.{sign(body, key)}"


def _read_flash(visit: Visit) -> Message | None:
    body, _, signature = visit.request.cookies.get(visit.cookies.flash, "").rpartition(".")
    if not body or not visit.csrf or not is_same_token(signature, sign(body, visit.csrf)):
        return None
    try:
        tone, text, hint, undo = json.loads(base64.urlsafe_b64decode(body))
    except (ValueError, binascii.Error):
        return None
    return Message(tone=tone, text=text, hint=hint, undo=undo)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Shared by every desk in the process: it holds templates and words, nothing of a desk."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # In place of what the extension would install: that asks its way through the context of the template for every word.
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension adds it
    environment.globals |= {"_": _translated, "gettext": _translated, "ngettext": _counted}
    environment.filters |= {
        "visible": display.visible,
        "excerpt": display.excerpt,
        "in_parts": display.in_parts,
        "capitalized": lambda sentence: sentence[:1].upper() + sentence[1:],
        "marked": display.marked,
        "masked": mask,
        "told": told,
        "sureness": words.sureness,
        "sure_steps": words.sure_steps,
        "percent": words.percent,
        "browser": words.browser,
        "age": words.age,
        "ago": words.ago,
        "day_and_time": words.day_and_time,
        "day_only": words.day_only,
        "short_day": words.short_day,
        "weekday": words.weekday,
        "channel": words.channel,
        "channel_change": words.channel_change,
        "readable": words.readable,
        "pair": lambda code, name_of=str: (code, name_of(code)),
        "channel_pair": lambda code: (code, words.channel(code)),
        "kind_pair": lambda code: (code, words.word(words.KINDS, code)),
        "topic_pairs": lambda topics: sorted(((topic.code, topic.name) for topic in topics), key=lambda pair: pair[1].lower()),
        "days_pair": lambda days: (str(days), words.days(days)),
    }
    environment.filters |= {name: partial(words.word, table) for name, table in _TABLES.items()}
    environment.globals |= {"QUEUES": words.QUEUES, "CHANNELS": words.CHANNELS, "languages": LANGUAGES, "spoken": spoken}
    return environment


def _translated(message: str, /, **facts: object) -> Markup:
    """`gettext` for templates: the facts are escaped, the message is not."""
    return _fixed(spoken(), message) if not facts else Markup(catalogue(spoken()).gettext(message)) % facts  # noqa: S704 - ours


def _counted(one: str, many: str, number: int, /, **facts: object) -> Markup:
    return Markup(catalogue(spoken()).ngettext(one, many, number)) % {"num": number, **facts}  # noqa: S704 - ours


@cache
def _fixed(language: str, message: str) -> Markup:
    """A message without facts."""
    return Markup(catalogue(language).gettext(message)) % {}  # noqa: S704 - ours
