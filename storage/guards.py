"""What the guards count and what they did: the history of one person with us, the trips, and the stop switch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from routing.guards import Guard, Halt, Outgoing
from routing.melding import News
from routing.messages import Delivery
from storage.dialect import insert_new, upsert
from storage.outbox import Reply, ReplyState
from storage.tables import guard_trips, melders, messages, people, replies, switches

_STOP = "versturen"
_GONE = (ReplyState.BUSY.value, ReplyState.SENT.value, ReplyState.UNCERTAIN.value)
_HOUR = timedelta(hours=1)
_FRESH = timedelta(minutes=30)  # after an outage an answer may be old news to somebody who is asleep by now


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """The stop switch: nothing at all leaves while it is on."""

    is_on: bool
    by: str
    why: str
    at: datetime


class Guards:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def outgoing(self, reply: Reply, now: datetime) -> Outgoing:
        """What went before `reply`. Locks the person until the end of the transaction: two senders never count the same past."""
        person = self._connection.execute(
            sa.select(people.c.id, people.c.is_bot)
            .join(melders, melders.c.person_id == people.c.id)
            .where(melders.c.id == reply.melder_id)
            .with_for_update(of=people)
        ).one()
        to_person = replies.c.melder_id.in_(sa.select(melders.c.id).where(melders.c.person_id == person.id))
        is_gone = sa.and_(to_person, replies.c.id != reply.id, replies.c.state.in_(_GONE))
        at = sa.func.coalesce(replies.c.sent_at, replies.c.due_at)
        by_machine = replies.c.decided_by.is_(None)
        is_public = reply.delivery is Delivery.PUBLIC_REPLY
        return Outgoing(
            is_answer=reply.is_answer,
            is_fresh=now - reply.created_at <= _FRESH,
            by_colleague=reply.decided_by is not None,
            is_warning=reply.news == News.NOODGEVAL.value,
            is_public=is_public,
            to_machine=person.is_bot,
            is_echo=self._is_echo(person.id, to_person),
            person_replied_at=self._latest(at, sa.and_(is_gone, ~by_machine)),
            last_news_at=self._latest(at, sa.and_(is_gone, by_machine, ~replies.c.is_answer)),
            answers_last_hour=self._count(is_gone, by_machine, replies.c.is_answer, at > now - _HOUR),
            public_answers=self._public_answers(reply) if is_public else 0,
        )

    def record(self, reply: Reply, halt: Halt, now: datetime) -> None:
        """Count the trip and let the reply wait, or give it to a colleague. One trip per reply and guard. Idempotent."""
        trip: dict[str, object] = {
            "at": now,
            "guard": halt.guard.value,
            "reply_id": reply.id,
            "melding_id": reply.melding_id,
            "until": halt.until,
        }
        insert_new(self._connection, guard_trips, trip)
        changes: dict[str, object] = {"guard": halt.guard.value, "problem": f"tegengehouden door de rem '{halt.guard}'"}
        changes |= {"due_at": halt.until} if halt.until else {"state": ReplyState.REFUSED.value}
        self._connection.execute(sa.update(replies).where(replies.c.id == reply.id).values(changes))

    def is_stopped(self) -> bool:
        switch = self.switch()
        return switch is not None and switch.is_on

    def switch(self) -> Switch | None:
        """The stop switch as somebody last set it; None when nobody ever did."""
        row = self._connection.execute(sa.select(switches).where(switches.c.name == _STOP)).one_or_none()
        return None if row is None else Switch(is_on=row.is_on, by=row.by, why=row.why, at=row.at)

    def set_switch(self, *, is_on: bool, by: str, why: str, now: datetime) -> None:
        """Stop all sending, or let it go on. What waits stays as it is. Idempotent."""
        values = {"name": _STOP, "is_on": is_on, "by": by, "why": why, "at": now}
        upsert(self._connection, switches, "name", values)

    def _latest(self, at: sa.ColumnElement[Any], condition: sa.ColumnElement[bool]) -> datetime | None:
        found: datetime | None = self._connection.execute(
            sa.select(at).where(condition).order_by(at.desc()).limit(1)
        ).scalar_one_or_none()
        return found

    def _count(self, *conditions: sa.ColumnElement[bool]) -> int:
        query: sa.Select[Any] = sa.select(sa.func.count()).select_from(replies).where(*conditions)
        return int(self._connection.execute(query).scalar_one())

    def _public_answers(self, reply: Reply) -> int:
        return self._count(
            replies.c.channel == reply.channel,
            replies.c.thread == reply.thread,
            replies.c.delivery == Delivery.PUBLIC_REPLY.value,
            replies.c.decided_by.is_(None),
            replies.c.id != reply.id,
            replies.c.state.in_(_GONE),
        )

    def _is_echo(self, person_id: int, to_person: sa.ColumnElement[bool]) -> bool:
        """Whether the last thing this person wrote is word for word what we sent them: a machine that talks back."""
        last = sa.select(messages.c.text).where(messages.c.person_id == person_id).order_by(messages.c.id.desc()).limit(1)
        said = self._connection.execute(last).scalar_one_or_none()
        if not said:
            return False
        ours = sa.select(sa.exists().where(to_person, replies.c.state.in_(_GONE), replies.c.text == said))
        return bool(self._connection.execute(ours).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class TripLine:
    """One trip as a colleague sees it."""

    at: datetime
    guard: Guard
    until: datetime | None
    reply_id: int
    melding_id: int
    state: ReplyState
    token: str


def trips(connection: sa.Connection, *, limit: int) -> tuple[TripLine, ...]:
    """The latest trips, with how each message stands now."""
    query = (
        sa.select(guard_trips, replies.c.state, replies.c.token)
        .join(replies, replies.c.id == guard_trips.c.reply_id)
        .order_by(guard_trips.c.id.desc())
        .limit(limit)
    )
    return tuple(
        TripLine(
            at=row.at,
            guard=Guard(row.guard),
            until=row.until,
            reply_id=row.reply_id,
            melding_id=row.melding_id,
            state=ReplyState(row.state),
            token=row.token,
        )
        for row in connection.execute(query)
    )


def trip_counts(connection: sa.Connection, *, since: datetime) -> dict[Guard, int]:
    """How often each guard tripped since then; guards that did not are 0."""
    query = sa.select(guard_trips.c.guard, sa.func.count()).where(guard_trips.c.at >= since).group_by(guard_trips.c.guard)
    found = {Guard(row[0]): int(row[1]) for row in connection.execute(query)}
    return {guard: found.get(guard, 0) for guard in Guard}
