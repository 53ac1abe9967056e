"""What the dashboard is made of: a period as the database counts it, without a word of anybody. Changes nothing.

Every statement is one range of an index on time, however long the archive is. What hangs on a melding is asked for melding by
melding, in a scalar subquery: PostgreSQL would rather read a whole table than join it to thousands of meldingen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from routing.melding import CLOSED, Event
from storage.dialect import microseconds
from storage.outbox import ReplyState
from storage.tables import events, melders, meldingen, messages, replies

BEYOND = 1_000_000  # days; more than any norm
_HOUR, _MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = meldingen.c.created_at.type
_UNKNOWN_CHANNEL = "onbekend"
_ENDING = (Event.AFGEHANDELD.value, Event.DOORVERWEZEN.value, Event.INGETROKKEN.value, Event.SAMENGEVOEGD.value)
_IS_CLOSED = meldingen.c.status.in_([status.value for status in CLOSED])


class Arrived(NamedTuple):
    """How many meldingen began on a channel in the hour that begins at `hour`."""

    hour: datetime
    channel: str
    number: int


class Written(NamedTuple):
    """How many messages residents wrote in the hour that begins at `hour`."""

    hour: datetime
    number: int


class Decided(NamedTuple):
    """How many have this topic, this lead, and this lead in the proposal of the machine.

    `judged` are those of them that are decided, `late` those that are open while their promised moment passed.
    """

    topic: str
    lead: str
    proposed: str
    number: int
    judged: int
    late: int


class Ended(NamedTuple):
    """How many were done within the same norm: the fewest days of those that were asked about, or BEYOND every one of them."""

    lead: str
    topic: str
    days: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Meldingen that begin in [since, until) are to be done by the same moment: `deadlines` has it by the days of their norm."""

    since: datetime
    until: datetime
    deadlines: Mapping[int, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The meldingen that began in a period.

    `waits`: the seconds until the first answer was sent, None when none was. `ended`: those that are closed and whose end is
    known. `written`: the messages of the same period.
    """

    arrived: Collection[Arrived]
    decided: Collection[Decided]
    buurten: Mapping[str | None, int]
    waits: Collection[float | None]
    ended: Collection[Ended]
    written: Collection[Written]


def count(connection: sa.Connection, start: datetime, now: datetime, spans: Collection[Span]) -> Counts:
    """Everything that began, or was written, in [start, now), which consists of the `spans`."""
    period = sa.and_(meldingen.c.created_at >= start, meldingen.c.created_at < now)
    return Counts(
        arrived=_arrived(connection, period),
        decided=_decided(connection, period, now),
        buurten=_buurten(connection, period),
        waits=_waits(connection, period),
        ended=_ended(connection, spans),
        written=_written(connection, start, now),
    )


def _arrived(connection: sa.Connection, period: sa.ColumnElement[bool]) -> tuple[Arrived, ...]:
    """The channel is that of the first melder."""
    first = sa.select(melders.c.channel).where(melders.c.melding_id == meldingen.c.id).order_by(melders.c.id).limit(1)
    begun = sa.select(_hour(connection, meldingen.c.created_at), first.scalar_subquery().label("channel")).where(period)
    each = begun.offset(0).subquery()  # a fence: SQLite would work out twice what it groups by
    rows = connection.execute(sa.select(each.c.hour, each.c.channel, sa.func.count()).group_by(each.c.hour, each.c.channel))
    return tuple(Arrived(_begin(hour), channel or _UNKNOWN_CHANNEL, number) for hour, channel, number in rows)


def _hour(connection: sa.Connection, moment: sa.Column[datetime]) -> sa.Label[int]:
    """The clock of the office is whole hours away from UTC: an hour there is an hour here, on the same day."""
    return (microseconds(moment, connection.dialect.name) // (_HOUR // _MICROSECOND)).label("hour")


def _begin(hour: int) -> datetime:
    return _EPOCH + hour * _HOUR


def _decided(connection: sa.Connection, period: sa.ColumnElement[bool], now: datetime) -> tuple[Decided, ...]:
    column, number = meldingen.c, sa.func.count()
    proposed = sa.func.coalesce(column.proposal["lead"].as_string(), column.lead).label("proposed")
    judged = number.filter(column.stage != "te_beoordelen")
    late = number.filter(column.promised_at <= now, ~_IS_CLOSED)
    query = sa.select(column.topic, column.lead, proposed, number, judged, late).where(period)
    return tuple(Decided(*row) for row in connection.execute(query.group_by(column.topic, column.lead, "proposed")))


def _buurten(connection: sa.Connection, period: sa.ColumnElement[bool]) -> dict[str | None, int]:
    query = sa.select(meldingen.c.buurt, sa.func.count()).where(period).group_by(meldingen.c.buurt)
    return {buurt: number for buurt, number in connection.execute(query)}  # noqa: C416 - a row is no pair to dict()


def _waits(connection: sa.Connection, period: sa.ColumnElement[bool]) -> tuple[float | None, ...]:
    since_1970 = partial(microseconds, dialect=connection.dialect.name)
    # The state is looked at beside the index of a melding: as a condition it would lead through every reply that was ever sent.
    first = sa.func.min(sa.case((replies.c.state == ReplyState.SENT.value, replies.c.sent_at)), type_=_MOMENT)
    wait = sa.select(since_1970(first) - since_1970(meldingen.c.created_at)).where(replies.c.melding_id == meldingen.c.id)
    waits = connection.execute(sa.select(wait.correlate(meldingen).scalar_subquery()).where(period)).scalars()
    return tuple(None if wait is None else wait / 1_000_000 for wait in waits)


def _ended(connection: sa.Connection, spans: Collection[Span]) -> tuple[Ended, ...]:
    found: Counter[tuple[str, str, int]] = Counter()
    for span in spans:
        moments = {_named(days): moment for days, moment in span.deadlines.items()} | {"since": span.since, "until": span.until}
        for lead, topic, days, number in connection.execute(_ending_by(tuple(sorted(span.deadlines))), moments):
            if days is not None:
                found[lead, topic, days] += number
    return tuple(Ended(*key, number) for key, number in found.items())


@cache
def _ending_by(norms: tuple[int, ...]) -> sa.Select[Any]:
    within = ((events.c.at <= sa.bindparam(_named(days), type_=_MOMENT), days) for days in norms)
    of_melding = sa.and_(events.c.melding_id == meldingen.c.id, events.c.event.in_(_ENDING))
    last = sa.select(sa.case(*within, else_=BEYOND)).where(of_melding).order_by(events.c.seq.desc()).limit(1)
    # Not as a condition: the index of what is closed has everything that ever was.
    if_closed = sa.case((_IS_CLOSED, last.scalar_subquery())).label("days")
    column = meldingen.c
    period = sa.and_(column.created_at >= sa.bindparam("since"), column.created_at < sa.bindparam("until"))
    return (
        sa.select(column.lead, column.topic, if_closed, sa.func.count()).where(period).group_by(column.lead, column.topic, "days")
    )


def _named(days: int) -> str:
    return f"after_{days}"


def _written(connection: sa.Connection, start: datetime, now: datetime) -> tuple[Written, ...]:
    period = sa.and_(messages.c.received_at >= start, messages.c.received_at < now)
    query = sa.select(_hour(connection, messages.c.received_at), sa.func.count()).where(period).group_by("hour")
    return tuple(Written(_begin(hour), number) for hour, number in connection.execute(query))
