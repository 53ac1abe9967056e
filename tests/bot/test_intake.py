"""Taking in: everything the platforms hand over is kept, whatever goes wrong, on a clock that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.intake import Intake
from channels.base import Channel
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.messages import Attachment, AttachmentKind, Page
from storage import audit, queries
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import SettableClock, a_change, a_message, take_in


def running_clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[Channel]:
    built = TelegramChannel(TelegramSettings(token=telegram.token, base_url=telegram.url, read_timeout=1.5, connect_timeout=3.0))
    yield built
    await built.aclose()


def kept(database: Database) -> list[str]:
    with database.reading() as connection:
        return [message.text for message in audit.all_messages(connection)]


@pytest.mark.parametrize("clock", [running_clock, SettableClock()], ids=["running", "standing still"])
async def test_messages_are_taken_in_once(
    database: Database, telegram: TelegramSimulator, channel: Channel, clock: Callable[[], datetime]
) -> None:
    telegram.resident_writes("1", "Ada", "een")
    telegram.resident_writes("2", "Bo", "twee")
    intake = Intake(database, clock)
    assert await intake.fetch(channel) == 2
    assert await intake.fetch(channel) == 0
    assert kept(database) == ["een", "twee"]


@pytest.mark.parametrize(
    "kind", [FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY_HTML, FaultKind.RESET_BEFORE, FaultKind.ACCEPT_THEN_TIMEOUT]
)
async def test_a_failed_fetch_is_recorded_and_loses_nothing(
    database: Database, telegram: TelegramSimulator, channel: Channel, kind: FaultKind
) -> None:
    telegram.resident_writes("1", "Ada", "een")
    intake = Intake(database, SettableClock())
    telegram.faults.add(Fault(kind=kind, side=Side.READ))
    assert await intake.fetch(channel) == 0
    with database.work() as work:
        state = work.channels.find("telegram")
    assert state is not None
    assert state.last_error
    assert await intake.fetch(channel) == 1


async def test_a_rate_limit_is_respected(database: Database, telegram: TelegramSimulator, channel: Channel) -> None:
    telegram.resident_writes("1", "Ada", "een")
    clock = SettableClock()
    intake = Intake(database, clock)
    telegram.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.READ, retry_after=timedelta(seconds=60)))
    assert await intake.fetch(channel) == 0
    assert await intake.fetch(channel) == 0
    clock.advance(seconds=61)
    assert await intake.fetch(channel) == 1


async def test_an_expired_token_pauses_after_the_second_refusal_and_resumes_without_loss(
    database: Database, telegram: TelegramSimulator, channel: Channel
) -> None:
    intake = Intake(database, SettableClock())
    telegram.faults.add(Fault(kind=FaultKind.EXPIRED_TOKEN, times=2))
    telegram.resident_writes("1", "Ada", "een")
    for _ in range(3):
        assert await intake.fetch(channel) == 0
    with database.work() as work:
        work.channels.resume(a_change("telegram"))
        work.commit()
    assert await intake.fetch(channel) == 1


async def test_a_long_backlog_is_taken_in_page_by_page(database: Database, telegram: TelegramSimulator, channel: Channel) -> None:
    for number in range(250):
        telegram.resident_writes(str(number), "Ada", f"bericht {number}")
    assert await Intake(database, SettableClock()).fetch(channel) == 250


async def test_the_pace_of_a_platform_is_kept(database: Database) -> None:
    class Paced:
        name = "x"
        fetches = 0

        async def fetch(self, _: str | None) -> Page:
            self.fetches += 1
            return Page(items=(), cursor="c", again_after=timedelta(minutes=5))

    channel, clock = Paced(), SettableClock()
    intake = Intake(database, clock)
    for minutes in (0, 4, 1):
        clock.advance(minutes=minutes)
        await intake.fetch(channel)  # type: ignore[arg-type]  # only its fetch is asked
    assert channel.fetches == 2


@pytest.mark.parametrize("caption_at", [0, 2])
async def test_an_album_is_one_message_and_one_melding(database: Database, caption_at: int) -> None:
    office = an_office(database)
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="F")
    parts = [
        a_message("drie foto's van de stoep" if number == caption_at else "", album="1:77", attachments=(photo,))
        for number in range(3)
    ]
    for _ in range(2):
        take_in(database, *parts)
    office.triage.run()

    with database.reading() as connection:
        [line] = [line for line in queries.conversation(connection, 1) if not line.is_ours]
    assert (line.text, len(line.attachments), len(line.files)) == ("drie foto's van de stoep", 3, 3)
    assert (len(office.meldingen()), len(office.replies())) == (1, 1)


async def test_a_part_of_an_album_that_comes_late_joins_without_a_second_reply(database: Database) -> None:
    office = an_office(database)
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="F")
    office.receive(a_message("stoep kapot", album="1:77", attachments=(photo,)))
    office.receive(a_message("", album="1:77", attachments=(photo,)))

    with database.reading() as connection:
        assert queries.arrivals(connection, [1])[1].attachments == 2
    assert len(office.replies()) == 1
