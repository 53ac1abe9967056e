"""What every channel must do while its platform behaves badly or is out of order: nothing lost, no secret told."""

from __future__ import annotations

import contextlib
import io
import logging
import random
import traceback
from datetime import timedelta

import pytest
from channel_checks import RETRY_AFTER, assert_truthful, assert_waits, opened, requests_of
from channel_harness import A_NEIGHBOUR, TOKEN, ChannelCase, Inbox, take_in, the_message

from channels.base import AttachmentSource, Channel, Checkable, RemovalFinder
from channels.simulator.faults import EXCHANGE_FAULTS, PAGE_FAULTS, Fault, FaultKind, Side
from routing.errors import ChannelAuthError, ChannelError, MessageRejectedError, TemporaryChannelError
from routing.messages import CannotTell
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
