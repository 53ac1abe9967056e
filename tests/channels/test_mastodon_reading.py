"""How mentions on Mastodon are read: HTML, visibility, warnings, photos, conversations and edits."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.html_text import text_of_html
from channels.mastodon import MastodonChannel
from channels.mastodon_messages import lean, parse_notification
from channels.mastodon_trail import Trail, parse_mark, parse_trail
from channels.simulator.mastodon import Manner, MastodonSimulator
from routing.errors import MessageRejectedError
from routing.messages import AttachmentKind, InboundMessage, UnreadableItem, Visibility
from tests.builders import SettableClock
from tests.channels.canned import CannedServer, an_answer
from tests.channels.mastodon_rig import DIRECT, JAN, NOOR, NOW, a_channel, messages_of, the_message
from tests.channels.strategies import payloads


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


# -- HTML


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Een</p><p>Twee</p>", "Een\n\nTwee"),
        ("<p>Een<br />Twee<br>Drie</p>", "Een\nTwee\nDrie"),
        ("Zonder omhulsel", "Zonder omhulsel"),
        ("<p>Punt &amp; komma &lt;b&gt; &#39;</p>", "Punt & komma <b> '"),
        (
            '<p><span class="h-card"><a href="https://s.example/@w">@<span>wijkbureau</span></a></span> lamp stuk</p>',
            "@wijkbureau lamp stuk",
        ),
        (
            '<p><a href="https://a.example/x"><span class="invisible">https://</span><span>a.example</span></a></p>',
            "https://a.example",
        ),
        ("<ul><li>een</li><li>twee</li></ul>", "een\ntwee"),
        ("<p>voor</p><script>alert(1)</script><style>p{}</style><p>na</p>", "voor\n\nna"),
        ("<p>niet <b>dicht", "niet dicht"),
        ("<p>regel\n  twee</p>", "regel   twee"),
        ("", ""),
    ],
)
def test_html_becomes_the_text_that_a_person_sees(html: str, text: str) -> None:
    assert text_of_html(html) == text


@given(st.text(max_size=300) | st.text(alphabet="<>/p br&;!-[]\"'", max_size=300))
def test_any_html_is_read(html: str) -> None:
    assert isinstance(text_of_html(html), str)


# -- what comes in


@given(payloads("id", "status", "account", "content", "visibility", "media_attachments", "edited_at", "spoiler_text", "acct"))
def test_whatever_is_handed_over_becomes_a_message_or_an_unreadable_item(payload: object) -> None:
    item = parse_notification(payload, own_id="1", now=NOW)
    assert item is None or isinstance(item, InboundMessage | UnreadableItem)
    json.dumps(lean(payload), default=repr)
    parse_mark(payload)


@pytest.mark.parametrize("cursor", [None, "", "{", "null", "[1]", '[["a"]]', '[["a", 1, ""]]', "[" * 5000])
def test_a_strange_cursor_starts_from_the_beginning(cursor: str | None) -> None:
    assert parse_trail(cursor) == Trail()


@pytest.mark.parametrize(
    ("visibility", "ours"),
    [
        ("public", Visibility.PUBLIC),
        ("unlisted", Visibility.PUBLIC),
        ("private", Visibility.PRIVATE),
        ("direct", Visibility.PRIVATE),
        ("kring", Visibility.PRIVATE),
        (None, Visibility.PRIVATE),
    ],
)
def test_what_is_not_surely_public_is_private(visibility: object, ours: Visibility) -> None:
    status = {"id": "1", "content": "<p>x</p>", "visibility": visibility, "account": {"id": "7", "acct": "noor"}}
    item = parse_notification({"id": "2", "status": status}, own_id="1", now=NOW)
    assert isinstance(item, InboundMessage)
    assert item.visibility is ours


async def test_a_content_warning_stands_before_the_text(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", "dode duif bij de trap", Manner(warning="dood dier"))
    message = await the_message(channel)
    assert message.text.startswith("dood dier\n\n")
    assert message.text.endswith("dode duif bij de trap")


async def test_no_profile_is_kept(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", "lamp stuk")
    message = await the_message(channel)
    assert "followers_count" not in message.raw
    assert "Over mij" not in message.raw
    assert NOOR in message.raw


async def test_a_photo_is_named_by_its_address(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", "kijk", Manner(photo=b"jpg"))
    [photo] = (await the_message(channel)).attachments
    assert (photo.kind, photo.reference[:8]) == (AttachmentKind.PHOTO, f"{instance.url}/"[:8])


async def test_a_photo_is_fetched_from_the_instance(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", "kijk", Manner(photo=b"\xff\xd8 lamp"))
    [photo] = (await the_message(channel)).attachments
    later = f"{instance.url}/media_proxy/{photo.reference.rpartition('/')[2]}"
    for reference in (photo.reference, later):
        target = io.BytesIO()
        await channel.download(reference, target, 100)
        assert target.getvalue() == b"\xff\xd8 lamp"
    with pytest.raises(MessageRejectedError, match="groter"):
        await channel.download(photo.reference, io.BytesIO(), 3)


async def test_a_photo_elsewhere_is_asked_for_only_where_the_instance_keeps_its_files(clock: SettableClock) -> None:
    with CannedServer() as files:
        files.answers = [an_answer({"x": 1})]
        address = f"{files.url.replace('127.0.0.1', 'localhost')}/a.jpg"
        for hosts, count in (((), 0), (("localhost",), 1)):
            channel = a_channel("http://127.0.0.1:1", clock, media_hosts=hosts)
            with contextlib.suppress(MessageRejectedError):
                await channel.download(address, io.BytesIO(), 100)
            await channel.aclose()
            assert len(files.requests) == count


async def test_direct_posts_of_one_person_are_one_conversation(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.resident_writes(NOOR, "Noor", "lamp stuk", DIRECT)
    instance.resident_writes(NOOR, "Noor", "en nog een", DIRECT)
    instance.resident_writes(JAN, "Jan", "iets anders", DIRECT)
    assert [message.thread for message in messages_of(await channel.fetch(None))] == [NOOR, NOOR, JAN]


async def test_a_public_reply_stands_in_the_conversation_of_its_first_post(
    instance: MastodonSimulator, channel: MastodonChannel
) -> None:
    first = instance.resident_writes(NOOR, "Noor", "lamp stuk")
    second = instance.resident_writes(JAN, "Jan", "hier ook", Manner(in_reply_to=first))
    third = instance.resident_writes(NOOR, "Noor", "al een week", Manner(in_reply_to=second))
    messages = messages_of(await channel.fetch(None))
    assert [(message.external_id, message.thread) for message in messages] == [(first, first), (second, first), (third, first)]
    assert messages[2].in_reply_to == second


async def test_a_reply_to_a_post_that_is_gone_still_comes_in(instance: MastodonSimulator, channel: MastodonChannel) -> None:
    instance.hand_over({"content": "<p>x</p>", "visibility": "public", "in_reply_to_id": "999", "account": {"id": NOOR}})
    assert (await the_message(channel)).thread == "999"


async def test_nothing_but_mentions_is_asked_for(clock: SettableClock) -> None:
    with CannedServer() as server:
        server.answers = [an_answer({"id": "1"}), an_answer([])]
        channel = a_channel(server.url, clock)
        await channel.fetch(None)
        await channel.aclose()
        asked = server.requests[1]
    assert [(name, kind) for name, kind in asked.query.items() if name.startswith("types")] == [("types[]", "mention")]


async def test_an_edit_of_a_recent_post_comes_in_once(
    instance: MastodonSimulator, channel: MastodonChannel, clock: SettableClock
) -> None:
    status_id = instance.resident_writes(NOOR, "Noor", "lamp stuk")
    start = await channel.fetch(None)
    clock.advance(minutes=3)
    instance.resident_edits(status_id, "lamp stuk op de Neude")

    edited = await channel.fetch(start.cursor)

    [message] = messages_of(edited)
    assert message.edits == status_id
    assert message.external_id != status_id
    assert message.text.endswith("op de Neude")
    assert (await channel.fetch(edited.cursor)).items == ()


async def test_what_is_older_than_the_start_is_left_alone(instance: MastodonSimulator, clock: SettableClock) -> None:
    instance.resident_writes(NOOR, "Noor", "oud")
    clock.advance(hours=2)
    instance.resident_writes(NOOR, "Noor", "nieuw")
    channel = a_channel(instance.url, clock, start=clock() - timedelta(hours=1))
    page = await channel.fetch(None)
    await channel.aclose()
    assert [message.text for message in messages_of(page)] == ["@wijkbureau nieuw"]


async def test_ids_are_never_numbers(clock: SettableClock) -> None:
    def a_mention(ulid: str) -> dict[str, object]:
        status = {"id": f"01S{ulid}", "content": "<p>lamp stuk</p>", "visibility": "direct", "account": {"id": "01NOOR"}}
        return {"id": f"01N{ulid}", "type": "mention", "status": status}

    with CannedServer() as server:
        server.answers = [an_answer({"id": "01WIJK"}), an_answer([a_mention("C"), a_mention("B"), a_mention("A")]), an_answer([])]
        channel = a_channel(server.url, clock)
        page = await channel.fetch(None)
        await channel.fetch(page.cursor)
        await channel.aclose()
        asked = server.requests
    assert [message.external_id for message in messages_of(page)] == ["01SA", "01SB", "01SC"]
    assert asked[2].query["min_id"] == "01NA"
