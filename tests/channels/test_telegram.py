"""How Telegram is answered, what it refuses, and what its simulator says to the SDK itself."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import LIMITS, TelegramChannel, TelegramSettings, render_message, utf16_length
from routing.errors import ConfigError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import CannotTell, Delivery, InboundMessage, Sent
from tests.channels.telegram_rig import NOOR, NOW, TOKEN, a_channel, an_answer


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator(token=TOKEN, clock=lambda: NOW) as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[TelegramChannel]:
    channel = a_channel(telegram)
    yield channel
    await channel.aclose()


# -- sending


async def test_a_rate_limit_works_while_every_warning_is_an_error(
    telegram: TelegramSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PTB_TIMEDELTA")
    channel = a_channel(telegram)
    telegram.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.READ, retry_after=timedelta(seconds=7)))

    with warnings.catch_warnings(), pytest.raises(TemporaryChannelError) as caught:
        warnings.simplefilter("error", DeprecationWarning)
        await channel.fetch(None)
    await channel.aclose()

    assert caught.value.retry_after == timedelta(seconds=7)


async def test_a_blocked_bot_cannot_reach_the_person(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")
    telegram.blocks(NOOR)

    with pytest.raises(RecipientUnreachableError, match="blocked"):
        await channel.send(an_answer())

    telegram.unblocks(NOOR)
    assert isinstance(await channel.send(an_answer()), Sent)


async def test_a_person_who_never_wrote_cannot_be_reached(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    with pytest.raises(RecipientUnreachableError, match="bestaat niet"):
        await channel.send(an_answer())


async def test_a_group_that_moved_is_answered_at_its_new_number(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.member_writes(-55, NOOR, "Noor", "hallo")
    telegram.member_writes(-100055, NOOR, "Noor", "hallo")
    telegram.chats.migrate(-55, -100055)

    outcome = await channel.send(replace(an_answer(thread="-55"), delivery=Delivery.PUBLIC_REPLY))

    [post] = telegram.posted
    assert isinstance(outcome, Sent)
    assert (post.target, outcome.external_id.partition(":")[0]) == ("-100055", "-100055")


async def test_an_answer_stands_under_the_message_it_answers(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    message_id = telegram.resident_writes(NOOR, "Noor", "melding")

    rendered = render_message(an_answer(reply_to=message_id))

    assert rendered["reply_parameters"] == {"message_id": int(message_id), "allow_sending_without_reply": True}
    assert isinstance(await channel.send(an_answer(reply_to=message_id)), Sent)


async def test_an_answer_to_a_message_that_was_removed_is_still_posted(
    telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")

    assert isinstance(await channel.send(an_answer(reply_to="9999")), Sent)


async def test_letters_that_no_wire_carries_are_replaced_before_sending(
    telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")

    assert isinstance(await channel.send(an_answer("half \ud83d paar")), Sent)

    [post] = telegram.posted
    assert post.text == "half \ufffd paar"


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 4097, "👍" * 2049])
def test_a_text_that_telegram_refuses_is_rejected_beforehand(text: str) -> None:
    with pytest.raises(MessageRejectedError, match="4096"):
        render_message(an_answer(text))


def test_telegram_has_no_private_reply_to_a_public_post() -> None:
    with pytest.raises(MessageRejectedError, match="direct"):
        render_message(replace(an_answer(), delivery=Delivery.PRIVATE_REPLY))


def test_a_thread_that_is_no_chat_cannot_be_reached() -> None:
    with pytest.raises(RecipientUnreachableError):
        render_message(replace(an_answer(thread="@somebody"), to=""))


def test_length_counts_as_telegram_counts_offsets() -> None:
    assert LIMITS.length_of is utf16_length
    assert utf16_length("a👍") == 3


async def test_telegram_cannot_be_read_back(channel: TelegramChannel) -> None:
    assert not channel.limits.can_read_back
    assert isinstance(await channel.find_sent(an_answer()), CannotTell)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (TelegramSettings(token=""), "@BotFather"),
        (TelegramSettings(token=TOKEN, base_url="api.telegram.org"), "base_url"),
    ],
)
def test_a_wrong_setting_is_told_with_its_remedy(settings: TelegramSettings, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        TelegramChannel(settings)


def test_settings_do_not_show_the_token() -> None:
    assert "loopback" not in repr(TelegramSettings(token=TOKEN))


# -- the simulator, seen by the SDK itself


async def test_the_sdk_reads_what_the_simulator_says(telegram: TelegramSimulator) -> None:
    from telegram import Bot

    photo = b"\xff\xd8" + b"lamp" * 100
    telegram.resident_writes(NOOR, "Noor de Wit", "met foto", photo=photo)
    telegram.resident_writes(NOOR, "Noor de Wit", "", location=(52.09, 5.12))
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot") as bot:
        with_photo, with_place = await bot.get_updates()
        assert with_photo.message is not None
        assert with_place.message is not None
        file = await bot.get_file(with_photo.message.photo[-1].file_id)
        sent = await bot.send_message(chat_id=int(NOOR), text="Dank u")

        assert bot.id == 70099
        assert with_photo.message.caption == "met foto"
        assert with_place.message.location is not None
        assert bytes(await file.download_as_bytearray()) == photo
        assert (await bot.get_updates(offset=with_place.update_id + 1)) == ()
    assert [post.id for post in telegram.answers_to(NOOR)] == [str(sent.message_id)]


async def test_a_resident_answers_and_edits_on_the_simulator(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")
    sent = await channel.send(an_answer())
    assert isinstance(sent, Sent)
    answer = telegram.resident_answers(NOOR, sent.external_id.split(":")[1], "Waar is dat?")
    telegram.resident_edits(NOOR, answer, "Wanneer is dat?")

    _, answered, edited = (await channel.fetch(None)).items

    assert isinstance(answered, InboundMessage)
    assert answered.in_reply_to == sent.external_id
    assert isinstance(edited, InboundMessage)
    assert (edited.edits, edited.text) == (answered.external_id, "Wanneer is dat?")
    assert re.fullmatch(rf"{NOOR}:\d+:\d+-[0-9a-f]{{8}}", edited.external_id)


def test_a_photo_may_come_over_the_control_route(telegram: TelegramSimulator) -> None:
    order = {"person_id": NOOR, "name": "Noor", "photo": base64.b64encode(b"jpg").decode(), "location": None}

    assert telegram.write_from_json(order) == "1"
