"""Meldingen, their melders and their event log.

Every change goes through `record`: it checks the transition table, appends a hash-chained event and
updates the row, all in the caller's transaction. A rival change in between is a StaleError.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from routing.errors import NotFoundError, StaleError
from routing.melding import CLOSED, LETS_SLEEP, Event, Status, next_status
from routing.messages import Visibility
from routing.office_hours import AMSTERDAM
from routing.reachability import Wish
from routing.sentences import said
from storage import event_log, numbering
from storage.dialect import insert_new
from storage.few import HAS_OPEN_QUESTION
from storage.tables import events, melders, meldingen, messages, people


@dataclass(frozen=True, slots=True, kw_only=True)
class Melding:
    """A stored melding. `id` and year make the visible reference; `proposal` is the routing decision as it was made."""

    id: int
    status: Status
    status_before_question: Status | None
    lead: str
    involved: tuple[str, ...]
    partner: str | None
    topic: str
    kind: str
    urgency: str
    language: str
    zone: str
    confidence: float
    proposal: dict[str, Any] = field(repr=False)
    summary: str = field(repr=False)
    street: str | None
    buurt: str | None
    wijk: str | None
    lat: float | None
    lon: float | None
    needs_personal_contact: bool
    contact_person: str | None
    planned_for: datetime | None
    promised_at: datetime | None
    promise_no: int
    outcome: str | None
    not_solved_reason: str | None
    merged_into_id: int | None
    created_at: datetime
    updated_at: datetime
    event_count: int
    last_hash: str
    is_emergency: bool
    question: str | None = field(repr=False)
    asked_person_id: int | None
    asked_at: datetime | None
    reminded_at: datetime | None
    asked: frozenset[str]
    warned_for: datetime | None
    promises_broken: int
    escalation_proposed: int
    escalation_decided: int
    feedback: str | None
    appointment_at: datetime | None
    appointment_place: str | None = field(repr=False)
    appointment_guests: str = field(repr=False)
    snoozed_until: datetime | None
    returned_by: str | None
    rank: int

    @property
    def kenmerk(self) -> str:
        """The reference a resident sees, such as `WB-2026-00042`."""
        return kenmerk_of(self.id, self.created_at)

    @property
    def is_escalation_proposed(self) -> bool:
        """Whether a colleague must decide about a step up the ladder."""
        return not self.is_closed and self.escalation_proposed > self.escalation_decided

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        stored = row._mapping  # asked for once: it is made anew each time
        values = {name: stored[name] for name in cls.__dataclass_fields__}
        values["status"] = Status(row.status)
        values["status_before_question"] = Status(row.status_before_question) if row.status_before_question else None
        values["involved"] = tuple(row.involved)
        values["asked"] = frozenset(row.asked.split())
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMelding:
    """What is known when a melding begins; the columns of `Melding` that a decision fills."""

    lead: str
    involved: tuple[str, ...]
    partner: str | None
    topic: str
    kind: str
    urgency: str
    language: str
    zone: str
    confidence: float
    proposal: dict[str, Any] = field(repr=False)
    summary: str = field(repr=False)
    street: str | None = None
    buurt: str | None = None
    wijk: str | None = None
    lat: float | None = None
    lon: float | None = None
    needs_personal_contact: bool = False
    is_emergency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Melder:
    """A person who takes part in a melding, with the conversation that news goes to."""

    id: int
    melding_id: int
    person_id: int
    channel: str
    thread: str
    reply_to: str
    visibility: Visibility
    language: str
    recipient: str
    joined_at: datetime
    last_wrote_private_at: datetime | None
    wish: Wish = Wish.ALLES
    speaks_for_id: int | None = None
    """The person who left this e-mail address in a conversation."""

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "visibility": Visibility(row.visibility), "wish": Wish(row.wish)})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMelder:
    person_id: int
    channel: str
    thread: str
    reply_to: str
    visibility: Visibility
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event to record: what happened, who did it, why, and the columns of the melding it changes.

    `back_to` is the status that a decision taken back began with; only TERUGGEDRAAID has one.
    """

    event: Event
    actor: str
    why: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    back_to: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEvent:
    """The newest event of a melding, with what was kept beside it."""

    id: int
    seq: int
    at: datetime
    event: Event
    actor: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The melding after the change, and the id of the event, which replies hang on."""

    melding: Melding
    event_id: int


def kenmerk_of(melding_id: int, created_at: datetime) -> str:
    """The year is that of the calendar in the office; the number alone tells one melding from another."""
    return f"WB-{created_at.astimezone(AMSTERDAM).year}-{melding_id:05d}"


def family(melding_id: int | sa.BindParameter[int]) -> sa.Select[tuple[int]]:
    """The id of a melding and of those merged into it. Their melders are told together, each on their own channel."""
    return sa.select(meldingen.c.id).where(sa.or_(meldingen.c.id == melding_id, meldingen.c.merged_into_id == melding_id))


_OF_PERSON = (people.c.external_id.label("recipient"), people.c.last_wrote_private_at, people.c.wish, people.c.speaks_for_id)
_MELDERS = sa.select(melders, *_OF_PERSON).join(people, people.c.id == melders.c.person_id)
_MELDING: sa.BindParameter[int] = sa.bindparam("of_melding", type_=sa.BigInteger())
_AS_OPEN: dict[str, object] = {"outcome": None, "not_solved_reason": None, "merged_into_id": None}
_PERSON: sa.BindParameter[int] = sa.bindparam("of_person", type_=sa.BigInteger())
_ONE = sa.select(meldingen).where(meldingen.c.id == _MELDING)
_NEW = sa.insert(meldingen).returning(meldingen)
_UNCHANGED = sa.and_(meldingen.c.id == _MELDING, meldingen.c.event_count == sa.bindparam("seen_events"))
_CHANGE = sa.update(meldingen).where(_UNCHANGED).returning(meldingen)
_NEW_EVENT = sa.insert(events).returning(events.c.id)
_TAKES_PART = sa.select(sa.exists().where(melders.c.melding_id.in_(family(_MELDING)), melders.c.person_id == _PERSON))
_OF_FAMILY = _MELDERS.where(melders.c.melding_id.in_(family(_MELDING)), melders.c.thread != "").order_by(
    melders.c.melding_id != _MELDING, melders.c.id
)
_OF_ONE = _MELDERS.where(melders.c.id == sa.bindparam("of_melder"))
_WITH_PERSON = sa.select(meldingen).join(melders, melders.c.melding_id == meldingen.c.id).where(melders.c.person_id == _PERSON)
_SINCE = _WITH_PERSON.where(meldingen.c.updated_at >= sa.bindparam("since")).order_by(meldingen.c.id.desc())


class Meldingen:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def create(self, new: NewMelding, now: datetime) -> Melding:
        """A melding with status `nieuw` and no event yet; record ONTVANGEN next."""
        values = {name: getattr(new, name) for name in new.__dataclass_fields__}
        values |= {"involved": list(new.involved), "status": Status.NIEUW.value, "created_at": now, "updated_at": now}
        number = numbering.next_melding(self._connection)
        values |= {} if number is None else {"id": number}
        return Melding.from_row(self._connection.execute(_NEW, values).one())

    def skip_numbers(self, now: datetime) -> None:
        """After a restore: never give out again what may have been given out since the backup was made."""
        numbering.skip(self._connection, now)

    def get(self, melding_id: int) -> Melding:
        """Raises NotFoundError."""
        return self._get(_ONE, melding_id)

    def hold(self, melding_id: int) -> Melding:
        """As `get`, and nobody changes it until the end of this transaction. Hold more than one in the order of their ids."""
        return self._get(_ONE.with_for_update(), melding_id)

    def _get(self, query: sa.Select[Any], melding_id: int) -> Melding:
        row = self._connection.execute(query, {"of_melding": melding_id}).one_or_none()
        if row is None:
            raise NotFoundError(said("Melding %(melding_id)s bestaat niet.", melding_id=melding_id))
        return Melding.from_row(row)

    def record(self, melding: Melding, change: Change, now: datetime) -> Recorded:
        """Append the event and make the change. Raises InvalidTransitionError, or StaleError when a rival was first.

        A melding that opens again has no outcome any more, and stands by itself.
        """
        status = change.back_to or next_status(melding.status, change.event, before_question=melding.status_before_question)
        seq = melding.event_count + 1
        happened = {"actor": change.actor, "event": change.event.value, "why": change.why, "data": change.data}
        entry = event_log.new_entry(melding.id, seq, melding.last_hash, happened, now)
        wakes = {} if change.event in LETS_SLEEP else {"snoozed_until": None}
        opens = _AS_OPEN if change.event is Event.HEROPEND else {}
        # What is said of a melding that was emptied is emptied in its turn.
        columns = {"emptied_at": None, **wakes, **opens, **change.columns, "status": status.value, "updated_at": now}
        columns |= {"event_count": seq, "last_hash": entry["hash"]}
        if change.event is Event.VRAAG_GESTELD:
            columns["status_before_question"] = melding.status.value
        unchanged = {"of_melding": melding.id, "seen_events": melding.event_count}
        after = self._connection.execute(_CHANGE, {**columns, **unchanged}).one_or_none()
        if after is None:
            raise StaleError(
                said("%(kenmerk)s is intussen door iemand anders gewijzigd. Laad de pagina opnieuw.", kenmerk=melding.kenmerk)
            )
        event_id = self._connection.execute(_NEW_EVENT, entry).scalar_one()
        return Recorded(melding=Melding.from_row(after), event_id=int(event_id))

    def last_event(self, melding_id: int) -> LastEvent:
        """Raises NotFoundError when the melding has no event."""
        query = sa.select(events).where(events.c.melding_id == melding_id).order_by(events.c.seq.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(said("Melding %(melding_id)s bestaat niet.", melding_id=melding_id))
        return LastEvent(id=row.id, seq=row.seq, at=row.at, event=Event(row.event), actor=row.actor, data=row.data)

    def add_melder(self, melding_id: int, new: NewMelder, now: datetime) -> bool:
        """Let a person take part. False when they already did, here or in a melding that was merged into it. Idempotent."""
        if self._connection.execute(_TAKES_PART, {"of_melding": melding_id, "of_person": new.person_id}).scalar_one():
            return False
        values = {name: getattr(new, name) for name in new.__dataclass_fields__}
        values |= {"visibility": new.visibility.value, "melding_id": melding_id, "joined_at": now}
        return insert_new(self._connection, melders, values) is not None

    def melders_of(self, melding_id: int) -> tuple[Melder, ...]:
        """Everybody who takes part, also by a melding that was merged into it: each once, with their own conversation.

        Whose conversation was forgotten after its time takes part no more.
        """
        found: dict[int, Melder] = {}
        for row in self._connection.execute(_OF_FAMILY, {"of_melding": melding_id}):
            found.setdefault(row.person_id, Melder.from_row(row))
        return tuple(found.values())

    def get_melder(self, melder_id: int) -> Melder:
        """Raises NotFoundError."""
        row = self._connection.execute(_OF_ONE, {"of_melder": melder_id}).one_or_none()
        if row is None:
            raise NotFoundError(said("Melder %(melder_id)s bestaat niet.", melder_id=melder_id))
        return Melder.from_row(row)

    def with_person(self, person_id: int) -> frozenset[int]:
        """The meldingen in which a person takes part, also by a melding that was merged into one of them."""
        query = (
            sa.select(meldingen.c.id, meldingen.c.merged_into_id)
            .join(melders, meldingen.c.id == melders.c.melding_id)
            .where(melders.c.person_id == person_id)
        )
        return frozenset(number for row in self._connection.execute(query) for number in row if number is not None)

    def has_merged(self, melding_id: int) -> bool:
        """Whether other meldingen were merged into this one."""
        return bool(self._connection.execute(sa.select(sa.exists().where(meldingen.c.merged_into_id == melding_id))).scalar_one())

    def find_for_person(self, person_id: int, *, since: datetime) -> tuple[Melding, ...]:
        """The meldingen this person takes part in that changed since then, newest first."""
        rows = self._connection.execute(_SINCE, {"of_person": person_id, "since": since})
        return tuple(Melding.from_row(row) for row in rows)

    def find_in_thread(self, channel: str, thread: str) -> tuple[Melding, ...]:
        """The meldingen that were written about in a conversation, newest first."""
        ids = sa.select(messages.c.melding_id).where(messages.c.channel == channel, messages.c.thread == thread)
        query = sa.select(meldingen).where(meldingen.c.id.in_(ids)).order_by(meldingen.c.id.desc())
        return tuple(Melding.from_row(row) for row in self._connection.execute(query))

    def find_promises_due(self, before: datetime, limit: int) -> tuple[Melding, ...]:
        """Open meldingen whose promised moment of news comes before `before`, the earliest first."""
        is_open = meldingen.c.status.not_in([status.value for status in CLOSED])
        query = (
            sa.select(meldingen)
            .where(meldingen.c.promised_at <= before, is_open)
            .order_by(meldingen.c.promised_at, meldingen.c.id)
            .limit(limit)
        )
        return tuple(Melding.from_row(row) for row in self._connection.execute(query))

    def find_questions(self, asked_before: datetime, limit: int, *, is_reminded: bool) -> tuple[Melding, ...]:
        """Open meldingen with a question that was asked (or, `is_reminded`, recalled) before then, the longest first."""
        since = meldingen.c.reminded_at if is_reminded else meldingen.c.asked_at
        waits = sa.and_(
            HAS_OPEN_QUESTION,
            meldingen.c.reminded_at.is_not(None) if is_reminded else meldingen.c.reminded_at.is_(None),
            since <= asked_before,
        )
        query = sa.select(meldingen).where(waits).order_by(since, meldingen.c.id).limit(limit)
        return tuple(Melding.from_row(row) for row in self._connection.execute(query))

    def find_unwarned(self, before: datetime, limit: int) -> tuple[Melding, ...]:
        """Open meldingen whose promised moment comes before then and that staff were not warned of."""
        unwarned = sa.or_(meldingen.c.warned_for.is_(None), meldingen.c.warned_for != meldingen.c.promised_at)
        is_open = meldingen.c.status.not_in([status.value for status in CLOSED])
        query = (
            sa.select(meldingen)
            .where(meldingen.c.promised_at <= before, is_open, unwarned)
            .order_by(meldingen.c.promised_at, meldingen.c.id)
            .limit(limit)
        )
        return tuple(Melding.from_row(row) for row in self._connection.execute(query))

    def set_wish(self, person_id: int, wish: Wish) -> bool:
        """What news this person wants from now on. False when they wanted that already. Idempotent."""
        differs = sa.and_(people.c.id == person_id, people.c.wish != wish.value)
        return self._connection.execute(sa.update(people).where(differs).values(wish=wish.value)).rowcount == 1

    def verify_chain(self, melding_id: int) -> bool:
        """Whether the event log of a melding is whole and untouched."""
        melding = self.get(melding_id)
        return event_log.is_whole(self._connection, melding_id, last_hash=melding.last_hash, count=melding.event_count)
