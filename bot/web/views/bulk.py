"""Several meldingen at once, with a look before; and taking decisions back, of one melding or of many."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from bot.handling import Preview, Step
from bot.roles import Right, may_handle
from bot.web.actions import ACTIONS, Action
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext, ngettext
from bot.web.listing import Listing
from bot.web.pages import Message, Pages, go_on
from bot.web.retelling import told
from routing.errors import InvalidTransitionError, NotFoundError, StaleError, WijkbalieError
from storage.meldingen import Melding

router = APIRouter()
BULK = ("bevestigen", "corrigeren", "afhandelen", "samenvoegen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One chosen melding: the step it would take and what its melders would get, or why it cannot."""

    melding: Melding
    step: Step | None = None
    previews: tuple[Preview, ...] = ()
    refusal: str = ""


@router.post("/samen/{action}/bekijken", dependencies=[needs(Right.JUDGE)])
def look(visit: Admitted, action: str) -> Response:
    """What would happen to each of them. Changes nothing."""
    pages: Pages = visit.request.app.state.pages
    chosen = _action(action)
    choices = [_choice(visit, chosen, *number) for number in visit.form.numbered("keuze")]
    hidden = [(name, value) for name, value in visit.form.pairs if name not in {"csrf", "keuze"}]
    values = {
        "action": chosen,
        "choices": choices,
        "ready": [choice for choice in choices if not choice.refusal],
        "hidden": hidden,
        "listing": Listing.parse(visit.request.query_params),
    }
    return pages.show(visit, "samen.html", values)


@router.post("/samen/{action}", dependencies=[needs(Right.JUDGE)])
def carry_out(visit: Admitted, action: str) -> Response:
    """Each in its own transaction: one that cannot does not hold up the others."""
    chosen = _action(action)
    done, refused = [], []
    for melding_id, version in visit.form.numbered("keuze"):
        choice = _choice(visit, chosen, melding_id, version)
        if choice.step is None:
            refused.append(choice.refusal)
            continue
        try:
            after = visit.desk.handling.carry_out(choice.melding, choice.step, account=visit.account.username, version=version)
        except (InvalidTransitionError, StaleError) as error:
            refused.append(told(str(error)))
        else:
            done.append(f"{after.id}.{after.event_count}")
    text = gettext("%(stap)s: %(num)s gedaan.", stap=gettext(chosen.title), num=len(done))
    if refused:
        text += " " + gettext("%(num)s niet: %(waarom)s", num=len(refused), waarom=refused[0])
    message = Message(tone="warning" if refused else "ok", text=text, undo=" ".join(done))
    return go_on(visit, f"/?{Listing.parse(visit.request.query_params).query()}", message)


@router.post("/ongedaan", dependencies=[needs(Right.HANDLE)])
def undo(visit: Admitted) -> Response:
    """Take decisions back, each as an event of its own, as long as nothing of them was sent."""
    steps = visit.form.numbered("stappen")
    done, refused = [], []
    for melding_id, seq in steps:
        if not _may_undo(visit, melding_id, seq):
            refused.append(gettext("Deze melding is niet van uw vakafdeling."))
            continue
        try:
            done.append(visit.desk.handling.undo(melding_id, seq, account=visit.account.username))
        except (InvalidTransitionError, StaleError, NotFoundError) as error:
            refused.append(told(str(error)))
    names = done[0].kenmerk if len(done) == 1 else ngettext("%(num)s melding", "%(num)s meldingen", len(done))
    parts = ([gettext("Ongedaan gemaakt: %(wat)s. Er is niets verstuurd.", wat=names)] if done else []) + refused[:3]
    address = f"/meldingen/{steps[0][0]}?queue=te_beoordelen" if len(steps) == 1 else "/"
    return go_on(visit, address, Message(tone="warning" if refused else "ok", text=" ".join(parts)))


def _may_undo(visit: Visit, melding_id: int, seq: int) -> bool:
    """Who handles the melding; and whose own step put it elsewhere, for as long as second thoughts are given."""
    handling = visit.desk.handling
    is_own = handling.is_own_latest(melding_id, seq, account=visit.account.username)
    return is_own or may_handle(visit.account, handling.get(melding_id))


def _action(name: str) -> Action:
    if name not in BULK:
        raise NotFoundError(gettext("Deze stap kan niet voor meer meldingen tegelijk. Kies er een uit de lijst."))
    return ACTIONS[name]


def _choice(visit: Visit, action: Action, melding_id: int, version: int) -> Choice:
    melding = visit.desk.handling.get(melding_id)
    if melding.event_count != version:
        return Choice(melding=melding, refusal=gettext("%(kenmerk)s is veranderd terwijl u koos.", kenmerk=melding.kenmerk))
    try:
        step = action.build(visit.desk, melding, visit.form)
        previews = visit.desk.handling.preview(melding, step, account=visit.account.username)
    except WijkbalieError as error:
        return Choice(melding=melding, refusal=told(str(error)))
    return Choice(melding=melding, step=step, previews=previews)
