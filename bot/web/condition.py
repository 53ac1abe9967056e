"""Whether the machine itself runs, apart from the work that waits for colleagues. One judgement (bot.wellbeing), asked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.wellbeing import judge_health
from routing.vakafdelingen import Municipality
from storage.queries import Health


def machine_concerns(health: Health, municipality: Municipality, now: datetime) -> list[str]:
    """What stands still, in sentences; empty when messages come in and go out as they should."""
    without_work = replace(health, uncertain=0, refused=0, by_hand=0, unreadable=0)
    return judge_health(without_work, replace(municipality, partners={}), now)
