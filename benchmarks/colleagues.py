"""Colleagues who are logged in already: their sessions are written as the desk writes them, without the cost of a password."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.passwords import digest, new_token
from storage.database import Database
from storage.staff import NewSession

COOKIE = "wijkbalie-sessie"  # of a desk without https
_NO_PASSWORD = "-"  # noqa: S105 - no password has this hash
_WORKING_DAY = timedelta(hours=10)


def logged_in(database: Database, count: int, now: datetime) -> tuple[str, ...]:
    """So many new session tokens, each of a coordinator of its own, valid for a day of work from now on."""
    tokens = tuple(new_token() for _ in range(count))
    with database.work() as work:
        for number, token in enumerate(tokens, start=1):
            username = f"collega{number}"
            work.staff.add_account(username, f"Collega {number}", _NO_PASSWORD, now)
            session = NewSession(token_hash=digest(token), csrf_token=new_token())
            work.staff.open_session(work.staff.get_account(username), session, now=now, expires_at=now + _WORKING_DAY)
        work.commit()
    return tokens
