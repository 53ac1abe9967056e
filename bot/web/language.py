"""The language in which the desk speaks: gettext. Dutch is what stands in the source, every other language is one catalogue.

A language belongs to the request that is answered. What residents read is no part of this: it has texts of its own (bot/teksten).
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

SOURCE = "nl"
LANGUAGES = {"nl": "Nederlands", "en": "English"}  # each by its own name
CATALOGUES = Path(__file__).parent / "locale"
DESK, ROOMS = "desk", "rooms"  # what the desk itself says, and what it tells again of other rooms
_LOCALES = {"nl": Locale("nl"), "en": Locale("en", "GB")}  # the day comes before the month, hours run to 24
_WISH = re.compile(r"\s*([a-z]{2,8})(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*", re.IGNORECASE)
_spoken: ContextVar[str] = ContextVar("spoken", default=SOURCE)


class BrowserLanguage:
    """Every request begins in the language of its browser; the door changes that to the one a colleague chose."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            speak(wished(Headers(scope=scope).get("accept-language", "")))
        await self._app(scope, receive, send)


def speak(language: str) -> None:
    """From here on, in this request."""
    _spoken.set(language)


def spoken() -> str:
    return _spoken.get()


def locale() -> Locale:
    """For dates and numbers."""
    return _LOCALES[spoken()]


def wished(accept_language: str) -> str:
    """The language a browser likes best of those the desk speaks (RFC 9110, 12.5.4); Dutch when it names none of them."""
    found = [match for part in accept_language.split(",") if (match := _WISH.fullmatch(part))]
    wishes = {match[1].lower(): float(match[2] or 1) for match in reversed(found)}
    known = [language for language in LANGUAGES if wishes.get(language, 0) > 0]
    return max(known, key=lambda language: wishes[language], default=SOURCE)


def gettext(message: str, **facts: object) -> str:
    """The message in the language of this request, with its facts filled in: `%(name)s`. A bare percent sign is `%%`."""
    return catalogue(spoken()).gettext(message) % facts


def ngettext(one: str, many: str, number: int, **facts: object) -> str:
    """As `gettext`, for a number of things: `%(num)s` is the number."""
    return catalogue(spoken()).ngettext(one, many, number) % {"num": number, **facts}


def translated(name: str) -> str:
    """A name from the tables of the municipality, in the language of this request when the catalogue has it."""
    return catalogue(spoken()).gettext(name)


def msg(message: str) -> str:
    """Marks a message of a table for the catalogue; it is translated where it is shown."""
    return message


@cache
def catalogue(language: str, domain: str = DESK) -> NullTranslations:
    if language == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _read(language, domain))
    compiled.seek(0)
    return GNUTranslations(compiled)


def messages(language: str, domain: str) -> tuple[str, ...]:
    """The Dutch messages that a catalogue translates, without those that have a plural."""
    return tuple(message.id for message in _read(language, domain) if isinstance(message.id, str) and message.id)


@cache
def _read(language: str, domain: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)
