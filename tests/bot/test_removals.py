"""What is no longer there at the platform: masked when the resident surely took it back, otherwise kept and told to staff."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.intake import Intake
from channels.mastodon import MastodonChannel
from channels.mastodon_client import MastodonSettings
from channels.simulator.mastodon import MastodonSimulator
from routing.melding import Event
from routing.messages import Removal
from storage import queries
from storage.database import Database
from storage.queries import ConversationLine
from tests.bot.office import Office, an_office
from tests.builders import a_message

NOOR = "70010001"


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


@pytest.fixture
def instance(office: Office) -> Iterator[MastodonSimulator]:
    with MastodonSimulator(clock=office.clock) as simulator:
        yield simulator


@pytest.fixture
async def channel(instance: MastodonSimulator, office: Office) -> AsyncIterator[MastodonChannel]:
    made = MastodonChannel(MastodonSettings(access_token=instance.token, base_url=instance.url), now=office.clock)
    yield made
    await made.aclose()


async def take_in(office: Office, channel: MastodonChannel) -> None:
    await Intake(office.database, office.clock).fetch(channel)
    office.triage.run()


def the_line(office: Office) -> ConversationLine:
    with office.database.reading() as connection:
        [line] = [line for line in queries.conversation(connection, 1) if not line.is_ours]
    return line


async def test_a_resident_who_blocks_us_loses_no_melding_and_staff_see_it(
    office: Office, instance: MastodonSimulator, channel: MastodonChannel
) -> None:
    instance.resident_writes(NOOR, "Noor", "de lantaarnpaal in de Voorstraat is stuk")
    await take_in(office, channel)
    instance.resident_blocks(NOOR)
    for _ in range(3):
        await take_in(office, channel)

    line = the_line(office)
    assert "lantaarnpaal" in line.text
    assert (line.is_unseen, line.is_removed) == (True, False)
    assert office.events(1).count(Event.NIET_MEER_TE_ZIEN.value) == 1
    with office.database.reading() as connection:
        [told] = [each for each in queries.event_log(connection, 1) if each.event == Event.NIET_MEER_TE_ZIEN.value]
    assert told.why == "het account blokkeert ons"


async def test_a_post_that_was_surely_taken_back_is_masked(
    office: Office, instance: MastodonSimulator, channel: MastodonChannel
) -> None:
    status_id = instance.resident_writes(NOOR, "Noor", "de lantaarnpaal in de Voorstraat is stuk")
    await take_in(office, channel)
    instance.resident_deletes(status_id)
    await take_in(office, channel)

    line = the_line(office)
    assert (line.text, line.is_removed, line.is_unseen) == ("", True, False)
    assert office.has_event(1, Event.VERWIJDERD_DOOR_MELDER)


def test_a_doubt_is_told_once_and_certainty_still_masks(office: Office) -> None:
    office.receive(a_message("lamp stuk", external_id="7"))
    for doubt in ("het account is verhuisd", "het account is geschorst of opgeheven", "", "het account is verhuisd"):
        with office.database.work() as work:
            work.inbox.take_pushed("telegram", [Removal(channel="telegram", external_id="7", doubt=doubt)], office.clock())
            work.commit()

    assert office.events(1).count(Event.NIET_MEER_TE_ZIEN.value) == 1
    assert office.events(1).count(Event.VERWIJDERD_DOOR_MELDER.value) == 1
    assert the_line(office).is_removed


def test_a_doubt_about_an_unknown_message_is_nothing(office: Office) -> None:
    with office.database.work() as work:
        work.inbox.take_pushed("telegram", [Removal(channel="telegram", external_id="7", doubt="wie weet")], office.clock())
        work.commit()
    office.receive(a_message("lamp stuk", external_id="7"))
    assert the_line(office).text == "lamp stuk"
