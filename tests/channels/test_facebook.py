"""How Facebook is answered: in public, once in private, and what is found when it is read back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.facebook import FacebookChannel
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.graph import GraphSimulator
from routing.errors import ChannelAuthError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import CannotTell, Delivery, InboundMessage, NotFound, OutboundMessage, Sent, Unknown
from tests.builders import TickingClock
from tests.channels.facebook_rig import JAN, NOOR, TOKEN, a_channel, everything


@pytest.fixture
async def channel(facebook: GraphSimulator, clock: TickingClock) -> AsyncIterator[FacebookChannel]:
    channel = a_channel(facebook, clock)
    yield channel
    await channel.aclose()


def an_answer(
    message: InboundMessage, text: str = f"Dank u. {TOKEN}", *, delivery: Delivery = Delivery.PUBLIC_REPLY
) -> OutboundMessage:
    return OutboundMessage(
        channel="facebook",
        delivery=delivery,
        to=message.sender.external_id if message.sender else "",
        thread=message.thread,
        reply_to=message.reply_to,
        text=text,
        token=TOKEN,
    )


async def the_message(channel: FacebookChannel) -> InboundMessage:
    [message] = (await everything(channel))[0].values()
    assert isinstance(message, InboundMessage)
    return message


async def test_a_public_reply_is_a_comment_on_the_comment_and_is_found_again(
    facebook: GraphSimulator, channel: FacebookChannel
) -> None:
    written = facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    before = await channel.find_sent(answer)

    sent = await channel.send(answer)

    assert before == NotFound()
    assert isinstance(sent, Sent)
    assert await channel.find_sent(answer) == sent
    assert [entry.node["id"] for entry in facebook.page.comments_on(written, is_stream=True)] == [sent.external_id]


async def test_a_reply_to_a_reply_is_found_under_the_comment_at_the_top(
    facebook: GraphSimulator, channel: FacebookChannel
) -> None:
    top = facebook.resident_comments(JAN, "Jan", "stuk")
    nested = facebook.resident_comments(NOOR, "Noor", "bij mij ook", on=top)
    message = (await everything(channel))[0][nested]
    assert isinstance(message, InboundMessage)

    sent = await channel.send(an_answer(message))

    assert await channel.find_sent(an_answer(message)) == sent
    assert [post.text for post in facebook.answers_to(NOOR)] == [f"Dank u. {TOKEN}"]


async def test_a_visitors_post_is_answered_below_it(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    facebook.visitor_posts(NOOR, "Noor", "Gat in de weg")
    answer = an_answer(await the_message(channel))

    sent = await channel.send(answer)

    assert await channel.find_sent(answer) == sent


async def test_a_resident_who_quotes_the_reference_is_not_our_reply(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    written = facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    facebook.resident_comments(JAN, "Jan", f"wat is {TOKEN}?", on=written)

    assert await channel.find_sent(answer) == NotFound()


async def test_a_reference_of_an_untold_author_settles_nothing(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    written = facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    facebook.hand_over_comment({"message": f"Dank u. {TOKEN}", "parent": {"id": written}})

    assert isinstance(await channel.find_sent(answer), CannotTell)


async def test_what_lies_behind_more_comments_than_are_looked_at_is_not_called_absent(
    facebook: GraphSimulator, clock: TickingClock
) -> None:
    channel = a_channel(facebook, clock, read_back_pages=1)
    written = facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    await channel.send(answer)
    for number in range(101):
        facebook.resident_comments(JAN, "Jan", f"ook {number}", on=written)

    assert isinstance(await channel.find_sent(answer), CannotTell)
    await channel.aclose()


async def test_the_same_comment_twice_is_refused_and_settled_by_reading_back(
    facebook: GraphSimulator, channel: FacebookChannel
) -> None:
    facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    sent = await channel.send(answer)

    assert isinstance(await channel.send(answer), Unknown)
    assert await channel.find_sent(answer) == sent
    assert len(facebook.posted) == 1


async def test_a_json_500_without_an_error_is_no_success(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    facebook.has_terse_errors = True
    facebook.faults.add(Fault(kind=FaultKind.SERVER_ERROR, side=Side.WRITE))
    facebook.faults.add(Fault(kind=FaultKind.SERVER_ERROR, side=Side.READ))

    assert isinstance(await channel.send(answer), Unknown)
    with pytest.raises(TemporaryChannelError):
        await channel.fetch(None)


async def test_a_private_reply_goes_over_messenger_once(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel), delivery=Delivery.PRIVATE_REPLY)
    before = await channel.find_sent(answer)

    sent = await channel.send(answer)
    again = await channel.send(answer)

    assert before == NotFound()
    assert isinstance(sent, Sent)
    assert isinstance(again, Unknown)
    assert await channel.find_sent(answer) == sent
    assert [post.way for post in facebook.posted] == ["private_reply"]


async def test_a_visitors_post_gets_its_private_reply_too(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    facebook.visitor_posts(NOOR, "Noor", "Gat in de weg")
    answer = an_answer(await the_message(channel), delivery=Delivery.PRIVATE_REPLY)

    assert isinstance(await channel.send(answer), Sent)


async def test_a_private_reply_whose_outcome_was_lost_is_found_in_the_conversation(
    facebook: GraphSimulator, channel: FacebookChannel
) -> None:
    facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel), delivery=Delivery.PRIVATE_REPLY)
    facebook.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE))

    assert isinstance(await channel.send(answer), Unknown)
    assert isinstance(await channel.find_sent(answer), Sent)


async def test_a_private_reply_after_a_week_cannot_reach_them(
    facebook: GraphSimulator, channel: FacebookChannel, clock: TickingClock
) -> None:
    facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel), delivery=Delivery.PRIVATE_REPLY)
    clock.advance(days=8)

    assert channel.limits.private_reply_window == timedelta(days=7)
    with pytest.raises(RecipientUnreachableError):
        await channel.send(answer)


async def test_a_private_reply_to_nobody_known_is_rejected(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    facebook.hand_over_comment({"message": "anoniem"})

    with pytest.raises(MessageRejectedError):
        await channel.send(an_answer(await the_message(channel), delivery=Delivery.PRIVATE_REPLY))


async def test_a_reply_to_a_deleted_comment_is_rejected(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    written = facebook.resident_comments(NOOR, "Noor", "stuk")
    answer = an_answer(await the_message(channel))
    facebook.deletes(written)

    with pytest.raises(MessageRejectedError):
        await channel.send(answer)


@pytest.mark.parametrize(
    ("delivery", "reply_to", "text"),
    [
        (Delivery.DIRECT, "1_2", TOKEN),
        (Delivery.PUBLIC_REPLY, "", TOKEN),
        (Delivery.PRIVATE_REPLY, "", TOKEN),
        (Delivery.PUBLIC_REPLY, "1_2", ""),
        (Delivery.PRIVATE_REPLY, "1_2", "a" * 2001),
    ],
)
async def test_a_reply_that_cannot_go_is_rejected_before_it_is_sent(
    facebook: GraphSimulator, channel: FacebookChannel, delivery: Delivery, reply_to: str, text: str
) -> None:
    message = OutboundMessage(
        channel="facebook", delivery=delivery, to=NOOR, thread="1_2", reply_to=reply_to, text=text, token=TOKEN
    )

    with pytest.raises(MessageRejectedError):
        await channel.send(message)

    assert facebook.faults.struck == ()


async def test_a_wrong_secret_is_a_matter_of_authorisation(facebook: GraphSimulator, clock: TickingClock) -> None:
    channel = a_channel(facebook, clock, app_secret="een-ander-geheim")

    with pytest.raises(ChannelAuthError, match="app-geheim"):
        await channel.fetch(None)

    await channel.aclose()


async def test_a_wrong_token_is_not_repeated_in_the_error(facebook: GraphSimulator, clock: TickingClock) -> None:
    channel = a_channel(facebook, clock, page_token="EAAB-een-verkeerd-token")

    with pytest.raises(ChannelAuthError) as caught:
        await channel.fetch(None)

    assert "verkeerd-token" not in str(caught.value)
    await channel.aclose()
