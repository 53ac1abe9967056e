"""Logging in and out: passwords, lock-out and session tokens. Knows no HTTP.

A token leaves this module once, at login; the database keeps only its digest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from threading import BoundedSemaphore

import structlog

from bot.identities import Identity, arrive, link
from bot.passwords import digest, is_password, new_token
from bot.second_factor import counter_of
from bot.web.desk import Desk
from routing.sentences import said
from storage.database import UnitOfWork
from storage.staff import Account, NewSession, Session, Staff

FAILURES_BEFORE_LOCK = 5
LOCK_MINUTES = 15
# argon2id takes 64 MiB per check: a flood of logins must not take the memory of the whole process.
_CHECKS_AT_ONCE = 2
_LONGEST_BROWSER = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one desk."""

    desk: Desk
    _checks: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_CHECKS_AT_ONCE), repr=False)

    def login(self, username: str, password: str, code: str = "", *, browser: str = "") -> str | None:
        """A new session token, or None when the account, password and code do not fit, or the account is locked or closed.

        Takes as long for an account that does not exist. Whoever asks cannot tell the reasons apart.
        """
        now = self.desk.now()
        lock = timedelta(minutes=LOCK_MINUTES)
        with self.desk.database.work() as work:
            account = work.staff.begin_login(username, now, limit=FAILURES_BEFORE_LOCK, lock=lock)
            work.commit()
        with self._checks:
            fits = is_password(password, account.password_hash if account else None)
        if account is None or not fits or not self._is_second_factor(account, code):
            _log.warning("login refused", account_id=account.id if account else None)
            return None
        with self.desk.database.work() as work:
            token = self._open(work, account, browser, by_organisation=False)
            work.commit()
        return token

    def login_by_organisation(self, identity: Identity, *, browser: str = "") -> str:
        """A new session token for whom the organisation's provider vouches. Raises NoAccessError."""
        with self.desk.database.work() as work:
            try:
                account = arrive(work, identity, self.desk.now())
                token = self._open(work, account, browser, by_organisation=True)
            finally:
                work.commit()  # a refusal is written down as well
        return token

    def link(self, account: Account, identity: Identity) -> None:
        """From now on the organisation vouches for this account. Raises NoAccessError."""
        with self.desk.database.work() as work:
            link(work, account, identity, self.desk.now())
            work.commit()

    def is_own_password(self, account: Account, password: str) -> bool:
        with self._checks:
            return is_password(password, account.password_hash)

    def _open(self, work: UnitOfWork, account: Account, browser: str, *, by_organisation: bool) -> str:
        token, now = new_token(), self.desk.now()
        new = NewSession(
            token_hash=digest(token),
            csrf_token=new_token(),
            browser=browser[:_LONGEST_BROWSER],
            by_organisation=by_organisation,
        )
        work.staff.record_login(account, now)
        work.staff.open_session(account, new, now=now, expires_at=now + self.desk.session_length)
        work.journal.write(
            account.username,
            said("ingelogd"),
            account.username,
            now,
            detail=said("met de organisatie") if by_organisation else "",
        )
        _log.info("login", account_id=account.id)
        return token

    def _is_second_factor(self, account: Account, code: str) -> bool:
        """Whether the code fits an account that has a second factor; an account without one needs none."""
        if account.totp_secret is None:
            return True
        counter = counter_of(account.totp_secret, code, self.desk.now(), after=account.totp_counter)
        if counter is None:
            return False
        with self.desk.database.work() as work:
            is_first = work.staff.use_code(account, counter)
            work.commit()
        return is_first

    def find(self, token: str) -> Session | None:
        """The session of a token; None when it is unknown, over, or its account was closed."""
        with self.desk.database.reading() as connection:
            return Staff(connection).find_session(digest(token), self.desk.now())

    def close(self, token: str) -> None:
        """End a session. Idempotent."""
        with self.desk.database.work() as work:
            work.staff.close_session(digest(token))
            work.commit()
