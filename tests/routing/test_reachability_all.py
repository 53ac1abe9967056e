"""The reply planner against the platforms' rules written out once more: every channel, window, history and wish."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from routing.melding import News
from routing.messages import Delivery, Visibility
from routing.reachability import RULES, Reach, Wish, is_wanted, plan
from tests.builders import MONDAY

DAY = timedelta(hours=24)
AGES = (None, timedelta(0), DAY - timedelta(seconds=1), DAY, DAY + timedelta(seconds=1), timedelta(days=400))


def may_machine_write_privately(channel: str, visibility: Visibility, age: timedelta | None) -> bool:
    """As the platforms say it (docs/uitleg/kanalen.md), in other words than the planner uses."""
    if channel == "telegram":
        return visibility is Visibility.PRIVATE or age is not None
    if channel == "x":
        return visibility is Visibility.PRIVATE or age is not None
    if channel == "messenger":
        return age is not None and age < DAY
    return False  # facebook: the one private reply is a colleague's, and Messenger has a channel of its own


@pytest.mark.parametrize("channel", ["telegram", "x", "facebook", "messenger"])
def test_every_window_and_history_leads_where_the_platform_allows(channel: str) -> None:
    for visibility, age, answered in itertools.product(Visibility, AGES, (True, False)):
        last = None if age is None else MONDAY - age
        reach = Reach(channel=channel, visibility=visibility, last_wrote_private_at=last, was_answered_in_public=answered)
        way = plan(reach, MONDAY)
        is_public = visibility is Visibility.PUBLIC
        private = may_machine_write_privately(channel, visibility, age)
        public = is_public and RULES[channel].has_public and not answered
        assert way.by_machine == (private or public), reach
        assert (way.delivery is Delivery.DIRECT) == (private or not is_public), reach
        assert bool(way.reason) != way.by_machine, reach


@pytest.mark.parametrize("news", News)
def test_every_wish_keeps_what_a_smaller_wish_keeps_and_answers_always_come(news: News) -> None:
    kept = [is_wanted(news, wish, is_answer=False) for wish in (Wish.NIETS, Wish.MINDER, Wish.ALLES)]
    assert kept == sorted(kept)
    assert kept[-1]
    assert all(is_wanted(news, wish, is_answer=True) for wish in Wish)


def test_who_wants_nothing_still_hears_of_danger() -> None:
    assert is_wanted(News.NOODGEVAL, Wish.NIETS, is_answer=False)
    assert not is_wanted(News.NOG_GEEN_NIEUWS, Wish.MINDER, is_answer=False)
    assert is_wanted(News.OPGELOST, Wish.MINDER, is_answer=False)
