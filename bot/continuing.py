"""A message about a melding that exists: what it changes, what it teaches, and what its sender hears.

Writes in the transaction of the triage step, and sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.answering import Answering, has_photo
from bot.beginning import SUMMARY_LENGTH
from bot.questions import asking
from bot.replies import Telling
from routing.conversation import Action, Verdict
from routing.decision import Decision, Router
from routing.melding import Event, News, Status
from routing.messages import Visibility
from routing.questions import Told, next_question
from routing.sentences import said
from storage.database import UnitOfWork
from storage.inbox import StoredMessage
from storage.meldingen import Change, Melding, Recorded

_JOINING = frozenset({Action.FOLLOW_UP, Action.STATUS_QUESTION})


@dataclass(frozen=True, slots=True)
class Continuing:
    """`router` routes anew all that was said, while nobody decided yet."""

    answering: Answering
    router: Router

    def go_on(self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict, melding: Melding) -> Melding:
        """Bring the melding up to date and answer. Returns the melding as it stands then."""
        if self._joins(work, message, decision, verdict, melding) and not melding.is_closed:
            joined = self.answering.record(work, melding, Event.MEDEMELDER, said("sluit zich aan"))
            self.answering.answer(work, joined, Telling(news=News.MEDEMELDER, only_person=message.person_id), message)
            return joined.melding
        recorded, telling = self._step(work, message, decision, verdict, melding)
        if telling is not None and message.person_id is not None:
            self.answering.answer(work, recorded, telling, message)
        if verdict.wants_person:
            self.answering.ask_person(work, recorded.melding, message)
        return work.meldingen.get(melding.id)

    def _joins(self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict, melding: Melding) -> bool:
        """Let who tells or asks something about another's melding take part in it; who only passes by does not."""
        return verdict.action in _JOINING and self.answering.let_take_part(work, melding, message, decision.language)

    def _step(
        self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict, melding: Melding
    ) -> tuple[Recorded, Telling | None]:
        only, record, now = message.person_id, self.answering.record, self.answering.now()
        if verdict.action is Action.STATUS_QUESTION:
            return record(work, melding, Event.STAND_GEVRAAGD, verdict.reason), Telling(news=News.STAND, only_person=only)
        if verdict.action is Action.THANKS:
            return record(work, melding, Event.BEDANKT, verdict.reason), None
        if verdict.action is Action.WITHDRAW and not melding.is_closed and _is_alone(work, melding):
            change = Change(event=Event.INGETROKKEN, actor="melder", why=verdict.reason, columns={"promised_at": None})
            return work.meldingen.record(melding, change, now), Telling(news=News.INGETROKKEN)
        if verdict.action is Action.FOLLOW_UP and melding.is_closed:
            promised = self.answering.promises.first(decision, now)
            change = Change(event=Event.HEROPEND, actor="melder", why=verdict.reason, columns={"promised_at": promised})
            return work.meldingen.record(melding, change, now), Telling(news=News.HEROPEND)
        return self._add(work, message, decision, verdict, melding)

    def _add(
        self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict, melding: Melding
    ) -> tuple[Recorded, Telling | None]:
        """Put what was said with the melding. Only a follow-up teaches anything, and in private it is thanked for."""
        columns: dict[str, object] = {}
        question = None
        is_follow_up = verdict.action is Action.FOLLOW_UP
        if is_follow_up:
            columns = self._better_known(work, message, decision, melding)
            question = self._following_question(work, message, melding)
            if melding.asked_person_id in {None, message.person_id}:
                columns |= asking(melding.asked, question, message.person_id, self.answering.now())
        change = Change(event=Event.AANGEVULD, actor="melder", why=verdict.reason, columns=columns)
        is_worth_a_reply = is_follow_up and message.visibility is Visibility.PRIVATE and not verdict.wants_person
        telling = Telling(news=News.AANGEVULD, only_person=message.person_id, question_word=question)
        return work.meldingen.record(melding, change, self.answering.now()), telling if is_worth_a_reply else None

    def _better_known(self, work: UnitOfWork, message: StoredMessage, decision: Decision, melding: Melding) -> dict[str, object]:
        """What a follow-up teaches: a missing place and, while nobody decided yet, a better routing of all that was said."""
        columns: dict[str, object] = {}
        place = decision.located
        if melding.street is None and place.street is not None:
            columns |= {"street": place.street, "buurt": place.buurt, "wijk": place.wijk, "lat": place.lat, "lon": place.lon}
        elif melding.lat is None and message.lat is not None:
            columns |= {"lat": message.lat, "lon": message.lon}
        if melding.status in {Status.TE_BEOORDELEN, Status.HEROPEND} and message.text.strip():
            texts = (*work.inbox.texts_of(melding.id), message.text)
            again = self.router.route("\n".join(text for text in texts if text.strip()))
            columns |= {"lead": again.lead, "involved": list(again.involved), "topic": again.topic, "kind": again.kind}
            columns |= {"confidence": again.confidence, "proposal": again.as_proposal(), "partner": again.partner}
            if not melding.summary:
                columns["summary"] = message.text[:SUMMARY_LENGTH]
        return columns

    def _following_question(self, work: UnitOfWork, message: StoredMessage, melding: Melding) -> str | None:
        """What to ask after an answer, by all that was told so far."""
        is_answer = melding.question is not None and melding.asked_person_id == message.person_id
        if not is_answer or message.visibility is not Visibility.PRIVATE:
            return None
        return next_question(
            Told(
                text="\n".join((*work.inbox.texts_of(melding.id), message.text)),
                topic=melding.topic,
                kind=melding.kind,
                needs_place=self.answering.needs_place(melding.topic),
                needs_personal_contact=melding.needs_personal_contact,
                has_place=melding.street is not None or melding.lat is not None or message.lat is not None,
                has_photo=has_photo(message) or work.inbox.has_photo(melding.id),
                asked=melding.asked,
            )
        )


def _is_alone(work: UnitOfWork, melding: Melding) -> bool:
    """Whether one person takes part; their e-mail address is nobody else."""
    return sum(melder.speaks_for_id is None for melder in work.meldingen.melders_of(melding.id)) == 1
