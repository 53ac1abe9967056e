"""The words on the screen for stored codes, probabilities and moments. Dutch at B1 level; decides nothing.

Messages to residents have their own texts (bot/teksten); these are for colleagues.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from babel.dates import format_datetime, format_time

from routing.channel_modes import ChannelMode
from routing.guards import Guard
from routing.melding import Event, NotSolved, Status
from routing.office_hours import AMSTERDAM
from storage.outbox import ReplyState
from storage.queues import Queue

CHANNELS: Mapping[str, str] = {
    "telegram": "Telegram",
    "x": "X",
    "facebook": "Facebook",
    "messenger": "Messenger",
    "mastodon": "Mastodon",
    "counter": "Balie",
    "web_form": "Webformulier",
}

QUEUES: Mapping[Queue, str] = {
    Queue.TO_JUDGE: "Te beoordelen",
    Queue.URGENT: "Spoed",
    Queue.MINE: "Mijn vakafdeling",
    Queue.WAITING: "Wacht op melder",
    Queue.TO_ESCALATE: "Hogerop voorleggen",
    Queue.PROMISE_AT_RISK: "Belofte in gevaar",
    Queue.FOLLOWED: "Gevolgd",
    Queue.UNDER_WAY: "Loopt",
    Queue.SNOOZED: "Uitgesteld",
    Queue.CLOSED: "Afgesloten",
}

QUEUE_HINTS: Mapping[Queue, str] = {
    Queue.TO_JUDGE: "Klopt het voorstel? Bevestig het of kies een andere vakafdeling. Gevaar staat bovenaan.",
    Queue.URGENT: "Noodgevallen en meldingen met haast die nog open staan.",
    Queue.MINE: "Wat bij uw vakafdeling ligt.",
    Queue.FOLLOWED: "Meldingen die u volgt, het laatste nieuws bovenaan.",
    Queue.SNOOZED: "Deze meldingen komen op de gekozen dag terug, of eerder als er nieuws is.",
    Queue.PROMISE_AT_RISK: "De melder hoort binnen een dag iets te horen. Anders stuurt de computer dat er nog geen nieuws is.",
    Queue.UNDER_WAY: "Meldingen die bij een vakafdeling liggen.",
    Queue.WAITING: "Wij stelden een vraag. Antwoordt de melder, dan komt de melding hier vanzelf weg.",
    Queue.TO_ESCALATE: "Hier gingen beloften voorbij zonder nieuws. Beslis of u het hogerop voorlegt.",
    Queue.CLOSED: "Wat klaar is, het nieuwste bovenaan. U kunt een melding heropenen.",
}

EMPTY_QUEUES: Mapping[Queue, str] = {
    Queue.TO_JUDGE: "Alles is beoordeeld. Nieuwe berichten verschijnen hier vanzelf.",
    Queue.URGENT: "Er is nu geen spoed.",
    Queue.MINE: "Er ligt nu niets bij uw vakafdeling.",
    Queue.FOLLOWED: "U volgt nog geen melding. Kies Volgen op een melding.",
    Queue.SNOOZED: "Er is niets uitgesteld.",
    Queue.PROMISE_AT_RISK: "Alle beloften zijn op tijd.",
    Queue.UNDER_WAY: "Er ligt nu niets bij een vakafdeling.",
    Queue.WAITING: "Wij wachten op niemand.",
    Queue.TO_ESCALATE: "Er is niets om hogerop voor te leggen.",
    Queue.CLOSED: "Er is nog niets afgesloten.",
}

STATUSES: Mapping[Status, str] = {
    Status.NIEUW: "Nieuw",
    Status.TE_BEOORDELEN: "Te beoordelen",
    Status.DOORGEZET: "Doorgezet",
    Status.IN_BEHANDELING: "In behandeling",
    Status.INGEPLAND: "Ingepland",
    Status.WACHT_OP_MELDER: "Wacht op melder",
    Status.AFGEHANDELD: "Afgehandeld",
    Status.DOORVERWEZEN: "Doorverwezen",
    Status.INGETROKKEN: "Ingetrokken",
    Status.DUBBEL: "Dubbel",
    Status.HEROPEND: "Heropend",
}

EVENTS: Mapping[Event, str] = {
    Event.ONTVANGEN: "Ontvangen",
    Event.TER_BEOORDELING: "Aan een collega voorgelegd",
    Event.DOORGEZET: "Doorgezet naar de vakafdeling",
    Event.IN_BEHANDELING_GENOMEN: "In behandeling genomen",
    Event.INGEPLAND: "Ingepland",
    Event.VRAAG_GESTELD: "Vraag gesteld aan de melder",
    Event.AANGEVULD: "Melder vulde aan",
    Event.VRAAG_VERLOPEN: "Geen antwoord op de vraag gekregen",
    Event.AFGEHANDELD: "Afgehandeld",
    Event.DOORVERWEZEN: "Doorverwezen naar een andere organisatie",
    Event.INGETROKKEN: "Ingetrokken door de melder",
    Event.SAMENGEVOEGD: "Samengevoegd met een andere melding",
    Event.HEROPEND: "Heropend",
    Event.MEDEMELDER: "Nog een melder sloot zich aan",
    Event.STAND_GEVRAAGD: "Melder vroeg hoe het staat",
    Event.BEDANKT: "Melder bedankte",
    Event.NOG_GEEN_NIEUWS: "Verteld dat er nog geen nieuws is",
    Event.NOODGEVAL: "Gevaar herkend, 112 genoemd",
    Event.MENS_GEVRAAGD: "Melder vroeg om een medewerker",
    Event.VERWIJDERD_DOOR_MELDER: "Bericht verwijderd door melder",
    Event.NIET_MEER_TE_ZIEN: "Bericht niet meer te zien op het platform",
    Event.HERINNERD: "Melder herinnerd aan onze vraag",
    Event.BELOFTE_NADERT: "Gewaarschuwd: de belofte nadert",
    Event.ESCALATIE_VOORGESTELD: "Voorstel: hogerop voorleggen",
    Event.GEESCALEERD: "Hogerop voorgelegd",
    Event.ESCALATIE_AFGEWEZEN: "Niet hogerop voorgelegd",
    Event.BEOORDEELD: "Melder gaf een oordeel",
    Event.VOORKEUR: "Melder koos welke berichten",
    Event.AFSPRAAK_GEMAAKT: "Afspraak gemaakt",
    Event.UITGESTELD: "Uitgesteld",
    Event.TERUGGEDRAAID: "Ongedaan gemaakt",
    Event.BERICHT_GESTUURD: "Bericht aan de melder",
    Event.TERUGGEGEVEN: "Teruggegeven: niet van deze vakafdeling",
    Event.LOSGEMAAKT: "Losgemaakt van een andere melding",
    Event.AFGESPLITST: "Afgesplitst",
    Event.TAAK_GEGEVEN: "Taak gegeven",
    Event.TAAK_BIJGEWERKT: "Taak bijgewerkt",
    Event.NOTITIE: "Notitie voor collega's",
    Event.GEKOPPELD: "Koppeling met een andere melding",
    Event.BEWAARD: "Blijft bewaard",
    Event.VRIJGEGEVEN: "Mag weer worden opgeruimd",
    Event.OPGERUIMD: "Persoonsgegevens opgeruimd",
}

REASONS: Mapping[NotSolved, str] = {
    NotSolved.REEDS_INGEPLAND: "Het staat al op de planning",
    NotSolved.NIET_NU: "Nu geen geld of tijd voor",
    NotSolved.NIET_VAN_ONS: "Niet van de gemeente",
    NotSolved.DOEN_WE_NIET: "Dit doet de gemeente niet",
    NotSolved.ONDUIDELIJK: "Niet duidelijk wat er aan de hand is",
    NotSolved.NIETS_AANGETROFFEN: "Gaan kijken en niets gevonden",
}

OUTCOMES: Mapping[str, str] = {
    "opgelost": "Opgelost",
    "niet_opgelost": "Niet opgelost",
    "geen_actie_nodig": "Geen actie nodig",
}

REPLY_STATES: Mapping[ReplyState, str] = {
    ReplyState.READY: "Staat klaar en wordt zo verzonden",
    ReplyState.BUSY: "Wordt nu verzonden",
    ReplyState.SENT: "Verzonden",
    ReplyState.UNCERTAIN: "Onzeker of dit is aangekomen",
    ReplyState.REFUSED: "Niet aangenomen",
    ReplyState.BY_HAND: "Met de hand te plaatsen",
    ReplyState.DROPPED: "Vervallen",
}

GUARDS: Mapping[Guard, str] = {
    Guard.NACHTRUST: "Nachtrust: wacht tot de ochtend",
    Guard.MEDEWERKER_BEZIG: "Een collega schreef net: wacht even",
    Guard.BERICHT_PER_UUR: "De melder kreeg net ander nieuws: wacht een uur",
    Guard.TE_VEEL_ANTWOORDEN: "Veel antwoorden aan één melder: wacht op u",
    Guard.COMPUTER_SCHRIJFT: "De schrijver is een computer: wacht op u",
    Guard.ECHO: "De schrijver herhaalt onze tekst: wacht op u",
    Guard.OPENBARE_DRAAD: "Veel antwoorden in één openbare draad: wacht op u",
}

CHANNEL_MODES: Mapping[ChannelMode, str] = {
    ChannelMode.FULL: "aan",
    ChannelMode.INTAKE_ONLY: "neemt alleen in",
    ChannelMode.REFERRING: "verwijst door",
    ChannelMode.STOPPED: "uit",
}
URGENCIES: Mapping[str, str] = {"noodgeval": "Noodgeval", "hoog": "Spoed", "normaal": "Normaal", "laag": "Laag"}
VISIBILITIES: Mapping[str, str] = {"openbaar": "openbaar", "prive": "privé"}
LANGUAGES: Mapping[str, str] = {"nl": "Nederlands", "en": "Engels"}
ACTORS: Mapping[str, str] = {"wijkbalie": "de computer", "melder": "de melder"}

# mark in the user agent -> what people call it; the first that fits, as most browsers also name an older one
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_SURE = ((0.9, "vrijwel zeker"), (0.7, "waarschijnlijk"), (0.4, "twijfel"), (0.0, "onzeker"))
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def readable(code: object) -> str:
    """A code nobody wrote a word for, made readable: `klacht_bejegening` -> `Klacht bejegening`."""
    return str(code).replace("_", " ").capitalize()


def channel_change(change: str) -> str:
    """What was chosen for a channel: `stop` -> `uit`, `full (instellingen)` -> `aan (instellingen)`."""
    code, _, rest = change.partition(" ")
    chosen = next((words for mode, words in CHANNEL_MODES.items() if mode.value == code), code)
    return f"{chosen} {rest}".strip()


def sureness(confidence: float) -> str:
    """`vrijwel zeker (95%)`. A person reads the word, and checks the number."""
    word = next(word for least, word in _SURE if confidence >= least)
    return f"{word} ({confidence:.0%})"


def sure_steps(confidence: float) -> int:
    """How many of the dots beside the word are filled, 1 to 4."""
    return len(_SURE) - next(number for number, (least, _) in enumerate(_SURE) if confidence >= least)


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says enough."""
    passed = now - moment
    if passed < _MINUTE:
        return "zojuist"
    if passed < _HOUR:
        return _counted(passed // _MINUTE, "minuut", "minuten")
    if passed < _DAY:
        return _counted(passed // _HOUR, "uur", "uur")
    return _counted(passed // _DAY, "dag", "dagen")


def day_and_time(moment: datetime, now: datetime) -> str:
    """`vandaag 17:00`, `morgen 17:00`, `do 26 nov 17:00`; with the year when it is another one. In the office's own zone."""
    local, today = moment.astimezone(AMSTERDAM), now.astimezone(AMSTERDAM).date()
    names = {today: "vandaag", today - _DAY: "gisteren", today + _DAY: "morgen"}
    pattern = "EEE d MMM" if local.year == today.year else "d MMM y"
    day = names.get(local.date()) or str(format_datetime(local, pattern, locale="nl"))
    return f"{day} {format_time(local, 'HH:mm', locale='nl')}"


def browser(agent: str) -> str:
    """`Chrome op Linux` for what a browser says of itself; as it came when nothing in it is known."""
    name, system = (next((word for mark, word in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS))
    return " op ".join(filter(None, (name, system))) or agent


def day_only(moment: datetime) -> str:
    return str(format_datetime(moment.astimezone(AMSTERDAM), "EEEE d MMMM", locale="nl"))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
