"""What colleagues keep for themselves: the filters they saved and the meldingen they follow. Changes no melding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.dialect import insert_new, upsert
from storage.tables import followers, saved_filters


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFilter:
    """A name a colleague gave to the address of a narrowed queue."""

    id: int
    name: str
    address: str


class Watching:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def save_filter(self, username: str, name: str, address: str) -> None:
        """Keep a filter; the same name again replaces it. Idempotent."""
        values: dict[str, object] = {"username": username, "name": name, "address": address}
        if insert_new(self._connection, saved_filters, values) is None:
            is_same = sa.and_(saved_filters.c.username == username, saved_filters.c.name == name)
            self._connection.execute(sa.update(saved_filters).where(is_same).values(address=address))

    def forget_filter(self, username: str, filter_id: int) -> None:
        """Idempotent. Nobody forgets the filter of somebody else."""
        is_own = sa.and_(saved_filters.c.id == filter_id, saved_filters.c.username == username)
        self._connection.execute(sa.delete(saved_filters).where(is_own))

    def follow(self, username: str, melding_id: int, now: datetime) -> None:
        """Idempotent."""
        values: dict[str, object] = {"username": username, "melding_id": melding_id, "since": now}
        upsert(self._connection, followers, ("username", "melding_id"), values)

    def unfollow(self, username: str, melding_id: int) -> None:
        """Idempotent."""
        is_own = sa.and_(followers.c.username == username, followers.c.melding_id == melding_id)
        self._connection.execute(sa.delete(followers).where(is_own))

    def see(self, username: str, melding_id: int) -> None:
        """They looked at the melding in which a colleague named them. Idempotent."""
        is_own = sa.and_(followers.c.username == username, followers.c.melding_id == melding_id)
        self._connection.execute(sa.update(followers).where(is_own).values(mentioned_at=None))


_OF_USER = sa.bindparam("of_user", type_=followers.c.username.type)
_MENTIONS = sa.select(followers.c.melding_id).where(followers.c.username == _OF_USER, followers.c.mentioned_at.is_not(None))
_FILTERS = sa.select(saved_filters).where(saved_filters.c.username == _OF_USER).order_by(saved_filters.c.name)


def mentions_of(connection: sa.Connection, username: str) -> frozenset[int]:
    """The meldingen in which a colleague named them since they last looked."""
    return frozenset(connection.execute(_MENTIONS, {"of_user": username}).scalars())


def saved_filters_of(connection: sa.Connection, username: str) -> tuple[SavedFilter, ...]:
    found = connection.execute(_FILTERS, {"of_user": username})
    return tuple(SavedFilter(id=row.id, name=row.name, address=row.address) for row in found)


def is_following(connection: sa.Connection, username: str, melding_id: int) -> bool:
    is_own = sa.and_(followers.c.username == username, followers.c.melding_id == melding_id)
    return bool(connection.execute(sa.select(sa.exists().where(is_own))).scalar_one())
