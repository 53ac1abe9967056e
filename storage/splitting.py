"""Splitting a melding: which messages may tell of two matters, as the triage noted in the event log; and moving one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from routing.errors import NotFoundError
from routing.melding import Event
from routing.messages import Visibility
from routing.sentences import said
from storage.meldingen import NewMelder, family
from storage.tables import events, melders, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondMatter:
    """The second matter of a message: from which character of its text on, and where that part was routed to by itself."""

    message_id: int
    second_at: int
    lead: str
    topic: str
    kind: str

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        return cls(**{name: data[name] for name in cls.__dataclass_fields__})

    def as_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class Splitting:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def second_matters(self, melding_id: int) -> Mapping[int, SecondMatter]:
        """Message id -> its second matter, for the messages of a melding that nobody split yet."""
        noted = [Event.TER_BEOORDELING.value, Event.AFGESPLITST.value]
        query = sa.select(events.c.event, events.c.data).where(events.c.melding_id == melding_id, events.c.event.in_(noted))
        found: dict[int, SecondMatter] = {}
        for row in self._connection.execute(query.order_by(events.c.seq)):
            if row.event == Event.AFGESPLITST.value:
                found.pop(row.data.get("message_id"), None)
            elif "second_at" in row.data:
                found[row.data["message_id"]] = SecondMatter.from_data(row.data)
        return found

    def text_of(self, message_id: int) -> str:
        return str(self._connection.execute(sa.select(messages.c.text).where(messages.c.id == message_id)).scalar_one())

    def writer_of(self, message_id: int, melding_id: int) -> NewMelder | None:
        """Who wrote a message of this melding, with their conversation; None when nobody knows. Raises NotFoundError."""
        is_of_melding = sa.and_(messages.c.id == message_id, messages.c.melding_id == melding_id)
        row = self._connection.execute(sa.select(messages).where(is_of_melding)).one_or_none()
        if row is None:
            raise NotFoundError(said("Dit bericht hoort niet bij deze melding. Laad de pagina opnieuw."))
        if row.person_id is None:
            return None
        wrote = sa.select(melders).where(melders.c.melding_id.in_(family(melding_id)), melders.c.person_id == row.person_id)
        melder = self._connection.execute(wrote.limit(1)).one_or_none()
        return NewMelder(
            person_id=row.person_id,
            channel=row.channel,
            thread=row.thread,
            reply_to=row.reply_to,
            visibility=Visibility(row.visibility),
            language=melder.language if melder else "nl",
        )

    def move_message(self, message_id: int, *, target: int) -> None:
        """Let a message belong to `target` from now on."""
        self._connection.execute(sa.update(messages).where(messages.c.id == message_id).values(melding_id=target))
