"""How X is spoken to: signatures, rate limits, replies, reading back, and what its refusals mean."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from urllib.parse import unquote

import oauthlib.oauth1.rfc5849.signature as oauth
import pytest
from canned import Answer, CannedServer, an_answer

from channels.simulator.twitter import XSimulator
from channels.simulator.twitter_wire import Vocabulary
from channels.twitter import XChannel
from routing.errors import ChannelAuthError, ChannelError, MessageRejectedError, RecipientUnreachableError, TemporaryChannelError
from routing.messages import CannotTell, Delivery, InboundMessage, NotFound, OutboundMessage, Sent, Unknown
from tests.channels.twitter_rig import A_POST, JAN, ME, MENTIONS_ONLY, NOOR, NOW, TOKEN, a_channel, a_reply


@pytest.fixture
def x() -> Iterator[XSimulator]:
    with XSimulator() as simulator:
        yield simulator


@pytest.fixture
async def channel(x: XSimulator) -> AsyncIterator[XChannel]:
    channel = a_channel(x.url, read_timeout=1.5)
    yield channel
    await channel.aclose()


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    with CannedServer() as server:
        yield server


@pytest.fixture
async def told(canned: CannedServer) -> AsyncIterator[XChannel]:
    """A channel on the canned server."""
    channel = a_channel(canned.url, now=NOW)
    yield channel
    await channel.aclose()


# -- the wire


async def test_a_call_is_signed_for_the_host_it_goes_to(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [ME, an_answer({"meta": {"result_count": 0}})]
    await told.fetch(None)

    request = canned.requests[1]
    header = dict(part.split("=", 1) for part in request.headers["Authorization"].removeprefix("OAuth ").split(", "))
    oauth_params = [(name, unquote(value.strip('"'))) for name, value in header.items()]
    signed = [*request.query.items(), *(pair for pair in oauth_params if pair[0] != "oauth_signature")]
    base = oauth.signature_base_string("GET", f"{canned.url}{request.path}", oauth.normalize_parameters(signed))
    expected = oauth.sign_hmac_sha1_with_client(
        base,
        type("Client", (), {"client_secret": "sleutel-consumer_secret", "resource_owner_secret": "sleutel-access_token_secret"}),
    )
    assert dict(oauth_params)["oauth_signature"] == expected


async def test_no_debug_line_holds_a_key(canned: CannedServer, told: XChannel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canned.answers = [ME, an_answer({"data": [A_POST], "meta": {}})]

    await told.fetch(None)

    assert "sleutel-" not in caplog.text
    assert "oauth_signature" not in caplog.text
    assert "wijkbureau hoi" not in caplog.text


async def test_a_rate_limit_without_a_time_is_asked_once_and_not_waited_for(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [an_answer({"title": "Too Many Requests"}, status=429)]

    with pytest.raises(TemporaryChannelError) as caught:
        await told.fetch(None)

    assert caught.value.retry_after is None
    assert len(canned.requests) == 1


async def test_a_rate_limit_with_a_broken_time_is_still_a_rate_limit_or_unknown(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [an_answer({}, status=429, x_rate_limit_reset="straks")]

    with pytest.raises(TemporaryChannelError):
        await told.fetch(None)


async def test_x_is_asked_in_its_new_words_once_it_refuses_the_old() -> None:
    with XSimulator(vocabulary=Vocabulary.POSTS) as x:
        channel = a_channel(x.url, read_timeout=1.5)
        first = x.resident_writes(NOOR, "Noor", "een lang verhaal " * 30)
        answer = x.resident_writes(JAN, "Jan", "ik ook", in_reply_to=first)

        messages = {item.external_id: item for item in (await channel.fetch(None)).items}
        outcome = await channel.send(a_reply(first))

        assert isinstance(messages[first], InboundMessage)
        assert "een lang verhaal " * 30 in messages[first].text
        assert messages[answer].sender is not None
        assert (messages[answer].in_reply_to, messages[answer].thread) == (first, first)
        assert await channel.find_sent(a_reply(first)) == outcome
        await channel.aclose()


async def test_the_old_words_are_not_tried_again(canned: CannedServer, told: XChannel) -> None:
    refusal = {
        "errors": [{"message": "The query parameter [tweet.fields] is not one of [id,post.fields]"}],
        "title": "Invalid Request",
    }
    canned.answers = [ME, an_answer(refusal, status=400), an_answer({"meta": {}})]

    await told.fetch(MENTIONS_ONLY)
    await told.fetch(MENTIONS_ONLY)

    assert ["post.fields" in request.query for request in canned.requests] == [False, False, True, True]


# -- sending


async def test_a_reply_hangs_under_the_post_and_is_found_by_parent_and_token(x: XSimulator, channel: XChannel) -> None:
    first, second = x.resident_writes(NOOR, "Noor", "een"), x.resident_writes(NOOR, "Noor", "twee")

    sent = await channel.send(a_reply(second))

    assert isinstance(sent, Sent)
    assert x.posts.own_posts[-1].post["referenced_tweets"] == [{"type": "replied_to", "id": second}]
    assert x.posts.own_posts[-1].post["text"].startswith("@")
    assert await channel.find_sent(a_reply(second)) == sent
    assert await channel.find_sent(a_reply(first)) == NotFound()


async def test_a_reply_is_found_behind_many_of_our_own_posts(x: XSimulator, channel: XChannel) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")
    sent = await channel.send(a_reply(written))
    for number in range(150):
        x.account_posts(f"nieuws {number}")

    assert await channel.find_sent(a_reply(written)) == sent


async def test_what_lies_behind_more_posts_than_are_looked_at_is_not_called_absent(x: XSimulator) -> None:
    channel = a_channel(x.url, read_back_pages=1)
    written = x.resident_writes(NOOR, "Noor", "melding")
    await channel.send(a_reply(written))
    for number in range(150):
        x.account_posts(f"nieuws {number}")

    assert isinstance(await channel.find_sent(a_reply(written)), CannotTell)
    await channel.aclose()


async def test_a_late_twin_is_refused_by_x_and_settled_by_reading_back(x: XSimulator, channel: XChannel) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")
    sent = await channel.send(a_reply(written))

    again = await channel.send(a_reply(written))

    assert isinstance(again, Unknown)
    assert again.reason.startswith("duplicate")
    assert await channel.find_sent(a_reply(written)) == sent
    assert len(x.posted) == 1


async def test_a_reply_to_who_did_not_mention_us_is_rejected(x: XSimulator, channel: XChannel) -> None:
    elsewhere = x.resident_posts_elsewhere(NOOR, "Noor", "mooi weer")

    with pytest.raises(MessageRejectedError, match="met de hand"):
        await channel.send(a_reply(elsewhere))

    assert len(x.posted) == 0


async def test_a_reply_to_a_deleted_post_is_rejected(x: XSimulator, channel: XChannel) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")
    x.resident_deletes(written)

    with pytest.raises(MessageRejectedError):
        await channel.send(a_reply(written))


async def test_a_direct_message_goes_to_who_wrote_one_and_is_found_again(x: XSimulator, channel: XChannel) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")
    x.resident_sends_direct_message(NOOR, "Noor", f"over {TOKEN}")
    direct = a_reply(written, delivery=Delivery.DIRECT)
    before = await channel.find_sent(direct)

    sent = await channel.send(direct)

    assert before == NotFound()
    assert isinstance(sent, Sent)
    assert [post.way for post in x.answers_to(NOOR)] == ["create_dm"]
    assert await channel.find_sent(direct) == sent


async def test_a_direct_message_nobody_asked_for_cannot_reach_them(x: XSimulator, channel: XChannel) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")

    with pytest.raises(RecipientUnreachableError, match="andere weg"):
        await channel.send(a_reply(written, delivery=Delivery.DIRECT))


@pytest.mark.parametrize(
    ("delivery", "reply_to", "to"),
    [
        (Delivery.PRIVATE_REPLY, "12", NOOR),
        (Delivery.PUBLIC_REPLY, "", NOOR),
        (Delivery.PUBLIC_REPLY, "abc", NOOR),
        (Delivery.DIRECT, "12", ""),
    ],
)
async def test_a_reply_that_names_no_way_is_rejected_before_it_is_sent(
    canned: CannedServer, told: XChannel, delivery: Delivery, reply_to: str, to: str
) -> None:
    message = OutboundMessage(
        channel="x", delivery=delivery, to=to, thread="12", reply_to=reply_to, text=f"Dank u. {TOKEN}", token=TOKEN
    )

    with pytest.raises(MessageRejectedError):
        await told.send(message)

    assert canned.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        an_answer({}, status=201),
        an_answer({"data": {"text": "x"}}, status=201),
        an_answer({"data": None}, status=201),
        an_answer([1, 2], status=201),
        Answer(status=201, body='{"data": {"id": "12"'),
        Answer(status=200, body="<html>", headers={"Content-Type": "text/html"}),
        Answer(status=302, headers={"Location": "https://elders.example/"}),
        an_answer({"title": "x"}, status=500),
        an_answer({"errors": None, "detail": 5}, status=503),
        an_answer(["kapot"], status=400),
    ],
)
async def test_an_answer_that_proves_nothing_is_unknown(canned: CannedServer, told: XChannel, answer: Answer) -> None:
    canned.answers = [answer]

    assert isinstance(await told.send(a_reply("12")), Unknown)
    assert len(canned.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"title": "Unauthorized"}, ChannelAuthError),
        (403, {"type": "https://api.twitter.com/2/problems/oauth1-permissions"}, ChannelAuthError),
        (403, {"type": "https://api.twitter.com/2/problems/client-forbidden"}, ChannelAuthError),
        (403, {"detail": "Reply to this conversation is not allowed"}, MessageRejectedError),
        (403, {"detail": "You are not permitted to perform this action."}, MessageRejectedError),
        (400, {"title": "Invalid Request"}, MessageRejectedError),
        (404, {"title": "Not Found Error"}, MessageRejectedError),
        (402, {"title": "CreditsDepleted"}, TemporaryChannelError),
        (403, {"type": "https://api.twitter.com/2/problems/usage-capped"}, TemporaryChannelError),
        (429, {"title": "Too Many Requests"}, TemporaryChannelError),
    ],
)
async def test_a_refusal_is_a_decision(
    canned: CannedServer, told: XChannel, status: int, body: dict[str, str], error: type[ChannelError]
) -> None:
    canned.answers = [an_answer(body, status=status)]

    with pytest.raises(error, match=str(status)):
        await told.send(a_reply("12"))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x_rate_limit_reset": str(int(NOW.timestamp()) + 90)}, timedelta(seconds=90)),
        (
            {
                "x_rate_limit_reset": str(int(NOW.timestamp()) + 90),
                "x_app_limit_24hour_remaining": "0",
                "x_app_limit_24hour_reset": str(int(NOW.timestamp()) + 7200),
            },
            timedelta(hours=2),
        ),
        ({"x_rate_limit_reset": str(int(NOW.timestamp()) - 90)}, timedelta(seconds=1)),
        ({"retry_after": "17"}, timedelta(seconds=17)),
        ({"x_rate_limit_reset": "9" * 11}, timedelta(days=1)),
        ({}, None),
    ],
)
async def test_the_wait_is_that_of_the_limit_that_is_used_up(
    canned: CannedServer, told: XChannel, headers: dict[str, str], wait: timedelta | None
) -> None:
    canned.answers = [an_answer({}, status=429, **headers)]

    with pytest.raises(TemporaryChannelError) as caught:
        await told.send(a_reply("12"))

    assert caught.value.retry_after == wait


async def test_a_look_that_fails_for_whatever_reason_is_no_answer(canned: CannedServer, told: XChannel) -> None:
    for answer in (an_answer({}, status=401), an_answer({}, status=500), Answer(body="<html>")):
        canned.answers = [answer]

        assert isinstance(await told.find_sent(a_reply("12")), CannotTell)


async def test_a_look_without_a_place_to_look_is_no_answer(told: XChannel) -> None:
    assert isinstance(await told.find_sent(a_reply("")), CannotTell)
