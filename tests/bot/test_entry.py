"""What is entered at the office itself, by several colleagues at the same time."""

from __future__ import annotations

import sqlalchemy as sa

from bot.entry import add_entry
from storage.database import Database
from tests.builders import MONDAY, a_message


def test_a_form_that_is_sent_again_waits_for_no_other_form(postgres_url: str) -> None:
    """Each of two forms waiting for what the other holds would be a deadlock: a colleague was told that somebody came first."""
    database = Database.open(postgres_url)
    kept, new = (a_message(channel="counter", sender=None) for _ in range(2))
    with database.work() as work:
        assert add_entry(work, kept, MONDAY)
        work.commit()
    with database.work() as first, database.work() as again:
        assert add_entry(first, new, MONDAY)
        again._connection.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
        assert not add_entry(again, kept, MONDAY)
        first.commit()
        again.commit()
    database.close()
