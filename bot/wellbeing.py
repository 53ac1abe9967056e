"""Whether somebody must do something: a judgement over the health figures, in sentences for colleagues."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from routing.channel_modes import ChannelMode
from routing.office_hours import AMSTERDAM
from routing.sentences import said
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
        found.append(said("De noodstop staat aan: er gaat niets weg. Hervat bij Remmen of met 'wijkbalie sending resume'."))
    if health.latest_moment is not None and health.latest_moment - now > _CLOCK_MARGIN:
        found.append(
            said(
                "De klok van deze machine loopt achter: het nieuwste bericht is van %(since)s. "
                "Zet de klok gelijk met een tijdserver; tot die tijd kloppen beloofde momenten niet.",
                since=_clock(health.latest_moment),
            )
        )
    if health.oldest_waiting is not None and now - health.oldest_waiting > _TOO_LONG:
        found.append(
            said(
                "%(count)s berichten wachten op behandeling; het oudste sinds %(since)s.",
                count=health.waiting_messages,
                since=_clock(health.oldest_waiting),
            )
        )
    if not health.is_stopped and health.oldest_due is not None and now - health.oldest_due > _TOO_LONG:
        since = _clock(health.oldest_due)
        waiting = said(
            "%(count)s antwoorden wachten op verzending; het oudste sinds %(since)s.", count=health.due_replies, since=since
        )
        found.append(" ".join(filter(None, (waiting, _forecast(health)))))
    if health.broken_promises:
        found.append(said("%(count)s beloften zijn verlopen zonder nieuws.", count=health.broken_promises))
    return found


def _forecast(health: Health) -> str:
    """How long it takes at the pace of the last minutes; nothing when nothing left."""
    if not health.sent_lately:
        return ""
    minutes = math.ceil(health.due_replies / health.sent_lately * (LATELY / timedelta(minutes=1)))
    if minutes == 1:
        return said("In dit tempo zijn ze over ongeveer 1 minuut weg.")
    return said("In dit tempo zijn ze over ongeveer %(minutes)s minuten weg.", minutes=minutes)


def _channels(health: Health, now: datetime) -> list[str]:
    return [concern for state in health.channels if (concern := _concern_about(state, now)) is not None]


def _concern_about(state: ChannelState, now: datetime) -> str | None:
    """The one thing about a channel that needs attention first."""
    name = state.channel
    if state.paused_at is not None:
        return said(
            "Kanaal %(name)s is gestopt: %(error)s. Vernieuw de sleutel en typ 'wijkbalie channel login %(channel)s'.",
            name=name,
            error=state.last_error,
            channel=name,
        )
    if not state.may_work:
        return None
    if state.last_fetch_at is not None and now - state.last_fetch_at > _SILENT:
        since = _clock(state.last_fetch_at)
        return said(
            "Kanaal %(name)s is sinds %(since)s niet opgehaald. Laatste fout: %(error)s.",
            name=name,
            since=since,
            error=state.last_error,
        )
    if state.send_auth_errors:
        return said("Kanaal %(name)s mag niet verzenden: %(error)s.", name=name, error=state.last_error)
    if state.token_expires_at is not None and state.token_expires_at - now < _ANNOUNCED:
        if state.token_expires_at <= now:
            return said("Het token van kanaal %(name)s is verlopen. Maak een nieuw en zet het in de instellingen.", name=name)
        return said(
            "Het token van kanaal %(name)s verloopt op %(day)s. Maak op tijd een nieuw en zet het in de instellingen.",
            name=name,
            day=f"{state.token_expires_at:%d-%m-%Y}",
        )
    if is_unusually_silent(state, now):
        longest = timedelta(seconds=state.longest_silence)
        return said(
            "Kanaal %(name)s is ongewoon stil: sinds %(since)s kwam er niets; "
            "de langste stilte was onlangs %(length)s. Kijk of er op het platform wel berichten staan.",
            name=name,
            since=_clock(state.last_message_at),
            length=_length(longest),
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
        ChannelMode.STOPPED: lambda name: said(
            "Kanaal %(name)s staat uit: er komt niets binnen en er gaat niets weg.", name=name
        ),
        ChannelMode.INTAKE_ONLY: lambda name: said(
            "Kanaal %(name)s neemt alleen in: antwoorden plaatst u met de hand.", name=name
        ),
        ChannelMode.REFERRING: lambda name: said("Kanaal %(name)s verwijst elke nieuwe melding door.", name=name),
    }
    return [words[state.mode](state.channel) for state in health.channels if state.mode in words]


def _for_staff(health: Health) -> list[str]:
    """What waits for a colleague, each with its number."""
    found = []
    if health.uncertain:
        found.append(
            said("1 antwoord is onzeker: kijk op het platform.")
            if health.uncertain == 1
            else said("%(count)s antwoorden zijn onzeker: kijk op het platform.", count=health.uncertain)
        )
    if health.refused:
        found.append(
            said("1 antwoord is geweigerd door het platform.")
            if health.refused == 1
            else said("%(count)s antwoorden zijn geweigerd door het platform.", count=health.refused)
        )
    if health.by_hand:
        found.append(
            said("1 antwoord plaatst u met de hand.")
            if health.by_hand == 1
            else said("%(count)s antwoorden plaatst u met de hand.", count=health.by_hand)
        )
    if health.unreadable:
        found.append(
            said("1 bericht is niet leesbaar.")
            if health.unreadable == 1
            else said("%(count)s berichten zijn niet leesbaar.", count=health.unreadable)
        )
    return found


def _old_contacts(municipality: Municipality, now: datetime) -> list[str]:
    old = [partner.code for partner in municipality.partners.values() if now.date() - partner.checked_on > CONTACT_AGE]
    if not old:
        return []
    return [
        said(
            "Contactgegevens zijn langer dan %(days)s dagen niet nagekeken: %(partners)s.",
            days=CONTACT_AGE.days,
            partners=", ".join(old),
        )
    ]


def _length(span: timedelta) -> str:
    hours = round(span / timedelta(hours=1))
    return said("%(hours)s uur", hours=hours) if hours < _HOURS_IN_WORDS else said("%(days)s dagen", days=round(hours / 24))


def _clock(moment: datetime | None) -> str:
    return said("nooit") if moment is None else moment.astimezone(AMSTERDAM).strftime("%d-%m %H:%M")
