"""The queues of the desk: fixed questions about meldingen, each answered by one index, counted exactly and paged by key.

The index that serves each queue stands in docs/uitleg/balie.md. Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
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
_STATEMENTS = 500  # kept, as making one costs more than carrying it out


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


_NOW = sa.bindparam("now", type_=meldingen.c.snoozed_until.type)
_SOON = sa.bindparam("soon", type_=meldingen.c.promised_at.type)
_USERNAME = sa.bindparam("username", type_=followers.c.username.type)
_VAKAFDELING = sa.bindparam("vakafdeling", type_=meldingen.c.lead.type)


def _condition(queue: Queue | None) -> sa.ColumnElement[bool]:
    stage = meldingen.c.stage
    is_awake = sa.or_(meldingen.c.snoozed_until.is_(None), meldingen.c.snoozed_until <= _NOW)
    match queue:
        case None:
            return IS_OPEN
        case Queue.TO_JUDGE | Queue.UNDER_WAY | Queue.WAITING:
            return sa.and_(stage == queue.value, is_awake)
        case Queue.URGENT:
            return sa.and_(IS_OPEN, meldingen.c.rank <= _LEAST_URGENT_OF_URGENT)
        case Queue.MINE:
            other = meldingen.alias("other")
            leads = sa.select(other.c.id).where(other.c.lead == _VAKAFDELING, other.c.stage == "loopt")
            return sa.and_(meldingen.c.id.in_(leads.union(meldingen_with_task(_VAKAFDELING))), is_awake)
        case Queue.PROMISE_AT_RISK:
            return sa.and_(meldingen.c.promised_at <= _SOON, IS_OPEN)
        case Queue.FOLLOWED:
            followed = sa.select(followers.c.melding_id).where(followers.c.username == _USERNAME)
            return meldingen.c.id.in_(followed)
        case Queue.TO_ESCALATE:
            return IS_TO_ESCALATE
        case Queue.SNOOZED:
            return sa.and_(meldingen.c.snoozed_until > _NOW, IS_OPEN)
        case Queue.CLOSED:
            return IS_CLOSED


_CONDITIONS = {queue: _condition(queue) for queue in (None, *Queue)}
_OF_MELDING = melders.c.melding_id == meldingen.c.id
_THEIRS = sa.select(melders.c.melding_id).where(melders.c.person_id.in_(sa.bindparam("people", expanding=True)))
# field of Filters -> what it asks
_NARROWING: Mapping[str, sa.ColumnElement[bool]] = {
    **{name: meldingen.c[name] == sa.bindparam(name) for name in ("lead", "wijk", "buurt", "topic", "kind")},
    "days": meldingen.c.created_at <= sa.bindparam("made_before"),
    "channel": sa.exists().where(_OF_MELDING, melders.c.channel == sa.bindparam("channel")),
    "melder": meldingen.c.id.in_(_THEIRS),
}


def _narrowed(queue: Queue | None, narrowed: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """The queue's own condition and those of the filters. What they ask for comes with `_values`."""
    return sa.and_(_CONDITIONS[queue], *(_NARROWING[name] for name in narrowed))


def _names(filters: Filters) -> tuple[str, ...]:
    return tuple(name for name in _NARROWING if getattr(filters, name))


def _values(connection: sa.Connection, asked: Asked) -> dict[str, Any]:
    filters = asked.filters
    people = find_people(connection, filters.melder, limit=_PEOPLE) if filters.melder else ()
    own = {"people": people, "made_before": asked.now - timedelta(days=filters.days)}
    return _of_viewer(asked.viewer, asked.now, asked.soon) | own | {name: getattr(filters, name) for name in _NARROWING}


def _of_viewer(viewer: Viewer, now: datetime, soon: datetime) -> dict[str, Any]:
    return {"now": now, "soon": soon, "username": viewer.username, "vakafdeling": viewer.vakafdeling or ""}


_COUNT = sa.select(sa.func.count())


def count(connection: sa.Connection, asked: Asked) -> int:
    """Exactly how many meldingen the queue holds, narrowed by the filters."""
    query = _counting(asked.queue, _names(asked.filters))
    return connection.execute(query, _values(connection, asked)).scalar_one()


@lru_cache(maxsize=_STATEMENTS)
def _counting(queue: Queue | None, narrowed: tuple[str, ...]) -> sa.Select[int]:
    return _COUNT.select_from(meldingen).where(_narrowed(queue, narrowed))


_COUNTED = tuple(queue for queue in Queue if queue is not Queue.CLOSED)
# One statement, each count from its own index.
_COUNTS = sa.select(
    *(_COUNT.select_from(meldingen).where(_CONDITIONS[queue]).scalar_subquery().label(queue.value) for queue in _COUNTED),
    _COUNT.select_from(replies).where(IS_FOR_STAFF).scalar_subquery().label("unsent"),
    _COUNT.select_from(messages).where(messages.c.state == UNREADABLE).scalar_subquery().label("unreadable"),
)


def count_all(connection: sa.Connection, *, viewer: Viewer, now: datetime, soon: datetime) -> QueueCounts:
    """The counts beside the queues."""
    row = connection.execute(_COUNTS, _of_viewer(viewer, now, soon)).one()._mapping
    return QueueCounts(queues={queue: row[queue.value] for queue in _COUNTED}, unsent=row["unsent"], unreadable=row["unreadable"])


def page(
    connection: sa.Connection, asked: Asked, *, limit: int, after: Position | None = None, before: Position | None = None
) -> QueuePage:
    """The meldingen after or before a position; without one the first page. Danger and haste first, then the oldest."""
    order = _order_of(asked.queue)
    is_back = before is not None
    start = before or after
    query = _paging(asked.queue, _names(asked.filters), is_down=order.is_descending != is_back, is_further=start is not None)
    here = {"here_key": order.from_key(start.key), "here_id": start.melding_id} if start else {}
    rows = connection.execute(query.limit(limit + 1), _values(connection, asked) | here).all()
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


@lru_cache(maxsize=_STATEMENTS)
def _paging(queue: Queue | None, narrowed: tuple[str, ...], *, is_down: bool, is_further: bool) -> sa.Select[Any]:
    order = _order_of(queue)
    columns = (order.column, meldingen.c.id)
    query = sa.select(meldingen, order.column.label("order_key")).where(_narrowed(queue, narrowed))
    if is_further:
        key = sa.bindparam("here_key", type_=order.column.type)
        here = sa.tuple_(key, sa.bindparam("here_id", type_=meldingen.c.id.type))
        query = query.where(sa.tuple_(*columns) < here if is_down else sa.tuple_(*columns) > here)
    return query.order_by(*(column.desc() if is_down else column.asc() for column in columns))


def _order_of(queue: Queue | None) -> _Order:
    return _ORDERS.get(queue, _BY_URGENCY) if queue else _BY_URGENCY


def position_of(melding: Melding, queue: Queue) -> Position:
    """Where a melding stands, or stood, in a queue."""
    order = _order_of(queue)
    values = {_BY_URGENCY: melding.rank, _BY_PROMISE: melding.promised_at, _BY_WAKING: melding.snoozed_until}
    value = values.get(order, melding.updated_at)
    return Position(order.to_key(value if value is not None else _EPOCH), melding.id)


def neighbours(connection: sa.Connection, asked: Asked, here: Position) -> tuple[Melding | None, Melding | None]:
    """The meldingen before and after a position; after the last one comes the first."""
    earlier = page(connection, asked, limit=1, before=here).meldingen
    later = page(connection, asked, limit=1, after=here).meldingen or page(connection, asked, limit=1).meldingen
    following = next((melding for melding in later if melding.id != here.melding_id), None)
    return (earlier[0] if earlier else None), following
