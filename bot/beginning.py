"""A message that begins a melding: what is kept of it, its first step, and what its sender hears.

Writes in the transaction of the triage step, and sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.answering import MACHINE, Answering, has_photo
from bot.questions import asking
from bot.replies import Telling
from routing.channel_modes import ChannelMode
from routing.conversation import Verdict
from routing.decision import Decision, Zone
from routing.melding import Event, News
from routing.messages import Visibility
from routing.questions import Told, next_question
from routing.reachability import RULES
from routing.sentences import said
from storage.database import UnitOfWork
from storage.inbox import StoredMessage
from storage.meldingen import Change, Melding, NewMelding, Recorded

SUMMARY_LENGTH = 280


@dataclass(frozen=True, slots=True)
class Beginning:
    answering: Answering

    def begin(self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict) -> Melding:
        """Make the melding, let it take its first step, and answer. Returns the melding as it stands then."""
        now = self.answering.now()
        melding = work.meldingen.create(_new_melding(message, decision), now)
        self.answering.let_take_part(work, melding, message, decision.language)
        question = self._question(message, decision)
        promised = self.answering.promises.first(decision, now)
        columns = {"promised_at": promised, **asking(frozenset(), question, message.person_id, now)}
        change = Change(event=Event.ONTVANGEN, actor=MACHINE, why=verdict.reason, columns=columns)
        received = work.meldingen.record(melding, change, now)
        told, telling = self._first_step(work, received, message, decision)
        if telling is not None:
            self.answering.answer(work, told, telling, message)
        if verdict.wants_person:
            self.answering.ask_person(work, work.meldingen.get(melding.id), message)
        return work.meldingen.get(melding.id)

    def _first_step(
        self, work: UnitOfWork, received: Recorded, message: StoredMessage, decision: Decision
    ) -> tuple[Recorded, Telling | None]:
        """Let the melding take its first step, and say which event is told to the resident and how."""
        why = "; ".join(decision.reasons)[:1000]
        record = self.answering.record
        if decision.emergency is not None:
            step = record(work, received.melding, Event.NOODGEVAL, why)
            return step, Telling(news=News.NOODGEVAL, danger=decision.emergency)
        if decision.lead != "geen_actie" and work.channels.get(message.channel).mode is ChannelMode.REFERRING:
            refused = said("dit kanaal neemt geen meldingen aan")
            return record(work, received.melding, Event.DOORVERWEZEN, refused), Telling(news=News.ANDERE_INGANG)
        if decision.zone is not Zone.AUTO:
            record(work, received.melding, Event.TER_BEOORDELING, why)
            return received, self._receipt(message, decision, is_lead_known=False)
        if decision.lead == "extern":
            return record(work, received.melding, Event.DOORVERWEZEN, why), Telling(news=News.DOORVERWEZEN)
        if decision.lead == "geen_actie":
            columns = {"outcome": "geen_actie_nodig", "promised_at": None}
            change = Change(event=Event.AFGEHANDELD, actor=MACHINE, why=why, columns=columns)
            work.meldingen.record(received.melding, change, self.answering.now())
            return received, self._receipt(message, decision, is_lead_known=True)
        record(work, received.melding, Event.DOORGEZET, why)
        return received, self._receipt(message, decision, is_lead_known=True)

    def _receipt(self, message: StoredMessage, decision: Decision, *, is_lead_known: bool) -> Telling | None:
        is_chatter = decision.lead == "geen_actie" and decision.zone is Zone.AUTO
        if decision.kind == "spam" or (is_chatter and decision.kind != "compliment" and message.visibility is Visibility.PUBLIC):
            return None
        if is_chatter or decision.kind == "compliment":
            return Telling(news=News.DANK)
        return Telling(
            news=News.ONTVANGST,
            notice=decision.notice,
            is_lead_known=is_lead_known,
            question_word=self._question(message, decision),
        )

    def _question(self, message: StoredMessage, decision: Decision) -> str | None:
        """What to ask in the receipt: nothing in public or by mail, about danger, or about what goes elsewhere."""
        is_ours = decision.lead not in {"extern", "geen_actie"} or decision.zone is not Zone.AUTO
        can_answer = message.visibility is Visibility.PRIVATE and not RULES[message.channel].is_mail
        if not can_answer or decision.emergency is not None or decision.notice is not None or not is_ours:
            return None
        return next_question(
            Told(
                text=message.text,
                topic=decision.topic,
                kind=decision.kind,
                needs_place=self.answering.needs_place(decision.topic),
                needs_personal_contact=decision.needs_personal_contact,
                has_place=decision.located.street is not None or message.lat is not None,
                has_photo=has_photo(message),
                asked=frozenset(),
            )
        )


def _new_melding(message: StoredMessage, decision: Decision) -> NewMelding:
    place = decision.located
    return NewMelding(
        lead=decision.lead,
        involved=decision.involved,
        partner=decision.partner,
        topic=decision.topic,
        kind=decision.kind,
        urgency=decision.urgency,
        language=decision.language,
        zone=decision.zone.value,
        confidence=decision.confidence,
        proposal=decision.as_proposal(),
        summary=message.text[:SUMMARY_LENGTH],
        street=place.street,
        buurt=place.buurt,
        wijk=place.wijk,
        lat=place.lat if place.lat is not None else message.lat,
        lon=place.lon if place.lon is not None else message.lon,
        needs_personal_contact=decision.needs_personal_contact,
        is_emergency=decision.emergency is not None,
    )
