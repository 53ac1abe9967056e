"""Builders: values with sensible defaults, so that a test names only what it is about."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from routing.decision import Decision, Located, Zone
from routing.messages import GeoPoint, InboundMessage, Page, Person, UnreadableItem, Visibility
from storage.channel_states import ChannelChange
from storage.database import Database
from storage.meldingen import NewMelding

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class SettableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime = MONDAY) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


class TickingClock(SettableClock):
    """A second passes at every look, so that a platform gives no two items the same moment."""

    def __call__(self) -> datetime:
        self.advance(seconds=1)
        return self.moment


def a_change(channel: str, change: str = "hervat") -> ChannelChange:
    return ChannelChange(channel=channel, at=MONDAY, actor="beheer", change=change)


def a_message(text: str = "de lamp is stuk", **changes: Any) -> InboundMessage:
    number = next(_numbers)
    message = InboundMessage(
        channel="telegram",
        external_id=f"chat:{number}",
        thread="chat",
        reply_to=str(number),
        visibility=Visibility.PRIVATE,
        sent_at=MONDAY,
        sender=Person(external_id="ada", display_name="Ada"),
        text=text,
        raw="{}",
    )
    return replace(message, **changes)


def a_page(*items: InboundMessage | UnreadableItem, cursor: str = "c1", more: bool = False) -> Page:
    return Page(items=items, cursor=cursor, more=more)


def a_decision(**changes: Any) -> Decision:
    decision = Decision(
        lead="stadswerken",
        topic="straatverlichting",
        kind="melding",
        urgency="normaal",
        language="nl",
        located=Located(street="Voorstraat", wijk="Binnenstad"),
        confidence=0.95,
        top3=(("stadswerken", 0.95), ("vth", 0.03), ("remo", 0.02)),
        zone=Zone.AUTO,
        reasons=("'lamp' -> stadswerken",),
    )
    return replace(decision, **changes)


class ScriptedRouter:
    """A router that answers what a test wrote down for a text, and `otherwise` for every other text."""

    def __init__(self, otherwise: Decision | None = None, **by_word: Decision) -> None:
        self.otherwise = otherwise or a_decision()
        self.by_word = by_word

    def route(self, text: str, *, point: GeoPoint | None = None) -> Decision:
        for word, decision in self.by_word.items():
            if word in text.lower():
                return decision
        return self.otherwise


def a_new_melding(**changes: Any) -> NewMelding:
    new = NewMelding(
        lead="stadswerken",
        involved=(),
        partner=None,
        topic="straatverlichting",
        kind="melding",
        urgency="normaal",
        language="nl",
        zone="auto",
        confidence=0.95,
        proposal={"lead": "stadswerken"},
        summary="de lamp is stuk",
    )
    return replace(new, **changes)


def take_in(database: Database, *items: InboundMessage | UnreadableItem, cursor: str = "c1", now: datetime = MONDAY) -> int:
    with database.work() as work:
        new = work.inbox.take_in(items[0].channel, a_page(*items, cursor=cursor), now)
        work.commit()
    return new
