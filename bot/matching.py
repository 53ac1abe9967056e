"""Which meldingen may a message be about, and what `routing.conversation` must know of each. Reads only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.answering import Answering
from routing.conversation import Known
from routing.melding import Status
from routing.messages import Visibility
from storage.database import UnitOfWork
from storage.inbox import StoredMessage
from storage.meldingen import Melding

REMEMBERED = timedelta(days=365)
_AWAITING_PLACE = timedelta(days=7)
_REFERENCE = re.compile(r"\bWB-\d{4}-0*(\d{1,12})\b", re.IGNORECASE)


def own_meldingen(work: UnitOfWork, message: StoredMessage, now: datetime) -> tuple[Melding, ...]:
    """The meldingen of the sender, newest first."""
    return () if message.person_id is None else work.meldingen.find_for_person(message.person_id, since=now - REMEMBERED)


def find_candidates(work: UnitOfWork, message: StoredMessage, own: Sequence[Melding]) -> tuple[Melding, ...]:
    """What the message answers or edits, the sender's `own`, and what its public thread is about. A merged one is its whole."""
    found: dict[int, Melding] = {}
    for external_id in (message.edits, message.in_reply_to):
        melding_id = work.inbox.melding_of(message.channel, external_id) if external_id else None
        if melding_id is not None:
            found[melding_id] = work.meldingen.get(melding_id)
    in_thread = message.visibility is Visibility.PUBLIC
    for melding in (*own, *(work.meldingen.find_in_thread(message.channel, message.thread) if in_thread else ())):
        found.setdefault(melding.id, melding)
    wholes = (
        melding if melding.merged_into_id is None else work.meldingen.get(melding.merged_into_id) for melding in found.values()
    )
    return tuple({melding.id: melding for melding in wholes}.values())


def as_known(work: UnitOfWork, message: StoredMessage, meldingen: Sequence[Melding], answering: Answering) -> list[Known]:
    """The candidates as `judge` wants them."""
    if not meldingen:
        return []
    texts = work.inbox.texts_by_melding([melding.id for melding in meldingen])
    own = work.meldingen.with_person(message.person_id) if message.person_id is not None else frozenset()
    named = {int(number) for number in _REFERENCE.findall(message.text)}
    known = []
    for melding in meldingen:
        is_own = melding.id in own
        age = max(message.sent_at - melding.updated_at, timedelta())
        known.append(
            Known(
                melding_id=melding.id,
                lead=melding.lead,
                topic=melding.topic,
                street=melding.street,
                text="\n".join((melding.summary, *texts.get(melding.id, ()))),
                is_closed=melding.is_closed,
                is_own=is_own,
                is_answer_awaited=is_own and _awaits_answer(melding, age, answering),
                is_named=is_own and melding.id in named,
                age=age,
            )
        )
    return known


def _awaits_answer(melding: Melding, age: timedelta, answering: Answering) -> bool:
    lacks_place = answering.needs_place(melding.topic) and melding.street is None and age < _AWAITING_PLACE
    return melding.question is not None or melding.status is Status.WACHT_OP_MELDER or lacks_place
