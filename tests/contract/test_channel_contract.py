"""What every channel must do, whatever its platform does: nothing lost, nothing posted twice, the outcome told as it is."""

from __future__ import annotations

import contextlib
import io
import logging
import random
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from channel_cases import CASES
from channel_harness import A_NEIGHBOUR, A_RESIDENT, TOKEN, ChannelCase, Inbox, take_in, the_message

from channels.base import AttachmentSource, Channel, Checkable, RemovalFinder
from channels.simulator.faults import EXCHANGE_FAULTS, PAGE_FAULTS, Fault, FaultKind, Side
from routing.errors import ChannelAuthError, ChannelError, MessageRejectedError, TemporaryChannelError
from routing.messages import AttachmentKind, CannotTell, NotFound, OutboundMessage, Sent, Unknown
from tests.conftest import OutsideLoopbackError

PASSING_READ_FAULTS = (
    FaultKind.SERVER_ERROR,
    FaultKind.BAD_GATEWAY_HTML,
    FaultKind.RESET_BEFORE,
    FaultKind.ACCEPT_THEN_TIMEOUT,
    FaultKind.ACCEPT_THEN_RESET,
    FaultKind.ACCEPT_THEN_TRUNCATE,
    FaultKind.ACCEPT_THEN_BAD_GATEWAY,
)
POSTED_UNKNOWN = (
    FaultKind.ACCEPT_THEN_TIMEOUT,
    FaultKind.ACCEPT_THEN_RESET,
    FaultKind.ACCEPT_THEN_TRUNCATE,
    FaultKind.ACCEPT_THEN_BAD_GATEWAY,
)
NOT_POSTED_UNKNOWN = (FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY_HTML)
RETRY_AFTER = timedelta(seconds=90)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        present = [case for case in CASES if metafunc.function.__name__ not in case.left_out]
        metafunc.parametrize("case", present, ids=[case.__name__.removesuffix("Case") for case in present], indirect=True)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[ChannelCase]:
    made: ChannelCase = request.param()
    with made.simulator:
        yield made


@asynccontextmanager
async def opened(case: ChannelCase) -> AsyncIterator[Channel]:
    channel = case.channel()
    try:
        yield channel
    finally:
        await channel.aclose()


@pytest.fixture
async def channel(case: ChannelCase) -> AsyncIterator[Channel]:
    async with opened(case) as channel:
        yield channel


def test_every_left_out_case_exists_and_has_a_reason() -> None:
    for case in CASES:
        for name, reason in case.left_out.items():
            assert name in globals(), f"{case.name} leaves out {name}, which is no test here"
            assert len(reason.split()) >= 4, f"{case.name} must say why it cannot have {name}"


# -- what comes in


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


# -- a platform that behaves badly while we read


@pytest.mark.parametrize("kind", sorted(PAGE_FAULTS))
async def test_a_badly_delivered_page_loses_nothing(case: ChannelCase, channel: Channel, kind: FaultKind) -> None:
    case.simulator.faults.add(Fault(kind=kind, side=Side.READ, times=5))
    inbox = Inbox()
    written = set()
    for batch in range(3):
        written |= {case.resident_writes(f"melding {batch}-{number}").external_id for number in range(3)}
        inbox.keep(await channel.fetch(inbox.cursor))

    case.simulator.faults.clear()
    await take_in(channel, inbox)

    assert set(inbox.messages) == written
    assert kind in case.simulator.faults.struck


@pytest.mark.parametrize("kind", sorted(PAGE_FAULTS))
async def test_badly_delivered_pages_lose_nothing_over_several_pages(
    case: ChannelCase, channel: Channel, kind: FaultKind
) -> None:
    written = {case.resident_writes(f"melding {number}").external_id for number in range(case.several_pages)}
    case.simulator.faults.add(Fault(kind=kind, side=Side.READ, times=4))

    inbox = await take_in(channel, Inbox())
    case.simulator.faults.clear()
    await take_in(channel, inbox)

    assert set(inbox.messages) == written


async def test_a_platform_that_repeats_one_page_for_ever_does_not_hold_us(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("melding")
    inbox = Inbox()
    inbox.keep(await channel.fetch(None))
    case.simulator.faults.add(Fault(kind=FaultKind.REPEATED_PAGE, side=Side.READ, times=None))

    await take_in(channel, inbox)

    assert len(inbox.messages) == 1


@pytest.mark.parametrize("kind", PASSING_READ_FAULTS)
async def test_a_failed_fetch_is_temporary_and_loses_nothing(case: ChannelCase, channel: Channel, kind: FaultKind) -> None:
    start = await channel.fetch(None)
    written = case.resident_writes("melding")
    case.simulator.faults.add(Fault(kind=kind, side=Side.READ))

    with pytest.raises(TemporaryChannelError):
        await channel.fetch(start.cursor)

    assert list((await take_in(channel, Inbox(cursor=start.cursor))).messages) == [written.external_id]


async def test_a_rate_limit_on_fetch_tells_how_long_to_wait(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("melding")
    case.simulator.faults.add(Fault(kind=FaultKind.RATE_LIMITED, side=Side.READ, retry_after=RETRY_AFTER))

    with pytest.raises(TemporaryChannelError) as caught:
        await channel.fetch(None)

    assert_waits(caught.value, RETRY_AFTER)
    assert len((await take_in(channel, Inbox())).messages) == 1


@pytest.mark.parametrize("kind", sorted(EXCHANGE_FAULTS - {FaultKind.EXPIRED_TOKEN}))
async def test_a_fault_at_any_request_of_a_fetch_loses_nothing(case: ChannelCase, channel: Channel, kind: FaultKind) -> None:
    await channel.fetch(None)
    for method in await requests_of(case, Side.READ, lambda fresh: take_in(fresh, Inbox())):
        inbox = Inbox()
        written = {case.resident_writes(f"melding {method} {number}").external_id for number in range(7)}
        case.simulator.faults.add(Fault(kind=kind, side=Side.READ, method=method, retry_after=timedelta(seconds=1)))
        async with opened(case) as fresh:
            with contextlib.suppress(TemporaryChannelError):
                await take_in(fresh, inbox)
            case.simulator.faults.clear()
            case.time_passes()
            await take_in(fresh, inbox)
        assert written <= set(inbox.messages), method
        assert kind in case.simulator.faults.struck
        assert not inbox.unreadable


async def test_a_backlog_of_several_pages_says_that_there_is_more(case: ChannelCase, channel: Channel) -> None:
    for number in range(case.several_pages):
        case.resident_writes(f"melding {number}")

    page = await channel.fetch(None)

    assert page.more
    assert len(page.items) < case.several_pages


async def test_what_was_written_before_the_start_stays_out(case: ChannelCase) -> None:
    case.platform_is_off = timedelta(hours=-2)
    case.resident_writes("van voor de start")
    case.platform_is_off = timedelta()
    case.start = case.our_clock() - timedelta(hours=1)
    after = case.resident_writes("van na de start")

    async with opened(case) as channel:
        inbox = await take_in(channel, Inbox())

    assert list(inbox.messages) == [after.external_id]


@pytest.mark.parametrize("off", [timedelta(days=-2), timedelta(hours=-1), timedelta(hours=1), timedelta(days=2)])
async def test_our_clock_may_be_wrong_and_change_and_loses_nothing(case: ChannelCase, off: timedelta) -> None:
    inbox, written = Inbox(), set()
    for number, we_are_off in enumerate(
        (timedelta(), off, timedelta(), off, timedelta(minutes=2), timedelta(hours=1, minutes=4))
    ):
        case.we_are_off, case.platform_is_off = we_are_off, timedelta(seconds=2 * number)
        written.add(case.resident_writes(f"melding {number}").external_id)
        async with opened(case) as channel:
            await take_in(channel, inbox)

    assert set(inbox.messages) == written


async def test_an_edit_is_a_message_that_names_what_it_replaces(case: ChannelCase, channel: Channel) -> None:
    first = case.resident_writes("lamp stuk")
    inbox = await take_in(channel, Inbox())
    case.resident_edits(first, "lamp stuk bij nummer 3")

    for _ in range(2):
        await take_in(channel, inbox)

    [edit] = [message for key, message in inbox.messages.items() if key != first.external_id]
    assert edit.edits == first.external_id
    assert "bij nummer 3" in edit.text
    assert edit.sender is not None
    assert edit.sender.external_id == first.person_id


async def test_what_the_writer_takes_back_is_told(case: ChannelCase, channel: Channel) -> None:
    kept, gone = case.resident_writes("blijft staan", person_id=A_NEIGHBOUR), case.resident_writes("vergissing")
    inbox = await take_in(channel, Inbox())
    case.resident_takes_back(gone)

    await take_in(channel, inbox)
    if isinstance(channel, RemovalFinder):
        found = await channel.find_removed([gone.external_id, kept.external_id])
        inbox.removed |= {removal.external_id for removal in found}

    assert inbox.removed == {gone.external_id}


async def test_what_was_taken_back_before_we_read_it_holds_up_nothing(case: ChannelCase, channel: Channel) -> None:
    gone = case.resident_writes("vergissing")
    case.resident_takes_back(gone)
    kept = case.resident_writes("blijft staan")

    inbox = await take_in(channel, Inbox())

    assert list(inbox.messages) == [kept.external_id]


async def test_a_photo_can_be_fetched_from_the_platform_alone(case: ChannelCase, channel: Channel) -> None:
    case.resident_sends_a_photo()
    [photo] = (await the_message(channel)).attachments

    assert isinstance(channel, AttachmentSource)
    with contextlib.suppress(MessageRejectedError, OutsideLoopbackError):  # where the platform keeps files elsewhere
        await channel.download(photo.reference, io.BytesIO(), 1_000_000)
    for elsewhere in ("https://kwaad.example/1.jpg", "http://169.254.169.254/", "file:///etc/passwd", "", "\x00"):
        with pytest.raises(MessageRejectedError):
            await channel.download(elsewhere, io.BytesIO(), 1_000_000)


@pytest.mark.parametrize("seed", range(4))
async def test_replays_faults_and_crashes_in_any_order_give_the_same_messages(case: ChannelCase, seed: int) -> None:
    chance = random.Random(seed)
    for kind in (*PAGE_FAULTS, *PASSING_READ_FAULTS, FaultKind.RATE_LIMITED):
        if kind is not FaultKind.ACCEPT_THEN_TIMEOUT:  # slow, and the same to us as a cut connection
            case.simulator.faults.add(Fault(kind=kind, side=Side.READ, times=3, probability=0.15))
    inbox, written = Inbox(), set()
    channel = case.channel()
    for number in range(40):
        if chance.random() < 0.5:
            written.add(case.resident_writes(f"melding {number}").external_id)
        try:
            page = await channel.fetch(inbox.cursor)
        except TemporaryChannelError:
            continue
        if chance.random() < 0.3:  # the process died before it kept the page
            await channel.aclose()
            channel = case.channel()
        else:
            inbox.keep(page)
    case.simulator.faults.clear()
    case.time_passes()
    await take_in(channel, inbox)
    await channel.aclose()

    assert set(inbox.messages) == written
    assert not inbox.unreadable


# -- what goes out


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


# -- the channel itself is out of order


async def test_an_expired_token_is_told_as_such_and_nothing_is_lost_or_posted(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    inbox = Inbox()
    answer = case.answer(await the_message(channel, inbox), f"Dank u. {TOKEN}")
    case.expire_token()
    waiting = case.resident_writes("Nog een")

    with pytest.raises(ChannelAuthError):
        await channel.fetch(inbox.cursor)
    with pytest.raises(ChannelAuthError):
        await channel.send(answer)

    assert len(case.simulator.posted) == 0
    case.simulator.is_token_expired = False
    assert waiting.external_id in (await take_in(channel, inbox)).messages


async def test_a_check_says_that_all_is_right_and_posts_nothing(case: ChannelCase, channel: Channel) -> None:
    assert isinstance(channel, Checkable)

    findings = await channel.check()

    assert [finding.text for finding in findings if not finding.is_good] == []
    assert len(findings) >= 2
    assert len(case.simulator.posted) == 0


async def test_a_check_says_what_is_wrong_without_the_secret(case: ChannelCase, channel: Channel) -> None:
    assert isinstance(channel, Checkable)
    case.expire_token()

    findings = await channel.check()
    case.simulator.stop()
    findings += await channel.check()

    wrong = [finding.text for finding in findings if not finding.is_good]
    assert len(wrong) >= 2
    assert not any(secret in " ".join(wrong) for secret in case.secrets)


async def test_a_refused_connection_is_temporary_and_provably_not_sent(case: ChannelCase) -> None:
    case.resident_writes("Afval naast de bak")
    async with opened(case) as before:
        answer = case.answer(await the_message(before), f"Dank u. {TOKEN}")
    async with opened(case) as channel:
        case.simulator.stop()

        with pytest.raises(TemporaryChannelError):
            await channel.fetch(None)
        with pytest.raises(TemporaryChannelError):
            await channel.send(answer)
        assert_truthful(await channel.find_sent(answer), case, channel, can_look=False)


async def test_a_failed_look_is_no_answer(case: ChannelCase, channel: Channel) -> None:
    case.resident_writes("Afval naast de bak")
    answer = case.answer(await the_message(channel), f"Dank u. {TOKEN}")
    await channel.send(answer)
    case.simulator.faults.add(Fault(kind=FaultKind.BAD_GATEWAY_HTML, side=Side.READ, times=None))

    assert isinstance(await channel.find_sent(answer), CannotTell)


async def test_no_secret_shows_in_an_error_or_a_log(case: ChannelCase, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    case.resident_writes("Afval naast de bak")
    async with opened(case) as channel:
        answer = case.answer(await the_message(channel), f"Dank u. {TOKEN}")
        told = [await tell(channel, answer, case, kind) for kind in FaultKind if kind not in PAGE_FAULTS]
    case.simulator.stop()
    async with opened(case) as channel:
        told += [await attempt(channel.fetch(None)), await attempt(channel.send(answer))]

    for secret in case.secrets:
        assert secret not in "\n".join(told)
        assert secret not in caplog.text
    assert "Afval naast de bak" not in caplog.text
    assert repr(channel).find(case.secrets[0]) == -1


async def requests_of(case: ChannelCase, side: Side | None, work: Callable[[Channel], Awaitable[object]]) -> list[str]:
    """The platform's names of the calls that this work makes on a fresh channel."""
    async with opened(case) as fresh:
        case.simulator.asked.clear()
        await work(fresh)
    return sorted({method for its_side, method in case.simulator.asked if side in (None, its_side)})


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


async def tell(channel: Channel, answer: object, case: ChannelCase, kind: FaultKind) -> str:
    """Everything that comes out of a failing read, send and look."""
    told = []
    for side, call in ((Side.READ, channel.fetch), (Side.WRITE, channel.send), (Side.READ, channel.find_sent)):
        case.simulator.faults.add(Fault(kind=kind, side=side))
        told.append(await attempt(call(None if call == channel.fetch else answer)))  # type: ignore[operator]
        case.simulator.faults.clear()
    return "\n".join(told)


async def attempt(call: object) -> str:
    try:
        return repr(await call)  # type: ignore[misc]
    except ChannelError as error:
        return "".join(traceback.format_exception(error)) + repr(error)


def assert_waits(error: TemporaryChannelError, wait: timedelta) -> None:
    assert error.retry_after is not None
    assert abs(error.retry_after - wait) <= timedelta(seconds=2)


def assert_truthful(found: object, case: ChannelCase, channel: Channel, *, can_look: bool = True) -> None:
    if not (channel.limits.can_read_back and can_look):
        assert isinstance(found, CannotTell)
        assert found.reason
    elif len(case.simulator.posted):
        assert isinstance(found, Sent)
    else:
        assert isinstance(found, NotFound)
