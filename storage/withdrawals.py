"""What residents took back at their platform: our copy is masked, the melding stays, and staff see that it happened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from routing.melding import Event
from routing.messages import Removal
from routing.sentences import said
from storage.corrections import Corrections
from storage.dialect import hold_name, insert_new
from storage.meldingen import Change, Meldingen
from storage.tables import attachments, melders, meldingen, messages

REMOVED = "(verwijderd door melder)"


class Withdrawals:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take_back(self, removal: Removal, now: datetime) -> bool:
        """Mask the message and every later version of it, or with a doubt only tell staff. True when it was news. Idempotent.

        A removal that comes before its message leaves a mark, so that the message is not taken in any more.
        """
        is_it = self._named(removal)
        if removal.doubt:
            return self._note_unseen(is_it, removal.doubt, now)
        self._hold(removal.channel, removal.external_id)
        found = self._locked(is_it)
        is_here = any(row.external_id == removal.external_id for row in found)
        if not is_here and not self._leave_mark(removal, now):
            found = self._locked(is_it)  # it was being taken in at this moment
        present = [row for row in found if row.removed_at is None]
        for row in present:
            self._mask(row, now)
        concerned = dict.fromkeys(row.melding_id for row in present if row.melding_id is not None)
        for melding_id in (*concerned, *self._quoting(present, concerned)):
            self._tell(melding_id, [row.text for row in present], now)
            Corrections(self._connection).forget([melding_id])
        return bool(present)

    def mask_late_version(self, message_id: int, channel: str, original: str, now: datetime) -> bool:
        """Mask a version that comes in after its original was taken back. False when the original still stands."""
        self._hold(channel, original)
        is_gone = sa.and_(messages.c.external_id == original, messages.c.removed_at.is_not(None))
        if self._connection.execute(sa.select(messages.c.id).where(messages.c.channel == channel, is_gone)).first() is None:
            return False
        for row in self._locked(messages.c.id == message_id):
            self._mask(row, now)
        return True

    def _hold(self, channel: str, external_id: str) -> None:
        """A message is taken back, or gets a later version: one of the two at a time, until the end of this transaction."""
        hold_name(self._connection, f"{channel} {external_id}")

    def _locked(self, which: sa.ColumnElement[bool]) -> Sequence[sa.Row[tuple[object, ...]]]:
        """What is being judged at this moment has its melding before it is masked."""
        return self._connection.execute(sa.select(messages).where(which).with_for_update()).all()

    def _named(self, removal: Removal) -> sa.ColumnElement[bool]:
        """The message, and every later version of it."""
        of_channel = sa.select(messages.c.id).where(messages.c.channel == removal.channel)
        itself = of_channel.where(messages.c.external_id == removal.external_id)
        return messages.c.id.in_(itself.union_all(of_channel.where(messages.c.edits == removal.external_id)))

    def _note_unseen(self, is_it: sa.ColumnElement[bool], doubt: str, now: datetime) -> bool:
        """Nothing is masked. True when staff did not know yet."""
        is_news = sa.and_(is_it, messages.c.removed_at.is_(None), messages.c.unseen_at.is_(None))
        found = self._connection.execute(sa.select(messages).where(is_news).with_for_update()).all()
        self._connection.execute(sa.update(messages).where(messages.c.id.in_([row.id for row in found])).values(unseen_at=now))
        repository = Meldingen(self._connection)
        for melding_id in dict.fromkeys(row.melding_id for row in found if row.melding_id is not None):
            change = Change(event=Event.NIET_MEER_TE_ZIEN, actor="wijkbalie", why=doubt)
            repository.record(repository.get(melding_id), change, now)
        return bool(found)

    def _mask(self, row: sa.Row[tuple[object, ...]], now: datetime) -> None:
        empty: dict[str, object] = {"text": "", "raw": "{}", "attachments": [], "lat": None, "lon": None, "removed_at": now}
        if row.state == "wacht":
            empty |= {"state": "verwerkt", "action": "verwijderd"}
        self._connection.execute(sa.update(messages).where(messages.c.id == row.id).values(empty))
        theirs = attachments.c.message_id == row.id
        self._connection.execute(sa.update(attachments).where(theirs).values(state="verwijderd", reference="", problem=None))

    def _tell(self, melding_id: int, texts: list[str], now: datetime) -> None:
        repository = Meldingen(self._connection)
        melding = repository.get(melding_id)
        is_quoted = bool(melding.summary) and any(melding.summary in text for text in texts)
        columns = {"summary": REMOVED} if is_quoted else {}
        change = Change(event=Event.VERWIJDERD_DOOR_MELDER, actor="melder", why=said("op het platform"), columns=columns)
        repository.record(melding, change, now)

    def _quoting(self, gone: Sequence[sa.Row[Any]], but: Collection[int]) -> tuple[int, ...]:
        """The other meldingen of these writers that begin with what is gone: split off from it, or left behind by it."""
        writers = {row.person_id for row in gone} - {None}
        theirs = sa.select(melders.c.melding_id).where(melders.c.person_id.in_(writers))
        query = sa.select(meldingen.c.id, meldingen.c.summary).where(meldingen.c.id.in_(theirs), meldingen.c.id.not_in(but))
        quoting = [row for row in self._connection.execute(query) if row.summary and any(row.summary in one.text for one in gone)]
        return tuple(row.id for row in quoting if not self._says_still(row.id, row.summary))

    def _says_still(self, melding_id: int, words: str) -> bool:
        """Whether a message of the melding that stands there still says these words."""
        texts = self._connection.execute(sa.select(messages.c.text).where(messages.c.melding_id == melding_id)).scalars()
        return any(words in text for text in texts)

    def _leave_mark(self, removal: Removal, now: datetime) -> bool:
        """False when the message was there already. Waits for who is taking it in."""
        values = {"channel": removal.channel, "external_id": removal.external_id, "attachments": [], "raw": "{}"}
        moments = {"sent_at": now, "received_at": now, "removed_at": now}
        mark = {**values, **moments, "state": "verwerkt", "action": "verwijderd"}
        return insert_new(self._connection, messages, mark) is not None
