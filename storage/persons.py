"""One person over all their channels: who that is, what is kept of them, what keeps it from going, and taking it out.

Nothing here is of a neighbour: of a melding in which others take part, only what this person wrote and was told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from routing.melding import CLOSED, TOLD_TO_RESIDENTS, Event
from routing.sentences import said
from storage.corrections import Corrections
from storage.mail_ways import CHANNEL as MAIL
from storage.meldingen import Change, Melding, Meldingen, family, kenmerk_of
from storage.retention import (
    EMPTIED,
    FORGOTTEN,
    UNDECIDED,
    Retention,
    empty_conversations,
    empty_messages,
    forget_people,
    hold_people,
)
from storage.tables import attachments, colleagues, events, melders, meldingen, messages, notes, people, replies

_MARK = "#"  # in the number of a person by e-mail, between the address and how we came by it
_IS_PROVEN = people.c.last_wrote_private_at.is_not(None)
Row = sa.Row[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was taken out. `shared` are the meldingen in which others take part: their notes and log stay."""

    messages: int
    meldingen: tuple[str, ...]
    shared: tuple[str, ...]


class Persons:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    # -- who

    def named(self, channel: str, external_id: str) -> tuple[Row, ...]:
        """Whom a channel knows by this number. An e-mail address also finds every form and conversation it was left in."""
        is_it = people.c.external_id == external_id
        if channel == MAIL:
            is_it = sa.or_(is_it, people.c.external_id.startswith(f"{external_id.lower()}{_MARK}", autoescape=True))
        return tuple(self._connection.execute(sa.select(people).where(people.c.channel == channel, is_it).order_by(people.c.id)))

    def in_melding(self, melding_id: int) -> tuple[Row, ...]:
        """Who takes part in a melding, without the addresses they left."""
        query = sa.select(people).join(melders, melders.c.person_id == people.c.id).order_by(people.c.id)
        return tuple(self._connection.execute(query.where(melders.c.melding_id == melding_id, people.c.speaks_for_id.is_(None))))

    def joined(self, ids: Collection[int]) -> tuple[Row, ...]:
        """These people with all others that are surely the same person: by an address that was left, and confirmed.

        Whoever types an address proves nothing: an address that was not confirmed belongs to who left it, and leads to nobody.
        """
        known: frozenset[int] = frozenset()
        more = frozenset(ids)
        while more != known:
            known = more
            rows = self._connection.execute(sa.select(people).where(people.c.id.in_(known))).all()
            proven = [row for row in rows if row.channel == MAIL and row.last_wrote_private_at is not None]
            more |= {row.speaks_for_id for row in proven if row.speaks_for_id is not None}
            left = sa.select(people.c.id).where(people.c.speaks_for_id.in_(known))
            more |= frozenset(self._connection.execute(left).scalars())
            for address in {row.external_id.partition(_MARK)[0] for row in proven}:
                more |= {row.id for row in self.named(MAIL, address) if row.last_wrote_private_at is not None}
        return tuple(self._connection.execute(sa.select(people).where(people.c.id.in_(known)).order_by(people.c.id)))

    # -- what is kept

    def messages_of(self, ids: Collection[int]) -> tuple[Row, ...]:
        query = sa.select(messages).where(messages.c.person_id.in_(ids)).order_by(messages.c.sent_at, messages.c.id)
        return tuple(self._connection.execute(query))

    def attachments_of(self, ids: Collection[int]) -> tuple[Row, ...]:
        theirs = sa.select(messages.c.id).where(messages.c.person_id.in_(ids))
        query = sa.select(attachments).where(attachments.c.message_id.in_(theirs))
        return tuple(self._connection.execute(query.order_by(attachments.c.message_id, attachments.c.position)))

    def meldingen_of(self, ids: Collection[int]) -> tuple[Melding, ...]:
        """Every melding they take part in or wrote about."""
        takes_part = sa.select(melders.c.melding_id).where(melders.c.person_id.in_(ids))
        wrote = sa.select(messages.c.melding_id).where(messages.c.person_id.in_(ids), messages.c.melding_id.is_not(None))
        is_theirs = sa.or_(meldingen.c.id.in_(takes_part), meldingen.c.id.in_(wrote))
        rows = self._connection.execute(sa.select(meldingen).where(is_theirs).order_by(meldingen.c.id))
        return tuple(Melding.from_row(row) for row in rows)

    def is_shared(self, melding_id: int, ids: Collection[int]) -> bool:
        """Whether somebody else takes part in a melding, in one that was merged into it, or wrote about it."""
        other = sa.and_(melders.c.melding_id.in_(family(melding_id)), melders.c.person_id.not_in(ids))
        stranger = sa.or_(messages.c.person_id.is_(None), messages.c.person_id.not_in(ids))
        wrote = sa.and_(messages.c.melding_id.in_(family(melding_id)), stranger)
        return bool(self._connection.execute(sa.select(sa.or_(sa.exists().where(other), sa.exists().where(wrote)))).scalar_one())

    def replies_to(self, ids: Collection[int]) -> tuple[Row, ...]:
        theirs = sa.select(melders.c.id).where(melders.c.person_id.in_(ids))
        return tuple(self._connection.execute(sa.select(replies).where(replies.c.melder_id.in_(theirs)).order_by(replies.c.id)))

    def told_about(self, melding_id: int) -> tuple[Row, ...]:
        """What happened with a melding, as far as it is meant for residents."""
        is_told = events.c.event.in_([event.value for event in TOLD_TO_RESIDENTS])
        query = sa.select(events.c.at, events.c.event).where(events.c.melding_id == melding_id, is_told).order_by(events.c.seq)
        return tuple(self._connection.execute(query))

    def notes_about(self, melding_id: int) -> tuple[Row, ...]:
        query = sa.select(notes.c.at, notes.c.text).where(notes.c.melding_id == melding_id).order_by(notes.c.id)
        return tuple(self._connection.execute(query))

    # -- taking it out

    def hold(self, ids: Collection[int]) -> None:
        """Nobody changes who these people are until the end of this transaction."""
        hold_people(self._connection, people.c.id.in_(ids))

    def obstacles(self, ids: Collection[int]) -> tuple[str, ...]:
        """What must be done first, in words for a colleague; empty when everything can go."""
        return (*self._open_meldingen(ids), *self._held_meldingen(ids), *self._waiting(ids), *self._colleague(ids))

    def erase(self, ids: Collection[int], *, actor: str, now: datetime) -> Erased:
        """Take out what they wrote, what they were told and who they are. Idempotent. Raises StaleError for a rival change."""
        theirs = self.meldingen_of(ids)
        shared = [melding for melding in theirs if self.is_shared(melding.id, ids)]
        for melding in theirs:
            if self._is_emptied(melding.id):
                continue
            if melding in shared:
                self._empty_part(melding, ids, actor, now)
            else:
                Retention(self._connection).empty(melding, now, actor=actor, why=said("op verzoek van de melder"))
        of_melders = melders.c.person_id.in_(ids)
        to_them = replies.c.melder_id.in_(sa.select(melders.c.id).where(of_melders))
        empty_conversations(self._connection, of_melders, to_them)
        number = empty_messages(self._connection, messages.c.person_id.in_(ids))
        Corrections(self._connection).forget([melding.id for melding in theirs])
        forget_people(self._connection, people.c.id.in_(ids))
        return Erased(
            messages=number,
            meldingen=tuple(melding.kenmerk for melding in theirs),
            shared=tuple(melding.kenmerk for melding in shared),
        )

    def _empty_part(self, melding: Melding, ids: Collection[int], actor: str, now: datetime) -> None:
        """Of a melding that goes on for others: its summary is theirs when they began it, and an appointment may be at home."""
        first = sa.select(messages.c.person_id).where(messages.c.melding_id == melding.id).order_by(messages.c.id).limit(1)
        is_theirs = self._connection.execute(first).scalar_one_or_none() in ids
        columns: dict[str, object] = {"appointment_place": None, **({"summary": EMPTIED} if is_theirs else {})}
        change = Change(event=Event.OPGERUIMD, actor=actor, why=said("op verzoek van een van de melders"), columns=columns)
        Meldingen(self._connection).record(melding, change, now)

    def _is_emptied(self, melding_id: int) -> bool:
        query = sa.select(meldingen.c.emptied_at).where(meldingen.c.id == melding_id)
        return self._connection.execute(query).scalar_one() is not None

    def _open_meldingen(self, ids: Collection[int]) -> Sequence[str]:
        roots = [melding.merged_into_id or melding.id for melding in self.meldingen_of(ids)]
        is_open = meldingen.c.status.not_in([status.value for status in CLOSED])
        return [f"{kenmerk} is nog open: rond die eerst af" for kenmerk in self._kenmerken(roots, is_open)]

    def _held_meldingen(self, ids: Collection[int]) -> Sequence[str]:
        theirs = [melding.id for melding in self.meldingen_of(ids)]
        held = self._kenmerken(theirs, meldingen.c.is_held)
        return [f"{kenmerk} wordt bewaard: geef die eerst vrij met 'wijkbalie retention release {kenmerk}'" for kenmerk in held]

    def _kenmerken(self, which: Collection[int], condition: sa.ColumnElement[bool]) -> Sequence[str]:
        query = sa.select(meldingen.c.id, meldingen.c.created_at).where(meldingen.c.id.in_(which), condition)
        return [kenmerk_of(row.id, row.created_at) for row in self._connection.execute(query.order_by(meldingen.c.id))]

    def _waiting(self, ids: Collection[int]) -> Sequence[str]:
        undecided = [row.token for row in self.replies_to(ids) if row.state in UNDECIDED]
        states = [row.state for row in self.messages_of(ids) if row.state != "verwerkt"]
        return [
            *(f"antwoord {token} is nog niet verzonden: handel dat eerst af onder 'Niet verzonden'" for token in undecided),
            *(["een bericht wacht nog op verwerking: probeer het zo weer"] if "wacht" in states else []),
            *(["een bericht staat nog bij 'Niet leesbaar': handel dat eerst af"] if "onleesbaar" in states else []),
        ]

    def _colleague(self, ids: Collection[int]) -> Sequence[str]:
        names = self._connection.execute(sa.select(colleagues.c.name).where(colleagues.c.person_id.in_(ids))).scalars()
        return [f"dit is collega {name}: verwijder die eerst met 'wijkbalie colleague remove'" for name in names]


def is_forgotten(person: Row) -> bool:
    return bool(person.external_id.startswith(FORGOTTEN))
