"""Municipal colleagues in the wijk: invited by staff with a code, known by the account they send it from. The caller commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.tables import colleagues

VALID = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    id: int
    name: str
    invited_by: str
    invited_at: datetime
    joined_at: datetime | None


_OF_PERSON = colleagues.c.person_id == sa.bindparam("of_person")
_NAME = sa.select(colleagues.c.name).where(_OF_PERSON).order_by(colleagues.c.id.desc()).limit(1)


class Colleagues:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def invite(self, name: str, code_digest: str, actor: str, now: datetime) -> None:
        """The code works once, for a week; only its digest is kept."""
        values = {"name": name, "code_digest": code_digest, "invited_by": actor, "invited_at": now}
        self._connection.execute(sa.insert(colleagues).values(values))

    def join(self, code_digest: str, person_id: int, now: datetime) -> str | None:
        """Let this person be the invited colleague. Returns the name; None for a code that is wrong, used or old."""
        is_open = sa.and_(colleagues.c.joined_at.is_(None), colleagues.c.invited_at > now - VALID)
        changed = sa.update(colleagues).where(colleagues.c.code_digest == code_digest, is_open)
        return self._connection.execute(
            changed.values(person_id=person_id, joined_at=now).returning(colleagues.c.name)
        ).scalar_one_or_none()

    def name_of(self, person_id: int) -> str | None:
        """The name of the colleague behind this account, if it is one."""
        return self._connection.execute(_NAME, {"of_person": person_id}).scalar_one_or_none()

    def all(self) -> tuple[Colleague, ...]:
        names = tuple(Colleague.__dataclass_fields__)
        rows = self._connection.execute(sa.select(colleagues).order_by(colleagues.c.name, colleagues.c.id))
        return tuple(Colleague(**{name: row._mapping[name] for name in names}) for row in rows)

    def remove(self, name: str) -> int:
        """From now on what they write is that of a resident. Returns how many invitations and accounts this was."""
        return self._connection.execute(sa.delete(colleagues).where(colleagues.c.name == name)).rowcount
