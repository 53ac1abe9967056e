"""A promised moment of news is kept: with real news, or with "nog geen nieuws", once per promise."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.office_hours import DEFAULT_OFFICE_HOURS
from storage.database import Database
from storage.outbox import ReplyState
from tests.bot.office import an_office
from tests.builders import a_message

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("received", "days", "promised"),
    [
        ("2026-11-23T10:00", 5, "2026-11-30T17:00"),  # a plain Monday
        ("2026-11-20T18:30", 1, "2026-11-24T17:00"),  # Friday evening counts as Monday
        ("2026-12-24T12:00", 2, "2026-12-29T17:00"),  # over both Christmas days and a weekend
        ("2026-04-24T16:00", 1, "2026-04-28T17:00"),  # over Koningsdag
        ("2026-03-27T12:00", 1, "2026-03-30T17:00"),  # over the night the clock goes forward
    ],
)
def test_promises_count_working_days_of_the_office(received: str, days: int, promised: str) -> None:
    assert DEFAULT_OFFICE_HOURS.add_working_days(local(received), days) == local(promised)


def test_nothing_is_said_before_the_promise_comes_near(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.clock.advance(days=3)
    assert office.keeper.run() == 0


def test_a_promise_without_news_is_kept_once_with_a_new_promise(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    first = office.meldingen()[0].promised_at
    assert first is not None
    office.clock.moment = first - timedelta(hours=1)
    assert office.keeper.run() == 1
    assert office.keeper.run() == 0
    assert "nog geen nieuws" in office.replies()[-1].text
    second = office.meldingen()[0].promised_at
    assert second is not None
    assert second > first


def test_a_clock_that_jumps_weeks_ahead_keeps_each_promise_once(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.clock.advance(days=40)
    office.keeper.run()
    office.clock.advance(days=-40)
    office.keeper.run()
    assert [reply.news for reply in office.replies()] == ["ontvangst", "nog_geen_nieuws"]


def test_real_news_replaces_a_waiting_no_news_message(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.clock.advance(days=9)
    office.keeper.run()
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    states = {reply.news: reply.state for reply in office.replies()}
    assert states["nog_geen_nieuws"] is ReplyState.DROPPED
    assert states["opgelost"] is ReplyState.READY


def test_a_closed_melding_promises_nothing(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    office.clock.advance(days=60)
    assert office.keeper.run() == 0
