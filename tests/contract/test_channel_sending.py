"""What every channel must do with what goes out: nothing posted twice, the outcome told as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from channel_checks import RETRY_AFTER, assert_truthful, assert_waits, opened, requests_of
from channel_harness import A_NEIGHBOUR, A_RESIDENT, TOKEN, ChannelCase, Inbox, take_in, the_message

from channels.base import Channel
from channels.simulator.faults import EXCHANGE_FAULTS, Fault, FaultKind, Side
from routing.errors import MessageRejectedError, TemporaryChannelError
from routing.messages import CannotTell, OutboundMessage, Sent, Unknown

POSTED_UNKNOWN = (
    FaultKind.ACCEPT_THEN_TIMEOUT,
    FaultKind.ACCEPT_THEN_RESET,
    FaultKind.ACCEPT_THEN_TRUNCATE,
    FaultKind.ACCEPT_THEN_BAD_GATEWAY,
)


NOT_POSTED_UNKNOWN = (FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY_HTML)


async def test_an_answer_is_posted_once_and_its_id_told(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    message = await the_message(channel)

    outcome = await channel.send(case.answer(message, f"Dank u voor uw melding. {TOKEN}"))

    [post] = case.simulator.posted
    assert isinstance(outcome, Sent)
    assert outcome.external_id
    assert f"Dank u voor uw melding. {TOKEN}" in post.text


async def test_the_person_who_wrote_gets_the_answer(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Van een ander", person_id=A_NEIGHBOUR)
    written = case.resident_writes("Afval naast de bak", person_id=A_RESIDENT)
    message = (await take_in(channel, Inbox())).messages[written.external_id]

    await channel.send(case.answer(message, f"Dank u. {TOKEN}"))

    [answer] = case.simulator.answers_to(A_RESIDENT)
    assert TOKEN in answer.text
    assert case.simulator.answers_to(A_NEIGHBOUR) == ()


async def test_a_posted_answer_is_found_again(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    answer = case.answer(await the_message(channel), f"Dank u. {TOKEN}")
    sent = await channel.send(answer)

    found = await channel.find_sent(answer)

    assert found == sent if channel.limits.can_read_back else isinstance(found, CannotTell)


@pytest.mark.parametrize("kind", POSTED_UNKNOWN + NOT_POSTED_UNKNOWN)
async def test_an_outcome_that_nobody_can_tell_is_unknown_and_never_sent_again(
    case: ChannelCase, channel: Channel, kind: FaultKind
) -> None:
    case.resident_writes("Afval naast de bak")
    answer = case.answer(await the_message(channel), f"Dank u. {TOKEN}")
    case.simulator.faults.add(Fault(kind=kind, side=Side.WRITE))

    outcome = await channel.send(answer)

    assert isinstance(outcome, Unknown)
    assert outcome.reason
    assert len(case.simulator.posted) == (1 if kind in POSTED_UNKNOWN else 0)
    assert kind in case.simulator.faults.struck
    assert_truthful(await channel.find_sent(answer), case, channel)


@pytest.mark.parametrize("kind", sorted(EXCHANGE_FAULTS - {FaultKind.EXPIRED_TOKEN}))
async def test_a_fault_at_any_request_of_a_send_posts_at_most_once(case: ChannelCase, channel: Channel, kind: FaultKind) -> None:
    case.resident_writes("Afval naast de bak")
    message = await the_message(channel)
    first = case.answer(message, f"Een. {TOKEN}")
    methods = await requests_of(case, None, lambda fresh: send_as_the_relay_does(fresh, first))
    before = len(case.simulator.posted)
    for number, method in enumerate(methods, start=3):
        token = f"{TOKEN[:-1]}{number}"
        answer = replace(case.answer(message, f"Antwoord {number}. {token}"), token=token)
        case.simulator.faults.add(Fault(kind=kind, method=method, retry_after=timedelta(seconds=1)))
        async with opened(case) as fresh:
            is_settled = await send_as_the_relay_does(fresh, answer)
        case.simulator.faults.clear()
        posts = len(case.simulator.posted.containing(token))
        assert posts == 1 if is_settled else posts <= 1, method
        assert is_settled or not channel.limits.can_read_back, method
    assert before == 1


@pytest.mark.parametrize("kind", sorted(EXCHANGE_FAULTS))
async def test_a_fault_at_any_request_of_a_look_is_no_answer(case: ChannelCase, channel: Channel, kind: FaultKind) -> None:
    case.resident_writes("Afval naast de bak")
    answer = case.answer(await the_message(channel), f"Dank u. {TOKEN}")
    sent = await channel.send(answer)
    for method in await requests_of(case, Side.READ, lambda fresh: fresh.find_sent(answer)):
        case.simulator.faults.add(Fault(kind=kind, method=method))
        async with opened(case) as fresh:
            assert isinstance(await fresh.find_sent(answer), CannotTell), method
            case.simulator.faults.clear()
            assert await fresh.find_sent(answer) == sent


async def test_an_answer_whose_outcome_was_lost_is_recognised_as_ours(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    inbox = Inbox()
    message = await the_message(channel, inbox)
    case.simulator.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE))
    assert isinstance(await channel.send(case.answer(message, f"Dank u. {TOKEN}")), Unknown)
    assert len(case.simulator.posted) == 1

    await take_in(channel, inbox)
    case.time_passes()
    async with opened(case) as after_a_restart:
        await take_in(after_a_restart, inbox)

    assert list(inbox.messages) == [message.external_id]
    assert not inbox.unreadable


async def test_a_rate_limit_on_send_posts_nothing_and_tells_how_long_to_wait(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    answer = case.answer(await the_message(channel), f"Dank u. {TOKEN}")
    case.simulator.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.WRITE, retry_after=RETRY_AFTER))

    with pytest.raises(TemporaryChannelError) as caught:
        await channel.send(answer)

    assert_waits(caught.value, RETRY_AFTER)
    assert len(case.simulator.posted) == 0
    assert isinstance(await channel.send(answer), Sent)
    assert len(case.simulator.posted) == 1


async def test_a_text_that_is_too_long_is_rejected_before_it_is_sent(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    longest = channel.limits.max_length[case.delivery]
    answer = case.answer(await the_message(channel), f"{TOKEN} " + "a" * (longest - len(TOKEN)))

    with pytest.raises(MessageRejectedError, match=str(longest)):
        await channel.send(answer)

    assert len(case.simulator.posted) == 0


async def test_the_longest_allowed_text_is_posted(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    longest = channel.limits.max_length[case.delivery]
    answer = case.answer(await the_message(channel), f"{TOKEN} " + "a" * (longest - len(TOKEN) - 1))

    assert isinstance(await channel.send(answer), Sent)


async def test_an_answer_arrives_letter_by_letter(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    text = f"<b>Dank u</b> & {{naam}} – “aanhaling” {TOKEN}"

    await channel.send(case.answer(await the_message(channel), text))

    [post] = case.simulator.posted
    assert text in post.text


async def send_as_the_relay_does(channel: Channel, answer: OutboundMessage) -> bool:
    """Send again only what was provably not posted, or not found in two looks. Returns whether it is known to be posted."""
    for _ in range(3):
        try:
            outcome: object = await channel.send(answer)
        except TemporaryChannelError:
            continue
        looks = [await channel.find_sent(answer) for _ in range(2)] if isinstance(outcome, Unknown) else []
        if isinstance(outcome, Sent) or any(isinstance(found, Sent) for found in looks):
            return True
        if any(isinstance(found, CannotTell) for found in looks):
            return False
    return False
