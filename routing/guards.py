"""The guards: may this message leave by itself, now? A pure decision over counts that the database holds.

A guard never swallows a message. It lets it wait for a moment that is certain to come, or holds it for a colleague. What a
colleague decided to send is no machine's choice: only the quiet hours and the stop switch hold that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from routing.office_hours import AMSTERDAM

_HOUR = timedelta(hours=1)


class Guard(StrEnum):
    """Which guard tripped. The words stand in the database and on the desk."""

    NACHTRUST = "nachtrust"
    MEDEWERKER_BEZIG = "medewerker_bezig"
    BERICHT_PER_UUR = "bericht_per_uur"
    TE_VEEL_ANTWOORDEN = "te_veel_antwoorden"
    COMPUTER_SCHRIJFT = "computer_schrijft"
    ECHO = "echo"
    OPENBARE_DRAAD = "openbare_draad"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """The limits, as the municipality sets them.

    `quiet_from` and `quiet_until` are local times of the office. `answers_per_hour` is how many answers one person may get in
    an hour before it looks like two machines talking; `public_per_thread` how many first answers one public thread may get.
    """

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    after_person: timedelta = timedelta(minutes=10)
    answers_per_hour: int = 10
    public_per_thread: int = 5
    zone: ZoneInfo = AMSTERDAM

    def quiet_end(self, moment: datetime) -> datetime | None:
        """When the quiet hours that hold at `moment` end; None when none hold."""
        local = moment.astimezone(self.zone)
        spans_night = self.quiet_from > self.quiet_until
        after, before = local.time() >= self.quiet_from, local.time() < self.quiet_until
        if not ((after or before) if spans_night else (after and before)):
            return None
        day = local.date() + timedelta(days=1) if after and spans_night else local.date()
        return datetime.combine(day, self.quiet_until, self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that is about to leave by itself, and what went before it.

    `is_answer`: it answers what this person wrote; `is_fresh`: only a moment ago. `by_colleague`: a colleague decided it.
    `is_warning`: it tells of danger to life. `person_replied_at` is when a colleague last wrote to this person, `last_news_at`
    when a machine last sent news they did not ask for, `answers_last_hour` how many answers they got in the past hour.
    `public_answers` counts what stands in the thread already. `is_echo`: they wrote our own words back.
    """

    is_answer: bool
    is_fresh: bool
    by_colleague: bool
    is_warning: bool
    is_public: bool
    to_machine: bool
    is_echo: bool
    person_replied_at: datetime | None
    last_news_at: datetime | None
    answers_last_hour: int
    public_answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """The guard that tripped. `until` is when to try again; None leaves the message to a colleague."""

    guard: Guard
    until: datetime | None = None


def check(outgoing: Outgoing, rules: GuardRules, now: datetime) -> Halt | None:
    """The first guard that trips, those that need a colleague before those that wait. None lets the message go. Pure.

    A warning of danger goes to people at any hour, however much they got.
    """
    if outgoing.by_colleague:
        return _night(outgoing, rules, now)
    if outgoing.to_machine:
        return Halt(guard=Guard.COMPUTER_SCHRIJFT)
    if outgoing.is_warning:
        return None
    return _hold(outgoing, rules) or _night(outgoing, rules, now) or _wait(outgoing, rules, now)


def _hold(outgoing: Outgoing, rules: GuardRules) -> Halt | None:
    if outgoing.is_echo:
        return Halt(guard=Guard.ECHO)
    if outgoing.answers_last_hour >= rules.answers_per_hour:
        return Halt(guard=Guard.TE_VEEL_ANTWOORDEN)
    if outgoing.is_public and outgoing.public_answers >= rules.public_per_thread:
        return Halt(guard=Guard.OPENBARE_DRAAD)
    return None


def _night(outgoing: Outgoing, rules: GuardRules, now: datetime) -> Halt | None:
    """Who wrote a moment ago is awake; everybody else hears it in the morning."""
    if outgoing.is_answer and outgoing.is_fresh:
        return None
    quiet_end = rules.quiet_end(now)
    return None if quiet_end is None else Halt(guard=Guard.NACHTRUST, until=quiet_end)


def _wait(outgoing: Outgoing, rules: GuardRules, now: datetime) -> Halt | None:
    if outgoing.person_replied_at is not None and now < outgoing.person_replied_at + rules.after_person:
        return Halt(guard=Guard.MEDEWERKER_BEZIG, until=outgoing.person_replied_at + rules.after_person)
    if not outgoing.is_answer and outgoing.last_news_at is not None and now < outgoing.last_news_at + _HOUR:
        return Halt(guard=Guard.BERICHT_PER_UUR, until=outgoing.last_news_at + _HOUR)
    return None
