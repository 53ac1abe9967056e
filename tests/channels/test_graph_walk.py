"""Walking over a page: nothing is skipped, whatever is new, late, broken off or dated in the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import payloads

from channels.graph_cursor import decode_walk, encode_walk
from channels.graph_walk import Container, Leaf, Step, Walk, Walker, WalkPolicy
from channels.payload import raw_of
from routing.messages import InboundMessage, Visibility

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
POLICY = WalkPolicy(window=timedelta(days=30), overlap=timedelta(minutes=10))
WALKER = Walker(policy=POLICY, now=NOW)
POSTS = WalkPolicy(window=timedelta(days=365), overlap=timedelta(minutes=10), recent=timedelta(days=30))


def a_leaf(name: str, ago: int, *, is_ours: bool = False) -> Leaf:
    """So many seconds old."""
    message = InboundMessage(
        channel="facebook", external_id=name, thread=name, reply_to=name, visibility=Visibility.PUBLIC, sent_at=NOW
    )
    return Leaf(id=name, moment=SECOND - ago, item=None if is_ours else message)


def a_container(*leaves: Leaf, name: str = "c", ago: int = 0, after: str | None = None) -> Container:
    return Container(id=name, moment=SECOND - ago, leaves=leaves, after=after)


def names(step: Step) -> list[str]:
    return [item.external_id for item in step.items]


def listed(walk: Walk, *containers: Container, after: str | None = None, walker: Walker = WALKER) -> Step:
    """One listing page, with the cursor stored and read in between."""
    return walker.after_listing(decode_walk(encode_walk(walk)), containers, after)


def test_what_was_handed_over_is_not_handed_over_again() -> None:
    first = listed(Walk(), a_container(a_leaf("a", 60)))
    second = listed(first.walk, a_container(a_leaf("b", 30), a_leaf("a", 60)))

    assert (names(first), names(second)) == (["a"], ["b"])
    assert (first.more, second.more) == (False, False)


def test_what_shows_up_late_within_the_overlap_is_met() -> None:
    first = listed(Walk(), a_container(a_leaf("b", 30)))

    assert names(listed(first.walk, a_container(a_leaf("b", 30), a_leaf("laat", 200)))) == ["laat"]


def test_what_shows_up_late_is_met_however_long_we_could_not_look() -> None:
    first = listed(Walk(), a_container(a_leaf("a", 60)))
    much_later = Walker(policy=POLICY, now=NOW + timedelta(hours=3))
    leaves = (a_leaf("nieuw", -60), a_leaf("a", 60), a_leaf("zelfde tel", 60), a_leaf("laat", 100))

    step = much_later.after_listing(first.walk, [a_container(*leaves)], None)

    assert names(step) == ["nieuw", "zelfde tel", "laat"]


def test_the_mark_moves_only_when_the_walk_has_met_it() -> None:
    walk = listed(Walk(), a_container(a_leaf("a", 5000))).walk
    mark = walk.marks["c"]

    half = listed(walk, a_container(a_leaf("d", 10), a_leaf("c", 20), after="older"))
    assert half.more
    assert half.walk.marks["c"] == mark
    crashed = listed(walk, a_container(a_leaf("d", 10), a_leaf("c", 20), after="older"))
    whole = WALKER.after_leaves(
        decode_walk(encode_walk(crashed.walk)), [a_leaf("b", 30), a_leaf("a", 5000), a_leaf("z", 9000)], "oldest"
    )

    assert names(half) == ["d", "c"]
    assert names(whole) == ["b"]
    assert whole.walk.marks["c"].seen == SECOND - 10


def test_after_a_walk_of_several_pages_with_news_there_is_more() -> None:
    half = listed(Walk(), a_container(a_leaf("b", 10), after="older"))
    whole = WALKER.after_leaves(half.walk, [a_leaf("a", 20)], None)

    assert whole.more
    assert not listed(whole.walk, a_container(a_leaf("b", 10), a_leaf("a", 20))).more


def test_a_page_of_known_leaves_is_not_walked_beyond() -> None:
    walk = listed(Walk(), a_container(a_leaf("b", 20), a_leaf("a", 30))).walk

    assert not listed(walk, a_container(a_leaf("b", 20), a_leaf("a", 30), after="older")).more


def test_a_leaf_from_the_future_hides_nothing() -> None:
    first = listed(Walk(), a_container(a_leaf("toekomst", -999_999), a_leaf("a", 60)))
    second = listed(first.walk, a_container(a_leaf("toekomst", -999_999), a_leaf("b", 5), a_leaf("a", 60)))

    assert names(second) == ["b"]


def test_an_old_copy_of_a_page_does_not_pass_for_the_meeting_with_what_is_known() -> None:
    walk = listed(Walk(), a_container(a_leaf("k", 5000), a_leaf("j", 9000))).walk
    half = listed(walk, a_container(a_leaf("z", 10), after="older"))

    stale = WALKER.after_leaves(half.walk, [a_leaf("j", 9000), a_leaf("i", 9500)], None)
    fresh = WALKER.after_leaves(stale.walk, [a_leaf("m", 300), a_leaf("k", 5000)], None)

    assert stale.more
    assert names(fresh) == ["m"]


def test_a_repeated_page_token_is_tried_again_and_then_given_up_without_moving_the_mark() -> None:
    step = listed(Walk(), a_container(a_leaf("z", 10), after="p"))
    for _ in range(3):
        step = WALKER.after_leaves(decode_walk(encode_walk(step.walk)), [a_leaf("z", 10)], "p")
        assert step.more
    step = WALKER.after_leaves(step.walk, [a_leaf("z", 10)], "p")

    assert step.walk.deeper == ()
    assert step.walk.marks == {}
    assert step.walk.swept is None


def test_a_repeated_list_page_is_given_up_and_the_next_round_begins_at_the_old_end() -> None:
    walk = replace(Walk(), swept=SECOND - 1000)
    step = listed(walk, a_container(name="a", ago=10), after="p")
    for _ in range(10):
        step = listed(step.walk, a_container(name="a", ago=10), after="p")
        if not step.more:
            break

    assert step.walk.swept == SECOND - 1000
    assert step.walk.sweep is None


def test_a_lost_container_does_not_hold_the_others() -> None:
    containers = [a_container(a_leaf("a", 10), name="weg", after="p"), a_container(a_leaf("b", 10), name="er", after="q")]
    half = listed(Walk(), *containers)

    lost = WALKER.after_lost_container(half.walk)
    whole = WALKER.after_leaves(lost.walk, [a_leaf("c", 20)], None)

    assert names(whole) == ["c"]
    assert set(whole.walk.marks) == {"er"}


def test_a_list_ordered_by_activity_ends_where_the_last_round_began() -> None:
    walk = replace(Walk(), swept=SECOND - 1000)

    assert not listed(walk, a_container(name="a", ago=10), a_container(name="b", ago=90_000), after="p").more
    assert listed(walk, a_container(name="a", ago=10), a_container(name="b", ago=1500), after="p").more


def test_old_containers_are_listed_only_in_a_deep_round() -> None:
    walker = Walker(policy=POSTS, now=NOW)
    old = a_container(name="oud", ago=100 * 86400)

    deep = listed(Walk(), old, after="p", walker=walker)
    shallow = listed(replace(Walk(), deep_at=SECOND - 60), old, after="p", walker=walker)
    jumped_back = listed(replace(Walk(), deep_at=SECOND + 86_400), old, after="p", walker=walker)

    assert (deep.more, shallow.more, jumped_back.more) == (True, False, True)


def test_nothing_older_than_the_start_is_handed_over() -> None:
    walker = Walker(policy=replace(POLICY, start=NOW - timedelta(seconds=100)), now=NOW)

    assert names(listed(Walk(), a_container(a_leaf("nieuw", 50), a_leaf("oud", 500)), walker=walker)) == ["nieuw"]


def test_a_leaf_without_a_date_or_id_is_handed_over_and_never_counts_as_news_again() -> None:
    undated = Leaf(id="x", moment=None, item=a_leaf("x", 0).item)
    half = listed(Walk(), a_container(undated, after="p"))

    assert names(half) == ["x"]
    assert not WALKER.after_leaves(half.walk, [undated], None).more


def test_marks_outside_the_window_are_forgotten() -> None:
    walk = listed(Walk(), a_container(a_leaf("a", 60))).walk
    later = Walker(policy=POLICY, now=NOW + timedelta(days=40))

    assert later.after_listing(walk, [], None).walk.marks == {}


@pytest.mark.parametrize("cursor", [None, "", "{", "[]", '{"marks": {"a": []}, "deeper": [5, {}], "sweep": {"floor": "x"}}'])
def test_an_unreadable_cursor_begins_at_the_beginning(cursor: str | None) -> None:
    assert decode_walk(cursor) == Walk()


@settings(deadline=None)  # the machine may be busy
@given(payloads("marks", "deeper", "sweep", "swept", "deep_at", "id", "found", "paging", "after", "tokens", "floor", "flags"))
def test_reading_a_cursor_never_raises(values: object) -> None:
    decode_walk(raw_of(values))


@settings(deadline=None)  # the machine may be busy
@given(
    batches=st.lists(st.lists(st.sampled_from("pqr"), min_size=1, max_size=6), min_size=1, max_size=6),
    crashes=st.lists(st.booleans(), min_size=40, max_size=40),
    size=st.integers(min_value=1, max_value=3),
)
def test_whatever_arrives_and_whenever_it_crashes_everything_is_handed_over(
    batches: list[list[str]], crashes: list[bool], size: int
) -> None:
    """Against a model of the platform: leaves newest first, pages of `size`, the cursor kept or lost."""
    written: dict[str, list[Leaf]] = {"p": [], "q": [], "r": []}
    walk, got, clock, lost = Walk(), set[str](), SECOND, iter(crashes * 20)
    for number, batch in enumerate([*batches, []]):
        for place, name in enumerate(batch):
            clock += 700
            written[name].insert(0, replace(a_leaf(f"{name}{number}-{place}", 0), moment=clock))
        walker, more = Walker(policy=POLICY, now=datetime.fromtimestamp(clock, UTC)), True
        while more:
            step = _read(walker, decode_walk(encode_walk(walk)), written, size)
            if next(lost):
                continue
            got.update(names(step))
            walk, more = step.walk, step.more

    assert got == {leaf.id for leaves in written.values() for leaf in leaves}


def _read(walker: Walker, walk: Walk, written: dict[str, list[Leaf]], size: int) -> Step:
    if walk.deeper:
        deep = walk.deeper[0]
        leaves = written[deep.container]
        start = next(index for index, leaf in enumerate(leaves) if leaf.id == deep.paging.after) + 1
        page = leaves[start : start + size]
        return walker.after_leaves(walk, page, page[-1].id if start + size < len(leaves) else None)
    containers = [
        Container(
            id=n, moment=leaves[0].moment, leaves=tuple(leaves[:size]), after=leaves[size - 1].id if len(leaves) > size else None
        )
        for n, leaves in sorted(written.items(), key=lambda entry: -(entry[1][0].moment or 0) if entry[1] else 0)
        if leaves
    ]
    return walker.after_listing(walk, containers, None)
