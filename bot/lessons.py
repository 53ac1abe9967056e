"""What the machine learns from colleagues: keeping each confirmed or corrected proposal, and making examples of them.

Keeps masked text only, in the transaction of the decision. Trains nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from routing.melding import Event
from routing.model.corpus import Example
from routing.personal_data import mask
from routing.vakafdelingen import Municipality
from storage.corrections import Correction
from storage.database import UnitOfWork
from storage.meldingen import Melding

SHARE = "correctie"
_MOST_CHARACTERS = 4000  # as much as the model reads of a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision of a colleague that says where a melding belongs: the event, what it changed, and the melding after it."""

    event: Event
    columns: dict[str, Any]
    event_id: int
    after: Melding

    @property
    def is_about_routing(self) -> bool:
        return self.event in {Event.DOORGEZET, Event.DOORVERWEZEN} or self.columns.get("outcome") == "geen_actie_nodig"


def keep_lesson(work: UnitOfWork, choice: Choice, municipality: Municipality, now: datetime) -> bool:
    """Keep what a colleague's choice teaches; False when it teaches nothing about routing. Idempotent per event."""
    after = choice.after
    text, channel = work.corrections.said(after.id)
    if not choice.is_about_routing or not text:
        return False
    proposal = after.proposal
    lesson = Correction(
        melding_id=after.id,
        event_id=choice.event_id,
        made_at=now,
        text=mask(text[:_MOST_CHARACTERS]),
        language=after.language,
        channel=channel,
        zone=after.zone,
        proposed_lead=proposal.get("lead", after.lead),
        proposed_topic=proposal.get("topic", after.topic),
        probability=proposal.get("confidence", after.confidence),
        chosen_lead=after.lead,
        chosen_topic=_topic(after, municipality),
        kind=after.kind,
        urgency=after.urgency,
        involved=after.involved,
        needs_personal_contact=after.needs_personal_contact,
        versions=proposal.get("versions", ""),
    )
    return work.corrections.keep(lesson)


def _topic(melding: Melding, municipality: Municipality) -> str | None:
    """The onderwerp the colleague meant: the partner, or the one of the melding if it belongs to the lead."""
    for code in (melding.partner or "", melding.topic):
        topic = municipality.onderwerpen.get(code)
        if topic is not None and topic.lead == melding.lead:
            return code
    return None


def as_example(lesson: Correction, topic_within: Callable[[str, str], str]) -> Example:
    """A lesson in the form of the corpus. `topic_within(text, lead)` names an onderwerp where the colleague named none."""
    return Example(
        id=f"{SHARE}-{lesson.event_id}",
        channel=lesson.channel,
        text=lesson.text,
        lead=lesson.chosen_lead,
        topic=lesson.chosen_topic or topic_within(lesson.text, lesson.chosen_lead),
        language=lesson.language,
        kind=lesson.kind,
        urgency=lesson.urgency,
        involved=lesson.involved,
        needs_personal_contact=lesson.needs_personal_contact,
    )
