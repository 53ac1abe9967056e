"""The queues, on every database: exact counts, pages that join without a gap, and one index for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.melding import Event
from storage import queues
from storage.database import Database
from storage.meldingen import Change, Melding
from storage.queues import Asked, Filters, Position, Queue, Viewer
from storage.tables import meldingen
from tests.builders import MONDAY, a_new_melding

SOON = MONDAY + timedelta(days=1)
SAMIRA = Viewer(username="samira", vakafdeling="vth")


def a_city(database: Database) -> list[Melding]:
    """Twelve meldingen of every sort, some of them further on their way."""
    stored = []
    urgencies = ("normaal", "hoog", "noodgeval", "laag")
    with database.work() as work:
        for number in range(12):
            changes = {
                "urgency": urgencies[number % 4],
                "lead": ("vth", "stadswerken")[number % 2],
                "wijk": ("Oost", "West")[number % 2],
            }
            melding = work.meldingen.create(a_new_melding(**changes), MONDAY + timedelta(minutes=number))
            received = Change(event=Event.ONTVANGEN, actor="test", columns={"promised_at": MONDAY + timedelta(hours=6 * number)})
            stored.append(work.meldingen.record(melding, received, MONDAY).melding)
        for number, event in (
            (0, Event.DOORGEZET),
            (1, Event.DOORGEZET),
            (2, Event.AFGEHANDELD),
            (4, Event.AFGEHANDELD),
            (8, Event.DOORGEZET),
        ):
            moment = MONDAY + timedelta(minutes=number % 4)
            stored[number] = work.meldingen.record(stored[number], Change(event=event, actor="test"), moment).melding
        work.watching.follow("samira", 3, MONDAY)
        work.watching.follow("samira", 5, MONDAY)
        work.watching.follow("bram", 6, MONDAY)
        work.commit()
    return stored


def asked(queue: Queue | None, **changes: object) -> Asked:
    return replace(Asked(queue=queue, viewer=SAMIRA, now=MONDAY, soon=SOON), **changes)


@pytest.mark.parametrize("queue", [*Queue, None])
def test_pages_join_without_gap_or_overlap_both_ways_and_the_count_is_theirs(database: Database, queue: Queue | None) -> None:
    a_city(database)
    with database.reading() as connection:
        whole = [melding.id for melding in queues.page(connection, asked(queue), limit=50).meldingen]
        forward: list[int] = []
        after: Position | None = None
        pages = []
        while True:
            page = queues.page(connection, asked(queue), limit=2, after=after)
            pages.append(page)
            forward += [melding.id for melding in page.meldingen]
            after = page.last
            if not page.has_next:
                break
        back = queues.page(connection, asked(queue), limit=2, before=pages[-1].first)
        assert forward == whole
        assert queues.count(connection, asked(queue)) == len(whole)
        if len(pages) > 1:
            assert back.meldingen == pages[-2].meldingen
            assert back.has_next
            assert back.has_previous == (len(pages) > 2)
        counts = queues.count_all(connection, viewer=SAMIRA, now=MONDAY, soon=SOON).queues
        assert counts == {q: queues.count(connection, asked(q)) for q in Queue if q is not Queue.CLOSED}


def test_danger_comes_first_then_haste_then_the_oldest(database: Database) -> None:
    a_city(database)
    with database.reading() as connection:
        page = queues.page(connection, asked(Queue.TO_JUDGE), limit=50)
    assert [melding.id for melding in page.meldingen] == [7, 11, 6, 10, 4, 8, 12]


def test_filters_narrow_and_are_counted(database: Database) -> None:
    a_city(database)
    oost = asked(Queue.TO_JUDGE, filters=Filters(wijk="Oost"))
    with database.reading() as connection:
        found = queues.page(connection, oost, limit=50).meldingen
        assert {melding.wijk for melding in found} == {"Oost"}
        assert queues.count(connection, oost) == len(found)
        assert queues.count(connection, asked(Queue.TO_JUDGE, filters=Filters(days=1))) == 0
        later = asked(Queue.TO_JUDGE, filters=Filters(days=1), now=MONDAY + timedelta(days=2))
        assert queues.count(connection, later) == 7
        assert queues.count(connection, asked(Queue.TO_JUDGE, filters=Filters(channel="x"))) == 0
        assert queues.count(connection, asked(Queue.TO_JUDGE, filters=Filters(melder="niemand"))) == 0


def test_what_is_put_off_comes_back_on_its_day_or_with_news(database: Database) -> None:
    first, second = a_city(database)[5:7]
    until = MONDAY + timedelta(days=3)
    with database.work() as work:
        put_off = Change(event=Event.UITGESTELD, actor="samira", columns={"snoozed_until": until})
        first = work.meldingen.record(first, put_off, MONDAY).melding
        second = work.meldingen.record(second, put_off, MONDAY).melding
        work.meldingen.record(first, Change(event=Event.BEDANKT, actor="melder"), MONDAY)  # thanks are no news
        work.meldingen.record(second, Change(event=Event.AANGEVULD, actor="melder"), MONDAY)
        work.commit()

    def ids(queue: Queue, now: object = MONDAY) -> set[int]:
        with database.reading() as connection:
            return {melding.id for melding in queues.page(connection, asked(queue, now=now), limit=50).meldingen}

    assert ids(Queue.SNOOZED) == {first.id}
    assert first.id not in ids(Queue.TO_JUDGE)
    assert second.id in ids(Queue.TO_JUDGE)
    assert first.id in ids(Queue.TO_JUDGE, until)
    assert ids(Queue.SNOOZED, until) == set()


def test_the_next_follows_the_order_and_begins_again_after_the_last(database: Database) -> None:
    a_city(database)
    with database.reading() as connection:
        order = queues.page(connection, asked(Queue.TO_JUDGE), limit=50).meldingen
        here = [queues.position_of(melding, Queue.TO_JUDGE) for melding in order]
        around = [queues.neighbours(connection, asked(Queue.TO_JUDGE), position) for position in here]
    assert [following.id for _, following in around if following] == [11, 6, 10, 4, 8, 12, 7]
    assert [earlier.id if earlier else None for earlier, _ in around] == [None, 7, 11, 6, 10, 4, 8]


@pytest.mark.parametrize("text", ["", "1", "a.b", "1.2.3", "-1.2", "1.", "１.２", "9" * 40 + ".1"])
def test_a_position_that_makes_no_sense_is_none(text: str) -> None:
    assert Position.parse(text) is None


def test_stage_and_rank_are_derived_by_the_database(database: Database) -> None:
    a_city(database)
    with database.reading() as connection:
        rows = connection.execute(sa.select(meldingen.c.status, meldingen.c.stage, meldingen.c.urgency, meldingen.c.rank)).all()
    assert {(row.status, row.stage) for row in rows} == {
        ("nieuw", "te_beoordelen"),
        ("doorgezet", "loopt"),
        ("afgehandeld", "afgesloten"),
    }
    assert {(row.urgency, row.rank) for row in rows} == {("noodgeval", 0), ("hoog", 1), ("normaal", 2), ("laag", 3)}
