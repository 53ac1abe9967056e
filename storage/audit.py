"""Reading everything back, for whoever checks that the promises were kept. Not for screens: it reads whole tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.inbox import WAITING
from storage.meldingen import Melding
from storage.outbox import Reply, ReplyState
from storage.tables import meldingen, messages, people, replies


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """A message as it was taken in, and what became of it."""

    id: int
    channel: str
    external_id: str
    person: str
    text: str = field(repr=False)
    visibility: str | None
    sent_at: datetime
    state: str
    action: str | None
    problem: str | None
    melding_id: int | None


def all_messages(connection: sa.Connection) -> tuple[TakenIn, ...]:
    query = (
        sa.select(messages, sa.func.coalesce(people.c.external_id, "").label("person"))
        .select_from(messages.outerjoin(people, people.c.id == messages.c.person_id))
        .order_by(messages.c.id)
    )
    names = tuple(TakenIn.__dataclass_fields__)
    return tuple(TakenIn(**{name: row._mapping[name] for name in names}) for row in connection.execute(query))


def all_meldingen(connection: sa.Connection) -> tuple[Melding, ...]:
    return tuple(Melding.from_row(row) for row in connection.execute(sa.select(meldingen).order_by(meldingen.c.id)))


def all_replies(connection: sa.Connection) -> tuple[Reply, ...]:
    return tuple(Reply.from_row(row) for row in connection.execute(sa.select(replies).order_by(replies.c.id)))


def count_handled(connection: sa.Connection) -> int:
    """How many messages were taken in and wait for nothing."""
    query: sa.Select[Any] = sa.select(sa.func.count()).select_from(messages).where(messages.c.state != WAITING)
    return int(connection.execute(query).scalar_one())


def count_under_way(connection: sa.Connection, *, cannot_read_back: Collection[str]) -> int:
    """How many replies are neither posted nor with staff: to be sent, or uncertain on a channel that can be read back."""
    is_looked_for = sa.and_(replies.c.state == ReplyState.UNCERTAIN.value, replies.c.channel.not_in(cannot_read_back))
    is_to_send = replies.c.state.in_([ReplyState.READY.value, ReplyState.BUSY.value])
    query = sa.select(sa.func.count()).select_from(replies).where(sa.or_(is_to_send, is_looked_for))
    return int(connection.execute(query).scalar_one())


def count_due(connection: sa.Connection, now: datetime) -> int:
    """How many replies should be on their way by now."""
    is_due = sa.and_(replies.c.state.in_([ReplyState.READY.value, ReplyState.BUSY.value]), replies.c.due_at <= now)
    return int(connection.execute(sa.select(sa.func.count()).select_from(replies).where(is_due)).scalar_one())
