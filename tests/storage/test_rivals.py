"""Two transactions at the same moment on PostgreSQL: who comes too late is told so, and nothing slips between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from bot.config import RetentionTable
from bot.retention import RetentionKeeper
from routing.errors import StaleError
from routing.melding import Event
from routing.messages import Removal
from storage.database import Database
from storage.meldingen import Change
from storage.tables import messages, people
from tests.builders import MONDAY, a_message, a_new_melding, take_in
from tests.databases import until_somebody_waits

PATIENCE = 30  # seconds for a thread to come to its lock on a busy machine


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = Database.open(postgres_url)
    yield opened
    opened.close()


@contextmanager
def rival(database: Database, work: Callable[[], None]) -> Iterator[None]:
    """Does `work` meanwhile; the block begins when it waits for a lock, and the block's transaction must end within."""
    thread = threading.Thread(target=work)
    thread.start()
    until_somebody_waits(database)
    yield
    thread.join(PATIENCE)
    assert not thread.is_alive(), "the rival still waits"


def taking_back(database: Database, external_id: str) -> Callable[[], None]:
    def take_back() -> None:
        with database.work() as work:
            work.inbox.take_pushed("telegram", [Removal(channel="telegram", external_id=external_id)], MONDAY)
            work.commit()

    return take_back


def texts(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(messages.c.text).order_by(messages.c.id)).scalars())


def test_of_two_that_wait_for_each_other_one_is_told_that_it_is_too_late(database: Database) -> None:
    take_in(database, a_message("een"), a_message("twee"))
    both_have_one, told = threading.Barrier(2), list[StaleError]()

    def change(first: int, second: int) -> None:
        try:
            with database.work() as work:
                work.inbox.mark_unreadable(first, "aangeraakt")
                both_have_one.wait(PATIENCE)
                work.inbox.mark_unreadable(second, "aangeraakt")
                work.commit()
        except StaleError as error:
            told.append(error)

    threads = [threading.Thread(target=change, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert ["opnieuw" in str(error) for error in told] == [True]


def test_a_transaction_that_cannot_be_put_in_order_is_told_that_it_is_too_late(database: Database) -> None:
    take_in(database, a_message("een"))
    change = sa.update(messages).values(problem="aangeraakt")
    with database.engine.connect().execution_options(isolation_level="SERIALIZABLE") as late:
        late.execute(sa.select(messages)).all()
        with database.engine.begin() as early:
            early.execute(change)
        with pytest.raises(StaleError, match="op hetzelfde moment"):
            late.execute(change)


def test_what_is_taken_back_while_it_is_judged_leaves_nothing_behind(database: Database) -> None:
    take_in(database, message := a_message("mijn nummer is 06-12345678"))
    with database.work() as work:
        (claimed,) = work.inbox.claim_waiting(1)
        with rival(database, taking_back(database, message.external_id)):
            melding = work.meldingen.create(a_new_melding(summary=message.text), MONDAY)
            work.meldingen.record(melding, Change(event=Event.ONTVANGEN, actor="test"), MONDAY)
            work.inbox.mark_handled(claimed.id, melding_id=melding.id, action="new_melding")
            work.commit()
    with database.work() as work:
        assert work.meldingen.get(melding.id).summary == "(verwijderd door melder)"
        assert work.inbox.texts_of(melding.id) == ("",)


def test_what_is_taken_back_while_it_comes_in_leaves_nothing_behind(database: Database) -> None:
    message = a_message("mijn nummer is 06-12345678")
    with database.work() as work:
        work.inbox.take_pushed("telegram", [message], MONDAY)
        with rival(database, taking_back(database, message.external_id)):
            work.commit()
    assert texts(database) == [""]


def test_a_version_that_comes_in_while_its_message_is_taken_back_leaves_nothing_behind(database: Database) -> None:
    take_in(database, message := a_message("mijn nummer is 06-12345678"))
    version = a_message("mijn nummer is 06-87654321", edits=message.external_id)
    with database.work() as work:
        work.inbox.take_pushed("telegram", [version], MONDAY)
        with rival(database, taking_back(database, message.external_id)):
            work.commit()
    assert texts(database) == ["", ""]


def test_who_writes_again_while_their_old_words_are_emptied_stays_known(database: Database) -> None:
    take_in(database, a_message("hoi"))
    with database.work() as work:
        (greeting,) = work.inbox.claim_waiting(1)
        work.inbox.mark_handled(greeting.id, melding_id=None, action="other")
        work.commit()
    periods = RetentionTable().as_periods()
    later = MONDAY + periods.chatter * 2
    keeper = RetentionKeeper(database=database, periods=periods, now=lambda: later)
    with database.work() as work:
        work.inbox.take_pushed("telegram", [a_message("de lamp is stuk")], later)
        with rival(database, lambda: void(keeper.run())):
            work.commit()
    with database.reading() as connection:
        assert connection.execute(sa.select(people.c.external_id)).scalars().all() == ["ada"]
    assert texts(database) == ["", "de lamp is stuk"]


def void(_result: object) -> None:
    """For what is done for its effect."""
