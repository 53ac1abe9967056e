"""Backups: a consistent copy of everything in one SQLite file, whatever the database, proved by restoring it.

The copy is taken in one snapshot while the product goes on. A digest over every row, taken while reading, is compared with the
rows of a restored copy: a backup that cannot be restored is never called one. The files of residents are in it too.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from routing.errors import ConfigError
from routing.sentences import said
from storage.database import Database
from storage.meldingen import Meldingen
from storage.migrate import upgrade
from storage.outbox import Outbox
from storage.tables import metadata, presence

_ROWS_AT_A_TIME = 1000
# Who looks at a melding at this moment is no part of what the office keeps.
_KEPT = [table for table in metadata.sorted_tables if table is not presence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many rows of each table were copied, the digest over all of them in order, and how many files.

    `missing` counts files that a row names and that are not there, or are no longer what they were.
    """

    rows: dict[str, int]
    digest: str
    files: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        return sum(self.rows.values())


class Files(Protocol):
    """Where the files of residents lie, by the SHA-256 of their content. `read` gives None for one that is not (whole) there."""

    def read(self, sha256: str) -> bytes | None: ...

    def write(self, sha256: str, content: bytes) -> None: ...


def back_up(database: Database, files: Files, path: Path) -> Copied:
    """Write a backup to `path` and prove it. Raises ConfigError when the file exists or cannot be written or proved."""
    if path.exists():
        raise ConfigError(f"{path} bestaat al; kies een andere naam, een reservekopie wordt nooit overschreven")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".wijkbalie-", dir=path.parent) as folder:
            part = Path(folder) / "backup.sqlite3"
            copied = _write(database, files, part)
            _prove(part, copied, Path(folder) / "proof.sqlite3")
            part.chmod(0o600)
            part.rename(path)
    except OSError as error:
        raise ConfigError(f"{path} kan niet worden geschreven: {error.strerror}; kies een andere plek met --to") from error
    return copied


def restore(path: Path, database: Database, files: Files, now: datetime) -> Copied:
    """Fill an empty database and `files` from a backup, also of an older schema. Raises ConfigError when it is not empty.

    Replies that were not sent yet may have been sent after the backup was made: they become uncertain, so that the channel is
    read back, or a colleague looks, before anything is posted. Numbers that were handed out since are not used again.
    """
    if not path.is_file():
        raise ConfigError(f"{path} bestaat niet; noem een bestand dat 'wijkbalie backup' maakte")
    with tempfile.TemporaryDirectory(prefix="wijkbalie-") as folder:
        source = Path(folder) / "backup.sqlite3"
        shutil.copyfile(path, source)
        _refuse_unless_empty(database)
        kept = _give_files(source, files)
        with _opened(source) as backup:
            upgrade(backup.engine)
            copied = _copy_into(backup, database, lambda writing: _settle(writing, now))
    return replace(copied, files=kept, missing=len(_named_files(database)) - kept)


def _settle(writing: sa.Connection, now: datetime) -> None:
    """In the transaction that fills the database: who stops half way leaves it empty, and nothing that could be sent again."""
    Outbox(writing).doubt_unsent(said("teruggezet uit een reservekopie: misschien daarna nog verstuurd"), now)
    Meldingen(writing).skip_numbers(now)


def _nothing_more(_writing: sa.Connection) -> None:
    """A copy that nobody will work with."""


def _write(database: Database, files: Files, path: Path) -> Copied:
    with _opened(path) as target:
        upgrade(target.engine)
        copied = _copy_into(database, target)
        named = _named_files(target)
    with closing(sqlite3.connect(path)) as connection:
        kept = _take_files(connection, files, named)
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    return replace(copied, files=kept, missing=len(named) - kept)


def _named_files(database: Database) -> frozenset[str]:
    with database.looking() as work:
        return work.attachments.named_files()


def _take_files(connection: sqlite3.Connection, files: Files, named: frozenset[str]) -> int:
    """How many of them are in the backup now: one that is taken back at this moment is gone already."""
    kept = 0
    connection.execute("CREATE TABLE bestanden (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL)")
    for sha256 in sorted(named):
        content = files.read(sha256)
        if content is not None:
            connection.execute("INSERT INTO bestanden VALUES (?, ?)", (sha256, content))
            connection.commit()
            kept += 1
    return kept


def _files_in(path: Path) -> Iterator[tuple[str, bytes]]:
    """The hash and the content of every file in a backup; of one from before backups had files, none."""
    with closing(sqlite3.connect(path)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'bestanden'").fetchone():
            yield from connection.execute("SELECT sha256, content FROM bestanden ORDER BY sha256")


def _give_files(path: Path, files: Files) -> int:
    kept = 0
    for sha256, content in _files_in(path):
        files.write(sha256, content)
        kept += 1
    return kept


def _prove(path: Path, copied: Copied, proof: Path) -> None:
    with _opened(path) as backup, _opened(proof) as restored:
        upgrade(restored.engine)
        again = _copy_into(backup, restored)
        is_whole = (again.rows, again.digest) == (copied.rows, copied.digest)
        sound = sum(hashlib.sha256(content).hexdigest() == sha256 for sha256, content in _files_in(path))
        if not is_whole or sound != copied.files:
            raise ConfigError(
                "de reservekopie is niet gelijk aan de database en is weggegooid; kijk de schijf na en probeer opnieuw"
            )


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{path}")
    try:
        yield database
    finally:
        database.close()


def _copy_into(source: Database, target: Database, finish: Callable[[sa.Connection], None] = _nothing_more) -> Copied:
    """`finish` has the last word in the transaction that fills `target`."""
    rows: dict[str, int] = {}
    digest = hashlib.sha256()
    with _snapshot(source) as reading, target.engine.begin() as writing:
        _refuse_rows(writing)
        for table in _KEPT:
            rows[table.name] = _copy_table(table, reading, writing, digest)
        _continue_numbering(writing)
        finish(writing)
    return Copied(rows=rows, digest=digest.hexdigest())


def _refuse_unless_empty(database: Database) -> None:
    with database.reading() as connection:
        _refuse_rows(connection)


def _refuse_rows(connection: sa.Connection) -> None:
    if any(connection.execute(sa.select(table.c[0]).limit(1)).first() for table in _KEPT):
        raise ConfigError("de database is niet leeg; zet een reservekopie alleen terug in een nieuwe, lege database")


@contextmanager
def _snapshot(database: Database) -> Iterator[sa.Connection]:
    """Everything as it was at one moment, while others go on writing."""
    with database.reading() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _copy_table(table: sa.Table, reading: sa.Connection, writing: sa.Connection, digest: hashlib._Hash) -> int:
    """Rows that name another row of their own table get that name once all of them are there."""
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    count, later = 0, []
    key = [*table.primary_key.columns]
    stored = [column for column in table.c if column.computed is None]  # the database works out the others by itself
    query = sa.select(*stored).order_by(*key).execution_options(yield_per=_ROWS_AT_A_TIME)
    for part in reading.execute(query).mappings().partitions(_ROWS_AT_A_TIME):
        rows = [dict(row) for row in part]
        for row in rows:
            digest.update(repr(tuple(row.values())).encode())
            if any(row[name] is not None for name in own):
                later.append({"of": row[key[0].name]} | {f"new_{name}": row[name] for name in own})
                row.update(dict.fromkeys(own))
        writing.execute(sa.insert(table), rows)
        count += len(rows)
    if later:
        changes: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in own}
        writing.execute(sa.update(table).where(key[0] == sa.bindparam("of")).values(changes), later)
    return count


def _continue_numbering(connection: sa.Connection) -> None:
    """PostgreSQL numbers rows by a sequence, which does not see copied rows."""
    if connection.dialect.name != "postgresql":
        return
    for table in _KEPT:
        if "id" in table.c:
            name = sa.func.pg_get_serial_sequence(table.name, "id")
            highest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(name, sa.func.coalesce(highest, 1), highest.is_not(None))))
