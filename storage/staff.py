"""Accounts and sessions of the desk. Passwords arrive here already hashed, session tokens as a digest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from routing.errors import NotFoundError
from routing.sentences import said
from storage.dialect import insert_new
from storage.tables import UtcDateTime, accounts, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: int
    username: str
    display_name: str
    password_hash: str = field(repr=False)
    active: bool
    failed_logins: int
    locked_until: datetime | None
    last_login_at: datetime | None
    role: str
    vakafdeling: str | None
    sees_contacts: bool
    totp_secret: str | None = field(repr=False)
    totp_counter: int
    identity_issuer: str | None  # the provider of the organisation that vouches for this account, and what it calls it
    identity_subject: str | None
    language: str | None  # in which the desk speaks to this colleague; None follows the browser

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        return cls(**{name: row._mapping[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`by_organisation` tells that the organisation's provider vouched for who opened it, instead of a password."""

    account: Account
    csrf_token: str = field(repr=False)
    expires_at: datetime
    by_organisation: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """`browser` is what the browser calls itself: for the list in which a colleague recognises the own sessions."""

    token_hash: str = field(repr=False)
    csrf_token: str = field(repr=False)
    browser: str = ""
    by_organisation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    token_hash: str = field(repr=False)
    created_at: datetime
    browser: str


_SESSION = (
    sa.select(accounts, sessions.c.csrf_token, sessions.c.expires_at, sessions.c.by_organisation)
    .join(sessions, sessions.c.account_id == accounts.c.id)
    .where(sessions.c.token_hash == sa.bindparam("of_token"), sessions.c.expires_at > sa.bindparam("now"), accounts.c.active)
)


class Staff:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add_account(self, username: str, display_name: str, password_hash: str, now: datetime, role: str = "coordinator") -> bool:
        """False when the username exists already. Idempotent."""
        values = {"username": username, "display_name": display_name, "password_hash": password_hash, "created_at": now}
        values |= {"role": role}
        return insert_new(self._connection, accounts, values) is not None

    def get_account(self, username: str) -> Account:
        account = self.find_account(username)
        if account is None:
            raise NotFoundError(said("Er is geen account '%(username)s'.", username=username))
        return account

    def find_account(self, username: str) -> Account | None:
        row = self._connection.execute(sa.select(accounts).where(accounts.c.username == username)).one_or_none()
        return None if row is None else Account.from_row(row)

    def find_identity(self, issuer: str, subject: str) -> Account | None:
        is_theirs = sa.and_(accounts.c.identity_issuer == issuer, accounts.c.identity_subject == subject)
        row = self._connection.execute(sa.select(accounts).where(is_theirs)).one_or_none()
        return None if row is None else Account.from_row(row)

    def set_identity(self, account: Account, issuer: str, subject: str) -> None:
        self._update(account, identity_issuer=issuer, identity_subject=subject)

    def set_profile(self, account: Account, *, display_name: str, role: str) -> None:
        self._update(account, display_name=display_name, role=role)

    def begin_login(self, username: str, now: datetime, *, limit: int, lock: timedelta) -> Account | None:
        """Count an attempt before its password is checked, so that many at the same time do not pass the limit together.

        The attempt that reaches `limit` locks the account for `lock`; a login that succeeds undoes that. None when there is
        no such active account, or when it is locked.
        """
        is_free = sa.or_(accounts.c.locked_until.is_(None), accounts.c.locked_until <= now)
        number = sa.case((accounts.c.locked_until.is_(None), accounts.c.failed_logins + 1), else_=1)
        locked_until = sa.case((number >= limit, sa.literal(now + lock, UtcDateTime)), else_=sa.null())
        attempt = (
            sa.update(accounts)
            .where(accounts.c.username == username, accounts.c.active, is_free)
            .values(failed_logins=number, locked_until=locked_until)
            .returning(accounts)
        )
        row = self._connection.execute(attempt).one_or_none()
        return None if row is None else Account.from_row(row)

    def record_login(self, account: Account, now: datetime) -> None:
        self._update(account, last_login_at=now, failed_logins=0, locked_until=None)

    def set_password(self, account: Account, password_hash: str) -> None:
        """A new password ends every session of the account."""
        self._update(account, password_hash=password_hash, failed_logins=0, locked_until=None)
        self.end_sessions(account)

    def set_rights(self, account: Account, *, role: str, vakafdeling: str | None, sees_contacts: bool) -> None:
        self._update(account, role=role, vakafdeling=vakafdeling, sees_contacts=sees_contacts)

    def set_language(self, account: Account, language: str | None) -> None:
        self._update(account, language=language)

    def set_active(self, account: Account, *, is_active: bool) -> None:
        """An account that is closed loses its sessions."""
        self._update(account, active=is_active)
        if not is_active:
            self.end_sessions(account)

    def set_totp(self, account: Account, secret: str | None, counter: int = 0) -> None:
        """`counter` is the time step of the last code that was used."""
        self._update(account, totp_secret=secret, totp_counter=counter)

    def use_code(self, account: Account, counter: int) -> bool:
        """Mark a code as used. False when a rival used it first."""
        is_fresh = sa.and_(accounts.c.id == account.id, accounts.c.totp_counter < counter)
        return self._connection.execute(sa.update(accounts).where(is_fresh).values(totp_counter=counter)).rowcount == 1

    def accounts(self) -> tuple[Account, ...]:
        return tuple(Account.from_row(row) for row in self._connection.execute(sa.select(accounts).order_by(accounts.c.username)))

    def sessions_of(self, account: Account, now: datetime) -> tuple[OpenSession, ...]:
        query = sa.select(sessions).where(sessions.c.account_id == account.id, sessions.c.expires_at > now)
        rows = self._connection.execute(query.order_by(sessions.c.created_at))
        return tuple(OpenSession(token_hash=row.token_hash, created_at=row.created_at, browser=row.browser) for row in rows)

    def end_session(self, account: Account, token_hash: str) -> None:
        """Idempotent. Nobody ends a session of somebody else."""
        is_own = sa.and_(sessions.c.account_id == account.id, sessions.c.token_hash == token_hash)
        self._connection.execute(sa.delete(sessions).where(is_own))

    def end_sessions(self, account: Account) -> None:
        """Every one of the account. Idempotent."""
        self._connection.execute(sa.delete(sessions).where(sessions.c.account_id == account.id))

    def open_session(self, account: Account, new: NewSession, *, now: datetime, expires_at: datetime) -> None:
        self._connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
        values = {"token_hash": new.token_hash, "account_id": account.id, "csrf_token": new.csrf_token, "browser": new.browser}
        values |= {"by_organisation": new.by_organisation, "created_at": now, "expires_at": expires_at}
        self._connection.execute(sa.insert(sessions).values(values))

    def find_session(self, token_hash: str, now: datetime) -> Session | None:
        row = self._connection.execute(_SESSION, {"of_token": token_hash, "now": now}).one_or_none()
        if row is None:
            return None
        return Session(
            account=Account.from_row(row),
            csrf_token=row.csrf_token,
            expires_at=row.expires_at,
            by_organisation=row.by_organisation,
        )

    def close_session(self, token_hash: str) -> None:
        self._connection.execute(sa.delete(sessions).where(sessions.c.token_hash == token_hash))

    def _update(self, account: Account, **changes: Any) -> None:
        self._connection.execute(sa.update(accounts).where(accounts.c.id == account.id).values(changes))
