"""How mentions on X are fetched: walks, late posts, quotes, edits, and both vocabularies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from canned import CannedServer, an_answer

from channels.simulator.faults import EXCHANGE_FAULTS, Fault, FaultKind, Side
from channels.simulator.twitter import XSimulator
from channels.simulator.twitter_wire import Vocabulary
from channels.twitter import XChannel
from routing.errors import TemporaryChannelError
from routing.messages import InboundMessage, UnreadableItem
from tests.channels.twitter_rig import A_POST, JAN, ME, MENTIONS_ONLY, NOOR, NOW, a_channel


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


async def everything(channel: XChannel, cursor: str | None = None) -> tuple[list[InboundMessage | UnreadableItem], str]:
    items: list[InboundMessage | UnreadableItem] = []
    for _ in range(40):
        page = await channel.fetch(cursor)
        items += page.items
        cursor = page.cursor
        if not page.more:
            return items, page.cursor
    raise AssertionError("X never came to an end")


async def test_one_date_without_fractions_breaks_nothing(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [ME, an_answer({"data": [{**A_POST, "created_at": "2026-11-24T08:00:00Z"}], "meta": {"result_count": 1}})]

    [message] = (await told.fetch(MENTIONS_ONLY)).items

    assert isinstance(message, InboundMessage)
    assert message.sent_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


async def test_a_page_without_data_is_empty(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [ME, an_answer({"meta": {"result_count": 0}})]

    assert (await told.fetch(None)).items == ()


async def test_errors_instead_of_mentions_are_no_empty_page(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [ME, an_answer({"errors": [{"title": "Forbidden", "detail": "User is suspended"}]})]

    with pytest.raises(TemporaryChannelError, match="account"):
        await told.fetch(None)


async def test_an_account_that_x_does_not_name_is_told(canned: CannedServer, told: XChannel) -> None:
    canned.answers = [an_answer({"errors": [{"title": "Not Found Error"}]})]

    with pytest.raises(TemporaryChannelError, match="geen account"):
        await told.fetch(None)


async def test_the_low_mark_moves_only_after_the_last_page(x: XSimulator, channel: XChannel) -> None:
    for number in range(12):
        x.resident_writes(NOOR, "Noor", f"melding {number}")

    first = await channel.fetch(None)
    second = await channel.fetch(first.cursor)
    third = await channel.fetch(second.cursor)

    assert "since" not in json.loads(first.cursor)
    assert "since" not in json.loads(second.cursor)
    assert (first.more, second.more) == (True, True)
    assert int(json.loads(third.cursor)["mentions"]["since"]) == max(entry.position for entry in x.posts.mentions)


async def test_a_quiet_platform_costs_one_page(x: XSimulator, channel: XChannel) -> None:
    for number in range(12):
        x.resident_writes(NOOR, "Noor", f"melding {number}")
    _, cursor = await everything(channel)

    page = await channel.fetch(cursor)

    assert (page.items, page.more) == ((), False)


async def test_what_is_posted_during_a_long_round_is_more(x: XSimulator, channel: XChannel) -> None:
    for number in range(7):
        x.resident_writes(NOOR, "Noor", f"melding {number}")
    first = await channel.fetch(None)
    meanwhile = x.resident_writes(NOOR, "Noor", "intussen")

    last = await channel.fetch(first.cursor)

    assert last.more
    assert [item.external_id for item in (await channel.fetch(last.cursor)).items] == [meanwhile]


async def test_a_page_comes_oldest_first(x: XSimulator, channel: XChannel) -> None:
    written = [x.resident_writes(NOOR, "Noor", f"melding {number}") for number in range(4)]

    assert [item.external_id for item in (await channel.fetch(None)).items] == written


async def test_nothing_older_than_the_start_is_taken_in() -> None:
    clock = [NOW - timedelta(days=2)]
    with XSimulator(clock=lambda: clock[0]) as x:
        x.resident_writes(NOOR, "Noor", "van eergisteren")
        clock[0] = NOW
        late = x.resident_writes(NOOR, "Noor", "van vandaag")
        channel = a_channel(x.url, now=NOW, start=NOW - timedelta(days=1))

        items, _ = await everything(channel)

        assert [item.external_id for item in items] == [late]
        await channel.aclose()


async def test_a_mention_that_shows_up_late_is_still_met(x: XSimulator, channel: XChannel) -> None:
    hidden = x.resident_writes(NOOR, "Noor", "laat zichtbaar")
    [entry] = x.posts.mentions
    x.posts.mentions.clear()
    x.resident_writes(JAN, "Jan", "eerder zichtbaar")
    _, cursor = await everything(channel)
    x.posts.mentions.insert(0, entry)

    items, _ = await everything(channel, cursor)

    assert [item.external_id for item in items] == [hidden]


async def test_a_page_token_that_keeps_coming_back_ends_the_round_and_skips_nothing(x: XSimulator, channel: XChannel) -> None:
    written = {x.resident_writes(NOOR, "Noor", f"melding {number}") for number in range(12)}
    first = await channel.fetch(None)
    x.faults.add(Fault(kind=FaultKind.REPEATED_PAGE, side=Side.READ, times=None))

    _, cursor = await everything(channel, first.cursor)

    assert "since" not in json.loads(cursor)
    x.faults.clear()
    items, _ = await everything(channel, cursor)
    assert {item.external_id for item in items} == written


async def test_an_expired_page_token_begins_the_round_anew(x: XSimulator, channel: XChannel) -> None:
    written = {x.resident_writes(NOOR, "Noor", f"melding {number}") for number in range(7)}
    cursor = json.dumps({"next": "verlopen", "tokens": ["verlopen"], "newest": "1"})

    page = await channel.fetch(cursor)

    assert (page.items, page.more) == ((), False)
    assert {item.external_id for item in (await everything(channel, page.cursor))[0]} == written


@pytest.mark.parametrize("cursor", ["", "geen json", "[]", '{"since": "abc"}', '{"since": {"a": 1}, "tokens": 5}'])
async def test_an_unreadable_cursor_begins_at_the_beginning(x: XSimulator, channel: XChannel, cursor: str) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")

    assert [item.external_id for item in (await channel.fetch(cursor)).items] == [written]


async def test_an_id_from_the_future_does_not_hide_what_comes_before_it(x: XSimulator, channel: XChannel) -> None:
    x.hand_over({"id": "9" * 19, "text": "uit de toekomst", "author_id": NOOR})
    x.resident_writes(NOOR, "Noor", "eerste")
    _, cursor = await everything(channel)
    second = x.resident_writes(NOOR, "Noor", "tweede")

    assert second in [item.external_id for item in (await everything(channel, cursor))[0]]


async def test_more_mentions_than_x_gives_back_raise_an_alarm(x: XSimulator) -> None:
    channel = a_channel(x.url, page_size=100, overlap=timedelta(0))
    x.resident_writes(NOOR, "Noor", "de eerste")
    _, cursor = await everything(channel)
    for number in range(900):
        x.resident_writes(NOOR, "Noor", f"melding {number}")

    items, _ = await everything(channel, cursor)

    [alarm] = [item for item in items if isinstance(item, UnreadableItem)]
    assert "800" in alarm.reason
    assert len(items) == 801
    await channel.aclose()


async def test_an_edit_comes_in_as_a_message_that_names_the_first(x: XSimulator, channel: XChannel) -> None:
    first = x.resident_writes(NOOR, "Noor", "op de Oudegracht")
    _, cursor = await everything(channel)
    edited = x.resident_edits(first, "op de Nieuwegracht")

    [message] = (await channel.fetch(cursor)).items

    assert isinstance(message, InboundMessage)
    assert (message.external_id, message.edits) == (edited, first)


async def test_a_reply_below_a_post_that_is_gone_still_comes_in(x: XSimulator, channel: XChannel) -> None:
    first = x.resident_writes(NOOR, "Noor", "lamp stuk")
    second = x.resident_writes(NOOR, "Noor", "al een week", in_reply_to=first)
    x.resident_deletes(first)
    [message] = (await channel.fetch(None)).items
    assert isinstance(message, InboundMessage)
    assert (message.external_id, message.in_reply_to, message.thread) == (second, first, first)


@pytest.mark.parametrize("vocabulary", Vocabulary)
async def test_what_a_post_quotes_is_part_of_what_it_says(x: XSimulator, channel: XChannel, vocabulary: Vocabulary) -> None:
    x.vocabulary = vocabulary
    quoted = x.resident_posts_elsewhere(JAN, "Jan", "de lantaarn op de Neude is stuk & het is donker")
    x.resident_quotes(NOOR, "Noor", "dit bedoel ik", quoted)

    [message] = (await channel.fetch(None)).items

    assert isinstance(message, InboundMessage)
    assert message.text.endswith("dit bedoel ik\n\n(aangehaald bericht:) de lantaarn op de Neude is stuk & het is donker")


async def test_our_own_words_are_not_those_of_who_quotes_them(x: XSimulator, channel: XChannel) -> None:
    x.resident_quotes(NOOR, "Noor", "klopt dit?", x.account_posts("Morgen is het bureau dicht"))
    [message] = (await channel.fetch(None)).items
    assert isinstance(message, InboundMessage)
    assert message.text.endswith("klopt dit?")


async def test_a_quote_that_is_gone_is_told_and_holds_up_nothing(x: XSimulator, channel: XChannel) -> None:
    quoted = x.resident_posts_elsewhere(JAN, "Jan", "weg")
    x.resident_quotes(NOOR, "Noor", "kijk", quoted)
    x.resident_deletes(quoted)
    [message] = (await channel.fetch(None)).items
    assert isinstance(message, InboundMessage)
    assert message.text.endswith("(haalt een bericht aan dat niet te lezen is)")


@pytest.mark.parametrize("kind", sorted(EXCHANGE_FAULTS))
async def test_trouble_with_a_quote_holds_up_no_mention(x: XSimulator, channel: XChannel, kind: FaultKind) -> None:
    x.resident_quotes(NOOR, "Noor", "kijk", x.resident_posts_elsewhere(JAN, "Jan", "lamp stuk"))
    x.faults.add(Fault(kind=kind, method="lookup"))
    [message] = (await channel.fetch(None)).items
    assert isinstance(message, InboundMessage)
    assert "niet te lezen" in message.text


async def test_a_repost_is_no_melding(x: XSimulator, channel: XChannel) -> None:
    written = x.resident_writes(NOOR, "Noor", "melding")
    x.resident_reposts(JAN, "Jan", written)

    assert [item.external_id for item in (await channel.fetch(None)).items] == [written]
