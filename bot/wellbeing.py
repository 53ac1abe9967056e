"""Whether somebody must do something: a judgement over the health figures, in sentences for colleagues."""

from __future__ import annotations

from datetime import datetime, timedelta

from routing.vakafdelingen import Municipality
from storage.queries import Health

CONTACT_AGE = timedelta(days=180)
_TOO_LONG = timedelta(minutes=10)
_SILENT = timedelta(hours=1)


def judge_health(health: Health, municipality: Municipality, now: datetime) -> list[str]:
    """What needs attention, the most pressing first; empty when everything runs."""
    return [*_stuck(health, now), *_channels(health, now), *_for_staff(health), *_old_contacts(municipality, now)]


def _stuck(health: Health, now: datetime) -> list[str]:
    found = []
    if health.is_stopped:
        found.append("De noodstop staat aan: er gaat niets weg. Hervat bij Remmen of met 'wijkbalie sending resume'.")
    if health.oldest_waiting is not None and now - health.oldest_waiting > _TOO_LONG:
        found.append(
            f"{health.waiting_messages} berichten wachten op behandeling; het oudste sinds {_clock(health.oldest_waiting)}."
        )
    if not health.is_stopped and health.oldest_due is not None and now - health.oldest_due > _TOO_LONG:
        found.append(f"{health.due_replies} antwoorden wachten op verzending; het oudste sinds {_clock(health.oldest_due)}.")
    if health.broken_promises:
        found.append(f"{health.broken_promises} beloften zijn verlopen zonder nieuws.")
    return found


def _channels(health: Health, now: datetime) -> list[str]:
    found = []
    for state in health.channels:
        if state.paused_at is not None:
            remedy = f"Vernieuw de sleutel en typ 'wijkbalie channel login {state.channel}'."
            found.append(f"Kanaal {state.channel} is gestopt: {state.last_error}. {remedy}")
        elif state.last_fetch_at is not None and now - state.last_fetch_at > _SILENT:
            found.append(
                f"Kanaal {state.channel} is sinds {_clock(state.last_fetch_at)} niet opgehaald. Laatste fout: {state.last_error}."
            )
    return found


def _for_staff(health: Health) -> list[str]:
    parts = (
        (health.uncertain, "antwoorden zijn onzeker: kijk op het platform of ze er staan."),
        (health.refused, "antwoorden zijn geweigerd door het platform."),
        (health.by_hand, "antwoorden wachten om met de hand geplaatst te worden."),
        (health.unreadable, "berichten zijn niet leesbaar."),
    )
    return [f"{count} {text}" for count, text in parts if count]


def _old_contacts(municipality: Municipality, now: datetime) -> list[str]:
    old = [partner.code for partner in municipality.partners.values() if now.date() - partner.checked_on > CONTACT_AGE]
    return [f"Contactgegevens zijn langer dan {CONTACT_AGE.days} dagen niet nagekeken: {', '.join(old)}."] if old else []


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%d-%m %H:%M")
