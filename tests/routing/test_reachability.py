"""By which way a melder may be told something: every platform, window and history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from routing.messages import Delivery, Visibility
from routing.reachability import RULES, Reach, plan
from tests.builders import MONDAY

AGES = [None, timedelta(0), timedelta(hours=23), timedelta(hours=25), timedelta(days=400)]


def a_reach(channel: str, visibility: Visibility, age: timedelta | None, *, answered: bool) -> Reach:
    last = None if age is None else MONDAY - age
    return Reach(channel=channel, visibility=visibility, last_wrote_private_at=last, was_answered_in_public=answered)


@pytest.mark.parametrize("channel", sorted(RULES))
@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("answered", [True, False])
def test_there_is_always_a_way_and_a_reason_when_a_person_must_do_it(
    channel: str, visibility: Visibility, age: timedelta | None, answered: bool
) -> None:
    way = plan(a_reach(channel, visibility, age, answered=answered), MONDAY)
    assert way.by_machine == (not way.reason)


@pytest.mark.parametrize("channel", ["x", "facebook"])
def test_in_public_only_the_first_reply_is_automatic(channel: str) -> None:
    first = plan(a_reach(channel, Visibility.PUBLIC, None, answered=False), MONDAY)
    later = plan(a_reach(channel, Visibility.PUBLIC, None, answered=True), MONDAY)
    assert (first.delivery, first.by_machine) == (Delivery.PUBLIC_REPLY, True)
    assert not later.by_machine


def test_on_x_news_goes_by_direct_message_once_the_resident_wrote_one() -> None:
    way = plan(a_reach("x", Visibility.PUBLIC, timedelta(days=3), answered=True), MONDAY)
    assert (way.delivery, way.by_machine) == (Delivery.DIRECT, True)


@pytest.mark.parametrize(
    ("age", "by_machine"), [(timedelta(hours=23), True), (timedelta(hours=24), False), (timedelta(days=8), False)]
)
def test_messenger_is_closed_to_machines_a_day_after_the_last_message(age: timedelta, by_machine: bool) -> None:
    assert plan(a_reach("messenger", Visibility.PRIVATE, age, answered=False), MONDAY).by_machine is by_machine


@pytest.mark.parametrize("age", AGES)
def test_telegram_stays_open(age: timedelta | None) -> None:
    assert plan(a_reach("telegram", Visibility.PRIVATE, age, answered=False), MONDAY).by_machine


def test_on_mastodon_the_first_answer_is_public_and_later_news_goes_to_the_resident_alone() -> None:
    first = plan(a_reach("mastodon", Visibility.PUBLIC, None, answered=False), MONDAY)
    later = plan(a_reach("mastodon", Visibility.PUBLIC, None, answered=True), MONDAY)
    assert (first.delivery, first.by_machine) == (Delivery.PUBLIC_REPLY, True)
    assert (later.delivery, later.by_machine) == (Delivery.DIRECT, True)


@pytest.mark.parametrize("age", AGES)
def test_what_was_private_on_mastodon_stays_private(age: timedelta | None) -> None:
    way = plan(a_reach("mastodon", Visibility.PRIVATE, age, answered=False), MONDAY)
    assert (way.delivery, way.by_machine) == (Delivery.DIRECT, True)
