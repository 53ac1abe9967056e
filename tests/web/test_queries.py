"""What the screens read, on both databases."""

from __future__ import annotations

from datetime import timedelta

from routing.messages import Attachment, AttachmentKind, Person, Visibility
from storage import queries
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import MONDAY, ScriptedRouter, a_message
from tests.web.desk import UNSURE


def test_arrivals_name_channels_melders_and_attachments(database: Database) -> None:
    office = an_office(database, ScriptedRouter(UNSURE))
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="f1")
    public = {"channel": "x", "visibility": Visibility.PUBLIC, "thread": "draad"}
    office.receive(a_message(**public, attachments=(photo,)))
    office.receive(a_message("hier ook, de lamp is stuk", **public, sender=Person(external_id="bo")))
    with database.reading() as connection:
        arrivals = queries.arrivals(connection, [1, 2])
    assert (arrivals[1].channels, arrivals[1].melders, arrivals[1].attachments) == (("x",), 2, 1)
    assert (arrivals[2].channels, arrivals[2].melders, arrivals[2].attachments) == ((), 0, 0)


def test_who_takes_part_and_whom_a_reply_is_for(database: Database) -> None:
    office = an_office(database, ScriptedRouter(UNSURE))
    office.receive(a_message())
    with database.reading() as connection:
        (melder,) = queries.melders_of(connection, 1)
        lines = queries.conversation(connection, 1)
        names = queries.addressees(connection, [melder.id])
    assert (melder.display_name, melder.channel, names) == ("Ada", "telegram", {melder.id: "Ada"})
    assert [(line.is_ours, line.person) for line in lines] == [(False, "Ada"), (True, "Ada")]
    assert "Ada" not in repr(melder)
    assert "Ada" not in repr(lines)


def test_a_whole_log_is_told_from_a_broken_one(database: Database) -> None:
    office = an_office(database, ScriptedRouter(UNSURE))
    office.receive(a_message())
    with database.reading() as connection:
        assert queries.is_log_whole(connection, 1)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM replies")
        connection.exec_driver_sql("DELETE FROM events WHERE seq = 2")
    with database.reading() as connection:
        assert not queries.is_log_whole(connection, 1)


def test_a_counted_login_attempt_starts_anew_after_the_lock(database: Database) -> None:
    lock = timedelta(minutes=15)
    with database.work() as work:
        work.staff.add_account("samira", "Samira", "hash", MONDAY)
        for number in range(1, 4):
            account = work.staff.begin_login("samira", MONDAY, limit=3, lock=lock)
            assert account is not None
            assert account.failed_logins == number
        assert work.staff.begin_login("samira", MONDAY, limit=3, lock=lock) is None
        again = work.staff.begin_login("samira", MONDAY + lock, limit=3, lock=lock)
        assert again is not None
        assert (again.failed_logins, again.locked_until) == (1, None)
        assert work.staff.begin_login("niemand", MONDAY, limit=3, lock=lock) is None
        work.commit()
