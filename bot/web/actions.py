"""What a colleague can do with a melding, as one table: the form's name, what the law of transitions must allow, and the step.

Every step comes from the use cases in `bot.handling`; here the posted fields become their arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from bot.handling import Step
from bot.roles import Right, has_right, may_handle
from bot.web.desk import Desk
from bot.web.forms import Form, FormError
from bot.web.language import gettext, msg
from bot.web.words import OUTCOMES, REASONS
from routing.melding import TO_JUDGE, Event, NotSolved, may
from routing.office_hours import AMSTERDAM
from routing.sentences import said
from routing.vakafdelingen import Municipality, Sort
from storage.meldingen import Melding
from storage.search import reference_in
from storage.staff import Account

Build = Callable[[Desk, Melding, Form], Step]
SOLVED, NOTHING_ASKED = "opgelost", "geen_actie_nodig"
# How a melding can be closed: solved, for a coded reason, or without a word because nothing was asked.
ENDINGS: Mapping[str, str] = {
    SOLVED: OUTCOMES[SOLVED],
    **{reason.value: words for reason, words in REASONS.items()},
    NOTHING_ASKED: msg("Geen actie nodig (praatje, mening, spam)"),
}
QUESTIONS: Mapping[str, str] = {"waar": msg("Waar is het precies?"), "wat": msg("Wat is er aan de hand, en waar?")}
OWN_QUESTION = "eigen"
_NOON = time(12)
_MORNING = time(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`name` is the last part of the address, `event` what the transition table must allow, `build` makes the step.

    `key` opens its form from the keyboard.
    """

    name: str
    title: str
    event: Event
    build: Build
    key: str = ""
    right: Right = Right.HANDLE


def _confirm(desk: Desk, melding: Melding, form: Form) -> Step:  # noqa: ARG001 - one shape for all actions
    return desk.handling.confirm(melding)


def _correct(desk: Desk, melding: Melding, form: Form) -> Step:
    word = "snel" if form.raw("snel") else "vakafdeling"  # a button for one vakafdeling, or the list
    lead = form.choice(word, desk.municipality.departments, gettext("Kies een vakafdeling uit de lijst."))
    topic = form.choice(
        "onderwerp", ("", *desk.municipality.onderwerpen), gettext("Kies een onderwerp uit de lijst, of laat het leeg.")
    )
    return desk.handling.assign(melding, lead=lead, topic=topic, explanation=form.text("toelichting"))


def _ask(desk: Desk, melding: Melding, form: Form) -> Step:
    word = form.choice("vaste_vraag", (*QUESTIONS, OWN_QUESTION, ""), gettext("Kies een vraag, of schrijf er zelf een."))
    if word not in QUESTIONS:
        question = form.text("vraag")
        if not question:
            raise FormError(gettext("Schrijf wat u van de melder wilt weten."), name="vraag")
        return desk.handling.ask(melding, question=question)
    # The prepared question exists in the language of every melder.
    return replace(desk.handling.ask(melding, question=word), why=QUESTIONS[word])


def _take_up(desk: Desk, melding: Melding, form: Form) -> Step:
    return desk.handling.take_up(melding, contact_person=form.text("contactpersoon"))


def _plan(desk: Desk, melding: Melding, form: Form) -> Step:
    day = form.day("dag", today=desk.now().astimezone(AMSTERDAM).date())
    planned_for = datetime.combine(day, _NOON, AMSTERDAM)
    return desk.handling.plan(melding, planned_for=planned_for, explanation=form.text("toelichting"))


def _close(desk: Desk, melding: Melding, form: Form) -> Step:
    ending = form.choice("einde", ENDINGS, gettext("Kies hoe het is afgelopen; de melder hoort de reden."))
    explanation = form.text("toelichting")
    if ending == SOLVED:
        return desk.handling.solve(melding, explanation=explanation)
    if ending in set(NotSolved):
        return desk.handling.close_unsolved(melding, reason=ending, explanation=explanation)
    nothing = next(code for code, item in desk.municipality.vakafdelingen.items() if item.sort is Sort.NONE)
    step = desk.handling.confirm(replace(melding, lead=nothing))
    return replace(step, columns={**step.columns, "lead": nothing}, why=explanation or said("geen actie nodig"))


def _refer(desk: Desk, melding: Melding, form: Form) -> Step:
    partner = form.choice("organisatie", desk.municipality.partners, gettext("Kies een organisatie uit de lijst."))
    return desk.handling.refer(melding, partner=partner, explanation=form.text("toelichting"))


def _appoint(desk: Desk, melding: Melding, form: Form) -> Step:
    day = form.day("dag", today=desk.now().astimezone(AMSTERDAM).date())
    try:
        hour = time.fromisoformat(form.text("tijd"))
    except ValueError:
        raise FormError(gettext("Vul een tijd in, zoals 14:30."), name="tijd") from None
    return desk.handling.appoint(
        melding,
        at=datetime.combine(day, hour, AMSTERDAM),
        place=form.text("plaats"),
        guests=form.text("collegas"),
        explanation=form.text("toelichting"),
    )


def _escalate(desk: Desk, melding: Melding, form: Form) -> Step:
    if form.choice("besluit", ("ja", "nee"), gettext("Kies of u de melding voorlegt.")) == "ja":
        return desk.handling.escalate(melding)
    return desk.handling.decline_escalation(melding, why=form.text("reden"))


def _write(desk: Desk, melding: Melding, form: Form) -> Step:
    text = form.text("tekst")
    if not text:
        raise FormError(gettext("Schrijf eerst een bericht, of kies een bouwsteen."), name="tekst")
    return desk.handling.write(melding, text=text)


def _give_back(desk: Desk, melding: Melding, form: Form) -> Step:
    return desk.handling.give_back(melding, why=form.text("reden"))


def _put_off(desk: Desk, melding: Melding, form: Form) -> Step:
    if form.raw("nu"):
        return desk.handling.put_off(melding, until=None)
    day = form.day("dag", today=desk.now().astimezone(AMSTERDAM).date() + timedelta(days=1))
    return desk.handling.put_off(melding, until=datetime.combine(day, _MORNING, AMSTERDAM))


def _merge(desk: Desk, melding: Melding, form: Form) -> Step:
    number = reference_in(form.raw("met"))
    if number is None:
        raise FormError(gettext("Vul het kenmerk in van de melding waarmee u deze samenvoegt, zoals WB-2026-00042."), name="met")
    return desk.handling.merge(melding, into=desk.handling.get(number))


def _unmerge(desk: Desk, melding: Melding, form: Form) -> Step:  # noqa: ARG001 - one shape for all actions
    return desk.handling.unmerge(melding)


def _reopen(desk: Desk, melding: Melding, form: Form) -> Step:
    return desk.handling.reopen(melding, why=form.text("reden"))


ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action(name="bevestigen", title=msg("Voorstel bevestigen"), event=Event.DOORGEZET, build=_confirm, right=Right.JUDGE),
        Action(
            name="corrigeren",
            title=msg("Andere vakafdeling kiezen"),
            event=Event.DOORGEZET,
            build=_correct,
            key="c",
            right=Right.JUDGE,
        ),
        Action(name="vragen", title=msg("Vraag stellen aan de melder"), event=Event.VRAAG_GESTELD, build=_ask, key="v"),
        Action(name="in-behandeling", title=msg("In behandeling nemen"), event=Event.IN_BEHANDELING_GENOMEN, build=_take_up),
        Action(name="inplannen", title=msg("Inplannen"), event=Event.INGEPLAND, build=_plan),
        Action(name="afspreken", title=msg("Bellen of langsgaan afspreken"), event=Event.AFSPRAAK_GEMAAKT, build=_appoint),
        Action(name="afhandelen", title=msg("Afhandelen"), event=Event.AFGEHANDELD, build=_close, key="a"),
        Action(
            name="doorverwijzen",
            title=msg("Doorverwijzen naar een andere organisatie"),
            event=Event.DOORVERWEZEN,
            build=_refer,
            key="d",
        ),
        Action(name="teruggeven", title=msg("Niet van ons: geef terug"), event=Event.TERUGGEGEVEN, build=_give_back),
        Action(name="uitstellen", title=msg("Uitstellen"), event=Event.UITGESTELD, build=_put_off, key="s"),
        Action(
            name="samenvoegen",
            title=msg("Samenvoegen met een andere melding"),
            event=Event.SAMENGEVOEGD,
            build=_merge,
            right=Right.JUDGE,
        ),
        Action(name="losmaken", title=msg("Losmaken"), event=Event.LOSGEMAAKT, build=_unmerge, right=Right.JUDGE),
        Action(name="bericht", title=msg("Bericht aan de melder"), event=Event.BERICHT_GESTUURD, build=_write, key="r"),
        Action(name="voorleggen", title=msg("Hogerop voorleggen"), event=Event.GEESCALEERD, build=_escalate),
        Action(name="heropenen", title=msg("Heropenen"), event=Event.HEROPEND, build=_reopen, right=Right.JUDGE),
    )
}


def may_do(account: Account, melding: Melding, action: Action) -> bool:
    """Whether this colleague may take this step with this melding."""
    return has_right(account, action.right) and may_handle(account, melding)


def offered(melding: Melding, municipality: Municipality, account: Account) -> tuple[Action, ...]:
    """What makes sense now and may be done by this colleague, in a fixed order."""
    is_to_confirm = _is_to_confirm(melding, municipality)
    return tuple(
        action
        for action in ACTIONS.values()
        if may_do(account, melding, action)
        and may(melding.status, action.event)
        and (action.name != "bevestigen" or is_to_confirm)
        and (action.name != "voorleggen" or melding.is_escalation_proposed)
    )


def _is_to_confirm(melding: Melding, municipality: Municipality) -> bool:
    """A proposal is confirmed while the melding waits for a judgement. Danger is no vakafdeling that could take it up."""
    proposed = municipality.vakafdelingen.get(melding.lead)
    return melding.status in TO_JUDGE and proposed is not None and proposed.sort is not Sort.EMERGENCY
