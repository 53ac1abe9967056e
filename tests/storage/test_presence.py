"""What the processes of the desk tell each other of open pages: it expires, does not pile up, and is no part of a backup."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.files import FileStore
from storage.backup import back_up, restore
from storage.database import Database
from storage.migrate import upgrade
from storage.presence import HOLDS, Present, told_by_others
from storage.tables import presence
from tests.builders import MONDAY


@pytest.fixture
def bram(database: Database) -> Present:
    """Bram has the page of melding 1 open."""
    with database.work() as work:
        work.staff.add_account("bram", "Bram", "-", MONDAY)
        account = work.staff.get_account("bram")
        work.commit()
    return Present(melding_id=1, account_id=account.id, what="kijkt", name="Bram")


def tell(database: Database, process: str, *here: Present, after: timedelta = timedelta(0)) -> None:
    with database.work() as work:
        work.presence.tell(process, here, MONDAY + after)
        work.commit()


def heard(database: Database, process: str, after: timedelta = timedelta(0)) -> tuple[Present, ...]:
    with database.reading() as connection:
        return told_by_others(connection, process, MONDAY + after)


def rows(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(presence)).scalar_one()


def test_what_a_process_tells_is_heard_by_the_others_until_it_is_over(database: Database, bram: Present) -> None:
    tell(database, "a", bram, bram)
    assert heard(database, "b") == (bram,)
    assert heard(database, "a") == ()
    assert heard(database, "b", HOLDS - timedelta(seconds=1)) == (bram,)
    assert heard(database, "b", HOLDS) == ()


def test_the_clock_of_another_machine_may_be_some_seconds_off(database: Database, bram: Present) -> None:
    tell(database, "ahead", bram, after=timedelta(seconds=15))
    tell(database, "behind", bram, after=timedelta(seconds=-15))
    assert heard(database, "b") == (bram, bram)
    assert heard(database, "b", timedelta(hours=-1)) == ()


def test_what_is_told_again_and_again_does_not_pile_up(database: Database, bram: Present) -> None:
    for number in range(100):
        tell(database, "a", bram, after=number * timedelta(seconds=10))
        tell(database, f"short lived {number}", bram, after=number * timedelta(seconds=10))
    assert rows(database) <= 5
    tell(database, "a", after=timedelta(hours=1))
    assert rows(database) == 0


def test_nothing_is_kept_about_a_person_but_the_number_of_the_account(database: Database) -> None:
    columns = {column["name"] for column in sa.inspect(database.engine).get_columns("presence")}
    assert columns == {"process", "melding_id", "account_id", "what", "until"}


def test_who_is_here_is_no_part_of_a_backup_and_in_the_way_of_no_restore(
    database: Database, bram: Present, tmp_path: Path
) -> None:
    files = FileStore(folder=tmp_path / "bijlagen")
    tell(database, "a", bram)
    back_up(database, files, tmp_path / "one.sqlite3")
    other = Database.open(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    upgrade(other.engine)
    tell(other, "a", bram)
    restore(tmp_path / "one.sqlite3", other, files, MONDAY)
    assert [one.name for one in heard(other, "b")] == ["Bram"]
    assert rows(other) == 1
    other.close()


def test_postgresql_does_not_wait_for_its_disk(postgres_url: str) -> None:
    opened = Database.open(postgres_url)
    with opened.reading() as connection:
        kind = connection.exec_driver_sql("SELECT relpersistence FROM pg_class WHERE relname = 'presence'").scalar_one()
    opened.close()
    assert kind == "u"


def test_who_sweeps_waits_for_nobody_who_sweeps(postgres_url: str) -> None:
    """Were it to wait, a process that stands still in the middle would keep everybody from being seen."""
    opened = Database.open(postgres_url)
    tell(opened, "killed", Present(melding_id=1, account_id=1, what="kijkt", name=""), after=-HOLDS)
    with opened.work() as stuck:
        stuck.presence.tell("stuck", (), MONDAY)
        with opened.work() as work:
            work.presence.tell("a", (), MONDAY)
            work.commit()
    opened.close()
