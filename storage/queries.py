"""What screens and commands read: functions over a read-only connection that return frozen rows. They change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from routing.melding import CLOSED
from storage.attachments import Attachments, StoredAttachment
from storage.channel_states import ChannelState, ChannelStates
from storage.event_log import is_whole
from storage.few import IS_WAITING
from storage.guards import Guards
from storage.inbox import UNREADABLE
from storage.meldingen import Melding, Meldingen, family
from storage.outbox import IS_FOR_STAFF, IS_READY, Reply, ReplyState
from storage.tables import accounts, attempts, events, melders, meldingen, messages, people, replies

_CLOSED = tuple(status.value for status in CLOSED)
_SOON = timedelta(hours=2)
_NEWEST_ATTEMPTS = 1000
LATELY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLine:
    """One thing that was said, by a resident or by us. `state` is that of our reply; None for a resident's message.

    `person` is the resident who wrote it or, for ours, whom it is for.
    """

    at: datetime
    channel: str
    person: str = field(repr=False)
    is_ours: bool
    text: str = field(repr=False)
    visibility: str
    attachments: tuple[dict[str, Any], ...]
    state: ReplyState | None
    problem: str | None
    reply_id: int | None
    message_id: int | None
    external_id: str | None
    is_removed: bool = False
    is_unseen: bool = False
    files: tuple[StoredAttachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    at: datetime
    actor: str
    event: str
    why: str = field(repr=False)

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        return cls(at=row.at, actor=row.actor, event=row.event, why=row.why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How a melding came in: over which channels, from how many people, with how many attachments."""

    channels: tuple[str, ...]
    melders: int
    attachments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MelderLine:
    """Who takes part in a melding, as colleagues see it."""

    id: int
    channel: str
    display_name: str = field(repr=False)
    visibility: str
    language: str
    joined_at: datetime
    last_wrote_private_at: datetime | None

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        return cls(**{name: row._mapping[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableLine:
    id: int
    channel: str
    external_id: str
    received_at: datetime
    problem: str
    raw: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a monitor and a colleague want to know at a glance. Ages are moments of the oldest thing, or None.

    `sent_lately` counts what the platforms took in the last ten minutes, as far as the newest thousand attempts tell.
    `latest_moment` is when the newest message was taken in: when it lies ahead, the clock was set back.
    """

    waiting_messages: int
    oldest_waiting: datetime | None
    due_replies: int
    oldest_due: datetime | None
    sent_lately: int
    uncertain: int
    refused: int
    by_hand: int
    unreadable: int
    broken_promises: int
    promises_in_danger: int
    latest_moment: datetime | None
    channels: tuple[ChannelState, ...]
    is_stopped: bool


def get_melding(connection: sa.Connection, melding_id: int) -> Melding:
    """Raises NotFoundError."""
    return Meldingen(connection).get(melding_id)


_SAID = (
    sa.select(messages.c.melding_id, messages.c.channel, messages.c.attachments)
    .where(messages.c.melding_id.in_(sa.bindparam("of_meldingen", expanding=True)))
    .order_by(messages.c.id)
)
_TAKING_PART = (
    sa.select(melders.c.melding_id, sa.func.count().label("number"))
    .where(melders.c.melding_id.in_(sa.bindparam("of_meldingen", expanding=True)))
    .group_by(melders.c.melding_id)
)


def arrivals(connection: sa.Connection, melding_ids: Sequence[int]) -> dict[int, Arrival]:
    """How each of these meldingen came in. Two queries, however many they are."""
    written: dict[int, list[tuple[str, int]]] = {melding_id: [] for melding_id in melding_ids}
    for melding_id, channel, attachments in connection.execute(_SAID, {"of_meldingen": melding_ids}):
        written[melding_id].append((channel, len(attachments)))
    people_in = melders_in(connection, melding_ids)
    return {
        melding_id: Arrival(
            channels=tuple(dict.fromkeys(channel for channel, _ in said)),
            melders=people_in.get(melding_id, 0),
            attachments=sum(number for _, number in said),
        )
        for melding_id, said in written.items()
    }


def melders_in(connection: sa.Connection, melding_ids: Sequence[int]) -> dict[int, int]:
    """How many melders each of these meldingen has, of those that have any."""
    return {row.melding_id: row.number for row in connection.execute(_TAKING_PART, {"of_meldingen": melding_ids})}


_MELDING = sa.bindparam("of_melding", type_=meldingen.c.id.type)
_MELDERS = (
    sa.select(melders, people.c.display_name, people.c.last_wrote_private_at)
    .join(people, people.c.id == melders.c.person_id)
    .where(melders.c.melding_id.in_(family(_MELDING)))
    .order_by(melders.c.id)
)
_THEIRS = (
    sa.select(messages, people.c.display_name)
    .select_from(messages.outerjoin(people, people.c.id == messages.c.person_id))
    .where(messages.c.melding_id.in_(family(_MELDING)))
)
_OURS = (
    sa.select(replies, people.c.display_name)
    .select_from(replies.join(melders, melders.c.id == replies.c.melder_id).join(people, people.c.id == melders.c.person_id))
    .where(replies.c.melding_id.in_(family(_MELDING)))
)
_EVENTS = sa.select(events).where(events.c.melding_id == _MELDING).order_by(events.c.seq)
_NAMES = sa.select(accounts.c.username, accounts.c.display_name)


def melders_of(connection: sa.Connection, melding_id: int) -> tuple[MelderLine, ...]:
    return tuple(MelderLine.from_row(row) for row in connection.execute(_MELDERS, {"of_melding": melding_id}))


def conversation(connection: sa.Connection, melding_id: int) -> tuple[ConversationLine, ...]:
    """Everything said about a melding by everybody, in order of time."""
    rows = connection.execute(_THEIRS, {"of_melding": melding_id}).all()
    files = Attachments(connection).of_messages(row.id for row in rows)
    lines = [_resident_line(row, files.get(row.id, ())) for row in rows]
    ours = connection.execute(_OURS, {"of_melding": melding_id})
    lines += [_our_line(Reply.from_row(row), row.display_name) for row in ours]
    return tuple(sorted(lines, key=lambda line: (line.at, line.is_ours)))


def get_attachment(connection: sa.Connection, attachment_id: int) -> StoredAttachment:
    """Raises NotFoundError."""
    return Attachments(connection).get(attachment_id)


def melding_of_attachment(connection: sa.Connection, attachment: StoredAttachment) -> Melding | None:
    """The melding that its message belongs to; None while the message waits for triage."""
    melding_id = connection.scalar(sa.select(messages.c.melding_id).where(messages.c.id == attachment.message_id))
    return None if melding_id is None else get_melding(connection, melding_id)


def _resident_line(row: sa.Row[Any], files: tuple[StoredAttachment, ...]) -> ConversationLine:
    return ConversationLine(
        at=row.sent_at,
        channel=row.channel,
        person=row.display_name or "",
        is_ours=False,
        text=row.text,
        visibility=row.visibility or "",
        attachments=tuple(row.attachments),
        files=files,
        state=None,
        problem=None,
        reply_id=None,
        message_id=row.id,
        external_id=row.external_id,
        is_removed=row.removed_at is not None,
        is_unseen=row.unseen_at is not None,
    )


def _our_line(reply: Reply, person: str) -> ConversationLine:
    return ConversationLine(
        at=reply.sent_at or reply.created_at,
        channel=reply.channel,
        person=person,
        is_ours=True,
        text=reply.text,
        visibility="openbaar" if reply.delivery.value == "openbaar_antwoord" else "prive",
        attachments=(),
        state=reply.state,
        problem=reply.problem,
        reply_id=reply.id,
        message_id=None,
        external_id=reply.external_id,
    )


def event_log(connection: sa.Connection, melding_id: int) -> tuple[EventLine, ...]:
    return tuple(EventLine.from_row(row) for row in connection.execute(_EVENTS, {"of_melding": melding_id}))


def is_log_whole(connection: sa.Connection, melding_id: int) -> bool:
    """Whether the event log is complete and untouched. Looks again when an event was added while it read."""
    melding = get_melding(connection, melding_id)
    while not is_whole(connection, melding_id, last_hash=melding.last_hash, count=melding.event_count):
        before, melding = melding, get_melding(connection, melding_id)
        if melding.event_count == before.event_count:
            return False
    return True


def log_position(connection: sa.Connection) -> str:
    """Changes whenever something happened that a screen may show. Reads the ends of two indexes and one small count."""
    parts = (
        sa.select(sa.func.max(events.c.id)),
        sa.select(sa.func.max(messages.c.id)),
        sa.select(sa.func.count()).select_from(replies).where(IS_FOR_STAFF),
    )
    row = connection.execute(sa.select(*(part.scalar_subquery() for part in parts))).one()
    return ".".join(str(value or 0) for value in row)


def staff_names(connection: sa.Connection) -> dict[str, str]:
    """Username -> the name colleagues see."""
    return {row.username: row.display_name for row in connection.execute(_NAMES)}


def addressees(connection: sa.Connection, melder_ids: Sequence[int]) -> dict[int, str]:
    """Melder id -> the name shown on their platform."""
    query = sa.select(melders.c.id, people.c.display_name).join(people, people.c.id == melders.c.person_id)
    return {row.id: row.display_name for row in connection.execute(query.where(melders.c.id.in_(melder_ids)))}


def unsent_replies(connection: sa.Connection, *, limit: int) -> tuple[Reply, ...]:
    """Replies that wait for a colleague: uncertain, refused, or to be posted by hand; the oldest first."""
    query = sa.select(replies).where(IS_FOR_STAFF).order_by(replies.c.id).limit(limit)
    return tuple(Reply.from_row(row) for row in connection.execute(query))


def unreadable_items(connection: sa.Connection, *, limit: int) -> tuple[UnreadableLine, ...]:
    """The "niet leesbaar" tray, the newest first."""
    query = sa.select(messages).where(messages.c.state == UNREADABLE).order_by(messages.c.id.desc()).limit(limit)
    names = tuple(UnreadableLine.__dataclass_fields__)
    return tuple(UnreadableLine(**{name: row._mapping[name] for name in names}) for row in connection.execute(query))


def _count(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(*where).scalar_subquery()


def _waiting(moment: sa.Column[datetime], where: sa.ColumnElement[bool]) -> sa.Subquery[Any]:
    """How many, and the oldest: together, as for the oldest alone PostgreSQL would walk through all that ever came in."""
    return sa.select(sa.func.count().label("number"), sa.func.min(moment).label("oldest")).where(where).subquery()


_WAITING = _waiting(messages.c.received_at, IS_WAITING)
_DUE = _waiting(replies.c.due_at, sa.and_(IS_READY, replies.c.due_at <= sa.bindparam("now")))
_IS_UNFINISHED = meldingen.c.status.not_in(_CLOSED)
_NEWEST = sa.select(attempts.c.ended_at, attempts.c.outcome).order_by(attempts.c.id.desc()).limit(_NEWEST_ATTEMPTS).subquery()
_IS_SENT = sa.and_(_NEWEST.c.outcome == ReplyState.SENT.value, _NEWEST.c.ended_at >= sa.bindparam("lately"))
_SENT_LATELY = sa.select(sa.func.count()).select_from(_NEWEST).where(_IS_SENT)
_LATEST = sa.select(messages.c.received_at).order_by(messages.c.id.desc()).limit(1)
_HEALTH = sa.select(
    _WAITING.c.number.label("waiting_messages"),
    _WAITING.c.oldest.label("oldest_waiting"),
    _DUE.c.number.label("due_replies"),
    _DUE.c.oldest.label("oldest_due"),
    _count(IS_FOR_STAFF, replies.c.state == ReplyState.UNCERTAIN.value).label("uncertain"),
    _count(IS_FOR_STAFF, replies.c.state == ReplyState.REFUSED.value).label("refused"),
    _count(IS_FOR_STAFF, replies.c.state == ReplyState.BY_HAND.value).label("by_hand"),
    _count(messages.c.state == UNREADABLE).label("unreadable"),
    _count(meldingen.c.promised_at <= sa.bindparam("now"), _IS_UNFINISHED).label("broken_promises"),
    _count(meldingen.c.promised_at <= sa.bindparam("soon"), _IS_UNFINISHED).label("promises_in_danger"),
).select_from(_WAITING.join(_DUE, sa.true()))


def health(connection: sa.Connection, now: datetime) -> Health:
    row = connection.execute(_HEALTH, {"now": now, "soon": now + _SOON}).one()
    return Health(
        **row._asdict(),
        sent_lately=connection.execute(_SENT_LATELY, {"lately": now - LATELY}).scalar_one(),
        latest_moment=connection.execute(_LATEST).scalar_one_or_none(),
        channels=tuple(state for state in ChannelStates(connection).all() if state.is_enabled),
        is_stopped=Guards(connection).is_stopped(),
    )


def waiting_texts(connection: sa.Connection, limit: int) -> tuple[str, ...]:
    """What the oldest messages that wait for triage say."""
    query = sa.select(messages.c.text).where(IS_WAITING).order_by(messages.c.id).limit(limit)
    return tuple(connection.execute(query).scalars())
