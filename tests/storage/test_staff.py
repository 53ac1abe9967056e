"""Who may come in: sessions end, and an identity of an organisation belongs to one account. On every database."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.staff import NewSession
from tests.builders import MONDAY

LATER = MONDAY + timedelta(minutes=10)


def test_a_session_ends_at_its_time_and_when_the_password_changes(database: Database) -> None:
    with database.work() as work:
        assert work.staff.add_account("samira", "Samira", "hash", MONDAY)
        assert not work.staff.add_account("samira", "Other", "hash", MONDAY)
        account = work.staff.get_account("samira")
        work.staff.open_session(account, NewSession(token_hash="digest", csrf_token="csrf"), now=MONDAY, expires_at=LATER)
        session = work.staff.find_session("digest", MONDAY)
        assert session is not None
        assert session.account.username == "samira"
        assert work.staff.find_session("digest", LATER) is None
        work.staff.set_password(account, "new")
        assert work.staff.find_session("digest", MONDAY) is None


def test_an_identity_belongs_to_one_account(database: Database) -> None:
    with database.work() as work:
        for name in ("samira", "bram"):
            work.staff.add_account(name, name, "", MONDAY)
        samira = work.staff.get_account("samira")
        work.staff.set_identity(samira, "https://login.test", "7f3a")
        new = NewSession(token_hash="digest", csrf_token="csrf", by_organisation=True)
        work.staff.open_session(samira, new, now=MONDAY, expires_at=LATER)
        found = work.staff.find_identity("https://login.test", "7f3a")
        assert found is not None
        assert found.username == "samira"
        assert work.staff.find_identity("https://elders.test", "7f3a") is None
        session = work.staff.find_session("digest", MONDAY)
        assert session is not None
        assert session.by_organisation
        work.commit()
    with database.work() as work, pytest.raises(sa.exc.IntegrityError):
        work.staff.set_identity(work.staff.get_account("bram"), "https://login.test", "7f3a")
