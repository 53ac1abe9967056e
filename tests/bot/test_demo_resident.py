"""Who plays the resident in the demonstration, on whichever channel, is never left without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.bootstrap import Application
from bot.demo.city import CHANNELS, City
from bot.demo.once import THE_DAY, DemoClock, until_quiet
from storage import audit
from storage.outbox import ReplyState

RESIDENT = ("9001", "Bezoeker")
PRIVATE = {"telegram", "messenger"}
NEEDS_AN_ANSWER = (
    "De lantaarnpaal bij de Twijnstraat is al een week stuk",
    "hoe staat het met mijn melding?",
    "ik wil een medewerker spreken",
    "laat maar, hij doet het weer",
    "My passport expired, where do I go?",
    "Iets anders: wij willen met de straat een buurtfeest geven, waar vraag ik dat aan?",
)


@pytest.fixture
def clock() -> DemoClock:
    return DemoClock(THE_DAY.replace(hour=9))


@pytest.fixture
def city(tmp_path: Path, clock: DemoClock) -> Iterator[City]:
    with City(tmp_path, now=clock) as city:
        yield city


async def say(city: City, application: Application, clock: DemoClock, channel: str, text: str) -> None:
    clock.moment += timedelta(minutes=25)
    city.writes(channel, RESIDENT, text)
    for _ in range(3):
        await until_quiet(application)
        clock.moment += timedelta(seconds=40)


def answers(application: Application) -> list[ReplyState]:
    """What was sent, and what a colleague must post because no machine may: each a way in which the resident hears."""
    with application.database.reading() as connection:
        return [reply.state for reply in audit.all_replies(connection)]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_whatever_asks_for_an_answer_gets_one(channel: str, city: City, clock: DemoClock) -> None:
    application = city.application()
    try:
        for number, text in enumerate(NEEDS_AN_ANSWER, start=1):
            await say(city, application, clock, channel, text)
            told = answers(application)
            assert len(told) == number, text
            assert told[-1] is ReplyState.SENT or (channel not in PRIVATE and told[-1] is ReplyState.BY_HAND), text
        assert ReplyState.SENT in told
    finally:
        await application.aclose()


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_second_matter_elsewhere_becomes_a_melding_that_ends_alone(channel: str, city: City, clock: DemoClock) -> None:
    application = city.application()
    try:
        for text in (NEEDS_AN_ANSWER[0], "er ligt ook een dode rat in de Lange Nieuwstraat", "laat maar, de rat is al weg"):
            await say(city, application, clock, channel, text)
        with application.database.reading() as connection:
            lamp, rat = audit.all_meldingen(connection)
        assert (lamp.is_closed, rat.is_closed) == (False, True)
    finally:
        await application.aclose()
