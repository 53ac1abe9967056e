"""The guards at work: on a real database and a simulated platform, nothing that is held goes unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from bot.relay import Relay
from channels.base import Channel
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.guards import Guard, GuardRules
from routing.messages import Person
from storage.database import Database
from storage.guards import trip_counts, trips
from storage.outbox import ReplyState
from tests.bot.office import Office, an_office
from tests.bot.test_relay import no_pause
from tests.builders import a_message

ADA = "4100"


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[Channel]:
    adapter = TelegramChannel(
        TelegramSettings(token=telegram.token, base_url=telegram.url, read_timeout=1.5, connect_timeout=3.0)
    )
    yield adapter
    await adapter.aclose()


def writes(office: Office, simulator: TelegramSimulator, text: str = "de lamp is stuk", *, is_bot: bool = False) -> None:
    number = simulator.resident_writes(ADA, "Ada", text)
    sender = Person(external_id=ADA, display_name="Ada", is_bot=is_bot)
    office.receive(a_message(text, external_id=f"{ADA}:{number}", thread=ADA, reply_to=number, sender=sender))


async def relay(office: Office, channel: Channel, rules: GuardRules | None = None) -> int:
    return await Relay(database=office.database, now=office.clock, pause=no_pause, guards=rules or GuardRules()).run(channel)


def counted(office: Office) -> dict[Guard, int]:
    with office.database.reading() as connection:
        found = trip_counts(connection, since=office.clock() - timedelta(days=2))
    return {guard: count for guard, count in found.items() if count}


async def test_news_waits_out_the_night_and_an_answer_does_not(
    database: Database, telegram: TelegramSimulator, channel: Channel
) -> None:
    office = an_office(database)
    writes(office, telegram)
    assert await relay(office, channel) == 1
    promised = office.meldingen()[0].promised_at
    assert promised is not None
    office.clock.moment = promised + timedelta(hours=5)  # 22:00, after an outage
    office.keeper.run()
    assert await relay(office, channel) == 0
    assert counted(office) == {Guard.NACHTRUST: 1}
    writes(office, telegram, "hoe staat het?")
    assert await relay(office, channel) == 1, "an answer is not held up by news that waits"
    office.clock.advance(hours=10, minutes=1)
    assert await relay(office, channel) == 1
    assert {reply.state for reply in office.replies()} == {ReplyState.SENT}


async def test_a_bot_gets_no_answer_and_staff_see_why(database: Database, telegram: TelegramSimulator, channel: Channel) -> None:
    office = an_office(database)
    writes(office, telegram, is_bot=True)
    assert await relay(office, channel) == 0
    (reply,) = office.replies()
    assert (reply.state, reply.guard) == (ReplyState.REFUSED, "computer_schrijft")
    with database.reading() as connection:
        (trip,) = trips(connection, limit=10)
    assert (trip.guard, trip.until, trip.melding_id) == (Guard.COMPUTER_SCHRIJFT, None, 1)


async def test_a_machine_that_sends_our_words_back_is_answered_once(
    database: Database, telegram: TelegramSimulator, channel: Channel
) -> None:
    office = an_office(database)
    writes(office, telegram)
    await relay(office, channel)
    writes(office, telegram, office.replies()[0].text)
    assert await relay(office, channel) == 0
    assert counted(office) == {Guard.ECHO: 1}


async def test_a_loop_ends_at_the_limit_and_a_colleague_can_let_the_answer_go(
    database: Database, telegram: TelegramSimulator, channel: Channel
) -> None:
    office = an_office(database)
    for number in range(6):
        writes(office, telegram, f"hoe staat het? {number}")
        office.clock.advance(minutes=1)
        await relay(office, channel, GuardRules(answers_per_hour=4))
    held = [reply for reply in office.replies() if reply.state is ReplyState.REFUSED]
    assert len(held) == 2
    assert counted(office) == {Guard.TE_VEEL_ANTWOORDEN: 2}
    office.handling.send_again(held[0].id, account="samira")
    office.clock.advance(minutes=1)
    assert await relay(office, channel, GuardRules(answers_per_hour=4)) == 1


async def test_a_machine_does_not_speak_right_after_a_colleague(
    database: Database, telegram: TelegramSimulator, channel: Channel
) -> None:
    office = an_office(database)
    writes(office, telegram)
    await relay(office, channel)
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.take_up(melding), account="samira")
    office.clock.advance(minutes=1)
    assert await relay(office, channel) == 1
    writes(office, telegram, "zie foto")
    assert await relay(office, channel) == 0
    assert counted(office) == {Guard.MEDEWERKER_BEZIG: 1}
    office.clock.advance(minutes=11)
    assert await relay(office, channel) == 1


async def test_the_stop_switch_stops_everything_and_loses_nothing(
    database: Database, telegram: TelegramSimulator, channel: Channel
) -> None:
    office = an_office(database)
    with database.work() as work:
        work.guards.set_switch(is_on=True, by="samira", why="verkeerde tekst", now=office.clock())
        work.commit()
    writes(office, telegram)
    assert await relay(office, channel) == 0
    with database.work() as work:
        work.guards.set_switch(is_on=False, by="samira", why="hersteld", now=office.clock())
        work.commit()
    assert await relay(office, channel) == 1
