"""One melding: the page about it, previews of what its melders would get, and the actions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from bot.handling import Preview, Step
from bot.plain_language import blocks
from bot.roles import Right, has_right, may_handle, may_update_task
from bot.web import actions, display, words
from bot.web.actions import ACTIONS, Action
from bot.web.forms import FormError
from bot.web.guard import Admitted, ForbiddenError, Visit, needs
from bot.web.language import gettext, msg, ngettext, translated
from bot.web.listing import Listing
from bot.web.outgoing import Outgoing, outgoing
from bot.web.pages import Message, Pages, Tone, go_on
from bot.web.retelling import told
from bot.web.views.attachments import may_open
from routing.errors import InvalidTransitionError, NotFoundError, StaleError, WijkbalieError
from routing.melding import TO_JUDGE, Event, Status, may
from routing.personal_data import find_personal_data
from routing.sentences import said
from routing.vakafdelingen import SAME_DAYS, SAME_METRES, Municipality, Sort
from storage import nearby, queries, queues
from storage.meldingen import Melding
from storage.notes import notes_of
from storage.queues import Queue
from storage.splitting import Splitting
from storage.tasks import tasks_of
from storage.watching import is_following

router = APIRouter()
_LOOK_AGAIN = msg("Hieronder staat hoe het nu is. Wat u invulde is bewaard.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The form that the page must show opened: which one, what was typed, what is wrong with it, what it would send."""

    action: str
    fields: Mapping[str, str]
    wrong_field: str = ""
    problem: str = ""
    previews: tuple[Outgoing, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How the page is shown: which form opened, with which sentence above it, contact details whole or masked."""

    opened: Open | None = None
    message: Message | None = None
    status: int = 200
    sees_whole: bool = False


@router.get("/meldingen/{number}", dependencies=[needs(Right.LOOK)])
def show_melding(visit: Admitted, number: str) -> Response:
    return show_page(visit, melding_id_of(number))


@router.post("/meldingen/{number}/inzien", dependencies=[needs(Right.LOOK)])
def show_contacts(visit: Admitted, number: str) -> Response:
    """The page with what residents wrote unmasked. Who looked is written down first; it is shown this once."""
    if not visit.account.sees_contacts:
        raise ForbiddenError(gettext("U mag geen contactgegevens zien. Vraag een collega, of de beheerder om het recht."))
    melding_id = melding_id_of(number)
    with visit.desk.database.work() as work:
        kenmerk = work.meldingen.get(melding_id).kenmerk
        work.journal.write(visit.account.username, said("contactgegevens bekeken"), kenmerk, visit.desk.now())
        work.commit()
    return show_page(visit, melding_id, Showing(sees_whole=True))


@router.post("/meldingen/{number}/{action}/bekijken", dependencies=[needs(Right.HANDLE)])
def preview(visit: Admitted, number: str, action: str) -> Response:
    """Exactly what each melder would get. Changes nothing, so it answers with a page instead of a redirect."""
    melding, chosen = _find(visit, number, action)
    try:
        previews = visit.desk.handling.preview(melding, _step(visit, melding, chosen), account=visit.account.username)
    except (FormError, InvalidTransitionError, StaleError) as error:
        return _refused(visit, melding, chosen, error)
    opened = Open(action=chosen.name, fields=visit.form.fields, previews=outgoing(previews, visit.desk.limits))
    if visit.is_partial:
        return HTMLResponse(_pages(visit).text("_voorbeeld.html", {"opened": opened, "message": None}))
    return show_page(visit, melding.id, Showing(opened=opened))


@router.post("/meldingen/{number}/{action}", dependencies=[needs(Right.HANDLE)])
def carry_out(visit: Admitted, number: str, action: str) -> Response:
    melding, chosen = _find(visit, number, action)
    handling = visit.desk.handling
    try:
        step = _step(visit, melding, chosen)
        previews = handling.preview(melding, step, account=visit.account.username)
        after = handling.carry_out(melding, step, account=visit.account.username, version=visit.form.version())
    except (FormError, InvalidTransitionError, StaleError) as error:
        return _refused(visit, melding, chosen, error)
    tone: Tone = "warning" if any(preview.by_hand for preview in previews) else "ok"
    text = f"{_done(after, visit.desk.municipality)} {_heard(previews)}"
    return go_on(visit, _onward(visit, melding), Message(tone=tone, text=text, undo=f"{after.id}.{after.event_count}"))


def _onward(visit: Visit, melding: Melding) -> str:
    """Where a colleague goes after a decision: who works through the queue of what is to be judged gets the next one."""
    listing = Listing.parse(visit.request.query_params)
    here = f"/meldingen/{melding.id}"
    if not listing.is_named:
        return here
    if listing.queue is Queue.TO_JUDGE and melding.status in TO_JUDGE:
        with visit.desk.database.reading() as connection:
            position = queues.position_of(melding, listing.queue)
            _, following = queues.neighbours(connection, listing.asked(visit), position)
        return f"/meldingen/{following.id}?{listing.query(here=True)}" if following else f"/?{listing.query()}"
    return f"{here}?{listing.query(here=True)}"


def _find(visit: Visit, number: str, action: str) -> tuple[Melding, Action]:
    chosen = ACTIONS.get(action)
    if chosen is None:
        raise NotFoundError(gettext("Deze stap bestaat niet. Ga terug naar de melding en kies daar."))
    melding = visit.desk.handling.get(melding_id_of(number))
    if not actions.may_do(visit.account, melding, chosen):
        raise ForbiddenError(
            gettext(
                "'%(stap)s' is aan de coördinator of aan %(vakafdeling)s.",
                stap=gettext(chosen.title),
                vakafdeling=visit.desk.municipality.name_of(melding.lead),
            )
        )
    return melding, chosen


def melding_id_of(number: str) -> int:
    if re.fullmatch(r"[0-9]{1,12}", number) is None:
        raise NotFoundError(gettext("Deze melding bestaat niet. Kijk of het adres klopt."))
    return int(number)


def _step(visit: Visit, melding: Melding, action: Action) -> Step:
    if visit.form.version() != melding.event_count:
        raise StaleError(gettext("%(kenmerk)s is veranderd terwijl u keek.", kenmerk=melding.kenmerk))
    return action.build(visit.desk, melding, visit.form)


def _refused(visit: Visit, melding: Melding, action: Action, error: WijkbalieError) -> Response:
    """The page again, with what was typed. 400 when the form is wrong, 409 when the melding does not allow it (any more)."""
    is_form = isinstance(error, FormError)
    status, hint = (400, "") if is_form else (409, gettext(_LOOK_AGAIN))
    problem = told(str(error))
    message = Message(tone="error", text=problem, hint=hint)
    field = error.name if isinstance(error, FormError) else ""
    opened = Open(action=action.name, fields=visit.form.fields, wrong_field=field, problem=problem)
    if visit.is_partial:
        text = _pages(visit).text("_voorbeeld.html", {"opened": opened, "message": message})
        return HTMLResponse(text, status_code=status)
    return show_page(visit, melding.id, Showing(opened=opened, message=message, status=status))


def show_page(visit: Visit, melding_id: int, showing: Showing | None = None) -> Response:
    showing = showing or Showing()
    listing = Listing.parse(visit.request.query_params)
    with visit.desk.database.reading() as connection:
        melding = queries.get_melding(connection, melding_id)
        if not listing.is_named:
            listing = Listing(queue=_queue_of(melding))
        here = queues.position_of(melding, listing.queue)
        previous, following = queues.neighbours(connection, listing.asked(visit), here)
        values: dict[str, Any] = _pages(visit).frame(connection, visit)
        values |= {
            "melding": melding,
            "lines": queries.conversation(connection, melding_id),
            "events": queries.event_log(connection, melding_id),
            "melders": queries.melders_of(connection, melding_id),
            "reason_words": display.reason_words(melding.proposal.get("reasons", ())),
            "sees_whole": showing.sees_whole,
            "may_open": may_open(visit, melding),
            "is_log_whole": queries.is_log_whole(connection, melding_id),
            "names": queries.staff_names(connection),
            "is_mentioned": melding_id in values["mentions"],
            "previous": previous,
            "following": following,
            "listing": listing,
            "along": f"?{listing.query(here=True)}" if Listing.parse(visit.request.query_params).is_named else "",
        }
        values |= _together(connection, visit, melding)
    said = "\n".join(line.text for line in values["lines"] if not line.is_ours)
    values["has_contacts"] = bool(find_personal_data(said))
    values |= _choices(visit.desk.municipality, melding)
    values |= {
        "opened": showing.opened,
        "proposed_role": visit.desk.handling.proposed_role(melding) if melding.is_escalation_proposed else "",
        "offered": actions.offered(melding, visit.desk.municipality, visit.account),
        "is_to_judge": melding.status in TO_JUDGE,
        "may_split": may(melding.status, Event.AFGESPLITST) and has_right(visit.account, Right.JUDGE),
        "blocks": blocks(),
        "ways": _ways(visit, melding),
    }
    response = _pages(visit).show(visit, "melding.html", values, message=showing.message, status=showing.status)
    if values["is_mentioned"]:
        with visit.desk.database.work() as work:
            work.watching.see(visit.account.username, melding_id)
            work.commit()
    return response


def _together(connection: Any, visit: Visit, melding: Melding) -> dict[str, Any]:
    """Who else works on it and which meldingen belong with it."""
    topic = visit.desk.municipality.onderwerpen.get(melding.topic)
    metres, days = (topic.same_metres, topic.same_days) if topic else (SAME_METRES, SAME_DAYS)
    return {
        "notes": notes_of(connection, melding.id),
        "tasks": tasks_of(connection, melding.id),
        "may_handle": may_handle(visit.account, melding),
        "may_update": lambda task: may_update_task(visit.account, melding, task.vakafdeling),
        "linked": nearby.linked_to(connection, melding.id),
        "merged": nearby.merged_into(connection, melding.id),
        "similar": () if melding.is_closed else nearby.similar(connection, melding, metres=metres, days=days),
        "second_matters": Splitting(connection).second_matters(melding.id),
        "is_following": is_following(connection, visit.account.username, melding.id),
    }


def _ways(visit: Visit, melding: Melding) -> tuple[Outgoing, ...]:
    """By which way each melder would get a message now, and what an empty one already takes."""
    handling = visit.desk.handling
    if melding.lead not in visit.desk.municipality.vakafdelingen:
        return ()  # its vakafdeling was taken out of the tables: it is put with another first
    empty = handling.preview(melding, handling.write(melding, text=""), account=visit.account.username)
    return outgoing(empty, visit.desk.limits)


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
    }


def _others(municipality: Municipality, melding: Melding) -> list[dict[str, Any]]:
    """The likeliest other answers of the proposal, each with the form that takes it."""
    forms = {Sort.DEPARTMENT: "corrigeren", Sort.PARTNER: "doorverwijzen", Sort.NONE: "afhandelen"}
    likely = [(code, share) for code, share in melding.proposal.get("top3", ()) if code in municipality.vakafdelingen]
    return [
        {"code": code, "name": translated(item.name), "share": share, "form": forms[item.sort]}
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
    kenmerk, to = after.kenmerk, partner.name if partner else gettext("een andere organisatie")
    day = words.day_only(after.planned_for) if after.planned_for else ""
    sentences = {
        Status.DOORGEZET: gettext(
            "%(kenmerk)s ligt nu bij %(vakafdeling)s.", kenmerk=kenmerk, vakafdeling=municipality.name_of(after.lead)
        ),
        Status.IN_BEHANDELING: gettext("%(kenmerk)s is in behandeling genomen.", kenmerk=kenmerk),
        Status.INGEPLAND: gettext("%(kenmerk)s is ingepland voor %(dag)s.", kenmerk=kenmerk, dag=day),
        Status.WACHT_OP_MELDER: gettext("%(kenmerk)s wacht nu op antwoord van de melder.", kenmerk=kenmerk),
        Status.AFGEHANDELD: gettext("%(kenmerk)s is afgehandeld.", kenmerk=kenmerk),
        Status.DOORVERWEZEN: gettext("%(kenmerk)s is doorverwezen naar %(organisatie)s.", kenmerk=kenmerk, organisatie=to),
        Status.HEROPEND: gettext("%(kenmerk)s is weer open.", kenmerk=kenmerk),
    }
    return sentences.get(after.status) or gettext("%(kenmerk)s is bijgewerkt.", kenmerk=kenmerk)


def _heard(previews: tuple[Preview, ...]) -> str:
    """Who hears of it."""
    by_hand = sum(1 for preview in previews if preview.by_hand)
    by_machine = len(previews) - by_hand
    parts = []
    if by_machine:
        parts.append(ngettext("De melder krijgt bericht.", "%(num)s melders krijgen bericht.", by_machine))
    if by_hand:
        parts.append(
            ngettext(
                "Eén antwoord plaatst u zelf: kijk bij Niet verzonden.",
                "%(num)s antwoorden plaatst u zelf: kijk bij Niet verzonden.",
                by_hand,
            )
        )
    return " ".join(parts) or gettext("Niemand krijgt hierover bericht.")


def _pages(visit: Visit) -> Pages:
    pages: Pages = visit.request.app.state.pages
    return pages
