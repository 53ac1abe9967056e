"""Working together on a melding: notes, tasks, links, splitting, following; and the page that says who does what."""

from __future__ import annotations

import re
from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from bot.cooperation import Cooperation
from bot.plain_language import blocks
from bot.roles import Right, may_handle, may_update_task
from bot.web.forms import Form, FormError
from bot.web.guard import Admitted, ForbiddenError, Visit, needs
from bot.web.language import gettext, ngettext
from bot.web.listing import Listing
from bot.web.pages import Message, Pages, go_on
from bot.web.views.melding import Open, Showing, melding_id_of, show_page
from routing.errors import NotFoundError
from routing.office_hours import AMSTERDAM
from routing.vakafdelingen import Sort
from storage.tasks import NewTask, TaskState

router = APIRouter()


@router.post("/meldingen/{number}/notities", dependencies=[needs(Right.NOTE)])
def write_note(visit: Admitted, number: str) -> Response:
    text = visit.form.text("notitie")
    if not text:
        raise FormError(gettext("Schrijf eerst een notitie."), name="notitie")
    named = _cooperation(visit).note(melding_id_of(number), text, account=visit.account.username)
    text = gettext("Uw notitie staat erbij.")
    if named:
        text += " " + ngettext("%(wie)s volgt de melding nu.", "%(wie)s volgen de melding nu.", len(named), wie=", ".join(named))
    return _back(visit, number, text, "notities")


@router.post("/meldingen/{number}/taken", dependencies=[needs(Right.HANDLE)])
def give_task(visit: Admitted, number: str) -> Response:
    departments = visit.desk.municipality.departments
    vakafdeling = visit.form.choice("vakafdeling", departments, gettext("Kies een vakafdeling uit de lijst."))
    what = visit.form.text("wat")
    if not what:
        raise FormError(gettext("Schrijf wat de andere vakafdeling moet doen."), name="wat")
    asked = NewTask(vakafdeling=vakafdeling, what=what, due_on=_day(visit))
    _cooperation(visit).give_task(_own(visit, number), asked, account=visit.account.username)
    return _back(
        visit,
        number,
        gettext("%(vakafdeling)s heeft de taak.", vakafdeling=visit.desk.municipality.name_of(vakafdeling)),
        "taken",
    )


@router.post("/taken/{number}", dependencies=[needs(Right.HANDLE)])
def update_task(visit: Admitted, number: str) -> Response:
    state = TaskState(visit.form.choice("staat", [state.value for state in TaskState], gettext("Kies een staat uit de lijst.")))
    why = visit.form.text("reden")
    with visit.desk.database.looking() as work:
        task = work.tasks.get(_number(number))
        melding = work.meldingen.get(task.melding_id)
    if not may_update_task(visit.account, melding, task.vakafdeling):
        raise ForbiddenError(
            gettext("Deze taak is van %(vakafdeling)s.", vakafdeling=visit.desk.municipality.name_of(task.vakafdeling))
        )
    melding_id = _cooperation(visit).update_task(_number(number), state, why, account=visit.account.username)
    return _back(visit, str(melding_id), gettext("De taak is bijgewerkt."), "taken")


@router.post("/meldingen/{number}/koppelingen/{other}", dependencies=[needs(Right.HANDLE)])
def link(visit: Admitted, number: str, other: str) -> Response:
    _cooperation(visit).link(_own(visit, number), melding_id_of(other), account=visit.account.username, is_linked=True)
    return _back(visit, number, gettext("De meldingen zijn gekoppeld."), "verwant")


@router.post("/meldingen/{number}/koppelingen/{other}/verwijderen", dependencies=[needs(Right.HANDLE)])
def unlink(visit: Admitted, number: str, other: str) -> Response:
    _cooperation(visit).link(_own(visit, number), melding_id_of(other), account=visit.account.username, is_linked=False)
    return _back(visit, number, gettext("De meldingen zijn ontkoppeld."), "verwant")


@router.post("/meldingen/{number}/splitsen", dependencies=[needs(Right.JUDGE)])
def split(visit: Admitted, number: str) -> Response:
    message_id, cooperation = _number(visit.form.raw("bericht")), _cooperation(visit)
    split_off = cooperation.split_second if visit.form.raw("deel") else cooperation.split
    new = split_off(melding_id_of(number), message_id, account=visit.account.username)
    return _back(
        visit,
        str(new.id),
        gettext("Dit is nu een eigen melding: %(kenmerk)s. Beoordeel haar hieronder.", kenmerk=new.kenmerk),
        "",
    )


@router.post("/meldingen/{number}/volgen", dependencies=[needs(Right.LOOK)])
def follow(visit: Admitted, number: str) -> Response:
    is_following = visit.form.raw("volgen") == "ja"
    _cooperation(visit).follow(melding_id_of(number), account=visit.account.username, is_following=is_following)
    return _back(
        visit, number, gettext("U volgt deze melding.") if is_following else gettext("U volgt deze melding niet meer."), ""
    )


@router.post("/meldingen/{number}/bericht/bouwsteen", dependencies=[needs(Right.HANDLE)])
def insert_block(visit: Admitted, number: str) -> Response:
    """The page again with the building block put into the message: what the script does at once, without it."""
    chosen = next((block.text for block in blocks() if block.code == visit.form.raw("bouwsteen")), "")
    text = " ".join(part for part in (visit.form.text("tekst"), chosen) if part)
    return show_page(visit, melding_id_of(number), Showing(opened=Open(action="bericht", fields={"tekst": text})))


@router.get("/wie-doet-wat", dependencies=[needs(Right.LOOK)])
def who_does_what(visit: Admitted) -> Response:
    """Every vakafdeling with its duties, its onderwerpen and where they end; and the partners with their contacts."""
    pages: Pages = visit.request.app.state.pages
    municipality = visit.desk.municipality
    departments = [
        (item, sorted((topic for topic in municipality.onderwerpen.values() if topic.lead == code), key=lambda topic: topic.name))
        for code, item in municipality.vakafdelingen.items()
        if item.sort is Sort.DEPARTMENT
    ]
    partners = sorted(municipality.partners.values(), key=lambda partner: partner.name.lower())
    return pages.show(visit, "wie_doet_wat.html", {"departments": departments, "partners": partners, "place": "wie-doet-wat"})


def _cooperation(visit: Visit) -> Cooperation:
    return Cooperation(visit.desk.handling)


def _own(visit: Visit, number: str) -> int:
    """The id of a melding that this colleague handles. Raises ForbiddenError for another one."""
    melding = visit.desk.handling.get(melding_id_of(number))
    if not may_handle(visit.account, melding):
        vakafdeling = visit.desk.municipality.name_of(melding.lead)
        raise ForbiddenError(gettext("Dit is aan de coördinator of aan %(vakafdeling)s.", vakafdeling=vakafdeling))
    return melding.id


def _number(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,12}", text) is None:
        raise NotFoundError(gettext("Dit nummer bestaat niet. Laad de pagina opnieuw."))
    return int(text)


def _day(visit: Visit) -> date | None:
    form: Form = visit.form
    return form.day("dag", today=visit.desk.now().astimezone(AMSTERDAM).date()) if form.raw("dag").strip() else None


def _back(visit: Visit, number: str, text: str, place: str) -> Response:
    listing = Listing.parse(visit.request.query_params)
    along = f"?{listing.query(here=True)}" if listing.is_named else ""
    return go_on(visit, f"/meldingen/{number}{along}{f'#{place}' if place else ''}", Message(tone="ok", text=text))
