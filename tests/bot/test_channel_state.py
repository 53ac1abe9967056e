"""What a channel may do now: paused alone, switched by a colleague, unusually silent, and its token's end told ahead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.channel_switch import ChannelSwitch
from bot.check_up import CheckUp
from bot.intake import Intake
from bot.relay import Relay
from bot.wellbeing import judge_health
from channels.base import Finding
from channels.graph_check import judge_page, judge_token
from channels.messenger import MessengerChannel, MessengerSettings
from channels.simulator.graph import GraphSimulator
from channels.simulator.telegram import TelegramSimulator
from channels.simulator.twitter import XSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from channels.twitter import XChannel
from channels.twitter_client import XSettings
from routing.channel_modes import ChannelMode
from routing.errors import NotFoundError
from routing.melding import Event
from routing.vakafdelingen import load_municipality
from storage import queries
from storage.database import Database
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message, take_in


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[TelegramChannel]:
    built = TelegramChannel(TelegramSettings(token=telegram.token, base_url=telegram.url, read_timeout=1.5, connect_timeout=3.0))
    yield built
    await built.aclose()


@pytest.fixture
def office(database: Database) -> Office:
    with database.work() as work:
        work.channels.configure({"telegram": ChannelMode.FULL})
        work.commit()
    return an_office(database)


def switch_of(office: Office) -> ChannelSwitch:
    return ChannelSwitch(database=office.database, now=office.clock)


def relay_of(office: Office) -> Relay:
    async def no_pause(_: float) -> None:
        return None

    return Relay(database=office.database, now=office.clock, pause=no_pause)


def concerns(office: Office) -> str:
    with office.database.reading() as connection:
        health = queries.health(connection, office.clock())
    return "\n".join(judge_health(health, load_municipality(), office.clock()))


async def test_a_stopped_channel_waits_and_loses_nothing(
    office: Office, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    intake = Intake(office.database, office.clock)
    telegram.resident_writes("1", "Ada", "een")
    await intake.fetch(channel)
    office.triage.run()
    switch_of(office).choose("telegram", ChannelMode.STOPPED, actor="samira", why="storing")
    telegram.resident_writes("1", "Ada", "twee")

    assert (await intake.fetch(channel), await relay_of(office).run(channel)) == (0, 0)
    assert "staat uit" in concerns(office)

    switch_of(office).choose("telegram", None, actor="samira")
    assert (await intake.fetch(channel), await relay_of(office).run(channel)) == (1, 1)


async def test_on_a_channel_that_only_takes_in_answers_become_work_for_staff(
    office: Office, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    switch_of(office).choose("telegram", ChannelMode.INTAKE_ONLY, actor="samira")
    telegram.resident_writes("1", "Ada", "een")
    assert await Intake(office.database, office.clock).fetch(channel) == 1
    office.triage.run()

    assert await relay_of(office).run(channel) == 0

    [reply] = office.replies()
    assert (reply.state.value, len(telegram.posted)) == ("met_de_hand", 0)
    assert "met de hand" in concerns(office)


def test_a_referring_channel_says_where_to_go_instead_and_closes_the_melding(office: Office) -> None:
    switch_of(office).choose("telegram", ChannelMode.REFERRING, actor="samira")

    office.receive(a_message("de lamp is stuk"))

    [reply] = office.replies()
    [melding] = office.meldingen()
    assert "14 030" in reply.text
    assert (reply.news, melding.status.value) == ("andere_ingang", "doorverwezen")


def test_danger_is_answered_with_112_on_a_referring_channel_too(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(emergency="brand", urgency="noodgeval")))
    with database.work() as work:
        work.channels.configure({"telegram": ChannelMode.REFERRING})
        work.commit()

    office.receive(a_message("brand in de Voorstraat"))

    assert "112" in office.replies()[0].text
    assert office.meldingen()[0].is_emergency


def test_every_change_is_written_down(office: Office) -> None:
    switch_of(office).choose("telegram", ChannelMode.STOPPED, actor="samira", why="storing bij Telegram")
    office.clock.advance(hours=1)
    switch_of(office).choose("telegram", None, actor="joost")
    switch_of(office).resume("telegram", actor="joost")

    with office.database.work() as work:
        changes = work.channels.changes_of("telegram")
    assert [(change.actor, change.change, change.why) for change in changes] == [
        ("joost", "hervat", ""),
        ("joost", "full (instellingen)", ""),
        ("samira", "stop", "storing bij Telegram"),
    ]


def test_a_channel_that_is_not_switched_on_cannot_be_switched(office: Office) -> None:
    with pytest.raises(NotFoundError, match=r"'x' staat niet aan.*telegram"):
        switch_of(office).choose("x", ChannelMode.STOPPED, actor="samira")


def test_a_channel_that_was_taken_out_of_the_settings_raises_no_alarm(office: Office) -> None:
    take_in(office.database, a_message())
    with office.database.work() as work:
        work.channels.configure({})
        work.commit()
    office.clock.advance(days=3)
    assert "telegram" not in concerns(office)


def test_an_unusual_silence_is_told_and_a_quiet_night_is_not(office: Office) -> None:
    for day in range(10):
        for hour in range(8):
            take_in(office.database, a_message(f"{day}-{hour}"), now=office.clock())
            office.clock.advance(hours=1)
        office.clock.advance(hours=16)
        with office.database.work() as work:
            work.channels.note_fetch("telegram", office.clock())
            work.commit()
    assert "ongewoon stil" not in concerns(office)

    office.clock.advance(hours=30)
    with office.database.work() as work:
        work.channels.note_fetch("telegram", office.clock())
        work.commit()

    assert "Kanaal telegram is ongewoon stil" in concerns(office)
    assert "17 uur" in concerns(office)


def test_refused_sending_counts_apart_from_reading_that_works(office: Office) -> None:
    with office.database.work() as work:
        for _ in range(2):
            work.channels.record_refusal("telegram", "geen recht", office.clock(), is_sending=True)
            work.channels.note_fetch("telegram", office.clock())
        state = work.channels.get("telegram")
    assert state.paused_at is not None


@dataclass
class Told:
    """A channel whose check says what a test gives it."""

    findings: tuple[Finding, ...]
    name: str = "telegram"
    looks: list[int] = field(default_factory=list)

    async def check(self) -> tuple[Finding, ...]:
        self.looks.append(1)
        return self.findings


async def test_the_end_of_a_token_is_announced_three_weeks_ahead(database: Database) -> None:
    clock = an_office(database).clock
    with GraphSimulator() as graph, database.work() as work:
        work.channels.configure({"messenger": ChannelMode.FULL})
        work.commit()
        graph.token_expires_at = clock() + timedelta(days=30)
        channel = MessengerChannel(
            MessengerSettings(
                page_id=graph.page_id, page_token="loopback-page-token", app_secret="loopback-app-secret", base_url=graph.url
            )
        )
        check_up = CheckUp(database=database, now=clock)
        await check_up.run(channel)
        office = an_office(database, clock=clock)
        assert "Het token" not in concerns(office)

        clock.advance(days=10)
        assert "Het token van kanaal messenger verloopt op" in concerns(office)
        clock.advance(days=21)
        assert "is verlopen" in concerns(office)
        await channel.aclose()


async def test_a_look_is_taken_once_a_day_and_trouble_is_written_down(office: Office) -> None:
    channel = Told((Finding(text="er staat een webhook", is_good=False),))
    check_up = CheckUp(database=office.database, now=office.clock)
    for hours in (0, 1, 24):
        office.clock.advance(hours=hours)
        await check_up.run(channel)  # type: ignore[arg-type]  # only its check is asked
    with office.database.work() as work:
        state = work.channels.get("telegram")
    assert len(channel.looks) == 2
    assert state.last_error == "bij de controle: er staat een webhook"


def test_a_missing_right_and_a_wrong_page_are_named() -> None:
    assert "page_id" in judge_page({"id": "5", "name": "Ander bureau"}, "4").text
    found = judge_token({"scopes": ["pages_messaging"], "is_valid": True}, {"pages_messaging", "x"})
    wrong = [finding.text for finding in found if not finding.is_good]
    assert wrong == ["deze rechten ontbreken: x; vraag ze aan bij Meta"]


async def test_a_post_that_its_writer_deleted_is_masked_within_a_day(database: Database) -> None:
    keys = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
    office = an_office(database)
    with XSimulator(clock=office.clock) as x:
        channel = XChannel(XSettings(**keys, base_url=x.url), now=office.clock)
        post = x.resident_writes("70010001", "Noor", "de lamp voor mijn huis is stuk")
        await Intake(database, office.clock).fetch(channel)
        office.triage.run()
        check_up = CheckUp(database=database, now=office.clock)
        await check_up.run(channel)
        x.resident_deletes(post)
        office.clock.advance(days=1)
        await check_up.run(channel)
        await channel.aclose()

    [melding] = office.meldingen()
    assert melding.summary == "(verwijderd door melder)"
    assert office.has_event(melding.id, Event.VERWIJDERD_DOOR_MELDER)
