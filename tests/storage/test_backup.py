"""A backup is consistent, proved and restorable on either database; a restored outbox posts nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from routing.errors import ConfigError
from routing.messages import Person
from storage import audit, queries
from storage.backup import back_up, restore
from storage.database import Database
from storage.migrate import upgrade
from storage.outbox import ReplyState
from tests.bot.office import Office, an_office
from tests.builders import MONDAY, a_message
from tests.databases import a_postgres_database

BO, CY = Person(external_id="bo", display_name="Bo"), Person(external_id="cy", display_name="Cy")


@pytest.fixture
def office(database: Database) -> Office:
    office = an_office(database)
    office.receive(a_message("de lamp is stuk"), a_message("de container is vol", thread="b", sender=BO))
    first, second = office.meldingen()
    with database.engine.begin() as connection:  # the older one was merged into the newer one
        connection.execute(
            sa.text("UPDATE meldingen SET merged_into_id = :new WHERE id = :old"), {"new": second.id, "old": first.id}
        )
    return office


def empty(url: str) -> Database:
    opened = Database.open(url)
    upgrade(opened.engine)
    return opened


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    is_sqlite = request.param == "sqlite"
    return empty(
        f"sqlite:///{tmp_path / 'other.sqlite3'}"
        if is_sqlite
        else a_postgres_database(request.getfixturevalue("postgres_template"))
    )


def test_everything_comes_back_on_either_database(office: Office, other: Database, tmp_path: Path) -> None:
    path = tmp_path / "backup" / "one.sqlite3"
    written = back_up(office.database, path)
    assert restore(path, other, MONDAY) == written
    assert path.stat().st_mode & 0o777 == 0o600
    with office.database.reading() as ours, other.reading() as theirs:
        assert audit.all_messages(theirs) == audit.all_messages(ours)
        assert audit.all_meldingen(theirs) == audit.all_meldingen(ours)
        assert all(queries.is_log_whole(theirs, melding.id) for melding in audit.all_meldingen(theirs))
    restored = an_office(other)
    restored.receive(a_message("een nieuwe", thread="c", sender=CY))
    assert len(restored.meldingen()) == 3
    other.close()


def test_what_was_not_sent_yet_is_looked_up_before_it_is_sent(office: Office, other: Database, tmp_path: Path) -> None:
    back_up(office.database, tmp_path / "one.sqlite3")
    restore(tmp_path / "one.sqlite3", other, MONDAY)
    replies = an_office(other).replies()
    assert replies
    assert {reply.state for reply in replies} == {ReplyState.UNCERTAIN}
    assert all(reply.look_at == MONDAY and "reservekopie" in (reply.problem or "") for reply in replies)
    other.close()


def test_nothing_is_overwritten(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite3"
    back_up(office.database, path)
    with pytest.raises(ConfigError, match="bestaat al"):
        back_up(office.database, path)
    with pytest.raises(ConfigError, match="niet leeg"):
        restore(path, office.database, MONDAY)
    with pytest.raises(ConfigError, match="bestaat niet"):
        restore(tmp_path / "none.sqlite3", office.database, MONDAY)
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_a_backup_shows_one_moment_while_others_write(office: Office, tmp_path: Path) -> None:
    """A rival writes between the first table read and the last: either all of it is in the copy, or nothing."""
    from storage import backup

    seen: list[str] = []

    def rival(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT people.id") and not seen:
            seen.append(statement)
            office.receive(a_message("tijdens de kopie", thread="rivaal", sender=CY))

    sa.event.listen(office.database.engine, "after_cursor_execute", rival)
    back_up(office.database, tmp_path / "one.sqlite3")
    sa.event.remove(office.database.engine, "after_cursor_execute", rival)
    assert seen
    with backup._opened(tmp_path / "one.sqlite3") as copy, copy.reading() as connection:
        assert len(audit.all_messages(connection)) == 2
        assert len(audit.all_meldingen(connection)) == 2
