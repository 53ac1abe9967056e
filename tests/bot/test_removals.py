"""What is no longer there at the platform: masked when the resident surely took it back, otherwise kept and told to staff."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.cooperation import Cooperation
from bot.intake import Intake
from channels.mastodon import MastodonChannel
from channels.mastodon_client import MastodonSettings
from channels.simulator.mastodon import MastodonSimulator
from routing.melding import Event
from routing.messages import InboundMessage, Removal
from storage import queries
from storage.database import Database
from storage.queries import ConversationLine
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message

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


def take_back(office: Office, message: InboundMessage) -> None:
    with office.database.work() as work:
        work.inbox.take_pushed(
            message.channel, [Removal(channel=message.channel, external_id=message.external_id)], office.clock()
        )
        work.commit()


def test_what_was_taken_back_stands_in_no_melding_that_was_split_off(database: Database) -> None:
    passport = a_decision(lead="publieksdienstverlening", topic="paspoort_id")
    office = an_office(database, ScriptedRouter(lamp=a_decision(), paspoort=passport))
    office.receive(message := a_message("de lamp is stuk. Iets anders: mijn paspoort is kwijt, ik ben Ada de Boer"))
    Cooperation(office.handling).split_second(1, 1, account="samira")
    take_back(office, message)
    assert [melding.summary for melding in office.meldingen()] == ["(verwijderd door melder)"] * 2


def test_what_was_taken_back_stands_not_in_the_melding_it_was_moved_out_of(office: Office) -> None:
    office.receive(message := a_message("de lamp is stuk, ik ben Ada de Boer"), a_message("aanvulling: al een week"))
    Cooperation(office.handling).split(1, 1, account="samira")
    take_back(office, message)
    assert [melding.summary for melding in office.meldingen()] == ["(verwijderd door melder)"] * 2


def test_what_the_writer_said_elsewhere_stays_when_one_of_two_is_taken_back(database: Database) -> None:
    router = ScriptedRouter()
    office = an_office(database, router)
    office.receive(first := a_message("de lamp brandt"))
    router.otherwise = a_decision(lead="noodgeval", topic="brand", urgency="noodgeval", emergency="brand")  # a melding of its own
    office.receive(a_message("de lamp brandt"))
    take_back(office, first)
    assert [melding.summary for melding in office.meldingen()] == ["(verwijderd door melder)", "de lamp brandt"]
