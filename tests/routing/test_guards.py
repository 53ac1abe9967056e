"""The guards: what may leave by itself, what waits, and what a colleague must see first."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from routing.guards import Guard, GuardRules, Outgoing, check
from routing.office_hours import AMSTERDAM

RULES = GuardRules()
NOON = datetime(2026, 11, 23, 12, tzinfo=AMSTERDAM)
NIGHT = datetime(2026, 11, 23, 23, tzinfo=AMSTERDAM)
NEWS = Outgoing(
    is_answer=False,
    is_fresh=True,
    by_colleague=False,
    is_warning=False,
    is_public=False,
    to_machine=False,
    is_echo=False,
    person_replied_at=None,
    last_news_at=None,
    answers_last_hour=0,
    public_answers=0,
)


def test_every_mix_of_circumstances_leaves_waits_for_a_sure_moment_or_waits_for_a_colleague() -> None:
    flags = ("is_answer", "is_fresh", "by_colleague", "is_warning", "is_public", "to_machine", "is_echo")
    recent, old = timedelta(minutes=5), timedelta(hours=5)
    seen = set()
    for values in itertools.product([True, False], repeat=len(flags)):
        for at, replied, told, answers, public in itertools.product(
            (NOON, NIGHT), (None, recent, old), (None, recent, old), (0, 10), (0, 5)
        ):
            outgoing = replace(
                NEWS,
                **dict(zip(flags, values, strict=True)),
                person_replied_at=replied and at - replied,
                last_news_at=told and at - told,
                answers_last_hour=answers,
                public_answers=public,
            )
            halt = check(outgoing, RULES, at)
            seen.add(halt.guard if halt else None)
            assert halt is None or halt.until is None or halt.until > at
            if outgoing.is_warning and not outgoing.to_machine and not outgoing.by_colleague:
                assert halt is None
            if at is NIGHT and not (outgoing.is_answer and outgoing.is_fresh) and not outgoing.is_warning:
                assert halt is not None
            if outgoing.by_colleague and at is NOON:
                assert halt is None
    assert seen == {None, *Guard}


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-11-23T20:59", None),
        ("2026-11-23T21:00", "2026-11-24T08:00"),
        ("2026-11-24T07:59", "2026-11-24T08:00"),
        ("2026-11-24T08:00", None),
        ("2026-03-28T23:00", "2026-03-29T08:00"),  # the night the clock goes forward
        ("2026-10-25T02:30", "2026-10-25T08:00"),  # the night it goes back
    ],
)
def test_quiet_hours_are_those_of_the_office(moment: str, end: str | None) -> None:
    found = RULES.quiet_end(datetime.fromisoformat(moment).replace(tzinfo=AMSTERDAM).astimezone(UTC))
    assert found == (end and datetime.fromisoformat(end).replace(tzinfo=AMSTERDAM))


def test_quiet_hours_within_one_day_end_that_day() -> None:
    rules = replace(RULES, quiet_from=NOON.time(), quiet_until=NOON.replace(hour=13).time())
    assert rules.quiet_end(NOON) == NOON.replace(hour=13)
    assert rules.quiet_end(NIGHT) is None


def test_an_answer_that_an_outage_kept_waits_for_the_morning() -> None:
    halt = check(replace(NEWS, is_answer=True, is_fresh=False), RULES, NIGHT)
    assert halt is not None
    assert halt.guard is Guard.NACHTRUST


def test_an_answer_goes_at_night_and_news_waits_for_the_morning() -> None:
    assert check(replace(NEWS, is_answer=True), RULES, NIGHT) is None
    halt = check(NEWS, RULES, NIGHT)
    assert halt is not None
    assert (halt.guard, halt.until) == (Guard.NACHTRUST, NIGHT.replace(day=24, hour=8))
