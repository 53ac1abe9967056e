"""What the dashboard is counted from: the meldingen of a period, as bare figures without a word of anybody. Changes nothing.

One range of `ix_meldingen_created_at`, then the first answer and the end of each by the indexes on melding_id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from routing.melding import Event
from storage.outbox import ReplyState
from storage.tables import events, melders, meldingen, messages, replies

_BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One melding of the period. `proposed` is the lead that the machine proposed, `is_judged` whether it is decided."""

    id: int
    created_at: datetime
    topic: str
    buurt: str | None
    lead: str
    proposed: str
    is_judged: bool
    is_late: bool
    channel: str
    first_answer_at: datetime | None
    closed_at: datetime | None


def meldingen_between(connection: sa.Connection, start: datetime, end: datetime, *, now: datetime) -> tuple[Counted, ...]:
    """Every melding that began in [start, end)."""
    columns = (meldingen.c[name] for name in ("id", "created_at", "topic", "buurt", "lead", "proposal", "stage", "promised_at"))
    query = sa.select(*columns).where(meldingen.c.created_at >= start, meldingen.c.created_at < end)
    rows = connection.execute(query.order_by(meldingen.c.created_at)).all()
    ids = [row.id for row in rows]
    channels, answered, closed = _channels(connection, ids), _first_answers(connection, ids), _ends(connection, ids)
    return tuple(
        Counted(
            id=row.id,
            created_at=row.created_at,
            topic=row.topic,
            buurt=row.buurt,
            lead=row.lead,
            proposed=str(row.proposal.get("lead", row.lead)),
            is_judged=row.stage != "te_beoordelen",
            is_late=row.stage != "afgesloten" and row.promised_at is not None and row.promised_at <= now,
            channel=channels.get(row.id, "onbekend"),
            first_answer_at=answered.get(row.id),
            closed_at=closed.get(row.id) if row.stage == "afgesloten" else None,
        )
        for row in rows
    )


def moments_of_messages(connection: sa.Connection, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """When residents wrote: the moment of every message in [start, end)."""
    query = sa.select(messages.c.received_at).where(messages.c.received_at >= start, messages.c.received_at < end)
    return tuple(connection.execute(query).scalars())


def _channels(connection: sa.Connection, ids: Sequence[int]) -> dict[int, str]:
    """The channel of the first melder of each."""
    query = sa.select(melders.c.melding_id, melders.c.channel).order_by(melders.c.id.desc())
    return {
        row.melding_id: row.channel
        for part in _parts(ids)
        for row in connection.execute(query.where(melders.c.melding_id.in_(part)))
    }


def _first_answers(connection: sa.Connection, ids: Sequence[int]) -> dict[int, datetime]:
    # The state is looked at beside the index of a melding: as a condition it would lead through every reply that was ever sent.
    sent_at = sa.case((replies.c.state == ReplyState.SENT.value, replies.c.sent_at))
    query = sa.select(replies.c.melding_id, sa.func.min(sent_at, type_=replies.c.sent_at.type).label("first"))
    query = query.group_by(replies.c.melding_id)
    return {
        row.melding_id: row.first
        for part in _parts(ids)
        for row in connection.execute(query.where(replies.c.melding_id.in_(part)))
        if row.first is not None
    }


def _ends(connection: sa.Connection, ids: Sequence[int]) -> dict[int, datetime]:
    ending = (Event.AFGEHANDELD.value, Event.DOORVERWEZEN.value, Event.INGETROKKEN.value, Event.SAMENGEVOEGD.value)
    last = sa.func.max(events.c.at, type_=events.c.at.type).label("last")
    query = sa.select(events.c.melding_id, last).where(events.c.event.in_(ending)).group_by(events.c.melding_id)
    return {
        row.melding_id: row.last for part in _parts(ids) for row in connection.execute(query.where(events.c.melding_id.in_(part)))
    }


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
