"""The life of a melding as data: statuses, the events that move it, and what each event tells the melder.

Decides nothing about storage or wording. A refused step raises InvalidTransitionError in words for staff.
"""

from __future__ import annotations

from enum import StrEnum

from routing.errors import InvalidTransitionError
from routing.sentences import said


class Status(StrEnum):
    NIEUW = "nieuw"
    TE_BEOORDELEN = "te_beoordelen"
    DOORGEZET = "doorgezet"
    IN_BEHANDELING = "in_behandeling"
    INGEPLAND = "ingepland"
    WACHT_OP_MELDER = "wacht_op_melder"
    AFGEHANDELD = "afgehandeld"
    DOORVERWEZEN = "doorverwezen"
    INGETROKKEN = "ingetrokken"
    DUBBEL = "dubbel"
    HEROPEND = "heropend"


class Event(StrEnum):
    ONTVANGEN = "ontvangen"
    TER_BEOORDELING = "ter_beoordeling"
    DOORGEZET = "doorgezet"
    IN_BEHANDELING_GENOMEN = "in_behandeling_genomen"
    INGEPLAND = "ingepland"
    VRAAG_GESTELD = "vraag_gesteld"
    AANGEVULD = "aangevuld"
    VRAAG_VERLOPEN = "vraag_verlopen"
    AFGEHANDELD = "afgehandeld"
    DOORVERWEZEN = "doorverwezen"
    INGETROKKEN = "ingetrokken"
    SAMENGEVOEGD = "samengevoegd"
    HEROPEND = "heropend"
    MEDEMELDER = "medemelder"
    STAND_GEVRAAGD = "stand_gevraagd"
    BEDANKT = "bedankt"
    NOG_GEEN_NIEUWS = "nog_geen_nieuws"
    NOODGEVAL = "noodgeval"
    MENS_GEVRAAGD = "mens_gevraagd"
    VERWIJDERD_DOOR_MELDER = "verwijderd_door_melder"
    NIET_MEER_TE_ZIEN = "niet_meer_te_zien"
    HERINNERD = "herinnerd"
    BELOFTE_NADERT = "belofte_nadert"
    ESCALATIE_VOORGESTELD = "escalatie_voorgesteld"
    GEESCALEERD = "geescaleerd"
    ESCALATIE_AFGEWEZEN = "escalatie_afgewezen"
    BEOORDEELD = "beoordeeld"
    VOORKEUR = "voorkeur"
    AFSPRAAK_GEMAAKT = "afspraak_gemaakt"
    UITGESTELD = "uitgesteld"
    TERUGGEDRAAID = "teruggedraaid"
    BERICHT_GESTUURD = "bericht_gestuurd"
    TERUGGEGEVEN = "teruggegeven"
    LOSGEMAAKT = "losgemaakt"
    AFGESPLITST = "afgesplitst"
    TAAK_GEGEVEN = "taak_gegeven"
    TAAK_BIJGEWERKT = "taak_bijgewerkt"
    NOTITIE = "notitie"
    GEKOPPELD = "gekoppeld"
    BEWAARD = "bewaard"
    VRIJGEGEVEN = "vrijgegeven"
    OPGERUIMD = "opgeruimd"


class NotSolved(StrEnum):
    """Why a melding was closed without a solution. The melder is told the reason in words."""

    REEDS_INGEPLAND = "reeds_ingepland"
    NIET_NU = "niet_nu"
    NIET_VAN_ONS = "niet_van_ons"
    DOEN_WE_NIET = "doen_we_niet"
    ONDUIDELIJK = "onduidelijk"
    NIETS_AANGETROFFEN = "niets_aangetroffen"


CLOSED = frozenset({Status.AFGEHANDELD, Status.DOORVERWEZEN, Status.INGETROKKEN, Status.DUBBEL})
OPEN = frozenset(Status) - CLOSED
TO_JUDGE = frozenset({Status.NIEUW, Status.TE_BEOORDELEN, Status.HEROPEND})

_UNDER_WAY = OPEN - {Status.NIEUW}
_AT_WORK = frozenset({Status.DOORGEZET, Status.IN_BEHANDELING, Status.INGEPLAND})

# Event -> (statuses it may start from, status it leads to). None keeps the status; WACHT_OP_MELDER is left
# for the status the melding had before the question (see `next_status`).
TRANSITIONS: dict[Event, tuple[frozenset[Status], Status | None]] = {
    Event.ONTVANGEN: (frozenset({Status.NIEUW}), None),
    Event.TER_BEOORDELING: (frozenset({Status.NIEUW, Status.TE_BEOORDELEN}) | _AT_WORK, Status.TE_BEOORDELEN),
    Event.DOORGEZET: (OPEN, Status.DOORGEZET),
    Event.IN_BEHANDELING_GENOMEN: (_AT_WORK | {Status.HEROPEND}, Status.IN_BEHANDELING),
    Event.INGEPLAND: (_AT_WORK, Status.INGEPLAND),
    Event.VRAAG_GESTELD: (_UNDER_WAY - {Status.WACHT_OP_MELDER}, Status.WACHT_OP_MELDER),
    Event.AANGEVULD: (frozenset(Status), None),
    Event.VRAAG_VERLOPEN: (OPEN, None),
    Event.AFGEHANDELD: (OPEN, Status.AFGEHANDELD),
    Event.DOORVERWEZEN: (OPEN, Status.DOORVERWEZEN),
    Event.INGETROKKEN: (OPEN, Status.INGETROKKEN),
    Event.SAMENGEVOEGD: (OPEN, Status.DUBBEL),
    Event.HEROPEND: (CLOSED, Status.HEROPEND),
    Event.MEDEMELDER: (frozenset(Status), None),
    Event.STAND_GEVRAAGD: (frozenset(Status), None),
    Event.BEDANKT: (frozenset(Status), None),
    Event.NOG_GEEN_NIEUWS: (OPEN, None),
    Event.NOODGEVAL: (frozenset({Status.NIEUW}), Status.TE_BEOORDELEN),
    Event.MENS_GEVRAAGD: (frozenset(Status), None),
    Event.VERWIJDERD_DOOR_MELDER: (frozenset(Status), None),
    Event.NIET_MEER_TE_ZIEN: (frozenset(Status), None),
    Event.HERINNERD: (OPEN, None),
    Event.BELOFTE_NADERT: (OPEN, None),
    Event.ESCALATIE_VOORGESTELD: (OPEN, None),
    Event.GEESCALEERD: (OPEN, None),
    Event.ESCALATIE_AFGEWEZEN: (OPEN, None),
    Event.BEOORDEELD: (CLOSED, None),
    Event.VOORKEUR: (frozenset(Status), None),
    Event.AFSPRAAK_GEMAAKT: (OPEN, None),
    Event.UITGESTELD: (OPEN, None),
    Event.BERICHT_GESTUURD: (frozenset(Status), None),
    Event.TERUGGEGEVEN: (_AT_WORK | {Status.WACHT_OP_MELDER}, Status.TE_BEOORDELEN),
    Event.LOSGEMAAKT: (frozenset({Status.DUBBEL}), Status.TE_BEOORDELEN),
    Event.AFGESPLITST: (OPEN, None),
    Event.TAAK_GEGEVEN: (OPEN, None),
    Event.TAAK_BIJGEWERKT: (OPEN, None),
    Event.NOTITIE: (frozenset(Status), None),
    Event.GEKOPPELD: (frozenset(Status), None),
    Event.BEWAARD: (frozenset(Status), None),
    Event.VRIJGEGEVEN: (frozenset(Status), None),
    Event.OPGERUIMD: (CLOSED, None),
    Event.TERUGGEDRAAID: (frozenset(Status), None),  # back to where the decision began: storage knows which status that was
}

# Every event wakes a melding that was put off, except these.
LETS_SLEEP = frozenset({Event.NOG_GEEN_NIEUWS, Event.BEDANKT, Event.NOTITIE, Event.GEKOPPELD, Event.TAAK_GEGEVEN})

# Leaving WACHT_OP_MELDER by one of these returns the melding to where it was when the question was asked.
_RESUMES = frozenset({Event.AANGEVULD, Event.VRAAG_VERLOPEN})


class News(StrEnum):
    """What a melder can be told. Each has a template in every language."""

    ONTVANGST = "ontvangst"
    DANK = "dank"
    NOODGEVAL = "noodgeval"
    DOORGEZET = "doorgezet"
    IN_BEHANDELING = "in_behandeling"
    INGEPLAND = "ingepland"
    VRAAG = "vraag"
    OPGELOST = "opgelost"
    NIET_OPGELOST = "niet_opgelost"
    DOORVERWEZEN = "doorverwezen"
    ANDERE_INGANG = "andere_ingang"
    UITLEG = "uitleg"
    PRIVACY = "privacy"
    COLLEGA = "collega"
    INGETROKKEN = "ingetrokken"
    DUBBEL = "dubbel"
    HEROPEND = "heropend"
    MEDEMELDER = "medemelder"
    AANGEVULD = "aangevuld"
    STAND = "stand"
    NOG_GEEN_NIEUWS = "nog_geen_nieuws"
    MENS_GEVRAAGD = "mens_gevraagd"
    HERINNERING = "herinnering"
    BEOORDEELD = "beoordeeld"
    VOORKEUR = "voorkeur"
    AFSPRAAK = "afspraak"
    BERICHT = "bericht"
    ADRES = "adres"


# What an event tells every melder by itself. Events that are absent tell nothing: ONTVANGEN depends on the decision (receipt,
# thanks or 112) and AFGEHANDELD on the outcome, both chosen where the event is made.
NEWS: dict[Event, News] = {
    Event.DOORGEZET: News.DOORGEZET,
    Event.IN_BEHANDELING_GENOMEN: News.IN_BEHANDELING,
    Event.INGEPLAND: News.INGEPLAND,
    Event.VRAAG_GESTELD: News.VRAAG,
    Event.DOORVERWEZEN: News.DOORVERWEZEN,
    Event.INGETROKKEN: News.INGETROKKEN,
    Event.SAMENGEVOEGD: News.DUBBEL,
    Event.HEROPEND: News.HEROPEND,
    Event.NOG_GEEN_NIEUWS: News.NOG_GEEN_NIEUWS,
    Event.NOODGEVAL: News.NOODGEVAL,
    Event.HERINNERD: News.HERINNERING,
    Event.BEOORDEELD: News.BEOORDEELD,
    Event.VOORKEUR: News.VOORKEUR,
    Event.AFSPRAAK_GEMAAKT: News.AFSPRAAK,
}


# What happened, as far as it is meant for residents. Doubts, warnings, and what other melders wrote stay inside.
TOLD_TO_RESIDENTS = frozenset(
    {
        Event.ONTVANGEN,
        Event.DOORGEZET,
        Event.IN_BEHANDELING_GENOMEN,
        Event.INGEPLAND,
        Event.VRAAG_GESTELD,
        Event.AFGEHANDELD,
        Event.DOORVERWEZEN,
        Event.INGETROKKEN,
        Event.SAMENGEVOEGD,
        Event.HEROPEND,
        Event.NOG_GEEN_NIEUWS,
        Event.AFSPRAAK_GEMAAKT,
    }
)


def next_status(status: Status, event: Event, *, before_question: Status | None = None) -> Status:
    """The status after `event`. `before_question` is the status the melding had when a question was asked.

    Raises InvalidTransitionError when the table does not allow the step.
    """
    allowed, target = TRANSITIONS[event]
    if status not in allowed:
        raise InvalidTransitionError(_refusal(status, event, allowed))
    if target is not None:
        return target
    if status is Status.WACHT_OP_MELDER and event in _RESUMES:
        return before_question or Status.TE_BEOORDELEN
    return status


def may(status: Status, event: Event) -> bool:
    """Whether the table allows `event` now; screens show only what may."""
    return status in TRANSITIONS[event][0]


def _refusal(status: Status, event: Event, allowed: frozenset[Status]) -> str:
    where = ", ".join(sorted(allowed))
    refusal = said(
        "De stap '%(event)s' kan niet bij een melding met status '%(status)s'; wel bij: %(where)s.",
        event=event,
        status=status,
        where=where,
    )
    remedy = said("Heropen de melding eerst.")
    return f"{refusal} {remedy}" if status in CLOSED and event is not Event.HEROPEND else refusal
