"""One melding: the page about it, previews of what its melders would get, and the actions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from bot.handling import Preview, Step
from bot.web import actions, words
from bot.web.actions import ACTIONS, Action
from bot.web.forms import FormError
from bot.web.guard import Admitted, Visit
from bot.web.pages import Message, Pages, Tone, go_on
from routing.errors import InvalidTransitionError, NotFoundError, StaleError, WijkbalieError
from routing.melding import TO_JUDGE, Status
from routing.vakafdelingen import Municipality, Sort
from storage import queries
from storage.meldingen import Melding
from storage.queries import Queue

router = APIRouter()
_LOOK_AGAIN = "Hieronder staat hoe het nu is. Wat u invulde is bewaard."


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The form that the page must show opened: which one, what was typed, what is wrong with it, what it would send."""

    action: str
    fields: Mapping[str, str]
    wrong_field: str = ""
    problem: str = ""
    previews: tuple[Preview, ...] | None = None


@router.get("/meldingen/{number}")
def show_melding(visit: Admitted, number: str) -> Response:
    return _page(visit, _melding_id(number))


@router.post("/meldingen/{number}/{action}/bekijken")
def preview(visit: Admitted, number: str, action: str) -> Response:
    """Exactly what each melder would get. Changes nothing, so it answers with a page instead of a redirect."""
    melding, chosen = _find(visit, number, action)
    try:
        previews = visit.desk.handling.preview(melding, _step(visit, melding, chosen), account=visit.account.username)
    except (FormError, InvalidTransitionError, StaleError) as error:
        return _refused(visit, melding, chosen, error)
    opened = Open(action=chosen.name, fields=visit.form.fields, previews=previews)
    if visit.is_partial:
        return HTMLResponse(_pages(visit).text("_voorbeeld.html", {"opened": opened, "message": None}))
    return _page(visit, melding.id, opened=opened)


@router.post("/meldingen/{number}/{action}")
def carry_out(visit: Admitted, number: str, action: str) -> Response:
    melding, chosen = _find(visit, number, action)
    handling = visit.desk.handling
    try:
        step = _step(visit, melding, chosen)
        told = handling.preview(melding, step, account=visit.account.username)
        after = handling.carry_out(melding, step, account=visit.account.username, version=visit.form.version())
    except (FormError, InvalidTransitionError, StaleError) as error:
        return _refused(visit, melding, chosen, error)
    tone: Tone = "warning" if any(preview.by_hand for preview in told) else "ok"
    message = Message(tone=tone, text=f"{_done(after, visit.desk.municipality)} {_told(told)}")
    return go_on(visit, f"/meldingen/{melding.id}", message)


def _find(visit: Visit, number: str, action: str) -> tuple[Melding, Action]:
    chosen = ACTIONS.get(action)
    if chosen is None:
        raise NotFoundError("Deze stap bestaat niet. Ga terug naar de melding en kies daar.")
    return visit.desk.handling.get(_melding_id(number)), chosen


def _melding_id(number: str) -> int:
    if re.fullmatch(r"[0-9]{1,12}", number) is None:
        raise NotFoundError("Deze melding bestaat niet. Kijk of het adres klopt.")
    return int(number)


def _step(visit: Visit, melding: Melding, action: Action) -> Step:
    if visit.form.version() != melding.event_count:
        raise StaleError(f"{melding.kenmerk} is veranderd terwijl u keek.")
    return action.build(visit.desk, melding, visit.form)


def _refused(visit: Visit, melding: Melding, action: Action, error: WijkbalieError) -> Response:
    """The page again, with what was typed. 400 when the form is wrong, 409 when the melding does not allow it (any more)."""
    is_form = isinstance(error, FormError)
    status, hint = (400, "") if is_form else (409, _LOOK_AGAIN)
    message = Message(tone="error", text=str(error), hint=hint)
    field = error.name if isinstance(error, FormError) else ""
    opened = Open(action=action.name, fields=visit.form.fields, wrong_field=field, problem=str(error))
    if visit.is_partial:
        text = _pages(visit).text("_voorbeeld.html", {"opened": opened, "message": message})
        return HTMLResponse(text, status_code=status)
    return _page(visit, melding.id, opened=opened, message=message, status=status)


def _page(
    visit: Visit, melding_id: int, *, opened: Open | None = None, message: Message | None = None, status: int = 200
) -> Response:
    with visit.desk.database.reading() as connection:
        melding = queries.get_melding(connection, melding_id)
        values: dict[str, Any] = {
            "melding": melding,
            "lines": queries.conversation(connection, melding_id),
            "events": queries.event_log(connection, melding_id),
            "melders": queries.melders_of(connection, melding_id),
            "is_log_whole": queries.is_log_whole(connection, melding_id),
            "names": queries.staff_names(connection),
            "following": queries.next_to_judge(connection, melding),
        }
    values |= _choices(visit.desk.municipality, melding)
    values |= {
        "opened": opened,
        "proposed_role": visit.desk.handling.proposed_role(melding) if melding.is_escalation_proposed else "",
        "offered": actions.offered(melding, visit.desk.municipality),
        "is_to_judge": melding.status in TO_JUDGE,
    }
    return _pages(visit).show(visit, "melding.html", values, message=message, status=status)


def _choices(municipality: Municipality, melding: Melding) -> dict[str, Any]:
    """What the forms offer to choose from."""
    topics = {
        municipality.name_of(code): sorted(
            (item for item in municipality.onderwerpen.values() if item.lead == code), key=lambda item: item.name
        )
        for code in municipality.departments
    }
    return {
        "municipality": municipality,
        "topics": topics,
        "others": _others(municipality, melding),
        "endings": actions.ENDINGS,
        "questions": actions.QUESTIONS,
        "own_question": actions.OWN_QUESTION,
        "back": _queue_of(melding),
    }


def _others(municipality: Municipality, melding: Melding) -> list[dict[str, Any]]:
    """The likeliest other answers of the proposal, each with the form that takes it."""
    forms = {Sort.DEPARTMENT: "corrigeren", Sort.PARTNER: "doorverwijzen", Sort.NONE: "afhandelen"}
    likely = [(code, share) for code, share in melding.proposal.get("top3", ()) if code in municipality.vakafdelingen]
    return [
        {"code": code, "name": item.name, "share": share, "form": forms[item.sort]}
        for code, share in likely
        if code != melding.lead and (item := municipality.vakafdelingen[code]).sort in forms
    ]


def _queue_of(melding: Melding) -> Queue:
    if melding.status in TO_JUDGE:
        return Queue.TO_JUDGE
    if melding.is_closed:
        return Queue.CLOSED
    return Queue.WAITING if melding.status is Status.WACHT_OP_MELDER else Queue.UNDER_WAY


def _done(after: Melding, municipality: Municipality) -> str:
    """What happened, in one sentence."""
    partner = municipality.partners.get(after.partner or "overig")
    sentences = {
        Status.DOORGEZET: f"ligt nu bij {municipality.name_of(after.lead)}.",
        Status.IN_BEHANDELING: "is in behandeling genomen.",
        Status.INGEPLAND: f"is ingepland voor {words.day_only(after.planned_for)}." if after.planned_for else "is ingepland.",
        Status.WACHT_OP_MELDER: "wacht nu op antwoord van de melder.",
        Status.AFGEHANDELD: "is afgehandeld.",
        Status.DOORVERWEZEN: f"is doorverwezen naar {partner.name if partner else 'een andere organisatie'}.",
        Status.HEROPEND: "is weer open.",
    }
    return f"{after.kenmerk} {sentences.get(after.status, 'is bijgewerkt.')}"


def _told(previews: tuple[Preview, ...]) -> str:
    """Who hears of it."""
    by_hand = sum(1 for preview in previews if preview.by_hand)
    by_machine = len(previews) - by_hand
    parts = []
    if by_machine:
        parts.append("De melder krijgt bericht." if by_machine == 1 else f"{by_machine} melders krijgen bericht.")
    if by_hand:
        answer = "Eén antwoord plaatst u zelf" if by_hand == 1 else f"{by_hand} antwoorden plaatst u zelf"
        parts.append(f"{answer}: kijk bij Niet verzonden.")
    return " ".join(parts) or "Niemand krijgt hierover bericht."


def _pages(visit: Visit) -> Pages:
    pages: Pages = visit.request.app.state.pages
    return pages
