"""The words on the screen for stored codes, probabilities and moments. Dutch at B1 level; decides nothing.

Messages to residents have their own texts (bot/teksten); these are for colleagues. The tables hold the Dutch words, marked for
the catalogue; the functions answer in the language of the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names
from babel.numbers import format_percent

from bot.roles import Role
from bot.web.language import gettext, locale, msg, ngettext
from routing.channel_modes import ChannelMode
from routing.guards import Guard
from routing.melding import Event, NotSolved, Status
from routing.messages import AttachmentKind
from routing.office_hours import AMSTERDAM
from storage.outbox import ReplyState
from storage.queues import Queue
from storage.tasks import TaskState

CHANNELS: Mapping[str, str] = {
    "telegram": "Telegram",
    "x": "X",
    "facebook": "Facebook",
    "messenger": "Messenger",
    "mastodon": "Mastodon",
    "counter": msg("Balie"),
    "web_form": msg("Webformulier"),
}

QUEUES: Mapping[Queue, str] = {
    Queue.TO_JUDGE: msg("Te beoordelen"),
    Queue.URGENT: msg("Spoed"),
    Queue.MINE: msg("Mijn vakafdeling"),
    Queue.WAITING: msg("Wacht op melder"),
    Queue.TO_ESCALATE: msg("Hogerop voorleggen"),
    Queue.PROMISE_AT_RISK: msg("Belofte in gevaar"),
    Queue.FOLLOWED: msg("Gevolgd"),
    Queue.UNDER_WAY: msg("Loopt"),
    Queue.SNOOZED: msg("Uitgesteld"),
    Queue.CLOSED: msg("Afgesloten"),
}

QUEUE_HINTS: Mapping[Queue, str] = {
    Queue.TO_JUDGE: msg("Klopt het voorstel? Bevestig het of kies een andere vakafdeling. Gevaar staat bovenaan."),
    Queue.URGENT: msg("Noodgevallen en meldingen met haast die nog open staan."),
    Queue.MINE: msg("Wat bij uw vakafdeling ligt."),
    Queue.FOLLOWED: msg("Meldingen die u volgt, het laatste nieuws bovenaan."),
    Queue.SNOOZED: msg("Deze meldingen komen op de gekozen dag terug, of eerder als er nieuws is."),
    Queue.PROMISE_AT_RISK: msg(
        "De melder hoort binnen een dag iets te horen. Anders stuurt de computer dat er nog geen nieuws is."
    ),
    Queue.UNDER_WAY: msg("Meldingen die bij een vakafdeling liggen."),
    Queue.WAITING: msg("Wij stelden een vraag. Antwoordt de melder, dan komt de melding hier vanzelf weg."),
    Queue.TO_ESCALATE: msg("Hier gingen beloften voorbij zonder nieuws. Beslis of u het hogerop voorlegt."),
    Queue.CLOSED: msg("Wat klaar is, het nieuwste bovenaan. U kunt een melding heropenen."),
}

EMPTY_QUEUES: Mapping[Queue, str] = {
    Queue.TO_JUDGE: msg("Alles is beoordeeld. Nieuwe berichten verschijnen hier vanzelf."),
    Queue.URGENT: msg("Er is nu geen spoed."),
    Queue.MINE: msg("Er ligt nu niets bij uw vakafdeling."),
    Queue.FOLLOWED: msg("U volgt nog geen melding. Kies Volgen op een melding."),
    Queue.SNOOZED: msg("Er is niets uitgesteld."),
    Queue.PROMISE_AT_RISK: msg("Alle beloften zijn op tijd."),
    Queue.UNDER_WAY: msg("Er ligt nu niets bij een vakafdeling."),
    Queue.WAITING: msg("Wij wachten op niemand."),
    Queue.TO_ESCALATE: msg("Er is niets om hogerop voor te leggen."),
    Queue.CLOSED: msg("Er is nog niets afgesloten."),
}

STATUSES: Mapping[Status, str] = {
    Status.NIEUW: msg("Nieuw"),
    Status.TE_BEOORDELEN: msg("Te beoordelen"),
    Status.DOORGEZET: msg("Doorgezet"),
    Status.IN_BEHANDELING: msg("In behandeling"),
    Status.INGEPLAND: msg("Ingepland"),
    Status.WACHT_OP_MELDER: msg("Wacht op melder"),
    Status.AFGEHANDELD: msg("Afgehandeld"),
    Status.DOORVERWEZEN: msg("Doorverwezen"),
    Status.INGETROKKEN: msg("Ingetrokken"),
    Status.DUBBEL: msg("Dubbel"),
    Status.HEROPEND: msg("Heropend"),
}

EVENTS: Mapping[Event, str] = {
    Event.ONTVANGEN: msg("Ontvangen"),
    Event.TER_BEOORDELING: msg("Aan een collega voorgelegd"),
    Event.DOORGEZET: msg("Doorgezet naar de vakafdeling"),
    Event.IN_BEHANDELING_GENOMEN: msg("In behandeling genomen"),
    Event.INGEPLAND: msg("Ingepland"),
    Event.VRAAG_GESTELD: msg("Vraag gesteld aan de melder"),
    Event.AANGEVULD: msg("Melder vulde aan"),
    Event.VRAAG_VERLOPEN: msg("Geen antwoord op de vraag gekregen"),
    Event.AFGEHANDELD: msg("Afgehandeld"),
    Event.DOORVERWEZEN: msg("Doorverwezen naar een andere organisatie"),
    Event.INGETROKKEN: msg("Ingetrokken door de melder"),
    Event.SAMENGEVOEGD: msg("Samengevoegd met een andere melding"),
    Event.HEROPEND: msg("Heropend"),
    Event.MEDEMELDER: msg("Nog een melder sloot zich aan"),
    Event.STAND_GEVRAAGD: msg("Melder vroeg hoe het staat"),
    Event.BEDANKT: msg("Melder bedankte"),
    Event.NOG_GEEN_NIEUWS: msg("Verteld dat er nog geen nieuws is"),
    Event.NOODGEVAL: msg("Gevaar herkend, 112 genoemd"),
    Event.MENS_GEVRAAGD: msg("Melder vroeg om een medewerker"),
    Event.VERWIJDERD_DOOR_MELDER: msg("Bericht verwijderd door melder"),
    Event.NIET_MEER_TE_ZIEN: msg("Bericht niet meer te zien op het platform"),
    Event.HERINNERD: msg("Melder herinnerd aan onze vraag"),
    Event.BELOFTE_NADERT: msg("Gewaarschuwd: de belofte nadert"),
    Event.ESCALATIE_VOORGESTELD: msg("Voorstel: hogerop voorleggen"),
    Event.GEESCALEERD: msg("Hogerop voorgelegd"),
    Event.ESCALATIE_AFGEWEZEN: msg("Niet hogerop voorgelegd"),
    Event.BEOORDEELD: msg("Melder gaf een oordeel"),
    Event.VOORKEUR: msg("Melder koos welke berichten"),
    Event.AFSPRAAK_GEMAAKT: msg("Afspraak gemaakt"),
    Event.UITGESTELD: msg("Uitgesteld"),
    Event.TERUGGEDRAAID: msg("Ongedaan gemaakt"),
    Event.BERICHT_GESTUURD: msg("Bericht aan de melder"),
    Event.TERUGGEGEVEN: msg("Teruggegeven: niet van deze vakafdeling"),
    Event.LOSGEMAAKT: msg("Losgemaakt van een andere melding"),
    Event.AFGESPLITST: msg("Afgesplitst"),
    Event.TAAK_GEGEVEN: msg("Taak gegeven"),
    Event.TAAK_BIJGEWERKT: msg("Taak bijgewerkt"),
    Event.NOTITIE: msg("Notitie voor collega's"),
    Event.GEKOPPELD: msg("Koppeling met een andere melding"),
    Event.BEWAARD: msg("Blijft bewaard"),
    Event.VRIJGEGEVEN: msg("Mag weer worden opgeruimd"),
    Event.OPGERUIMD: msg("Persoonsgegevens opgeruimd"),
}

REASONS: Mapping[NotSolved, str] = {
    NotSolved.REEDS_INGEPLAND: msg("Het staat al op de planning"),
    NotSolved.NIET_NU: msg("Nu geen geld of tijd voor"),
    NotSolved.NIET_VAN_ONS: msg("Niet van de gemeente"),
    NotSolved.DOEN_WE_NIET: msg("Dit doet de gemeente niet"),
    NotSolved.ONDUIDELIJK: msg("Niet duidelijk wat er aan de hand is"),
    NotSolved.NIETS_AANGETROFFEN: msg("Gaan kijken en niets gevonden"),
}

OUTCOMES: Mapping[str, str] = {
    "opgelost": msg("Opgelost"),
    "niet_opgelost": msg("Niet opgelost"),
    "geen_actie_nodig": msg("Geen actie nodig"),
}

REPLY_STATES: Mapping[ReplyState, str] = {
    ReplyState.READY: msg("Staat klaar en wordt zo verzonden"),
    ReplyState.BUSY: msg("Wordt nu verzonden"),
    ReplyState.SENT: msg("Verzonden"),
    ReplyState.UNCERTAIN: msg("Onzeker of dit is aangekomen"),
    ReplyState.REFUSED: msg("Niet aangenomen"),
    ReplyState.BY_HAND: msg("Met de hand te plaatsen"),
    ReplyState.DROPPED: msg("Vervallen"),
}

GUARDS: Mapping[Guard, str] = {
    Guard.NACHTRUST: msg("Nachtrust: wacht tot de ochtend"),
    Guard.MEDEWERKER_BEZIG: msg("Een collega schreef net: wacht even"),
    Guard.BERICHT_PER_UUR: msg("De melder kreeg net ander nieuws: wacht een uur"),
    Guard.TE_VEEL_ANTWOORDEN: msg("Veel antwoorden aan één melder: wacht op u"),
    Guard.COMPUTER_SCHRIJFT: msg("De schrijver is een computer: wacht op u"),
    Guard.ECHO: msg("De schrijver herhaalt onze tekst: wacht op u"),
    Guard.OPENBARE_DRAAD: msg("Veel antwoorden in één openbare draad: wacht op u"),
}

CHANNEL_MODES: Mapping[ChannelMode, str] = {
    ChannelMode.FULL: msg("aan"),
    ChannelMode.INTAKE_ONLY: msg("neemt alleen in"),
    ChannelMode.REFERRING: msg("verwijst door"),
    ChannelMode.STOPPED: msg("uit"),
}
URGENCIES: Mapping[str, str] = {
    "noodgeval": msg("Noodgeval"),
    "hoog": msg("Spoed"),
    "normaal": msg("Normaal"),
    "laag": msg("Laag"),
}
LANGUAGES: Mapping[str, str] = {"nl": msg("Nederlands"), "en": msg("Engels")}
ACTORS: Mapping[str, str] = {"wijkbalie": msg("de computer"), "melder": msg("de melder")}
KINDS: Mapping[str, str] = {
    "melding": msg("Melding"),
    "klacht": msg("Klacht"),
    "vraag": msg("Vraag"),
    "initiatief": msg("Initiatief"),
    "compliment": msg("Compliment"),
    "overig": msg("Overig"),
    "spam": msg("Spam"),
}

FILE_KINDS: Mapping[str, str] = {
    AttachmentKind.PHOTO: msg("Foto"),
    AttachmentKind.VIDEO: msg("Video"),
    AttachmentKind.VOICE: msg("Spraak"),
    AttachmentKind.DOCUMENT: msg("Document"),
    AttachmentKind.OTHER: msg("Overig"),
}
TASK_STATES: Mapping[str, str] = {
    TaskState.OPEN: msg("Open"),
    TaskState.BUSY: msg("Bezig"),
    TaskState.DONE: msg("Klaar"),
    TaskState.NOT_OURS: msg("Niet van ons"),
    TaskState.WITHDRAWN: msg("Ingetrokken"),
}
ROLES: Mapping[str, str] = {
    Role.LOOKER: msg("kijker"),
    Role.HANDLER: msg("behandelaar"),
    Role.COORDINATOR: msg("coördinator"),
    Role.DIRECTOR: msg("wijkregisseur"),
    Role.ADMINISTRATOR: msg("beheerder"),
    Role.ARCHIVIST: msg("archivaris"),
}

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
_SURE = ((0.9, msg("vrijwel zeker")), (0.7, msg("waarschijnlijk")), (0.4, msg("twijfel")), (0.0, msg("onzeker")))
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def readable(code: object) -> str:
    """A code nobody wrote a word for, made readable: `klacht_bejegening` -> `Klacht bejegening`."""
    return str(code).replace("_", " ").capitalize()


def word(table: Mapping[Any, str], code: str) -> str:
    """The word for a code, in the language of the request; the code made readable when the table has no word for it."""
    return gettext(table[code]) if code in table else readable(code)


def channel(code: str) -> str:
    return word(CHANNELS, code)


def percent(share: float) -> str:
    return _percent(share, locale())


@lru_cache(maxsize=1_000)  # a list has the same few over and over
def _percent(share: float, of: Locale) -> str:
    return format_percent(share, locale=of)


@lru_cache(maxsize=1_000)
def _day(day: date, pattern: str, of: Locale) -> str:
    return format_date(day, pattern, locale=of)


def channel_change(change: str) -> str:
    """What was chosen for a channel: `stop` -> `uit`, `full (instellingen)` -> `aan (instellingen)`."""
    code, _, rest = change.partition(" ")
    chosen = gettext(CHANNEL_MODES[ChannelMode(code)]) if code in set(ChannelMode) else code
    return gettext("%(stand)s (instellingen)", stand=chosen) if rest else chosen


def sureness(confidence: float) -> str:
    """`vrijwel zeker (95%)`. A person reads the word, and checks the number."""
    sure = next(sure for least, sure in _SURE if confidence >= least)
    return f"{gettext(sure)} ({percent(confidence)})"


def sure_steps(confidence: float) -> int:
    """How many of the dots beside the word are filled, 1 to 4."""
    return len(_SURE) - next(number for number, (least, _) in enumerate(_SURE) if confidence >= least)


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says enough."""
    passed = now - moment
    if passed < _MINUTE:
        return gettext("zojuist")
    if passed < _HOUR:
        return ngettext("%(num)s minuut", "%(num)s minuten", passed // _MINUTE)
    if passed < _DAY:
        return ngettext("%(num)s uur", "%(num)s uur", passed // _HOUR)
    return days(passed // _DAY)


def ago(moment: datetime, now: datetime) -> str:
    """As `age`, within a sentence of its own: `2 uur geleden`."""
    return age(moment, now) if now - moment < _MINUTE else gettext("%(tijd)s geleden", tijd=age(moment, now))


def days(number: int) -> str:
    return ngettext("%(num)s dag", "%(num)s dagen", number)


def day_and_time(moment: datetime, now: datetime) -> str:
    """`vandaag 17:00`, `morgen 17:00`, `do 26 nov 17:00`; with the year when it is another one. In the office's own zone."""
    local, today = moment.astimezone(AMSTERDAM), now.astimezone(AMSTERDAM).date()
    names = {today: gettext("vandaag"), today - _DAY: gettext("gisteren"), today + _DAY: gettext("morgen")}
    pattern = "EEE d MMM" if local.year == today.year else "d MMM y"
    return f"{names.get(local.date()) or _day(local.date(), pattern, locale())} {local:%H:%M}"


def day_only(moment: datetime) -> str:
    return format_datetime(moment.astimezone(AMSTERDAM), "EEEE d MMMM", locale=locale())


def short_day(day: date) -> str:
    """`26-11-2026`, as the language writes it."""
    return format_date(day, "short" if locale().language == "nl" else "d MMM y", locale=locale())


def weekday(number: int) -> str:
    """`maandag` for 0."""
    return str(get_day_names("wide", locale=locale())[number])


def browser(agent: str) -> str:
    """`Chrome op Linux` for what a browser says of itself; as it came when nothing in it is known."""
    name, system = (next((word for mark, word in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS))
    if name and system:
        return gettext("%(browser)s op %(systeem)s", browser=name, systeem=system)
    return name or system or agent
