"""Files that residents sent, as rows: what is still to be fetched, what is kept under which hash, what was refused and why.

A row is made with its message. The files themselves lie elsewhere; the caller commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa

from routing.errors import NotFoundError
from routing.messages import Attachment, GeoPoint
from routing.sentences import said
from storage.dialect import hold_name, skipping_locked
from storage.few import IS_ORPHAN, IS_TO_FETCH
from storage.tables import attachments, messages


class AttachmentState(StrEnum):
    WAITING = "wacht"
    KEPT = "bewaard"
    REFUSED = "geweigerd"
    FAILED = "mislukt"
    REMOVED = "verwijderd"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttachment:
    id: int
    message_id: int
    position: int
    channel: str
    kind: str
    reference: str = field(repr=False)
    state: AttachmentState
    due_at: datetime
    attempts: int
    problem: str | None
    sha256: str | None
    size: int
    media_type: str | None

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "state": AttachmentState(row.state)})


def _is_due(channel: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(IS_TO_FETCH, attachments.c.channel == channel, attachments.c.due_at <= now)


class Attachments:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, message_id: int, channel: str, found: Sequence[Attachment], now: datetime) -> None:
        """Behind those that the message has already."""
        if not found:
            return
        have: sa.Select[Any] = sa.select(sa.func.count()).where(attachments.c.message_id == message_id)
        first = int(self._connection.execute(have).scalar_one())
        rows = [
            {"message_id": message_id, "position": number, "channel": channel, "kind": one.kind.value, "reference": one.reference}
            for number, one in enumerate(found, first)
        ]
        values = [{**row, "state": AttachmentState.WAITING.value, "due_at": now} for row in rows]
        self._connection.execute(sa.insert(attachments), values)

    def has_due(self, channel: str, now: datetime) -> bool:
        return bool(self._connection.execute(sa.select(sa.exists().where(_is_due(channel, now)))).scalar_one())

    def claim_due(self, channel: str, now: datetime, *, lease: timedelta) -> StoredAttachment | None:
        """The oldest one to fetch. When its fetcher disappears it is due again after `lease`. Commit before fetching."""
        query = sa.select(attachments).where(_is_due(channel, now)).order_by(attachments.c.id).limit(1)
        row = self._connection.execute(skipping_locked(self._connection, query, attachments)).one_or_none()
        if row is None:
            return None
        self._update(row.id, due_at=now + lease, attempts=row.attempts + 1)
        return self.get(row.id)

    def get(self, attachment_id: int) -> StoredAttachment:
        """Raises NotFoundError."""
        row = self._connection.execute(sa.select(attachments).where(attachments.c.id == attachment_id)).one_or_none()
        if row is None:
            raise NotFoundError(said("Deze bijlage bestaat niet."))
        return StoredAttachment.from_row(row)

    def of_messages(self, message_ids: Iterable[int]) -> dict[int, tuple[StoredAttachment, ...]]:
        """Message id -> its attachments, in the order in which they were sent."""
        query = sa.select(attachments).where(attachments.c.message_id.in_(tuple(message_ids))).order_by(attachments.c.id)
        found: dict[int, tuple[StoredAttachment, ...]] = {}
        for row in self._connection.execute(query):
            one = StoredAttachment.from_row(row)
            found[one.message_id] = (*found.get(one.message_id, ()), one)
        return found

    def record_kept(self, one: StoredAttachment, *, sha256: str, size: int, media_type: str) -> bool:
        """False when the resident took it back meanwhile."""
        return self._settle(one, AttachmentState.KEPT, sha256=sha256, size=size, media_type=media_type, problem=None)

    def record_refused(self, one: StoredAttachment, problem: str) -> None:
        self._settle(one, AttachmentState.REFUSED, problem=problem)

    def record_retry(self, one: StoredAttachment, problem: str, *, due_at: datetime) -> None:
        self._settle(one, AttachmentState.WAITING, problem=problem, due_at=due_at)

    def record_failed(self, one: StoredAttachment, problem: str) -> None:
        self._settle(one, AttachmentState.FAILED, problem=problem)

    def note_place(self, one: StoredAttachment, point: GeoPoint) -> int | None:
        """Give the message the place that its photo tells, unless it has one. Returns its melding, if it changed something."""
        lacks_place = sa.and_(messages.c.id == one.message_id, messages.c.lat.is_(None))
        update = sa.update(messages).where(lacks_place).values(lat=point.lat, lon=point.lon).returning(messages.c.melding_id)
        return self._connection.execute(update).scalar_one_or_none()

    def orphans(self, limit: int = 100) -> tuple[StoredAttachment, ...]:
        """Those that were taken back while a file of theirs is still kept."""
        rows = self._connection.execute(sa.select(attachments).where(IS_ORPHAN).limit(limit))
        return tuple(StoredAttachment.from_row(row) for row in rows)

    def hold_file(self, sha256: str) -> None:
        """Until the end of this transaction nobody else puts this file in place or deletes it."""
        hold_name(self._connection, f"bestand {sha256}")

    def named_files(self) -> frozenset[str]:
        """The hash of every file that a row names."""
        query = sa.select(attachments.c.sha256).where(attachments.c.sha256.is_not(None))
        return frozenset(self._connection.execute(query).scalars())

    def is_named(self, sha256: str) -> bool:
        return bool(self._connection.execute(sa.select(sa.exists().where(attachments.c.sha256 == sha256))).scalar_one())

    def forget_file(self, one: StoredAttachment) -> bool:
        """Hold and let go of the file. Whether no other row names it, so that it is to be deleted before this is committed."""
        if one.sha256 is None:
            return False
        self.hold_file(one.sha256)
        self._update(one.id, sha256=None)
        return not self.is_named(one.sha256)

    def _settle(self, one: StoredAttachment, state: AttachmentState, **changes: Any) -> bool:
        is_open = sa.and_(attachments.c.id == one.id, attachments.c.state == AttachmentState.WAITING.value)
        done = self._connection.execute(sa.update(attachments).where(is_open).values(state=state.value, **changes))
        return done.rowcount == 1

    def _update(self, attachment_id: int, **changes: Any) -> None:
        self._connection.execute(sa.update(attachments).where(attachments.c.id == attachment_id).values(changes))
