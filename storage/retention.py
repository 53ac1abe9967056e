"""Emptying what was kept long enough: who wrote, what they wrote, and what we answered. The case itself stays, for the figures.

Every row stays where it was, so that a replay of old messages brings nothing back and the event log stays whole. The files of
attachments are removed by the sweep that removes those of withdrawn messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from routing.melding import Event
from routing.sentences import said
from storage.corrections import Corrections
from storage.event_log import forget_reasons
from storage.few import HAS_RAW, IS_CLOSED, IS_KEPT, IS_KEPT_CHATTER, IS_LOOSE
from storage.meldingen import Change, Melding, Meldingen
from storage.outbox import WAITS_FOR_STAFF, ReplyState
from storage.tables import (
    attachments,
    colleagues,
    follow_links,
    melders,
    meldingen,
    message_links,
    messages,
    notes,
    people,
    replies,
    tasks,
)

EMPTIED = "(opgeruimd na de bewaartermijn)"
_IS_OVER = said("de bewaartermijn is om")
FORGOTTEN = "opgeruimd:"
"""How the number of a person begins of whom nothing is known any more."""
# Said so that the databases use the indexes of what is left to empty: values written out, and no range of another index.
_IS_HANDLED = messages.c.state.not_in(("wacht", "onleesbaar"))
_HAS_TEXT = messages.c.text != sa.literal_column("''")
UNDECIDED = (ReplyState.READY.value, ReplyState.BUSY.value, *WAITS_FOR_STAFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriods:
    """How long things are kept, counted from their arrival (`raw`) or from the last step of a closed melding."""

    raw: timedelta
    content: timedelta
    chatter: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is over its time, what is held, and what cannot be emptied because a reply still waits for somebody."""

    raw: int
    meldingen: int
    held: int
    waiting: int


class Retention:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def overview(self, periods: RetentionPeriods, now: datetime) -> Overview:
        over = sa.or_(_is_over_content(periods, now), _is_over_chatter(periods, now))
        return Overview(
            raw=self._count(messages, _has_old_raw(periods, now)),
            meldingen=self._count(meldingen, sa.and_(over, ~meldingen.c.is_held, ~_has_waiting_reply())),
            held=self._count(meldingen, meldingen.c.is_held),
            waiting=self._count(meldingen, sa.and_(over, ~meldingen.c.is_held, _has_waiting_reply())),
        )

    def strip_raw(self, periods: RetentionPeriods, now: datetime, limit: int) -> int:
        """Remove the payloads of handled messages as the platform gave them. Returns how many. Idempotent."""
        old = sa.select(messages.c.id).where(_has_old_raw(periods, now)).order_by(messages.c.received_at).limit(limit)
        return self._connection.execute(sa.update(messages).where(messages.c.id.in_(old)).values(raw="{}")).rowcount

    def empty_loose(self, periods: RetentionPeriods, now: datetime, limit: int) -> int:
        """Empty handled messages that belong to no melding, such as a greeting. Returns how many. Idempotent."""
        old = sa.and_(IS_LOOSE, _IS_HANDLED, messages.c.received_at <= now - periods.chatter)
        query = sa.select(messages.c.id, messages.c.person_id).where(old).order_by(messages.c.received_at).limit(limit)
        rows = self._connection.execute(query).all()
        empty_messages(self._connection, messages.c.id.in_([row.id for row in rows]))
        self._empty_people([row.person_id for row in rows if row.person_id is not None])
        return len(rows)

    def due(self, periods: RetentionPeriods, now: datetime, limit: int) -> tuple[Melding, ...]:
        """Closed meldingen whose time is over, the oldest first."""
        found: list[Melding] = []
        for is_over in (_is_over_content(periods, now), _is_over_chatter(periods, now)):  # each reads an index of its own
            is_due = sa.and_(is_over, ~meldingen.c.is_held, ~_has_waiting_reply())
            query = sa.select(meldingen).where(is_due).order_by(meldingen.c.updated_at, meldingen.c.id)
            found += map(Melding.from_row, self._connection.execute(query.limit(limit - len(found))))
        return tuple(found)

    def empty(self, melding: Melding, now: datetime, *, actor: str = "wijkbalie", why: str = _IS_OVER) -> None:
        """Empty one melding and the people who have nothing else with us. Raises StaleError when it changed meanwhile."""
        columns: dict[str, object] = {"summary": EMPTIED, "emptied_at": now, "question": None, "appointment_place": None}
        change = Change(
            event=Event.OPGERUIMD,
            actor=actor,
            why=why,
            columns={**columns, "appointment_guests": "", "contact_person": None},
        )
        Meldingen(self._connection).record(melding, change, now)
        empty_messages(self._connection, messages.c.melding_id == melding.id)
        self._empty_answers(melding.id)
        forget_reasons(self._connection, melding.id)
        Corrections(self._connection).forget([melding.id])
        ours = sa.select(melders.c.person_id).where(melders.c.melding_id == melding.id)
        self._empty_people(self._connection.execute(ours).scalars().all())

    def hold(self, melding_id: int, *, is_held: bool, actor: str, why: str, now: datetime) -> bool:
        """Keep a melding past its time, or no longer. False when it was so already. Raises NotFoundError, StaleError."""
        repository = Meldingen(self._connection)
        melding = repository.get(melding_id)
        is_other = meldingen.c.is_held != is_held
        if not self._count(meldingen, sa.and_(meldingen.c.id == melding_id, is_other)):
            return False
        event = Event.BEWAARD if is_held else Event.VRIJGEGEVEN
        repository.record(melding, Change(event=event, actor=actor, why=why, columns={"is_held": is_held}), now)
        return True

    def _count(self, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
        return int(self._connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one())

    def _empty_answers(self, melding_id: int) -> None:
        run, of = self._connection.execute, sa.literal(melding_id)
        empty_conversations(self._connection, melders.c.melding_id == of, replies.c.melding_id == of)
        run(sa.update(notes).where(notes.c.melding_id == of).values(text=""))
        run(sa.update(tasks).where(tasks.c.melding_id == of).values(what="", why=""))

    def _empty_people(self, person_ids: Sequence[int]) -> None:
        """Forget who these are, and the e-mail addresses they left, as far as nothing else of theirs is kept.

        Colleagues stay known. Who writes at this moment is waited for, and stays known too.
        """
        hold_people(self._connection, sa.or_(people.c.id.in_(person_ids), people.c.speaks_for_id.in_(person_ids)))
        takes_part = sa.select(melders.c.id).join(meldingen, meldingen.c.id == melders.c.melding_id)
        is_needed = takes_part.where(melders.c.person_id == people.c.id, meldingen.c.emptied_at.is_(None))
        has_words = sa.select(messages.c.id).where(messages.c.person_id == people.c.id)
        has_words = has_words.where(sa.or_(_HAS_TEXT, ~_IS_HANDLED))
        is_colleague = sa.select(colleagues.c.id).where(colleagues.c.person_id == people.c.id)
        keeps = sa.or_(is_needed.exists(), has_words.exists(), is_colleague.exists())
        gone = self._connection.execute(sa.select(people.c.id).where(people.c.id.in_(person_ids), ~keeps)).scalars().all()
        for theirs in (people.c.id.in_(gone), sa.and_(people.c.speaks_for_id.in_(gone), ~keeps)):  # each by an index of its own
            forget_people(self._connection, theirs)


def hold_people(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    """Nobody changes who these people are until the end of this transaction, and nobody takes in what they write."""
    connection.execute(sa.select(people.c.id).where(which).order_by(people.c.id).with_for_update()).all()


def empty_messages(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """Take what was written out of these messages. Returns how many. Idempotent; that they came is still known."""
    ids = sa.select(messages.c.id).where(which)
    of_files = sa.update(attachments).where(attachments.c.message_id.in_(ids))
    connection.execute(of_files.values(state="verwijderd", reference="", problem=None))
    connection.execute(sa.delete(message_links).where(message_links.c.message_id.in_(ids)))
    nothing: dict[str, object] = {"text": "", "raw": "{}", "attachments": [], "lat": None, "lon": None}
    columns = {**nothing, "thread": "", "reply_to": "", "in_reply_to": None}
    return connection.execute(sa.update(messages).where(which).values(columns)).rowcount


def empty_conversations(
    connection: sa.Connection, of_melders: sa.ColumnElement[bool], of_replies: sa.ColumnElement[bool]
) -> None:
    """Take out what was answered, and by which conversation and page these melders are reached. Idempotent."""
    links = follow_links.c.melder_id.in_(sa.select(melders.c.id).where(of_melders))
    connection.execute(sa.delete(follow_links).where(links))
    connection.execute(sa.update(replies).where(of_replies).values(text="", recipient="", thread="", reply_to=""))
    connection.execute(sa.update(melders).where(of_melders).values(thread="", reply_to=""))


def forget_people(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    """Take out who these people are. Idempotent."""
    name = sa.literal(FORGOTTEN) + sa.cast(people.c.id, sa.Text)
    connection.execute(sa.update(people).where(which).values(external_id=name, display_name=""))


def _has_old_raw(periods: RetentionPeriods, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(HAS_RAW, messages.c.received_at <= now - periods.raw, _IS_HANDLED)


def _is_over_content(periods: RetentionPeriods, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(IS_KEPT, meldingen.c.updated_at <= now - periods.content, _may_go())


def _is_over_chatter(periods: RetentionPeriods, now: datetime) -> sa.ColumnElement[bool]:
    """Of the greetings and thanks, those that are not over their time as every melding is."""
    is_over = sa.and_(meldingen.c.updated_at > now - periods.content, meldingen.c.updated_at <= now - periods.chatter)
    return sa.and_(IS_KEPT_CHATTER, is_over, _may_go())


def _may_go() -> sa.ColumnElement[bool]:
    """Closed. What was merged waits for the melding it was merged into, whose melders are also its own."""
    root = meldingen.alias()
    emptied_at = sa.select(root.c.emptied_at).where(root.c.id == meldingen.c.merged_into_id).scalar_subquery()
    return sa.and_(IS_CLOSED, sa.or_(meldingen.c.merged_into_id.is_(None), emptied_at.is_not(None)))


def _has_waiting_reply() -> sa.ColumnElement[bool]:
    query = sa.select(replies.c.id).where(replies.c.melding_id == meldingen.c.id, replies.c.state.in_(UNDECIDED))
    return query.exists()
