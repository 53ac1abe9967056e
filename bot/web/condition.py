"""Whether the machine itself runs, apart from the work that waits for colleagues. One judgement (bot.wellbeing), asked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.wellbeing import judge_health
from routing.channel_modes import ChannelMode
from routing.vakafdelingen import Municipality
from storage.channel_states import ChannelState
from storage.queries import Health


def machine_concerns(health: Health, municipality: Municipality, now: datetime) -> list[str]:
    """What stands still, in sentences; empty when messages come in and go out as they should."""
    working = tuple(_as_machine(state, now) for state in health.channels if state.may_work or state.paused_at)
    without_work = replace(health, uncertain=0, refused=0, by_hand=0, unreadable=0, channels=working)
    return judge_health(without_work, replace(municipality, partners={}), now)


def _as_machine(state: ChannelState, now: datetime) -> ChannelState:
    """A mode that somebody chose, and a token that still works, stop nothing."""
    ends = state.token_expires_at if state.token_expires_at is not None and state.token_expires_at <= now else None
    return replace(state, chosen_mode=ChannelMode.FULL, token_expires_at=ends)
