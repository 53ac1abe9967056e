"""The reply planner: by which way may this melder be told this, now?

Pure. The platforms' rules stand here as one table (sources and dates: docs/uitleg/kanalen.md). What no machine may send is
never dropped: it comes back as work for staff.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from routing.melding import News
from routing.messages import Delivery, Visibility
from routing.sentences import said


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRules:
    """What a platform allows a machine. `private_window` is the time after the person's last private message (None: no end).

    `may_open_private` tells that who wrote in public may be answered in private unasked; `room` is how many characters one
    message can hold where that is little (None: enough for everything); `needs_proof` that until the person has shown that
    messages arrive there, one goes and no more; `is_mail` that nobody reads an answer there.
    """

    has_public: bool
    private_window: timedelta | None
    may_open_private: bool = False
    room: int | None = None
    needs_proof: bool = False
    is_mail: bool = False


class Wish(StrEnum):
    """What news a person wants. Answers to their own messages they get in any case."""

    ALLES = "alles"
    MINDER = "minder"
    NIETS = "niets"
    ELDERS = "elders"
    """News goes another way, from a conversation to e-mail or back; here they get answers."""


_ALWAYS = frozenset({News.NOODGEVAL, News.VOORKEUR})
_ESSENTIAL = frozenset(
    {News.VRAAG, News.INGEPLAND, News.OPGELOST, News.NIET_OPGELOST, News.DOORVERWEZEN, News.HEROPEND, News.DUBBEL, News.AFSPRAAK}
)


def is_wanted(news: News, wish: Wish, *, is_answer: bool) -> bool:
    """Whether a person with this wish is told this news."""
    if is_answer or wish is Wish.ALLES or news in _ALWAYS:
        return True
    return wish is Wish.MINDER and news in _ESSENTIAL


RULES: dict[str, PlatformRules] = {
    # Bots cannot open a chat, but may go on in one until they are blocked.
    "telegram": PlatformRules(has_public=True, private_window=None),
    # One automatic reply per interaction; a direct message only after the person's own (developer guidelines, 2026-08).
    "x": PlatformRules(has_public=True, private_window=None),
    "facebook": PlatformRules(has_public=True, private_window=timedelta(0)),
    # Automated messages within 24 hours of the person's last message; afterwards only a person may write (Meta, 2026-04-27).
    "messenger": PlatformRules(has_public=False, private_window=timedelta(hours=24)),
    # Who mentions an account may be answered in the same visibility or a narrower one, down to a direct post (2026-11).
    "mastodon": PlatformRules(has_public=True, private_window=None, may_open_private=True, room=468),
    # By e-mail, to an address that the resident gave a colleague; who gave none is no melder.
    "counter": PlatformRules(has_public=False, private_window=None, is_mail=True),
    # By e-mail, to an address that anybody can have typed: the receipt carries the link that proves it.
    "web_form": PlatformRules(has_public=False, private_window=None, needs_proof=True, is_mail=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is known about reaching one melder of one melding.

    `was_answered_in_public` tells that this melder already got the one automatic reply that needs no earlier contact.
    """

    channel: str
    visibility: Visibility
    last_wrote_private_at: datetime | None
    was_answered_in_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How news travels. When `by_machine` is False a colleague must do it, and `reason` says why."""

    delivery: Delivery
    by_machine: bool
    reason: str = ""


def plan(reach: Reach, now: datetime) -> Way:
    """The way for the next piece of news to this melder. Raises KeyError for a channel without rules."""
    rules = RULES[reach.channel]
    if rules.needs_proof and reach.last_wrote_private_at is None:
        reason = said("de melder heeft het e-mailadres nog niet bevestigd") if reach.was_answered_in_public else ""
        return Way(delivery=Delivery.PRIVATE_REPLY, by_machine=not reason, reason=reason)
    if _private_is_open(reach, rules, now):
        return Way(delivery=Delivery.DIRECT, by_machine=True)
    if reach.visibility is Visibility.PRIVATE:
        return Way(delivery=Delivery.DIRECT, by_machine=False, reason=_window_passed(rules))
    if rules.has_public and not reach.was_answered_in_public:
        return Way(delivery=Delivery.PUBLIC_REPLY, by_machine=True)
    if rules.may_open_private:
        return Way(delivery=Delivery.DIRECT, by_machine=True)
    reason = said("in het openbaar gaat alleen het eerste antwoord automatisch, en de melder stuurde geen privébericht")
    return Way(delivery=Delivery.PUBLIC_REPLY, by_machine=False, reason=reason)


def _private_is_open(reach: Reach, rules: PlatformRules, now: datetime) -> bool:
    if rules.private_window is None:
        return reach.visibility is Visibility.PRIVATE or reach.last_wrote_private_at is not None
    if reach.last_wrote_private_at is None:
        return False
    return now - reach.last_wrote_private_at < rules.private_window


def _window_passed(rules: PlatformRules) -> str:
    hours = int(rules.private_window.total_seconds() // 3600) if rules.private_window else 0
    return said("het laatste bericht van de melder is ouder dan %(hours)s uur; daarna mag alleen een mens schrijven", hours=hours)
