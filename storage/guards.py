"""What the guards count and what they did: the history of one person with us, the trips, and the stop switch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from routing.guards import Guard, Halt, Outgoing
from routing.melding import News
from routing.messages import Delivery
from routing.sentences import said
from storage.dialect import insert_new, upsert
from storage.outbox import Reply, ReplyState
from storage.tables import guard_trips, melders, messages, people, replies, switches

_STOP = "versturen"
_STAYED = (ReplyState.READY.value, ReplyState.REFUSED.value, ReplyState.BY_HAND.value, ReplyState.DROPPED.value)
# Busy, sent or uncertain. Said by what it is not: SQLite would else go through every reply ever sent to find those of one person.
_IS_GONE = replies.c.state.not_in(_STAYED)
_HOUR = timedelta(hours=1)
_FRESH = timedelta(minutes=30)  # after an outage an answer may be old news to somebody who is asleep by now


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """The stop switch: nothing at all leaves while it is on."""

    is_on: bool
    by: str
    why: str
    at: datetime


_SWITCH = sa.select(switches).where(switches.c.name == _STOP)
_PERSON_OF = (
    sa.select(people.c.id, people.c.is_bot)
    .join(melders, melders.c.person_id == people.c.id)
    .where(melders.c.id == sa.bindparam("of_melder"))
    .with_for_update(of=people)
)
_BY_MACHINE = replies.c.decided_by.is_(None)
_NOT_THIS = replies.c.id != sa.bindparam("this_reply")
_PUBLIC_ANSWERS = (
    sa.select(sa.func.count())
    .select_from(replies)
    .where(
        replies.c.channel == sa.bindparam("of_channel"),
        replies.c.thread == sa.bindparam("of_thread"),
        replies.c.delivery == Delivery.PUBLIC_REPLY.value,
        _BY_MACHINE,
        _NOT_THIS,
        _IS_GONE,
    )
)


def _past() -> sa.Select[Any]:
    """What was sent to a person before, in one row. `is_echo`: the last thing they wrote is word for word what we sent them."""
    person: sa.BindParameter[int] = sa.bindparam("of_person", type_=people.c.id.type)
    to_person = replies.c.melder_id.in_(sa.select(melders.c.id).where(melders.c.person_id == person))
    is_gone = sa.and_(to_person, _IS_GONE)
    at = sa.func.coalesce(replies.c.sent_at, replies.c.due_at)
    latest = sa.select(sa.func.max(at)).where(is_gone, _NOT_THIS)
    recent = at > sa.bindparam("an_hour_ago", type_=replies.c.due_at.type)
    answers = sa.select(sa.func.count()).select_from(replies).where(is_gone, _NOT_THIS, _BY_MACHINE, replies.c.is_answer, recent)
    said = sa.select(messages.c.text).where(messages.c.person_id == person).order_by(messages.c.id.desc()).limit(1)
    return sa.select(
        latest.where(~_BY_MACHINE).scalar_subquery().label("person_replied_at"),
        latest.where(_BY_MACHINE, ~replies.c.is_answer).scalar_subquery().label("last_news_at"),
        answers.scalar_subquery().label("answers_last_hour"),
        sa.exists().where(is_gone, replies.c.text != "", replies.c.text == said.scalar_subquery()).label("is_echo"),
    )


_PAST = _past()


class Guards:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def outgoing(self, reply: Reply, now: datetime) -> Outgoing:
        """What went before `reply`. Locks the person until the end of the transaction: two senders never count the same past."""
        person = self._connection.execute(_PERSON_OF, {"of_melder": reply.melder_id}).one()
        values = {"of_person": person.id, "this_reply": reply.id, "an_hour_ago": now - _HOUR}
        past = self._connection.execute(_PAST, values).one()
        is_public = reply.delivery is Delivery.PUBLIC_REPLY
        return Outgoing(
            is_answer=reply.is_answer,
            is_fresh=now - reply.created_at <= _FRESH,
            by_colleague=reply.decided_by is not None,
            is_warning=reply.news == News.NOODGEVAL.value,
            is_public=is_public,
            to_machine=person.is_bot,
            is_echo=past.is_echo,
            person_replied_at=past.person_replied_at,
            last_news_at=past.last_news_at,
            answers_last_hour=past.answers_last_hour,
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
        problem = said("tegengehouden door de rem '%(guard)s'", guard=halt.guard)
        changes: dict[str, object] = {"guard": halt.guard.value, "problem": problem}
        changes |= {"due_at": halt.until} if halt.until else {"state": ReplyState.REFUSED.value}
        self._connection.execute(sa.update(replies).where(replies.c.id == reply.id).values(changes))

    def is_stopped(self) -> bool:
        switch = self.switch()
        return switch is not None and switch.is_on

    def switch(self) -> Switch | None:
        """The stop switch as somebody last set it; None when nobody ever did."""
        row = self._connection.execute(_SWITCH).one_or_none()
        return None if row is None else Switch(is_on=row.is_on, by=row.by, why=row.why, at=row.at)

    def set_switch(self, *, is_on: bool, by: str, why: str, now: datetime) -> None:
        """Stop all sending, or let it go on. What waits stays as it is. Idempotent."""
        values = {"name": _STOP, "is_on": is_on, "by": by, "why": why, "at": now}
        upsert(self._connection, switches, "name", values)

    def _public_answers(self, reply: Reply) -> int:
        values = {"of_channel": reply.channel, "of_thread": reply.thread, "this_reply": reply.id}
        return int(self._connection.execute(_PUBLIC_ANSWERS, values).scalar_one())


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
