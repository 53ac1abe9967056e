"""The queues of the desk: fixed questions about meldingen, each answered by one index, counted exactly and paged by key.

The index that serves each queue stands in docs/uitleg/balie.md. Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage.few import IS_CLOSED, IS_OPEN, IS_TO_ESCALATE
from storage.inbox import UNREADABLE
from storage.meldingen import Melding
from storage.outbox import IS_FOR_STAFF
from storage.search import find_people
from storage.tables import followers, melders, meldingen, messages, replies
from storage.tasks import meldingen_with_task

_LEAST_URGENT_OF_URGENT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HIGHEST_NUMBER = 2**31 - 1  # what both databases can number a melding with
_POSITION = re.compile(r"([0-9]{1,17})\.([0-9]{1,12})")
_PEOPLE = 200


class Queue(StrEnum):
    """The fixed queues, in the order of the desk."""

    TO_JUDGE = "te_beoordelen"
    URGENT = "spoed"
    MINE = "mijn_vakafdeling"
    WAITING = "wacht_op_melder"
    PROMISE_AT_RISK = "belofte_in_gevaar"
    FOLLOWED = "gevolgd"
    TO_ESCALATE = "hogerop_voorleggen"
    UNDER_WAY = "loopt"
    SNOOZED = "uitgesteld"
    CLOSED = "afgesloten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks: what is theirs depends on it."""

    username: str = ""
    vakafdeling: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a queue is narrowed to; an empty value narrows nothing. `melder` is (a part of) a name as a platform shows it."""

    channel: str = ""
    lead: str = ""
    wijk: str = ""
    buurt: str = ""
    topic: str = ""
    kind: str = ""
    days: int = 0
    melder: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One queue (None: every open melding) as one colleague sees it now. A promise is at risk when it falls due before `soon`."""

    queue: Queue | None
    now: datetime
    soon: datetime
    viewer: Viewer = Viewer()
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a melding stands in the order of a queue: keys stay true while rows come and go, numbers of pages do not."""

    key: int
    melding_id: int

    def __str__(self) -> str:
        return f"{self.key}.{self.melding_id}"

    @classmethod
    def parse(cls, text: str) -> Position | None:
        found = _POSITION.fullmatch(text)
        if found is None or int(found[2]) > _HIGHEST_NUMBER:
            return None
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """One page. `first` and `last` are the positions of its ends; `has_` tells whether there is more on that side."""

    meldingen: tuple[Melding, ...]
    first: Position | None
    last: Position | None
    has_previous: bool
    has_next: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """How many meldingen stand in each queue (the closed ones are not counted), replies wait for staff, items are unreadable."""

    queues: Mapping[Queue, int]
    unsent: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Order:
    """By which column a queue is ordered (then by id), how its value becomes a whole number and back."""

    column: sa.ColumnElement[Any]
    to_key: Callable[[Any], int]
    from_key: Callable[[int], Any]
    is_descending: bool = False


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(key: int) -> datetime:
    return _EPOCH + timedelta(microseconds=min(key, 10**17 // 2))


def _rank(key: int) -> int:
    return min(key, _HIGHEST_NUMBER)


_BY_URGENCY = _Order(meldingen.c.rank, int, _rank)
_BY_PROMISE = _Order(meldingen.c.promised_at, _microseconds, _moment)
_BY_WAKING = _Order(meldingen.c.snoozed_until, _microseconds, _moment)
_NEWEST = _Order(meldingen.c.updated_at, _microseconds, _moment, is_descending=True)
_ORDERS = {
    Queue.PROMISE_AT_RISK: _BY_PROMISE,
    Queue.SNOOZED: _BY_WAKING,
    Queue.CLOSED: _NEWEST,
    Queue.FOLLOWED: _NEWEST,
}


def _condition(asked: Asked) -> sa.ColumnElement[bool]:
    stage = meldingen.c.stage
    is_awake = sa.or_(meldingen.c.snoozed_until.is_(None), meldingen.c.snoozed_until <= asked.now)
    match asked.queue:
        case None:
            return IS_OPEN
        case Queue.TO_JUDGE | Queue.UNDER_WAY | Queue.WAITING:
            return sa.and_(stage == asked.queue.value, is_awake)
        case Queue.URGENT:
            return sa.and_(IS_OPEN, meldingen.c.rank <= _LEAST_URGENT_OF_URGENT)
        case Queue.MINE:
            mine = asked.viewer.vakafdeling or ""
            other = meldingen.alias("other")
            leads = sa.select(other.c.id).where(other.c.lead == mine, other.c.stage == "loopt")
            return sa.and_(meldingen.c.id.in_(leads.union(meldingen_with_task(mine))), is_awake)
        case Queue.PROMISE_AT_RISK:
            return sa.and_(meldingen.c.promised_at <= asked.soon, IS_OPEN)
        case Queue.FOLLOWED:
            followed = sa.select(followers.c.melding_id).where(followers.c.username == asked.viewer.username)
            return meldingen.c.id.in_(followed)
        case Queue.TO_ESCALATE:
            return IS_TO_ESCALATE
        case Queue.SNOOZED:
            return sa.and_(meldingen.c.snoozed_until > asked.now, IS_OPEN)
        case Queue.CLOSED:
            return IS_CLOSED


def _narrowed(connection: sa.Connection, asked: Asked) -> sa.ColumnElement[bool]:
    """The queue's own condition and those of the filters."""
    filters = asked.filters
    conditions = [_condition(asked)]
    named = ("lead", "wijk", "buurt", "topic", "kind")
    conditions += [meldingen.c[name] == value for name in named if (value := getattr(filters, name))]
    if filters.days:
        conditions.append(meldingen.c.created_at <= asked.now - timedelta(days=filters.days))
    of_melding = melders.c.melding_id == meldingen.c.id
    if filters.channel:
        conditions.append(sa.exists().where(of_melding, melders.c.channel == filters.channel))
    if filters.melder:
        people = find_people(connection, filters.melder, limit=_PEOPLE)
        conditions.append(meldingen.c.id.in_(sa.select(melders.c.melding_id).where(melders.c.person_id.in_(people))))
    return sa.and_(*conditions)


def count(connection: sa.Connection, asked: Asked) -> int:
    """Exactly how many meldingen the queue holds, narrowed by the filters."""
    query = sa.select(sa.func.count()).select_from(meldingen).where(_narrowed(connection, asked))
    return int(connection.execute(query).scalar_one())


def count_all(connection: sa.Connection, *, viewer: Viewer, now: datetime, soon: datetime) -> QueueCounts:
    """The counts beside the queues: one statement, each count from its own index."""
    counted = [queue for queue in Queue if queue is not Queue.CLOSED]
    parts = {
        queue.value: sa.select(sa.func.count())
        .select_from(meldingen)
        .where(_condition(Asked(queue=queue, viewer=viewer, now=now, soon=soon)))
        for queue in counted
    }
    parts["unsent"] = sa.select(sa.func.count()).select_from(replies).where(IS_FOR_STAFF)
    parts["unreadable"] = sa.select(sa.func.count()).select_from(messages).where(messages.c.state == UNREADABLE)
    row = connection.execute(sa.select(*(part.scalar_subquery().label(name) for name, part in parts.items()))).one()._mapping
    return QueueCounts(queues={queue: row[queue.value] for queue in counted}, unsent=row["unsent"], unreadable=row["unreadable"])


def page(
    connection: sa.Connection, asked: Asked, *, limit: int, after: Position | None = None, before: Position | None = None
) -> QueuePage:
    """The meldingen after or before a position; without one the first page. Danger and haste first, then the oldest."""
    order = _ORDERS.get(asked.queue, _BY_URGENCY) if asked.queue else _BY_URGENCY
    is_back = before is not None
    start = before or after
    columns = (order.column, meldingen.c.id)
    is_down = order.is_descending != is_back
    query = sa.select(meldingen, order.column.label("order_key")).where(_narrowed(connection, asked))
    if start is not None:
        here = sa.tuple_(sa.literal(order.from_key(start.key), order.column.type), sa.literal(start.melding_id))
        query = query.where(sa.tuple_(*columns) < here if is_down else sa.tuple_(*columns) > here)
    query = query.order_by(*(column.desc() if is_down else column.asc() for column in columns)).limit(limit + 1)
    rows = connection.execute(query).all()
    has_more, rows = len(rows) > limit, rows[:limit]
    if is_back:
        rows = rows[::-1]
    ends = [Position(order.to_key(row.order_key), row.id) for row in (*rows[:1], *rows[-1:])]
    return QueuePage(
        meldingen=tuple(Melding.from_row(row) for row in rows),
        first=ends[0] if ends else None,
        last=ends[-1] if ends else None,
        has_previous=has_more if is_back else start is not None,
        has_next=is_back or has_more,
    )


def position_of(melding: Melding, queue: Queue) -> Position:
    """Where a melding stands, or stood, in a queue."""
    order = _ORDERS.get(queue, _BY_URGENCY)
    values = {_BY_URGENCY: melding.rank, _BY_PROMISE: melding.promised_at, _BY_WAKING: melding.snoozed_until}
    value = values.get(order, melding.updated_at)
    return Position(order.to_key(value if value is not None else _EPOCH), melding.id)


def neighbours(connection: sa.Connection, asked: Asked, here: Position) -> tuple[Melding | None, Melding | None]:
    """The meldingen before and after a position; after the last one comes the first."""
    earlier = page(connection, asked, limit=1, before=here).meldingen
    later = page(connection, asked, limit=1, after=here).meldingen or page(connection, asked, limit=1).meldingen
    following = next((melding for melding in later if melding.id != here.melding_id), None)
    return (earlier[0] if earlier else None), following
