"""What colleagues enter for a resident who came to the counter, called or wrote a letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from bot.entry import take_in_entry
from bot.passwords import new_token
from bot.roles import Right
from bot.web.forms import Form, FormError
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext, msg
from bot.web.pages import Message, Pages, go_on
from channels.counter import NAME, CounterEntry, CounterWay, parse_entry
from channels.mail_address import checked_address
from routing.gazetteer import load_gazetteer

router = APIRouter()
PATH = "/aan-de-balie"
LONGEST_TEXT = 4000
LONGEST_NAME = 100
WAYS = {CounterWay.DESK: msg("Aan de balie"), CounterWay.PHONE: msg("Telefoon"), CounterWay.LETTER: msg("Brief")}
CONTACTS = {"geen": msg("Geen bericht"), "email": msg("E-mail")}
_FORM_NUMBER = re.compile(r"[A-Za-z0-9_-]{20,80}")


@router.get(PATH, dependencies=[needs(Right.NOTE)])
def ask_entry(visit: Admitted) -> Response:
    return _page(visit, number=new_token(), problems={})


@router.post(PATH, dependencies=[needs(Right.NOTE)])
def enter(visit: Admitted) -> Response:
    """The number of the form makes a second click the same message. What is wrong is shown beside its field."""
    number = visit.form.raw("formulier")
    if _FORM_NUMBER.fullmatch(number) is None:
        raise FormError(gettext("Het formulier is niet compleet. Laad de pagina opnieuw en probeer het nog eens."))
    entry, problems = read_entry(visit.form, number, may_mail=NAME in visit.desk.channels)
    if entry is None:
        return _page(visit, number=number, problems=problems)
    now = visit.desk.now()
    is_new = take_in_entry(visit.desk.database, parse_entry(entry, now), now)
    text = (
        gettext("De melding is opgenomen en staat zo in de wachtrij.")
        if is_new
        else gettext("Deze melding was al opgenomen, er is niets dubbel.")
    )
    return go_on(visit, PATH, Message(tone="ok", text=text))


def read_entry(form: Form, number: str, *, may_mail: bool) -> tuple[CounterEntry | None, dict[str, str]]:
    """The entry, or None with what is wrong per field: everything at once, so that nobody has to try five times."""
    problems: dict[str, str] = {}

    def taken(name: str, read: Callable[[], str]) -> str:
        try:
            return read()
        except FormError as error:
            problems[name] = str(error)
            return ""

    contacts = CONTACTS if may_mail else {"geen": CONTACTS["geen"]}
    way = taken("weg", lambda: form.choice("weg", set(WAYS), gettext("Kies hoe de bewoner ons bereikte.")))
    text = taken("tekst", lambda: _needed(form.text("tekst", LONGEST_TEXT)))
    place = taken("plaats", lambda: form.text("plaats", LONGEST_NAME))
    name = taken("naam", lambda: form.text("naam", LONGEST_NAME))
    contact = taken("contact", lambda: form.choice("contact", contacts, gettext("Kies of de bewoner bericht wil.")))
    address = taken("adres", lambda: _address(form.raw("adres"))) if contact == "email" else ""
    if problems:
        return None, problems
    return CounterEntry(form=number, way=CounterWay(way), text=text, place=place, name=name, address=address), {}


def _needed(text: str) -> str:
    if not text:
        raise FormError(gettext("Schrijf op wat de bewoner vertelde."), name="tekst")
    return text


def _address(text: str) -> str:
    address = checked_address(text)
    if address is None:
        raise FormError(gettext("Dit is geen e-mailadres. Schrijf het als naam@voorbeeld.nl."), name="adres")
    return address


@cache
def street_options() -> Markup:
    """The street names to choose from, made into HTML once: with thousands of them that is most of the work of a page."""
    names = sorted({spot.name for spot in load_gazetteer().spots if spot.is_street})
    return Markup().join(Markup('<option value="{}"></option>').format(name) for name in names)


def _page(visit: Visit, *, number: str, problems: dict[str, str]) -> Response:
    pages: Pages = visit.request.app.state.pages
    values: dict[str, Any] = {
        "number": number,
        "problems": problems,
        "fields": visit.form.fields,
        "ways": {way: gettext(name) for way, name in WAYS.items()},
        "contacts": {code: gettext(name) for code, name in CONTACTS.items()},
        "may_mail": NAME in visit.desk.channels,
        "street_options": street_options(),
        "longest_text": LONGEST_TEXT,
        "longest_name": LONGEST_NAME,
        "place": PATH.removeprefix("/"),
    }
    return pages.show(visit, "aan_de_balie.html", values, status=422 if problems else 200)
