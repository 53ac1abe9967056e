"""A backup is consistent, proved and restorable on either database; a restored outbox posts nothing twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.files import FileStore
from routing.errors import ConfigError
from routing.messages import Attachment, AttachmentKind, Person
from storage import audit, queries
from storage.backup import back_up, restore
from storage.database import Database
from storage.migrate import upgrade
from storage.outbox import ReplyState
from tests.bot.office import Office, an_office
from tests.builders import MONDAY, a_message
from tests.databases import a_postgres_database

BO, CY, DI = (Person(external_id=name.lower(), display_name=name) for name in ("Bo", "Cy", "Di"))


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


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(folder=tmp_path / "bijlagen")


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


def test_everything_comes_back_on_either_database(office: Office, other: Database, files: FileStore, tmp_path: Path) -> None:
    path = tmp_path / "backup" / "one.sqlite3"
    written = back_up(office.database, files, path)
    assert restore(path, other, files, MONDAY) == written
    assert path.stat().st_mode & 0o777 == 0o600
    with office.database.reading() as ours, other.reading() as theirs:
        assert audit.all_messages(theirs) == audit.all_messages(ours)
        assert audit.all_meldingen(theirs) == audit.all_meldingen(ours)
        assert all(queries.is_log_whole(theirs, melding.id) for melding in audit.all_meldingen(theirs))
    restored = an_office(other)
    restored.receive(a_message("een nieuwe", thread="c", sender=CY))
    assert len(restored.meldingen()) == 3
    other.close()


def test_what_was_not_sent_yet_is_looked_up_before_it_is_sent(
    office: Office, other: Database, files: FileStore, tmp_path: Path
) -> None:
    back_up(office.database, files, tmp_path / "one.sqlite3")
    restore(tmp_path / "one.sqlite3", other, files, MONDAY)
    replies = an_office(other).replies()
    assert replies
    assert {reply.state for reply in replies} == {ReplyState.UNCERTAIN}
    assert all(reply.look_at == MONDAY and "reservekopie" in (reply.problem or "") for reply in replies)
    other.close()


def test_a_restore_that_stops_half_way_leaves_nothing_that_would_be_sent_again(
    office: Office, other: Database, files: FileStore, tmp_path: Path
) -> None:
    back_up(office.database, files, tmp_path / "one.sqlite3")
    commits = []

    def stop_after_one(_connection: sa.Connection) -> None:
        if commits:
            raise KeyboardInterrupt
        commits.append("one")

    sa.event.listen(other.engine, "commit", stop_after_one)
    with suppress(KeyboardInterrupt):
        restore(tmp_path / "one.sqlite3", other, files, MONDAY)
    sa.event.remove(other.engine, "commit", stop_after_one)
    assert {reply.state for reply in an_office(other).replies()} == {ReplyState.UNCERTAIN}
    other.close()


def test_nothing_is_overwritten(office: Office, files: FileStore, tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite3"
    back_up(office.database, files, path)
    with pytest.raises(ConfigError, match="bestaat al"):
        back_up(office.database, files, path)
    with pytest.raises(ConfigError, match="niet leeg"):
        restore(path, office.database, files, MONDAY)
    with pytest.raises(ConfigError, match="bestaat niet"):
        restore(tmp_path / "none.sqlite3", office.database, files, MONDAY)
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_a_backup_shows_one_moment_while_others_write(office: Office, files: FileStore, tmp_path: Path) -> None:
    """A rival writes between the first table read and the last: either all of it is in the copy, or nothing."""
    from storage import backup

    seen: list[str] = []

    def rival(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT people.id") and not seen:
            seen.append(statement)
            office.receive(a_message("tijdens de kopie", thread="rivaal", sender=CY))

    sa.event.listen(office.database.engine, "after_cursor_execute", rival)
    back_up(office.database, files, tmp_path / "one.sqlite3")
    sa.event.remove(office.database.engine, "after_cursor_execute", rival)
    assert seen
    with backup._opened(tmp_path / "one.sqlite3") as copy, copy.reading() as connection:
        assert len(audit.all_messages(connection)) == 2
        assert len(audit.all_meldingen(connection)) == 2


GONE = "0" * 64
A_LETTER = Attachment(kind=AttachmentKind.DOCUMENT, reference="f1")
LETTER = b"%PDF-1.7 een brief"


def keep_letter(office: Office, files: FileStore) -> str:
    """A resident sends a letter. Returns its hash."""
    office.receive(a_message("zie de brief", thread="brief", attachments=(A_LETTER, A_LETTER)))
    download = files.temporary()
    download.write_bytes(LETTER)
    admitted = files.admit(download)
    files.put(admitted)
    with office.database.work() as work:
        one = work.attachments.claim_due("telegram", office.clock(), lease=timedelta(minutes=5))
        other = work.attachments.claim_due("telegram", office.clock(), lease=timedelta(minutes=5))
        assert one is not None
        assert other is not None
        work.attachments.record_kept(one, sha256=admitted.sha256, size=admitted.size, media_type=admitted.media_type)
        work.attachments.record_kept(other, sha256=GONE, size=1, media_type="image/jpeg")
        work.commit()
    return admitted.sha256


def test_files_come_back_and_what_is_missing_is_told(office: Office, other: Database, files: FileStore, tmp_path: Path) -> None:
    sha256 = keep_letter(office, files)
    written = back_up(office.database, files, tmp_path / "one.sqlite3")
    elsewhere = FileStore(folder=tmp_path / "elders")
    assert restore(tmp_path / "one.sqlite3", other, elsewhere, MONDAY) == written
    assert (written.files, written.missing) == (1, 1)
    assert elsewhere.read(sha256) == LETTER
    assert elsewhere.path(sha256).stat().st_mode & 0o777 == 0o600
    other.close()


def test_a_file_that_is_no_longer_what_it_was_is_not_backed_up(office: Office, files: FileStore, tmp_path: Path) -> None:
    files.path(keep_letter(office, files)).write_bytes(b"iets anders")
    assert back_up(office.database, files, tmp_path / "one.sqlite3").files == 0


def test_no_number_is_handed_out_twice_after_a_restore(office: Office, other: Database, files: FileStore, tmp_path: Path) -> None:
    back_up(office.database, files, tmp_path / "one.sqlite3")
    kept = {reply.token for reply in office.replies()}
    office.receive(a_message("na de kopie", thread="c", sender=CY), a_message("hoe staat het?", thread="b", sender=BO))
    handed_out = {reply.token for reply in office.replies()} - kept
    restore(tmp_path / "one.sqlite3", other, files, MONDAY)
    restored = an_office(other)
    restored.receive(a_message("een ander", thread="d", sender=DI), a_message("hoe staat het?", thread="b", sender=BO))
    handed_out_again = {reply.token for reply in restored.replies()} - kept
    assert (len(handed_out), len(handed_out_again)) == (2, 2)
    assert not handed_out & handed_out_again
    assert [melding.id for melding in restored.meldingen()] == [1, 2, 10_003]
    restored.receive(a_message("nog een", thread="e", sender=CY))
    assert restored.meldingen()[-1].id == 10_004
    other.close()
