"""What came in: messages, their senders, and the cursor per channel.

A message and the cursor that covers it are written in one transaction; the caller commits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Self

import sqlalchemy as sa

from routing.messages import Attachment, AttachmentKind, InboundMessage, Item, Page, Removal, UnreadableItem, Visibility
from storage.attachments import Attachments
from storage.channel_states import ChannelStates
from storage.dialect import insert_for, insert_new, skipping_locked, upsert
from storage.few import IS_OPEN, IS_WAITING
from storage.tables import cursors, meldingen, messages, people
from storage.withdrawals import Withdrawals

WAITING, HANDLED, UNREADABLE = "wacht", "verwerkt", "onleesbaar"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message in the inbox. `person_id` is None when the platform withheld the author."""

    id: int
    channel: str
    external_id: str
    thread: str
    reply_to: str
    visibility: Visibility
    person_id: int | None
    recipient: str
    text: str = field(repr=False)
    attachments: tuple[dict[str, Any], ...]
    lat: float | None
    lon: float | None
    in_reply_to: str | None
    edits: str | None
    sent_at: datetime
    received_at: datetime

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__ if name not in {"visibility", "attachments"}}
        return cls(visibility=Visibility(row.visibility), attachments=tuple(row.attachments), **values)


_older = messages.alias("older")
_WAITING_FIRST = (
    sa.select(messages, sa.func.coalesce(people.c.external_id, "").label("recipient"))
    .select_from(messages.outerjoin(people, people.c.id == messages.c.person_id))
    .where(
        IS_WAITING,
        ~sa.exists().where(
            _older.c.channel == messages.c.channel,
            _older.c.thread == messages.c.thread,
            _older.c.state == WAITING,
            _older.c.id < messages.c.id,
        ),
    )
    .order_by(messages.c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer()))
)
_CHANGE_MESSAGE = sa.update(messages).where(messages.c.id == sa.bindparam("of_message"))
_CURSOR = sa.select(cursors.c.cursor).where(cursors.c.channel == sa.bindparam("of_channel"))


@cache
def _meeting(dialect: str) -> sa.Executable:
    """Make the person of a message known, or renew what is known: a name is not forgotten, nor the latest private message."""
    insert = insert_for(people, dialect)
    new, last = insert.excluded, people.c.last_wrote_private_at
    is_older = sa.or_(new.last_wrote_private_at.is_(None), last > new.last_wrote_private_at)
    changes = {
        "is_bot": new.is_bot,
        "display_name": sa.case((new.display_name == "", people.c.display_name), else_=new.display_name),
        "last_wrote_private_at": sa.case((is_older, last), else_=new.last_wrote_private_at),
    }
    return insert.on_conflict_do_update(index_elements=("channel", "external_id"), set_=changes).returning(people.c.id)


class Inbox:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._states = ChannelStates(connection)
        self._attachments = Attachments(connection)
        self._withdrawals = Withdrawals(connection)

    def cursor(self, channel: str) -> str | None:
        return self._connection.execute(_CURSOR, {"of_channel": channel}).scalar_one_or_none()

    def take_in(self, channel: str, page: Page, now: datetime) -> int:
        """Keep every item of the page that is not kept yet, and the cursor. Returns how many were new. Idempotent."""
        new = self.take_pushed(channel, page.items, now)
        upsert(self._connection, cursors, "channel", {"channel": channel, "cursor": page.cursor, "updated_at": now})
        self._states.note_fetch(channel, now)
        return new

    def take_pushed(self, channel: str, items: Iterable[Item], now: datetime) -> int:
        """Keep every item that is not kept yet; the cursor stays. Returns how many were new. Idempotent."""
        new = sum(self._keep(item, now) for item in items)
        if new:
            self._states.note_arrival(channel, now)
        return new

    def claim_waiting(self, limit: int) -> tuple[StoredMessage, ...]:
        """The oldest waiting message of each conversation, locked until the end of this transaction.

        Only the oldest: two workers must not judge two messages of one conversation at the same time.
        """
        rows = self._connection.execute(skipping_locked(self._connection, _WAITING_FIRST, messages), {"at_most": limit})
        return tuple(StoredMessage.from_row(row) for row in rows)

    def mark_handled(self, message_id: int, *, melding_id: int | None, action: str) -> None:
        self._set(message_id, state=HANDLED, melding_id=melding_id, action=action)

    def mark_unreadable(self, message_id: int, problem: str) -> None:
        self._set(message_id, state=UNREADABLE, problem=problem)

    def texts_of(self, melding_id: int) -> tuple[str, ...]:
        query = sa.select(messages.c.text).where(messages.c.melding_id == melding_id).order_by(messages.c.id)
        return tuple(self._connection.execute(query).scalars())

    def texts_by_melding(self, melding_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
        """What was written about each of the meldingen, in the order it came in."""
        query = sa.select(messages.c.melding_id, messages.c.text).where(messages.c.melding_id.in_(melding_ids))
        found: dict[int, tuple[str, ...]] = {}
        for row in self._connection.execute(query.order_by(messages.c.id)) if melding_ids else ():
            found[row.melding_id] = (*found.get(row.melding_id, ()), row.text)
        return found

    def has_photo(self, melding_id: int) -> bool:
        """Whether anybody sent a photo with this melding."""
        found = self._connection.execute(sa.select(messages.c.attachments).where(messages.c.melding_id == melding_id)).scalars()
        return any(item["kind"] == AttachmentKind.PHOTO.value for attachments in found for item in attachments)

    def id_of(self, channel: str, external_id: str) -> int | None:
        """Our own number of a message that the platform, or a form, names so."""
        query = sa.select(messages.c.id).where(messages.c.channel == channel, messages.c.external_id == external_id)
        return self._connection.execute(query).scalar_one_or_none()

    def melding_of(self, channel: str, external_id: str) -> int | None:
        """The melding that a message (named by its platform id) belongs to, if any."""
        query = sa.select(messages.c.melding_id).where(messages.c.channel == channel, messages.c.external_id == external_id)
        return self._connection.execute(query).scalar_one_or_none()

    def public_of_open_meldingen(self, channel: str, limit: int) -> tuple[str, ...]:
        """Platform ids of public messages that belong to an open melding and were not taken back, the newest first."""
        is_open = messages.c.melding_id.in_(sa.select(meldingen.c.id).where(IS_OPEN))
        is_there = sa.and_(messages.c.visibility == Visibility.PUBLIC.value, messages.c.removed_at.is_(None))
        query = sa.select(messages.c.channel, messages.c.external_id).where(is_open, is_there).order_by(messages.c.id.desc())
        # The channel is looked at here: as a condition it would lead through everything that ever came in over it.
        found = (row.external_id for row in self._connection.execute(query) if row.channel == channel)
        return tuple(itertools.islice(found, limit))

    def record_proof(self, person_id: int, now: datetime) -> None:
        """The person showed that messages reach them: from now on they count as having written to us."""
        self._connection.execute(sa.update(people).where(people.c.id == person_id).values(last_wrote_private_at=now))

    def forget_cursors(self) -> None:
        """Read every channel again from its beginning. Safe: what is kept already is recognised."""
        self._connection.execute(sa.delete(cursors))

    def _keep(self, item: Item, now: datetime) -> bool:
        if isinstance(item, Removal):
            return self._withdrawals.take_back(item, now)
        if isinstance(item, UnreadableItem):
            return insert_new(self._connection, messages, self._unreadable_row(item, now)) is not None
        message_id = insert_new(self._connection, messages, self._message_row(item, now))
        if message_id is None:
            return False
        if item.edits is not None and self._withdrawals.mask_late_version(message_id, item.channel, item.edits, now):
            return True
        first_id = self._join_album(item, message_id)
        self._attachments.add(message_id if first_id is None else first_id, item.channel, item.attachments, now)
        return True

    def _join_album(self, item: InboundMessage, message_id: int) -> int | None:
        """What was sent as one becomes one message: the first that came takes the files, and the words if nobody judged it yet.

        Returns the id of the first; None when this is it, or has words of its own that came too late.
        """
        if item.album is None:
            return None
        same = sa.and_(messages.c.channel == item.channel, messages.c.thread == item.thread, messages.c.album == item.album)
        earlier = sa.select(messages).where(same, messages.c.id < message_id).order_by(messages.c.id).limit(1)
        earlier = earlier.with_for_update()  # its state must not change between the look and the joining
        first = self._connection.execute(earlier).one_or_none()
        if first is None or (item.text and (first.text or first.state != WAITING)):
            return None
        self._set(first.id, attachments=[*first.attachments, *_as_json(item.attachments)], text=first.text or item.text)
        self._set(message_id, attachments=[], state=HANDLED, action="album")
        return int(first.id)

    def _unreadable_row(self, item: UnreadableItem, now: datetime) -> dict[str, object]:
        return {
            "channel": item.channel,
            "external_id": item.external_id,
            "attachments": [],
            "sent_at": now,
            "received_at": now,
            "raw": item.raw,
            "state": UNREADABLE,
            "problem": item.reason,
        }

    def _message_row(self, item: InboundMessage, now: datetime) -> dict[str, object]:
        return {
            "channel": item.channel,
            "external_id": item.external_id,
            "thread": item.thread,
            "reply_to": item.reply_to,
            "visibility": item.visibility.value,
            "person_id": self._person_id(item, now),
            "text": item.text,
            "attachments": _as_json(item.attachments),
            "album": item.album,
            "lat": item.location.lat if item.location else None,
            "lon": item.location.lon if item.location else None,
            "in_reply_to": item.in_reply_to,
            "edits": item.edits,
            "sent_at": item.sent_at,
            "received_at": now,
            "raw": item.raw,
            "state": WAITING,
        }

    def _person_id(self, item: InboundMessage, now: datetime) -> int | None:
        if item.sender is None:
            return None
        is_proven = item.visibility is Visibility.PRIVATE and item.sender.is_proven
        person = {
            "channel": item.channel,
            "external_id": item.sender.external_id,
            "display_name": item.sender.display_name,
            "is_bot": item.sender.is_bot,
            "first_seen_at": now,
            "last_wrote_private_at": item.sent_at if is_proven else None,
        }
        return int(self._connection.execute(_meeting(self._connection.dialect.name), person).scalar_one())

    def _set(self, message_id: int, **changes: object) -> None:
        self._connection.execute(_CHANGE_MESSAGE, {**changes, "of_message": message_id})


def _as_json(found: Iterable[Attachment]) -> list[dict[str, object]]:
    return [{"kind": a.kind.value, "reference": a.reference, "size": a.size, "mime_type": a.mime_type} for a in found]
