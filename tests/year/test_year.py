"""A year in minutes: crashes, an office that closes, channels that fail. What we promise holds all the time.

YEAR_MELDINGEN=5000 lives it as busy as a whole wijk; docs/naslag/prestaties.md tells what was measured.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from routing.guards import GuardRules
from routing.melding import News
from storage import queries
from storage.migrate import upgrade
from storage.outbox import Reply, ReplyState
from storage.tables import guard_trips, meldingen, messages, replies
from tests.year.office import Year

MELDINGEN = 150
RULES = GuardRules()


async def live(year: Year) -> None:
    """Every moment of the year, and at each of them: no open melding is past its promise without news."""
    for moment in year.moments():
        year.clock.moment = moment
        year.residents_write()
        year.colleagues_work(year.parts().handling)
        await year.turn()
        with year.database.reading() as connection:
            assert queries.health(connection, moment).broken_promises == 0, moment


def all_replies(year: Year) -> list[Reply]:
    with year.database.reading() as connection:
        return [Reply.from_row(row) for row in connection.execute(replies.select().order_by(replies.c.id))]


def nobody_was_forgotten(year: Year) -> None:
    with year.database.reading() as connection:
        kept = connection.execute(sa.select(messages.c.state, sa.func.count()).group_by(messages.c.state)).all()
        count = connection.execute(sa.select(sa.func.count()).select_from(meldingen)).scalar_one()
    assert {row[0]: row[1] for row in kept} == {"verwerkt": year.written}
    assert count >= year.meldingen * 0.6


def nothing_was_told_twice(year: Year) -> None:
    told = Counter(post.token for platform in year.platforms for _, post in platform.posts)
    assert max(told.values()) == 1


def the_nights_were_quiet(year: Year) -> None:
    """What a resident did not ask for a moment ago came by day."""
    asked = {reply.token: reply.created_at for reply in all_replies(year) if reply.is_answer}
    for platform in year.platforms:
        for moment, post in platform.posts:
            is_night = RULES.quiet_end(moment) is not None
            assert not is_night or moment - asked[post.token] <= timedelta(minutes=30), post.token


def every_promise_was_kept_in_time_or_shows_why_not(year: Year) -> None:
    """'Nog geen nieuws' leaves on the day of the promise, unless a guard, an outage or a person stood between, on record.

    What the platform took counts from when it took it: after a broken connection we find it there a turn later.
    """
    taken = {post.token: moment for platform in year.platforms for moment, post in platform.posts}
    for reply in all_replies(year):
        if reply.news != News.NOG_GEEN_NIEUWS.value or reply.state is ReplyState.DROPPED:
            continue
        told_at = taken.get(reply.token, reply.sent_at)
        is_in_time = told_at is not None and told_at - reply.created_at <= timedelta(hours=2)
        assert is_in_time or reply.guard or reply.attempts > 1 or reply.problem, reply.token


def no_guard_tripped_silently(year: Year) -> None:
    with year.database.reading() as connection:
        counted = set(connection.execute(sa.select(guard_trips.c.reply_id)).scalars())
        unsent = {reply.id for reply in queries.unsent_replies(connection, limit=100_000)}
    halted = [reply for reply in all_replies(year) if reply.guard is not None]
    assert {reply.id for reply in halted} == counted
    assert {reply.id for reply in halted if reply.state is ReplyState.REFUSED} <= unsent


@pytest.mark.timeout(7200)
async def test_a_whole_year(tmp_path: Path) -> None:
    year = Year.begin(
        f"sqlite:///{tmp_path / 'year.sqlite3'}", meldingen=int(os.environ.get("YEAR_MELDINGEN", MELDINGEN)), seed=7
    )
    upgrade(year.database.engine)
    await live(year)
    assert year.crashes > 0
    nobody_was_forgotten(year)
    nothing_was_told_twice(year)
    the_nights_were_quiet(year)
    every_promise_was_kept_in_time_or_shows_why_not(year)
    no_guard_tripped_silently(year)
    year.database.close()
