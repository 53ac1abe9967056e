"""What every channel must do with what comes in: nothing lost, nothing twice, every word and photo as it was sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from channel_checks import opened
from channel_harness import A_NEIGHBOUR, A_RESIDENT, TOKEN, ChannelCase, Inbox, take_in, the_message

from channels.base import Channel
from routing.messages import AttachmentKind, Sent


async def test_a_message_comes_in_as_it_was_written(case: ChannelCase, channel: Channel) -> None:
    written = case.resident_writes("De lantaarnpaal op de Oudegracht is stuk")

    message = await the_message(channel)

    assert message.channel == case.name == channel.name
    assert message.external_id == written.external_id
    assert message.thread == written.thread
    assert message.sender is not None
    assert message.sender.external_id == written.person_id
    assert message.sender.display_name
    assert not message.sender.is_bot
    assert message.visibility is case.visibility
    assert "De lantaarnpaal op de Oudegracht is stuk" in message.text
    assert message.sent_at.utcoffset() == timedelta(0)
    assert "lantaarnpaal" in message.raw
    assert message.reply_to


async def test_two_people_are_two_senders(case: ChannelCase, channel: Channel) -> None:
    first = case.resident_writes("Afval naast de bak", person_id=A_RESIDENT)
    second = case.resident_writes("Ook bij mij", person_id=A_NEIGHBOUR)

    messages = (await take_in(channel, Inbox())).messages

    assert {key: message.sender and message.sender.external_id for key, message in messages.items()} == {
        first.external_id: first.person_id,
        second.external_id: second.person_id,
    }


async def test_an_empty_platform_gives_an_empty_page(case: ChannelCase, channel: Channel) -> None:
    page = await channel.fetch(None)

    assert page.items == ()
    assert not page.more
    assert (await channel.fetch(page.cursor)).items == ()


async def test_the_same_cursor_gives_the_same_items_again(case: ChannelCase, channel: Channel) -> None:
    start = await channel.fetch(None)
    for number in range(3):
        case.resident_writes(f"melding {number}")

    first = await channel.fetch(start.cursor)
    again = await channel.fetch(start.cursor)

    assert len(first.items) == 3
    assert [item.external_id for item in first.items] == [item.external_id for item in again.items]


async def test_after_the_new_cursor_nothing_is_repeated(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("eerste")
    inbox = await take_in(channel, Inbox())

    case.resident_writes("tweede")
    page = await channel.fetch(inbox.cursor)

    assert inbox.keep(page) == len(page.items) == 1


async def test_a_new_message_of_a_known_person_is_new(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    inbox = await take_in(channel, Inbox())
    second = case.resident_writes("Het ligt er nog")

    await take_in(channel, inbox)

    assert len(inbox.messages) == 2
    assert "Het ligt er nog" in inbox.messages[second.external_id].text


async def test_all_pages_come_in(case: ChannelCase, channel: Channel) -> None:
    written = {case.resident_writes(f"melding {number}").external_id for number in range(case.several_pages)}

    inbox = await take_in(channel, Inbox())

    assert set(inbox.messages) == written


async def test_a_restart_in_the_middle_loses_nothing(case: ChannelCase) -> None:
    written = {case.resident_writes(f"melding {number}").external_id for number in range(case.several_pages)}
    inbox = Inbox()
    async with opened(case) as before:
        inbox.keep(await before.fetch(None))
        await before.fetch(inbox.cursor)  # crashed before this page was kept

    async with opened(case) as after:
        await take_in(after, inbox)

    assert set(inbox.messages) == written


async def test_an_unreadable_item_is_kept_and_the_others_survive(case: ChannelCase, channel: Channel) -> None:
    before = case.resident_writes("ervoor")
    case.platform_hands_over_nonsense()
    after = case.resident_writes("erna")

    inbox = await take_in(channel, Inbox())

    assert set(inbox.messages) == {before.external_id, after.external_id}
    [item] = inbox.unreadable.values()
    assert item.reason
    assert item.raw.startswith("{")
    assert item.raw.isascii()


async def test_an_unreadable_item_keeps_its_id(case: ChannelCase, channel: Channel) -> None:
    start = await channel.fetch(None)
    case.platform_hands_over_nonsense()

    first, again = await channel.fetch(start.cursor), await channel.fetch(start.cursor)

    assert [item.external_id for item in first.items] == [item.external_id for item in again.items]


async def test_a_photo_without_text_is_a_message(case: ChannelCase, channel: Channel) -> None:
    written = case.resident_sends_a_photo()

    message = await the_message(channel)

    assert message.external_id == written.external_id
    [photo] = message.attachments
    assert photo.kind is AttachmentKind.PHOTO
    assert photo.reference


async def test_a_message_without_an_author_is_a_message(case: ChannelCase, channel: Channel) -> None:
    written = case.somebody_writes("Van wie is dit?")

    message = await the_message(channel)

    assert message.external_id == written.external_id
    assert message.sender is None
    assert "Van wie is dit?" in message.text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 100_000, id="100000-characters"),
        pytest.param("الإنارة معطلة في Oudegracht \u202e\u2066", id="right-to-left"),
        pytest.param("<script>alert(1)</script> {{ 7 * 7 }} ${x} %s {0}", id="html-and-templates"),
        pytest.param("👩‍👩‍👧‍👦🏳️‍🌈 e\u0301", id="emoji"),
        pytest.param("'; DROP TABLE meldingen; --", id="sql"),
    ],
)
async def test_any_text_comes_in_unchanged(case: ChannelCase, channel: Channel, text: str) -> None:
    case.resident_writes(text)

    assert text in (await the_message(channel)).text


@pytest.mark.parametrize(("text", "kept"), [("half \ud83d paar", "half \ufffd paar"), ("nul \x00 teken", "nul \ufffd teken")])
async def test_characters_that_no_database_stores_are_replaced(case: ChannelCase, channel: Channel, text: str, kept: str) -> None:
    case.resident_writes(text)

    message = await the_message(channel)

    assert kept in message.text
    message.raw.encode()
    assert "\x00" not in message.raw


async def test_our_own_posts_are_no_meldingen(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    case.our_own_post_comes_along("Bedankt voor uw melding")

    message = await the_message(channel)

    assert "Afval naast de bak" in message.text


async def test_our_answer_is_not_taken_in(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    inbox = Inbox()
    message = await the_message(channel, inbox)
    assert isinstance(await channel.send(case.answer(message, f"Dank u. {TOKEN}")), Sent)

    await take_in(channel, inbox)

    assert list(inbox.messages) == [message.external_id]
    assert not inbox.unreadable
