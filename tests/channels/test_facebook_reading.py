"""How comments and visitors' posts on Facebook are read and fetched, also below old posts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from strategies import payloads

from channels.facebook import FacebookChannel, parse_comments, parse_own_comment, parse_post
from channels.graph_walk import Container
from channels.payload import object_of
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.graph import GraphSimulator
from routing.errors import TemporaryChannelError
from routing.messages import AttachmentKind, InboundMessage, UnreadableItem
from tests.builders import TickingClock
from tests.channels.facebook_rig import JAN, NOOR, PAGE, TOKEN, a_channel, everything

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
A_COMMENT = {
    "id": "1001_1002",
    "from": {"id": NOOR, "name": "Noor de Wit"},
    "message": "De lantaarn is stuk",
    "created_time": "2026-11-24T08:00:00+0000",
}


@pytest.fixture
async def channel(facebook: GraphSimulator, clock: TickingClock) -> AsyncIterator[FacebookChannel]:
    channel = a_channel(facebook, clock)
    yield channel
    await channel.aclose()


def comments_of(*comments: object, is_visitor: bool = False) -> list[InboundMessage | UnreadableItem]:
    leaves = parse_comments({"data": list(comments)}, "1_2", PAGE, NOW, is_visitor=is_visitor)
    return [leaf.item for leaf in leaves if leaf.item is not None]


def comment(**fields: Any) -> InboundMessage:
    [item] = comments_of({**A_COMMENT, **fields})
    assert isinstance(item, InboundMessage)
    return item


# -- reading


def test_a_comment_under_a_post_of_the_page_begins_its_own_conversation() -> None:
    assert (comment().thread, comment().in_reply_to, comment().reply_to) == ("1001_1002", "1_2", "1001_1002")


@pytest.mark.parametrize(
    ("parent", "thread"),
    [
        ({"id": "1001_7"}, "1001_7"),
        ({"id": "1001_8", "parent": {"id": "1001_7"}}, "1001_7"),
        ({}, "1001_1002"),
        (None, "1001_1002"),
    ],
)
def test_a_nested_comment_belongs_to_the_conversation_at_the_top(parent: object, thread: str) -> None:
    assert comment(parent=parent).thread == thread


def test_under_a_visitors_post_all_comments_are_one_conversation() -> None:
    [item] = comments_of({**A_COMMENT, "parent": {"id": "1001_7"}}, is_visitor=True)

    assert isinstance(item, InboundMessage)
    assert (item.thread, item.in_reply_to) == ("1_2", "1001_7")


@pytest.mark.parametrize("author", [None, {}, {"id": None}, {"name": "Noor"}, "Noor"])
def test_a_comment_without_an_author_is_of_an_unknown_one(author: object) -> None:
    assert comment(**{"from": author}).sender is None


def test_the_pages_own_comments_are_no_messages() -> None:
    assert comments_of({**A_COMMENT, "from": {"id": PAGE, "name": "Wijkbureau"}}) == []


@pytest.mark.parametrize("created", [None, "toen", 5, []])
def test_a_comment_without_a_date_counts_as_just_come_in(created: object) -> None:
    assert comment(created_time=created).sent_at == NOW


@pytest.mark.parametrize("comment_id", [None, "", [], {}, True, "x" * 300])
def test_a_comment_without_a_usable_id_is_kept_unread(comment_id: object) -> None:
    [item] = comments_of({**A_COMMENT, "id": comment_id})

    assert isinstance(item, UnreadableItem)
    assert "lantaarn" in item.raw


def test_a_numeric_id_is_an_id() -> None:
    assert comment(id=10011002).external_id == "10011002"


@pytest.mark.parametrize(
    ("attachment", "kind"),
    [
        ({"type": "photo", "media": {"image": {"src": "https://x/1.jpg"}}}, AttachmentKind.PHOTO),
        ({"type": "video_inline", "url": "https://x/1"}, AttachmentKind.VIDEO),
        ({"type": "sticker", "target": {"id": 5}}, AttachmentKind.OTHER),
    ],
)
def test_an_attachment_is_kept_by_kind(attachment: object, kind: AttachmentKind) -> None:
    [found] = comment(attachment=attachment).attachments

    assert found.kind is kind


def test_all_photos_of_a_visitors_post_are_kept() -> None:
    photos = [{"media_type": "photo", "media": {"image": {"src": f"https://x/{n}.jpg"}}} for n in range(3)]
    post = {**A_COMMENT, "id": "1_2", "attachments": {"data": [{"media_type": "album", "subattachments": {"data": photos}}]}}

    container = parse_post(post, PAGE, NOW)

    assert isinstance(container, Container)
    assert container.head is not None
    assert isinstance(container.head.item, InboundMessage)
    assert len(container.head.item.attachments) == 3


@settings(deadline=None)  # the machine may be busy
@given(
    payloads(
        *("id", "from", "message", "created_time", "attachment", "attachments", "parent", "comments", "data", "name"),
        *("media", "image", "src", "type", "media_type", "subattachments", "target", "url", "paging", "cursors", "after", "next"),
    )
)
def test_reading_never_raises_and_what_is_read_can_be_stored(payload: object) -> None:
    post = parse_post(payload, PAGE, NOW)
    leaves = list(parse_comments(object_of(payload), "1_2", PAGE, NOW, is_visitor=False))
    parse_own_comment(object_of(payload), PAGE, TOKEN)
    if isinstance(post, Container):
        leaves += [*post.leaves, *([post.head] if post.head else [])]

    for item in (leaf.item for leaf in leaves if leaf.item is not None):
        assert item.raw.isascii()
        if isinstance(item, InboundMessage):
            "".join((item.text, item.thread, item.sender.display_name if item.sender else "")).encode()
            assert "\x00" not in item.text


# -- fetching


async def test_comments_on_all_posts_and_on_comments_come_in(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    posts = [facebook.page_posts(f"nieuws {number}") for number in range(12)]
    first = facebook.resident_comments(NOOR, "Noor", "hier", on=posts[0])
    nested = facebook.resident_comments(JAN, "Jan", "ook hier", on=first)
    last = facebook.resident_comments(NOOR, "Noor", "en hier", on=posts[11])

    items, _ = await everything(channel)

    assert set(items) == {first, nested, last}
    assert {items[first].thread, items[nested].thread} == {first}  # type: ignore[union-attr]


async def test_a_new_comment_on_an_old_post_is_found(
    facebook: GraphSimulator, channel: FacebookChannel, clock: TickingClock
) -> None:
    old = facebook.page_posts("een oud bericht")
    clock.advance(days=200)
    for number in range(30):
        facebook.page_posts(f"nieuws {number}")
    _, cursor = await everything(channel)
    clock.advance(hours=2)
    late = facebook.resident_comments(NOOR, "Noor", "bij mij ook", on=old)

    assert set((await everything(channel, cursor))[0]) == {late}


async def test_between_two_deep_rounds_only_recent_posts_are_looked_at(
    facebook: GraphSimulator, channel: FacebookChannel, clock: TickingClock
) -> None:
    old = facebook.page_posts("een oud bericht")
    clock.advance(days=60)
    for number in range(12):
        facebook.page_posts(f"niet meer zo nieuw {number}")
    clock.advance(days=60)
    recent = facebook.page_posts("nieuws")
    _, cursor = await everything(channel)
    on_recent = facebook.resident_comments(NOOR, "Noor", "hier", on=recent)
    on_old = facebook.resident_comments(NOOR, "Noor", "daar", on=old)

    items, cursor = await everything(channel, cursor)
    clock.advance(hours=2)
    later, _ = await everything(channel, cursor)

    assert (set(items), set(later)) == ({on_recent}, {on_old})


async def test_a_visitors_post_is_a_message_and_its_comments_too(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    post = facebook.visitor_posts(NOOR, "Noor", "Gat in de weg", photo=True)
    neighbour = facebook.resident_comments(JAN, "Jan", "klopt", on=post)

    items, cursor = await everything(channel)

    assert set(items) == {post, neighbour}
    message = items[post]
    assert isinstance(message, InboundMessage)
    assert [photo.kind for photo in message.attachments] == [AttachmentKind.PHOTO]
    assert "klopt" not in message.raw
    assert (await channel.fetch(cursor)).items == ()


async def test_a_post_deleted_half_way_does_not_hold_the_others(facebook: GraphSimulator, channel: FacebookChannel) -> None:
    gone = facebook.page_posts("gaat weg")
    for number in range(12):
        facebook.resident_comments(NOOR, "Noor", f"weg {number}", on=gone)
        facebook.resident_comments(NOOR, "Noor", f"blijft {number}")
    first = await channel.fetch(None)
    facebook.deletes(gone)

    items, _ = await everything(channel, first.cursor)

    kept = {item.external_id for item in first.items} | set(items)
    assert {entry.node["id"] for entry in facebook.page.comments[facebook.standing_post]} <= kept


async def test_nothing_older_than_the_start_is_taken_in(facebook: GraphSimulator, clock: TickingClock) -> None:
    facebook.resident_comments(NOOR, "Noor", "van gisteren")
    facebook.visitor_posts(NOOR, "Noor", "ook van gisteren")
    clock.advance(days=1)
    channel = a_channel(facebook, clock, start=clock.moment)
    late = facebook.resident_comments(NOOR, "Noor", "van vandaag")

    assert set((await everything(channel))[0]) == {late}
    await channel.aclose()


async def test_a_clock_that_jumps_ahead_and_back_loses_nothing(
    facebook: GraphSimulator, channel: FacebookChannel, clock: TickingClock
) -> None:
    facebook.resident_comments(NOOR, "Noor", "ervoor")
    _, cursor = await everything(channel)
    clock.advance(days=4000)
    _, cursor = await everything(channel, cursor)
    clock.advance(days=-4000)
    after = facebook.resident_comments(NOOR, "Noor", "erna")

    assert after in (await everything(channel, cursor))[0]


@pytest.mark.parametrize("seed", range(3))
async def test_faults_over_many_posts_lose_nothing(seed: int) -> None:
    clock = TickingClock(NOW)
    with GraphSimulator(clock=clock, seed=seed) as facebook:
        channel = a_channel(facebook, clock)
        for kind in (FaultKind.REPEATED_PAGE, FaultKind.DUPLICATES, FaultKind.OUT_OF_ORDER, FaultKind.RESET_BEFORE):
            facebook.faults.add(Fault(kind=kind, side=Side.READ, times=6, probability=0.2))
        posts, written, got, cursor = [facebook.standing_post], set(), set(), None
        for number in range(90):
            if number % 15 == 0:
                posts.append(facebook.page_posts(f"nieuws {number}"))
            written.add(facebook.resident_comments(NOOR, "Noor", f"reactie {number}", on=posts[number * 7 % len(posts)]))
            clock.advance(minutes=number % 30)
            if number % 6 == 0:
                try:
                    page = await channel.fetch(cursor)
                except TemporaryChannelError:
                    continue
                if number % 4:
                    got |= {item.external_id for item in page.items}
                    cursor = page.cursor
        facebook.faults.clear()
        for _ in range(2):
            items, cursor = await everything(channel, cursor)
            got |= set(items)
        await channel.aclose()

    assert got == written
