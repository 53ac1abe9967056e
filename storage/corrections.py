"""What staff taught: each time a colleague confirmed or corrected where a melding goes, with the text already masked.

Written in the transaction of the decision. Nothing here masks: whoever calls gives masked text only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa

from storage.dialect import insert_new
from storage.tables import corrections, meldingen, messages

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One decision of a colleague. `text` is masked; `chosen_topic` is None when none was named that fits the lead.

    `probability` is what the machine gave `proposed_lead`; `zone` how far it went by itself.
    """

    melding_id: int
    event_id: int
    made_at: datetime
    text: str = field(repr=False)
    language: str
    channel: str
    zone: str
    proposed_lead: str
    proposed_topic: str
    probability: float
    chosen_lead: str
    chosen_topic: str | None
    kind: str
    urgency: str
    involved: tuple[str, ...]
    needs_personal_contact: bool
    versions: str

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        return cls(**{**values, "involved": tuple(row.involved)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Per week and proposed lead: what the machine passed on by itself, what staff judged, and how often they chose otherwise.

    `week` is the Monday's ISO year and week, such as `2026-W48`. `decided` counts a melding once: passed on or judged.
    """

    week: str
    lead: str
    decided: int
    by_itself: int
    overruled: int
    most_to: str

    @property
    def rate(self) -> float:
        return self.overruled / self.decided if self.decided else 0.0


class Corrections:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def said(self, melding_id: int) -> tuple[str, str]:
        """Everything residents wrote about a melding, one message per line, and the channel it began on."""
        query = sa.select(messages.c.text, messages.c.channel).where(messages.c.melding_id == melding_id).order_by(messages.c.id)
        rows = self._connection.execute(query).all()
        return "\n".join(row.text for row in rows if row.text.strip()), rows[0].channel if rows else ""

    def keep(self, correction: Correction) -> bool:
        """False when this event of this melding was kept before. Idempotent."""
        values = {**asdict(correction), "involved": list(correction.involved)}
        return insert_new(self._connection, corrections, values) is not None

    def take_back(self, melding_id: int, event_id: int) -> None:
        """A decision that was taken back teaches nothing. Idempotent."""
        is_it = sa.and_(corrections.c.melding_id == melding_id, corrections.c.event_id == event_id)
        self._connection.execute(sa.delete(corrections).where(is_it))

    def forget(self, melding_ids: Sequence[int]) -> int:
        """Remove what was kept of these meldingen: call it when the text of a melding goes. Returns how many. Idempotent."""
        return self._connection.execute(sa.delete(corrections).where(corrections.c.melding_id.in_(melding_ids))).rowcount


def lessons(connection: sa.Connection) -> tuple[Correction, ...]:
    """The last decision about each melding, oldest first: a colleague may change their mind."""
    last = sa.select(sa.func.max(corrections.c.event_id)).group_by(corrections.c.melding_id)
    query = sa.select(corrections).where(corrections.c.event_id.in_(last)).order_by(corrections.c.event_id)
    return tuple(Correction.from_row(row) for row in connection.execute(query))


def overrides(connection: sa.Connection, since: datetime) -> tuple[Overrides, ...]:
    """The weekly picture since a moment, the newest week first. A melding counts in the week of its last decision."""
    judged = [lesson for lesson in lessons(connection) if lesson.made_at >= since]
    seen = {lesson.melding_id for lesson in judged}
    passed = sa.select(meldingen.c.id, meldingen.c.created_at, meldingen.c.proposal)
    passed = passed.where(meldingen.c.zone == AUTO, meldingen.c.created_at >= since)
    by_itself = [
        (_week(row.created_at), str(row.proposal.get("lead", ""))) for row in connection.execute(passed) if row.id not in seen
    ]
    corrected = [(_week(lesson.made_at), lesson.proposed_lead) for lesson in judged if lesson.zone == AUTO]
    alone = Counter([*by_itself, *corrected])
    decided = Counter([*by_itself, *((_week(lesson.made_at), lesson.proposed_lead) for lesson in judged)])
    changed = Counter(
        (_week(lesson.made_at), lesson.proposed_lead, lesson.chosen_lead)
        for lesson in judged
        if lesson.chosen_lead != lesson.proposed_lead
    )
    return tuple(
        _overrides(key, decided[key], alone[key], changed) for key in sorted(decided, key=lambda key: (_reversed(key[0]), key[1]))
    )


def _overrides(key: tuple[str, str], decided: int, alone: int, changed: Counter[tuple[str, str, str]]) -> Overrides:
    to = {chosen: number for (week, lead, chosen), number in changed.items() if (week, lead) == key}
    most = max(sorted(to), key=lambda code: to[code], default="")
    return Overrides(week=key[0], lead=key[1], decided=decided, by_itself=alone, overruled=sum(to.values()), most_to=most)


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


def _reversed(week: str) -> tuple[int, int]:
    year, number = week.split("-W")
    return -int(year), -int(number)
