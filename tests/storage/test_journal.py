"""The journal: every line on the one before, on every database."""

from __future__ import annotations

import threading

from storage.database import Database
from storage.journal import is_journal_whole, newest_lines
from tests.builders import MONDAY


def test_lines_of_many_at_once_make_one_whole_chain_and_a_changed_one_shows(database: Database) -> None:
    def write(number: int) -> None:
        with database.work() as work:
            work.journal.write("samira", "test", f"ding {number}", MONDAY)
            work.commit()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        assert len(newest_lines(connection, limit=10)) == 6
        assert is_journal_whole(connection)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET object = 'iets anders' WHERE id = 3")
    with database.reading() as connection:
        assert not is_journal_whole(connection)
