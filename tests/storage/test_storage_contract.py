"""What storage promises, on every database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from routing.errors import InvalidTransitionError, NotFoundError, StaleError
from routing.melding import Event, Status
from routing.messages import Delivery, Removal, UnreadableItem, Visibility
from storage import audit, queries
from storage.database import Database
from storage.meldingen import Change, Melding, NewMelder, Recorded
from storage.migrate import is_current, upgrade
from storage.outbox import NewReply, ReplyState
from storage.search import is_of_search
from storage.tables import events, metadata
from tests.builders import MONDAY, a_change, a_message, a_new_melding, a_page, take_in

LEASE = timedelta(minutes=5)
LATER = MONDAY + timedelta(minutes=10)


def a_stored_melding(database: Database, **changes: object) -> Melding:
    with database.work() as work:
        melding = work.meldingen.create(a_new_melding(**changes), MONDAY)
        melding = work.meldingen.record(melding, Change(event=Event.ONTVANGEN, actor="test"), MONDAY).melding
        work.commit()
    return melding


def record(database: Database, melding: Melding, event: Event) -> Recorded:
    with database.work() as work:
        recorded = work.meldingen.record(melding, Change(event=event, actor="test"), MONDAY)
        work.commit()
    return recorded


@pytest.mark.parametrize(
    ("moment", "year"),
    [(datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), 2026), (datetime(2026, 12, 31, 23, tzinfo=UTC), 2027)],
)
def test_a_kenmerk_has_the_year_of_the_calendar_in_the_office(database: Database, moment: datetime, year: int) -> None:
    with database.work() as work:
        one, other = (work.meldingen.create(a_new_melding(), moment) for _ in range(2))
        work.commit()
    with database.work() as work:
        assert [work.meldingen.get(made.id).kenmerk for made in (one, other)] == [f"WB-{year}-00001", f"WB-{year}-00002"]


def a_waiting_reply(database: Database, *, thread: str = "chat") -> int:
    take_in(database, message := a_message(thread=thread))
    with database.work() as work:
        claimed = next(item for item in work.inbox.claim_waiting(50) if item.external_id == message.external_id)
        assert claimed.person_id is not None
        work.inbox.mark_handled(claimed.id, melding_id=None, action="new_melding")
        melding = work.meldingen.create(a_new_melding(), MONDAY)
        new = NewMelder(
            person_id=claimed.person_id,
            channel="telegram",
            thread=thread,
            reply_to="1",
            visibility=Visibility.PRIVATE,
            language="nl",
        )
        work.meldingen.add_melder(melding.id, new, MONDAY)
        recorded = work.meldingen.record(melding, Change(event=Event.ONTVANGEN, actor="test"), MONDAY)
        work.outbox.add(a_reply(recorded, work.meldingen.melders_of(melding.id)[0].id, thread), MONDAY)
        work.commit()
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT max(id) FROM replies").scalar_one())


def a_reply(recorded: Recorded, melder_id: int, thread: str) -> NewReply:
    return NewReply(
        melding_id=recorded.melding.id,
        melder_id=melder_id,
        event_id=recorded.event_id,
        channel="telegram",
        thread=thread,
        reply_to="1",
        recipient="ada",
        delivery=Delivery.DIRECT,
        news="ontvangst",
        text="Dank u wel",
        token=f"{recorded.melding.kenmerk}/{recorded.event_id}",
    )


def test_migrations_make_exactly_the_tables_the_code_declares(database: Database) -> None:
    with database.engine.connect() as connection:
        options = {"compare_type": False, "include_object": lambda _object, name, *_: not is_of_search(name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    assert is_current(database.engine)


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade(database.engine)
    assert is_current(database.engine)


def test_work_that_is_not_committed_is_gone(database: Database) -> None:
    with database.work() as work:
        work.inbox.take_in("telegram", a_page(a_message()), MONDAY)
    with database.work() as work:
        assert work.inbox.cursor("telegram") is None
        assert work.inbox.claim_waiting(10) == ()


def test_a_message_and_its_cursor_are_kept_together_and_once(database: Database) -> None:
    message = a_message()
    assert take_in(database, message, cursor="7") == 1
    assert take_in(database, message, cursor="8") == 0
    with database.work() as work:
        assert work.inbox.cursor("telegram") == "8"
        assert len(work.inbox.claim_waiting(10)) == 1


def test_the_same_external_id_on_another_channel_is_another_message(database: Database) -> None:
    take_in(database, a_message(external_id="1"))
    assert take_in(database, a_message(external_id="1", channel="x")) == 1


def test_an_unreadable_item_is_kept_with_its_raw_payload(database: Database) -> None:
    take_in(database, UnreadableItem(channel="telegram", external_id="u1", reason="onbekend soort bericht", raw='{"a": 1}'))
    with database.reading() as connection:
        (item,) = queries.unreadable_items(connection, limit=5)
    assert (item.problem, item.raw) == ("onbekend soort bericht", '{"a": 1}')


def test_only_the_oldest_waiting_message_of_a_conversation_can_be_claimed(database: Database) -> None:
    take_in(database, a_message("een"), a_message("twee"), a_message("elders", thread="other"))
    with database.work() as work:
        assert [message.text for message in work.inbox.claim_waiting(10)] == ["een", "elders"]


def test_text_of_any_script_and_a_hundred_thousand_characters_survive(database: Database) -> None:
    text = "سلام 🌷 <b>{{ 7*7 }}</b> " * 4_000
    take_in(database, a_message(text))
    with database.work() as work:
        assert work.inbox.claim_waiting(1)[0].text == text


def test_a_moment_without_a_zone_is_refused_and_one_with_a_zone_comes_back_as_utc(database: Database) -> None:
    take_in(database, a_message(sent_at=datetime(2026, 7, 1, 12, tzinfo=UTC)))
    with database.work() as work:
        assert work.inbox.claim_waiting(1)[0].sent_at == datetime(2026, 7, 1, 12, tzinfo=UTC)
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        take_in(database, a_message(sent_at=datetime(2026, 7, 1, 12)))  # noqa: DTZ001 - the naive moment under test


def test_every_change_appends_an_event_to_an_unbroken_chain(database: Database) -> None:
    melding = record(database, a_stored_melding(database), Event.TER_BEOORDELING).melding
    assert (melding.status, melding.event_count) == (Status.TE_BEOORDELEN, 2)
    with database.work() as work:
        assert work.meldingen.verify_chain(melding.id)


@pytest.mark.parametrize(
    "tamper",
    [
        sa.update(events).values(actor="x"),
        sa.update(events).values(why="omdat het mag"),
        sa.update(events).values(why="", why_salt=None),
        sa.update(events).values(why_salt=None, why_digest=None),
        sa.delete(events),
    ],
    ids=["actor", "reason", "reason taken out", "reason bared", "remove last"],
)
def test_tampering_with_an_event_shows(database: Database, tamper: sa.Update | sa.Delete) -> None:
    melding = a_stored_melding(database)
    change = Change(event=Event.TER_BEOORDELING, actor="samira", why="Ottoline belde")
    with database.work() as work:
        work.meldingen.record(melding, change, MONDAY)
        work.commit()
    with database.work() as work:
        assert work.meldingen.verify_chain(melding.id)
    with database.engine.begin() as connection:
        connection.execute(tamper.where(events.c.melding_id == melding.id, events.c.seq == 2))
    with database.work() as work:
        assert not work.meldingen.verify_chain(melding.id)


def test_a_refused_transition_changes_nothing_and_says_what_may(database: Database) -> None:
    melding = a_stored_melding(database)
    with pytest.raises(InvalidTransitionError, match="'heropend' kan niet bij een melding met status 'nieuw'"):
        record(database, melding, Event.HEROPEND)
    with database.work() as work:
        assert work.meldingen.get(melding.id) == melding


def test_the_slower_of_two_rivals_is_told_that_it_is_too_late(database: Database) -> None:
    melding = a_stored_melding(database)
    record(database, melding, Event.TER_BEOORDELING)
    with pytest.raises(StaleError, match="intussen door iemand anders gewijzigd"):
        record(database, melding, Event.DOORGEZET)


def test_a_melding_that_does_not_exist_is_named(database: Database) -> None:
    with database.work() as work, pytest.raises(NotFoundError, match="Melding 404 bestaat niet"):
        work.meldingen.get(404)


def test_one_event_is_told_to_one_melder_once(database: Database) -> None:
    reply_id = a_waiting_reply(database)
    with database.work() as work:
        reply = work.outbox.get(reply_id)
        again = NewReply(
            **{
                name: getattr(reply, name)
                for name in ("melding_id", "melder_id", "channel", "thread", "reply_to", "recipient", "delivery", "news", "text")
            },
            event_id=1,
            token="another",
        )
        assert not work.outbox.add(again, MONDAY)


def test_a_claimed_reply_cannot_be_claimed_again(database: Database) -> None:
    a_waiting_reply(database)
    with database.work() as work:
        claimed = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
        work.commit()
    assert claimed is not None
    with database.work() as work:
        assert work.outbox.claim_due("telegram", MONDAY, lease=LEASE) is None


def test_a_lapsed_claim_becomes_uncertain_and_a_late_answer_still_counts(database: Database) -> None:
    a_waiting_reply(database)
    with database.work() as work:
        claimed = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
        work.commit()
    assert claimed is not None
    with database.work() as work:
        (lapsed,) = work.outbox.find_lapsed_claims("telegram", LATER, lease=LEASE)
        work.outbox.record_uncertain(lapsed, "verdwenen", LATER, look_at=None)
        work.commit()
    with database.work() as work:
        assert work.outbox.get(claimed.id).state is ReplyState.UNCERTAIN
        work.outbox.record_sent(claimed, "m1", LATER)
        assert work.outbox.get(claimed.id).state is ReplyState.SENT


def test_a_late_failure_does_not_undo_what_was_settled(database: Database) -> None:
    a_waiting_reply(database)
    with database.work() as work:
        claimed = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
        assert claimed is not None
        work.outbox.record_sent(claimed, "m1", MONDAY)
        work.outbox.record_retry(claimed, "te laat", LATER, due_at=LATER)
        assert work.outbox.get(claimed.id).state is ReplyState.SENT


def test_two_workers_at_once_never_claim_the_same_reply(database: Database) -> None:
    for number in range(12):
        a_waiting_reply(database, thread=f"chat-{number}")
    claimed: list[int] = []
    guard = threading.Lock()

    def work_through() -> None:
        while True:
            with database.work() as work:
                reply = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
                work.commit()
            if reply is None:
                return
            with guard:
                claimed.append(reply.id)

    threads = [threading.Thread(target=work_through) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 12


def test_news_of_one_conversation_is_sent_in_the_order_it_was_decided(database: Database) -> None:
    first, second = a_waiting_reply(database), a_waiting_reply(database)
    with database.work() as work:
        claimed = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
        assert claimed is not None
        assert claimed.id == first
        assert work.outbox.claim_due("telegram", MONDAY, lease=LEASE) is None
        work.outbox.record_sent(claimed, "m1", MONDAY)
        following = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
        assert following is not None
        assert following.id == second


def test_the_second_refused_authorisation_in_a_row_pauses_the_channel(database: Database) -> None:
    with database.work() as work:
        work.channels.record_refusal("x", "verlopen", MONDAY)
        state = work.channels.find("x")
        assert state is not None
        assert state.paused_at is None
        work.channels.record_refusal("x", "verlopen", LATER)
        state = work.channels.find("x")
        assert state is not None
        assert state.paused_at == LATER
        work.channels.resume(a_change("x"))
        state = work.channels.find("x")
        assert state is not None
        assert state.paused_at is None


def test_a_colleague_who_decides_late_does_not_send_again_what_was_found(database: Database) -> None:
    a_waiting_reply(database)
    with database.work() as work:
        reply = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
        assert reply is not None
        work.outbox.record_uncertain(reply, "geen antwoord", MONDAY, look_at=MONDAY)
        seen = work.outbox.get(reply.id)
        work.outbox.record_sent(seen, "77", MONDAY)
        work.commit()
    with database.work() as work:
        for decide in (work.outbox.retry_by_staff, work.outbox.posted_by_staff):
            with pytest.raises(StaleError, match="intussen veranderd"):
                decide(seen, "samira", LATER)
        assert (work.outbox.get(seen.id).state, work.outbox.get(seen.id).external_id) == (ReplyState.SENT, "77")


def test_every_attempt_is_looked_for_as_often_as_the_first(database: Database) -> None:
    a_waiting_reply(database)
    for _ in range(2):
        with database.work() as work:
            reply = work.outbox.claim_due("telegram", MONDAY, lease=LEASE)
            assert reply is not None
            work.outbox.record_uncertain(reply, "geen antwoord", MONDAY, look_at=MONDAY)
            (looked,) = work.outbox.claim_looks("telegram", MONDAY, lease=LEASE, limit=1)
            assert looked.looks == 1
            work.outbox.record_retry(looked, "niet gevonden", MONDAY, due_at=MONDAY)
            work.commit()


def test_a_reply_that_is_being_claimed_is_not_taken_back(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    a_waiting_reply(database)
    with database.reading() as connection:
        event_id = connection.exec_driver_sql("SELECT event_id FROM replies").scalar_one()
    with database.work() as sender, database.work() as desk:
        assert sender.outbox.claim_due("telegram", MONDAY, lease=LEASE) is not None
        assert not desk.outbox.take_back(event_id)
        sender.commit()
    database.close()


def test_a_version_that_comes_after_its_message_was_taken_back_is_masked(database: Database) -> None:
    message = a_message("mijn nummer is 06-12345678")
    version = a_message("mijn nummer is 06-87654321", edits=message.external_id)
    with database.work() as work:
        work.inbox.take_pushed("telegram", [message, Removal(channel="telegram", external_id=message.external_id)], MONDAY)
        work.inbox.take_pushed("telegram", [version], LATER)
        work.commit()
    with database.reading() as connection:
        assert [kept.text for kept in audit.all_messages(connection)] == ["", ""]


def test_what_was_read_before_on_a_connection_does_not_make_a_write_stay(database: Database) -> None:
    with database.reading() as connection:
        assert queries.staff_names(connection) == {}
    with database.work() as work:
        work.staff.add_account("samira", "Samira", "hash", MONDAY)
    with database.looking() as work:
        assert work.staff.find_account("samira") is None
