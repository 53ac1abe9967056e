"""The tables of the municipality: office hours to read, and norms, names of topics and texts to change."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import Response

from bot.edited_tables import Subject, UnfitValueError
from bot.roles import Right
from bot.table_editing import Author
from bot.web.forms import FormError
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext, msg
from bot.web.pages import Message, Pages, go_on

router = APIRouter(dependencies=[needs(Right.ADMINISTER)])
PATH = "/beheer/tabellen"
_LABELS = {
    "naam": msg("Naam van het onderwerp"),
    "norm": msg("Nieuws binnen (werkdagen)"),
    "prive": msg("In een privégesprek"),
    "openbaar": msg("In het openbaar"),
}


@router.get(PATH)
def show_tables(visit: Admitted) -> Response:
    """Everything, with what the desk changed marked."""
    pages: Pages = visit.request.app.state.pages
    subjects = tuple(visit.desk.editing.tables.subjects())
    values = {
        "hours": visit.desk.handling.promises.hours,
        "topics": sorted((one for one in subjects if one.code.startswith("onderwerp.")), key=lambda one: one.name.casefold()),
        "texts": [one for one in subjects if not one.code.startswith("onderwerp.")],
        "place": "tabellen",
    }
    return pages.show(visit, "tabellen.html", values)


@router.get(f"{PATH}/{{subject}}")
def show_subject(visit: Admitted, subject: str) -> Response:
    return _page(visit, visit.desk.editing.tables.subject(subject))


@router.post(f"{PATH}/{{subject}}")
def change_subject(visit: Admitted, subject: str) -> Response:
    editing = visit.desk.editing
    found = editing.tables.subject(subject)
    values = {field.name: visit.form.text(field.name, longest=field.longest + 500) for field in found.fields}
    try:
        count = editing.change(subject, values, _author(visit))
    except UnfitValueError as error:
        return _page(visit, found, typed=values, problem=error)
    text = gettext("%(naam)s is gewijzigd.", naam=found.name) if count else gettext("Er was niets te wijzigen.")
    return go_on(visit, f"{PATH}/{subject}", Message(tone="ok" if count else "info", text=text))


@router.post(f"{PATH}/{{subject}}/terug")
def take_back(visit: Admitted, subject: str) -> Response:
    visit.desk.editing.take_back(subject, _number(visit, "wijziging"), visit.account.username)
    return go_on(visit, f"{PATH}/{subject}", Message(tone="ok", text=gettext("De wijziging is teruggedraaid.")))


def _page(
    visit: Visit, subject: Subject, typed: dict[str, str] | None = None, problem: UnfitValueError | None = None
) -> Response:
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.looking() as work:
        history = work.edits.history(subject.code)
    values = {
        "history": history,
        "labels": _LABELS,
        "newest": {edit.field: edit.id for edit in reversed(history)},
        "place": "tabellen",
        "problem": problem,
        "subject": subject,
        "typed": typed or {field.name: field.value for field in subject.fields},
    }
    return pages.show(visit, "tabel.html", values, status=400 if problem else 200)


def _author(visit: Visit) -> Author:
    return Author(username=visit.account.username, why=visit.form.text("reden"), seen=_number(visit, "gezien"))


def _number(visit: Visit, name: str) -> int:
    value = visit.form.raw(name)
    if re.fullmatch(r"[0-9]{1,12}", value) is None:
        raise FormError(gettext("Het formulier is niet compleet. Laad de pagina opnieuw en probeer het nog eens."))
    return int(value)
