"""How Mastodon is answered, never more openly than it was asked, and what counts as taken back there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from channels.mastodon import MastodonChannel, length_of, render_post
from channels.mastodon_messages import doubt_about
from channels.mastodon_trail import Mark, parse_trail
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.mastodon import MastodonSimulator
from routing.errors import ChannelAuthError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import Delivery, InboundMessage, NotFound, OutboundMessage, Removal, Sent, Unknown, Visibility
from tests.builders import SettableClock
from tests.channels.canned import CannedServer, an_answer
from tests.channels.mastodon_rig import DIRECT, JAN, NOOR, NOW, TOKEN, a_channel, messages_of, the_message


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def instance(clock: SettableClock) -> Iterator[MastodonSimulator]:
    with MastodonSimulator(clock=clock) as simulator:
        yield simulator


@pytest.fixture
async def channel(instance: MastodonSimulator, clock: SettableClock) -> AsyncIterator[MastodonChannel]:
    made = a_channel(instance.url, clock)
    yield made
    await made.aclose()


def an_answer_to(message: InboundMessage, text: str = f"Dank u. {TOKEN}", delivery: Delivery | None = None) -> OutboundMessage:
    assert message.sender is not None
    usual = Delivery.PUBLIC_REPLY if message.visibility is Visibility.PUBLIC else Delivery.DIRECT
    return OutboundMessage(
        channel="mastodon",
        delivery=delivery or usual,
        to=message.sender.external_id,
        thread=message.thread,
        reply_to=message.reply_to,
        text=text,
        token=TOKEN,
    )


# -- what goes out


def the_parent(**more: object) -> dict[str, object]:
    return {"id": "77", "account": {"acct": "noor@elders.example"}, "visibility": "public", "spoiler_text": ""} | more


def an_outbound(text: str, delivery: Delivery = Delivery.PUBLIC_REPLY) -> OutboundMessage:
    return OutboundMessage(channel="mastodon", delivery=delivery, to=NOOR, thread="77", reply_to="77", text=text, token=TOKEN)


@pytest.mark.parametrize("parents", ["public", "unlisted", "private", "direct", "", "iets nieuws"])
@pytest.mark.parametrize("delivery", [Delivery.PUBLIC_REPLY, Delivery.DIRECT])
def test_an_answer_is_never_seen_by_more_people_than_the_question(parents: str, delivery: Delivery) -> None:
    draft = render_post(an_outbound("Dank u", delivery), the_parent(visibility=parents), 500)
    is_public = delivery is Delivery.PUBLIC_REPLY and parents in {"public", "unlisted"}
    assert draft["visibility"] == ("unlisted" if is_public else "direct")


def test_names_in_the_text_are_not_addressed() -> None:
    draft = render_post(an_outbound("Vraag @jan of (@piet@x.example), mail info@utrecht.example"), the_parent(), 500)
    assert draft["status"] == "@noor@elders.example Vraag @\u2060jan of (@\u2060piet@x.example), mail info@utrecht.example"


def test_a_content_warning_is_kept_as_far_as_there_is_room() -> None:
    assert render_post(an_outbound("Dank u"), the_parent(spoiler_text="dood dier"), 500)["spoiler_text"] == "dood dier"
    full = "a" * 466
    assert render_post(an_outbound(full), the_parent(spoiler_text="dood dier"), 500)["spoiler_text"] == "do"
    assert "spoiler_text" not in render_post(an_outbound("a" * 468), the_parent(spoiler_text="dood dier"), 500)


def test_a_link_counts_as_mastodon_counts_it() -> None:
    assert length_of("https://a.nl") == 23
    assert length_of("kijk op https://www.utrecht.example/een/lang/pad/naar/iets") == 58


@pytest.mark.parametrize("text", ["", "   ", "a" * 469])
def test_a_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(MessageRejectedError, match="468"):
        render_post(an_outbound(text), the_parent(), 500)


def test_a_way_that_mastodon_has_not_is_refused() -> None:
    with pytest.raises(MessageRejectedError, match="prive_antwoord"):
        render_post(an_outbound("Dank u", Delivery.PRIVATE_REPLY), the_parent(), 500)


async def test_private_news_reaches_only_the_resident(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(JAN, "Jan", "ik kijk mee")
    instance.resident_writes(NOOR, "Noor", "lamp stuk")
    message = messages_of(await channel.fetch(None))[1]
    await channel.send(an_answer_to(message, f"De lamp is gemaakt. @bewoner{JAN} {TOKEN}", Delivery.DIRECT))
    [post] = instance.posted
    assert (post.way, post.target) == ("direct", NOOR)
    assert [person["id"] for person in instance.statuses[post.id]["mentions"]] == [NOOR]


async def test_a_deleted_post_is_answered_in_private_only(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    status_id = instance.resident_writes(NOOR, "Noor", "lamp stuk")
    message = await the_message(channel)
    instance.resident_deletes(status_id)

    with pytest.raises(RecipientUnreachableError, match="weg"):
        await channel.send(an_answer_to(message))
    answer = an_answer_to(message, delivery=Delivery.DIRECT)
    sent = await channel.send(answer)

    [post] = instance.answers_to(NOOR)
    assert post.way == "direct"
    assert await channel.find_sent(answer) == sent == Sent(external_id=post.id)


async def test_a_closed_account_is_out_of_reach(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    status_id = instance.resident_writes(NOOR, "Noor", "lamp stuk", DIRECT)
    message = await the_message(channel)
    instance.resident_deletes(status_id)
    instance.resident_leaves(NOOR)
    with pytest.raises(RecipientUnreachableError, match="bestaat niet meer"):
        await channel.send(an_answer_to(message))


async def test_the_same_reply_sent_again_is_the_same_post(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", "lamp stuk")
    answer = an_answer_to(await the_message(channel))
    instance.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE))
    assert isinstance(await channel.send(answer), Unknown)
    assert isinstance(await channel.send(answer), Sent)
    assert len(instance.posted) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ChannelAuthError),
        (403, ChannelAuthError),
        (404, RecipientUnreachableError),
        (422, MessageRejectedError),
        (429, TemporaryChannelError),
    ],
)
async def test_a_refusal_is_the_decision_it_asks_for(clock: SettableClock, status: int, error: type[Exception]) -> None:
    with CannedServer() as server:
        server.answers = [an_answer(the_parent()), an_answer({"error": "nee"}, status=status, X_RateLimit_Reset="1764000090")]
        channel = a_channel(server.url, clock)
        with pytest.raises(error, match="nee"):
            await channel.send(an_outbound("Dank u"))
        await channel.aclose()


@pytest.mark.parametrize("body", ["{}", "[]", "null", "geen json", '{"id": null}'])
async def test_an_answer_without_an_id_is_no_proof(clock: SettableClock, body: str) -> None:
    with CannedServer() as server:
        server.answers = [an_answer(the_parent()), an_answer({})]
        server.answers[1] = type(server.answers[1])(body=body)
        channel = a_channel(server.url, clock)
        assert isinstance(await channel.send(an_outbound("Dank u")), Unknown)
        await channel.aclose()


@pytest.mark.parametrize("reset", ["", "gisteren", "9" * 40, "2026-99-99", "-5"])
async def test_a_strange_moment_in_a_rate_limit_does_no_harm(clock: SettableClock, reset: str) -> None:
    with CannedServer() as server:
        server.answers = [an_answer({"error": "rustig"}, status=429, X_RateLimit_Reset=reset, X_RateLimit_Remaining="0")]
        channel = a_channel(server.url, clock)
        with pytest.raises(TemporaryChannelError, match="rustig"):
            await channel.fetch(None)
        await channel.aclose()


async def test_nothing_found_is_told_as_such(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", f"mijn nummer is {TOKEN}")
    assert await channel.find_sent(an_answer_to(await the_message(channel))) == NotFound()


# -- what is taken back


async def test_a_post_that_is_taken_back_is_told_once(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    kept, gone = (instance.resident_writes(NOOR, "Noor", text) for text in ("blijft", "vergissing"))
    start = await channel.fetch(None)
    instance.resident_deletes(gone)

    page = await channel.fetch(start.cursor)

    assert page.items == (Removal(channel="mastodon", external_id=gone),)
    assert (await channel.fetch(page.cursor)).items == ()
    assert kept in page.cursor


OPEN_ACCOUNT: dict[str, object] = {"id": NOOR, "acct": "noor@elders.example"}


@pytest.mark.parametrize(
    ("account", "relationship", "age", "doubt"),
    [
        ({}, {"blocked_by": False}, timedelta(hours=23), ""),
        ({"acct": "noor"}, {"blocked_by": False}, timedelta(days=300), ""),
        ({}, {"blocked_by": True}, timedelta(hours=1), "blokkeert ons"),
        ({}, {}, timedelta(hours=1), "niet te zien"),
        ({}, {"blocked_by": None}, timedelta(hours=1), "niet te zien"),
        ({"suspended": True}, {"blocked_by": False}, timedelta(hours=1), "geschorst"),
        ({"moved": {"acct": "noor@nieuw.example"}}, {"blocked_by": False}, timedelta(hours=1), "verhuisd"),
        ({}, {"blocked_by": False}, timedelta(hours=24), "ruimt"),
    ],
)
def test_only_when_nothing_else_is_left_was_it_the_writer(
    account: dict[str, object], relationship: dict[str, object], age: timedelta, doubt: str
) -> None:
    mark = Mark(notification="1", status="2", author=NOOR, written=(NOW - age).isoformat())
    told = doubt_about(mark, OPEN_ACCOUNT | account, relationship, NOW)
    assert doubt in told
    assert bool(told) is bool(doubt)


def test_an_account_that_is_not_there_or_a_moment_that_is_not_known_leaves_doubt() -> None:
    assert doubt_about(Mark(notification="1", status="2", author=NOOR), {}, {}, NOW)
    assert doubt_about(Mark(notification="1", status="2", author=NOOR), OPEN_ACCOUNT, {"blocked_by": False}, NOW)


@pytest.mark.parametrize("why", ["blocks", "suspended", "left", "moved"])
async def test_a_post_that_is_hidden_from_us_is_no_post_that_was_taken_back(
    instance: MastodonSimulator, channel: MastodonChannel, why: str
) -> None:
    status_id = instance.resident_writes(NOOR, "Noor", "lamp stuk")
    cursor = (await channel.fetch(None)).cursor
    if why == "blocks":
        instance.resident_blocks(NOOR)
    elif why == "suspended":
        instance.account_changes(NOOR, suspended=True)
    else:
        instance.resident_deletes(status_id)
        instance.account_changes(NOOR, moved={"acct": "noor@nieuw.example"})
    if why == "left":
        instance.resident_leaves(NOOR)

    page = await channel.fetch(cursor)

    [removal] = page.items
    assert isinstance(removal, Removal)
    assert (removal.external_id, bool(removal.doubt)) == (status_id, True)
    assert (await channel.fetch(page.cursor)).items == ()


async def test_a_token_that_may_not_ask_about_blocks_leaves_doubt(clock: SettableClock) -> None:
    mention = {"id": "5", "type": "mention", "status": {"id": "6", "content": "<p>x</p>", "account": {"id": NOOR}}}
    with CannedServer() as server:
        server.answers = [
            an_answer({"id": "1"}),
            an_answer([mention]),
            an_answer([]),
            an_answer({"error": "Record not found"}, status=404),
            an_answer({"id": NOOR, "acct": "noor"}),
            an_answer({"error": "This action is outside the authorized scopes"}, status=403),
        ]
        channel = a_channel(server.url, clock)
        [removal] = (await channel.fetch((await channel.fetch(None)).cursor)).items
        await channel.aclose()
    assert isinstance(removal, Removal)
    assert "niet te zien" in removal.doubt


@pytest.mark.parametrize("method", ["status", "account", "relationships"])
@pytest.mark.parametrize(
    "kind", [FaultKind.SERVER_ERROR, FaultKind.RESET_BEFORE, FaultKind.RATE_LIMITED, FaultKind.BAD_GATEWAY_HTML]
)
async def test_a_platform_that_fails_while_we_ask_takes_nothing_back(
    instance: MastodonSimulator, channel: MastodonChannel, method: str, kind: FaultKind
) -> None:
    gone = instance.resident_writes(NOOR, "Noor", "vergissing")
    start = await channel.fetch(None)
    instance.resident_deletes(gone)
    instance.faults.add(Fault(kind=kind, method=method))

    with pytest.raises(TemporaryChannelError):
        await channel.fetch(start.cursor)

    assert (await channel.fetch(start.cursor)).items == (Removal(channel="mastodon", external_id=gone),)


async def test_a_cursor_of_before_authors_were_kept_knows_its_posts(
    instance: MastodonSimulator, channel: MastodonChannel
) -> None:
    kept, gone = (instance.resident_writes(NOOR, "Noor", text) for text in ("blijft", "weg"))
    cursor = json.dumps([row[:3] for row in json.loads((await channel.fetch(None)).cursor)])
    instance.resident_deletes(gone)

    page = await channel.fetch(cursor)

    [removal] = page.items
    assert isinstance(removal, Removal)
    assert (removal.external_id, bool(removal.doubt)) == (gone, True)
    assert [mark.author for mark in parse_trail(page.cursor).marks if mark.status == kept] == [NOOR]


@pytest.mark.parametrize("kind", [FaultKind.REPEATED_PAGE, FaultKind.OUT_OF_ORDER])
async def test_a_page_that_comes_badly_takes_nothing_back(
    instance: MastodonSimulator, channel: MastodonChannel, kind: FaultKind
) -> None:
    cursor = (await channel.fetch(None)).cursor
    for number in range(7):
        instance.resident_writes(NOOR, "Noor", f"melding {number}")
        instance.faults.add(Fault(kind=kind, side=Side.READ))
        page = await channel.fetch(cursor)
        cursor = page.cursor
        assert not any(isinstance(item, Removal) for item in page.items)


async def test_the_check_tells_who_we_are_and_what_is_missing(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.own["bot"] = False
    named, unmarked = await channel.check()
    assert "@wijkbureau" in named.text
    assert (unmarked.is_good, "geautomatiseerd" in unmarked.text) == (False, True)
    instance.is_token_expired = True
    [refused] = await channel.check()
    assert not refused.is_good
