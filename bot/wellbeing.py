"""Whether somebody must do something: a judgement over the health figures, in sentences for colleagues."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from routing.channel_modes import ChannelMode
from routing.vakafdelingen import Municipality
from storage.channel_states import ChannelState
from storage.queries import LATELY, Health

CONTACT_AGE = timedelta(days=180)
_TOO_LONG = timedelta(minutes=10)
_SILENT = timedelta(hours=1)
_ANNOUNCED = timedelta(days=21)  # so long before its end a token is spoken of
_ARRIVALS_TO_JUDGE = 20
_HOURS_IN_WORDS = 72
_CLOCK_MARGIN = timedelta(minutes=2)


def judge_health(health: Health, municipality: Municipality, now: datetime) -> list[str]:
    """What needs attention, the most pressing first; empty when everything runs."""
    return [
        *_stuck(health, now),
        *_channels(health, now),
        *_choices(health),
        *_for_staff(health),
        *_old_contacts(municipality, now),
    ]


def _stuck(health: Health, now: datetime) -> list[str]:
    found = []
    if health.is_stopped:
        found.append("De noodstop staat aan: er gaat niets weg. Hervat bij Remmen of met 'wijkbalie sending resume'.")
    if health.latest_moment is not None and health.latest_moment - now > _CLOCK_MARGIN:
        found.append(
            f"De klok van deze machine loopt achter: het nieuwste bericht is van {_clock(health.latest_moment)}. "
            "Zet de klok gelijk met een tijdserver; tot die tijd kloppen beloofde momenten niet."
        )
    if health.oldest_waiting is not None and now - health.oldest_waiting > _TOO_LONG:
        found.append(
            f"{health.waiting_messages} berichten wachten op behandeling; het oudste sinds {_clock(health.oldest_waiting)}."
        )
    if not health.is_stopped and health.oldest_due is not None and now - health.oldest_due > _TOO_LONG:
        since = _clock(health.oldest_due)
        found.append(f"{health.due_replies} antwoorden wachten op verzending; het oudste sinds {since}.{_forecast(health)}")
    if health.broken_promises:
        found.append(f"{health.broken_promises} beloften zijn verlopen zonder nieuws.")
    return found


def _forecast(health: Health) -> str:
    """How long it takes at the pace of the last minutes; nothing when nothing left."""
    if not health.sent_lately:
        return ""
    minutes = math.ceil(health.due_replies / health.sent_lately * (LATELY / timedelta(minutes=1)))
    return f" In dit tempo zijn ze over ongeveer {minutes} {'minuut' if minutes == 1 else 'minuten'} weg."


def _channels(health: Health, now: datetime) -> list[str]:
    return [concern for state in health.channels if (concern := _concern_about(state, now)) is not None]


def _concern_about(state: ChannelState, now: datetime) -> str | None:
    """The one thing about a channel that needs attention first."""
    name = state.channel
    if state.paused_at is not None:
        return f"Kanaal {name} is gestopt: {state.last_error}. Vernieuw de sleutel en typ 'wijkbalie channel login {name}'."
    if not state.may_work:
        return None
    if state.last_fetch_at is not None and now - state.last_fetch_at > _SILENT:
        return f"Kanaal {name} is sinds {_clock(state.last_fetch_at)} niet opgehaald. Laatste fout: {state.last_error}."
    if state.send_auth_errors:
        return f"Kanaal {name} mag niet verzenden: {state.last_error}."
    if state.token_expires_at is not None and state.token_expires_at - now < _ANNOUNCED:
        ended = "is verlopen" if state.token_expires_at <= now else f"verloopt op {state.token_expires_at:%d-%m-%Y}"
        return f"Het token van kanaal {name} {ended}. Maak op tijd een nieuw en zet het in de instellingen."
    if is_unusually_silent(state, now):
        longest = timedelta(seconds=state.longest_silence)
        return (
            f"Kanaal {name} is ongewoon stil: sinds {_clock(state.last_message_at)} kwam er niets; "
            f"de langste stilte was onlangs {_length(longest)}. Kijk of er op het platform wel berichten staan."
        )
    return None


def is_unusually_silent(state: ChannelState, now: datetime) -> bool:
    """Twice as long without a message as the longest recent silence, on a channel that normally has messages."""
    if state.last_message_at is None or state.arrivals < _ARRIVALS_TO_JUDGE:
        return False
    return now - state.last_message_at > max(2 * timedelta(seconds=state.longest_silence), _SILENT)


def _choices(health: Health) -> list[str]:
    """Channels that a colleague, or the settings, let do less than everything: no alarm, but not to be forgotten."""
    words = {
        ChannelMode.STOPPED: "staat uit: er komt niets binnen en er gaat niets weg",
        ChannelMode.INTAKE_ONLY: "neemt alleen in: antwoorden plaatst u met de hand",
        ChannelMode.REFERRING: "verwijst elke nieuwe melding door",
    }
    return [f"Kanaal {state.channel} {words[state.mode]}." for state in health.channels if state.mode in words]


def _for_staff(health: Health) -> list[str]:
    parts = (
        (health.uncertain, "antwoord is onzeker", "antwoorden zijn onzeker", ": kijk op het platform."),
        (health.refused, "antwoord is", "antwoorden zijn", " geweigerd door het platform."),
        (health.by_hand, "antwoord plaatst u", "antwoorden plaatst u", " met de hand."),
        (health.unreadable, "bericht is", "berichten zijn", " niet leesbaar."),
    )
    return [f"{count} {one if count == 1 else many}{rest}" for count, one, many, rest in parts if count]


def _old_contacts(municipality: Municipality, now: datetime) -> list[str]:
    old = [partner.code for partner in municipality.partners.values() if now.date() - partner.checked_on > CONTACT_AGE]
    return [f"Contactgegevens zijn langer dan {CONTACT_AGE.days} dagen niet nagekeken: {', '.join(old)}."] if old else []


def _length(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    return f"{hours} uur" if hours < _HOURS_IN_WORDS else f"{round(hours / 24)} dagen"


def _clock(moment: datetime | None) -> str:
    return "nooit" if moment is None else moment.astimezone().strftime("%d-%m %H:%M")
