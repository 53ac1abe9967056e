"""Step two of a message's way: decide what each waiting message is, and make or change its melding.

One transaction per message: the message's own state, the melding, its events and the reply rows. Sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.commands import Commands, via_colleague
from bot.locatieserver import OnlinePlaces
from bot.promises import Promises
from bot.questions import asking
from bot.replies import Replies, Telling
from bot.wishes import read_verdict, read_wish
from routing.channel_modes import ChannelMode
from routing.conversation import Action, Known, Turn, Verdict, judge
from routing.decision import Decision, Router, Zone
from routing.errors import StaleError, StorageUnavailableError
from routing.melding import Event, News, Status, may
from routing.messages import AttachmentKind, GeoPoint, Visibility
from routing.questions import Question, Told, next_question
from routing.reachability import Wish
from storage import queries
from storage.database import Database, UnitOfWork
from storage.inbox import StoredMessage
from storage.meldingen import Change, Melding, NewMelder, NewMelding, Recorded
from storage.points import Commit

MACHINE = "wijkbalie"
SUMMARY_LENGTH = 280
TRIES = 3
_REMEMBERED = timedelta(days=365)
_AWAITING_PLACE = timedelta(days=7)
_REFERENCE = re.compile(r"\bWB-\d{4}-0*(\d{1,12})\b", re.IGNORECASE)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """Handles waiting messages. `now` is the clock."""

    database: Database
    router: Router
    replies: Replies
    promises: Promises
    now: Callable[[], datetime]
    places: OnlinePlaces | None = None

    def run(self, limit: int = 50) -> int:
        """Handle waiting messages until none is left or `limit` were handled. Returns how many."""
        if self.places is not None:
            with self.database.reading() as connection:
                texts = queries.waiting_texts(connection, limit)
            self.places.prepare(texts)  # no transaction is open while another machine is asked
        handled = 0
        while handled < limit and self._handle_next():
            handled += 1
        return handled

    def _handle_next(self) -> bool:
        with self.database.work(Commit.TRIAGE) as work:
            claimed = work.inbox.claim_waiting(1)
            if not claimed:
                return False
            message = claimed[0]
            self._handle_or_set_aside(work, message)
            work.commit()
        return True

    def _handle_or_set_aside(self, work: UnitOfWork, message: StoredMessage) -> None:
        """Handle the message; one that cannot be handled goes before staff and does not hold up the others."""
        for _ in range(TRIES):
            try:
                with work.savepoint():
                    self._handle(work, message)
            except StaleError:
                _log.info("a colleague changed the melding meanwhile: judging again", message_id=message.id)
            except StorageUnavailableError:
                raise  # nothing is wrong with the message
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others go on
                _log.exception("message could not be handled", message_id=message.id)
                problem = f"niet te verwerken ({type(error).__name__}); bekijk het bericht zelf"
                work.inbox.mark_unreadable(message.id, problem)
                return
            else:
                return
        work.inbox.mark_unreadable(message.id, "de melding werd steeds door iemand anders gewijzigd; bekijk het bericht zelf")

    def _handle(self, work: UnitOfWork, message: StoredMessage) -> None:
        commands = Commands(replies=self.replies, now=self.now)
        if commands.handle(work, message) or self._speaks_to_computer(work, message):
            return
        decision = self._decide(message)
        meldingen = self._candidates(work, message)
        turn = Turn(
            text=message.text,
            decision=decision,
            has_photo=_has_photo(message),
            has_location=message.lat is not None,
            is_edit=message.edits is not None,
        )
        known = [self._known(work, message, melding) for melding in meldingen.values()]
        verdict, colleague = judge(turn, known), work.colleagues.name_of(message.person_id or 0)
        if colleague is not None:
            verdict = via_colleague(verdict, colleague, known, message)
        target = meldingen.get(verdict.melding_id) if verdict.melding_id is not None else None
        if target is None:
            melding_id = self._begin(work, message, decision, verdict)
        else:
            melding_id = target.id
            self._continue(work, message, decision, verdict, target)
        if verdict.is_unsure or verdict.may_be_two:
            self._call_colleague(work, melding_id, verdict)
        work.inbox.mark_handled(message.id, melding_id=melding_id, action=verdict.action.value)

    def _speaks_to_computer(self, work: UnitOfWork, message: StoredMessage) -> bool:
        """Handle a wish about our messages, or a verdict on a closed melding. False when the message is something else."""
        if message.person_id is None or message.visibility is not Visibility.PRIVATE:
            return False
        mine = work.meldingen.find_for_person(message.person_id, since=self.now() - _REMEMBERED)
        wish, is_good = read_wish(message.text), read_verdict(message.text)
        judged = next((melding for melding in mine if melding.is_closed and melding.feedback == "gevraagd"), None)
        if wish is not None and mine:
            self._follow_wish(work, mine[0], wish, message)
            return True
        if is_good is None or judged is None or any(melding.question for melding in mine):
            return False
        self._take_verdict(work, judged, message, is_good=is_good)
        return True

    def _follow_wish(self, work: UnitOfWork, melding: Melding, wish: Wish, message: StoredMessage) -> None:
        work.meldingen.set_wish(message.person_id or 0, wish)
        recorded = self._record(work, melding, Event.VOORKEUR, f"wil voortaan: {wish}")
        self._answer(work, recorded, Telling(news=News.VOORKEUR, wish=wish.value, only_person=message.person_id), message)
        work.inbox.mark_handled(message.id, melding_id=melding.id, action=Action.OTHER.value)

    def _take_verdict(self, work: UnitOfWork, melding: Melding, message: StoredMessage, *, is_good: bool) -> None:
        """Yes is noted with thanks. No opens the melding again, asks what is wrong, and a colleague looks."""
        now, only = self.now(), message.person_id
        if is_good:
            change = Change(event=Event.BEOORDEELD, actor="melder", why="is goed geholpen", columns={"feedback": "ja"})
            telling = Telling(news=News.BEOORDEELD, only_person=only)
        else:
            columns: dict[str, object] = {"feedback": "nee", "promised_at": self.promises.next(melding, now)}
            columns |= asking(melding.asked, Question.WAAROM.value, only, now)
            change = Change(event=Event.HEROPEND, actor="melder", why="is niet goed geholpen", columns=columns)
            telling = Telling(news=News.HEROPEND, only_person=only, question_word=Question.WAAROM.value)
        self._answer(work, work.meldingen.record(melding, change, now), telling, message)
        work.inbox.mark_handled(message.id, melding_id=melding.id, action=Action.FOLLOW_UP.value)

    def _decide(self, message: StoredMessage) -> Decision:
        point = _point(message)
        decision = self.router.route(message.text, point=point)
        return decision if self.places is None or point is not None else self.places.sharpen(decision, message.text)

    def _call_colleague(self, work: UnitOfWork, melding_id: int, verdict: Verdict) -> None:
        """Put the melding (back) before staff: the message may be something else than what it was taken for."""
        melding = work.meldingen.get(melding_id)
        if may(melding.status, Event.TER_BEOORDELING):
            doubt = "misschien twee kwesties in een bericht" if verdict.may_be_two else "twijfel over dit bericht"
            self._record(work, melding, Event.TER_BEOORDELING, f"{doubt}: {verdict.reason}")

    # -- which meldingen may this be about?

    def _candidates(self, work: UnitOfWork, message: StoredMessage) -> dict[int, Melding]:
        found: dict[int, Melding] = {}
        for external_id in (message.edits, message.in_reply_to):
            melding_id = work.inbox.melding_of(message.channel, external_id) if external_id else None
            if melding_id is not None:
                found[melding_id] = work.meldingen.get(melding_id)
        if message.person_id is not None:
            for melding in work.meldingen.find_for_person(message.person_id, since=self.now() - _REMEMBERED):
                found.setdefault(melding.id, melding)
        if message.visibility is Visibility.PUBLIC:
            for melding in work.meldingen.find_in_thread(message.channel, message.thread):
                found.setdefault(melding.id, melding)
        return {melding.id: self._follow_merge(work, melding) for melding in found.values()}

    def _follow_merge(self, work: UnitOfWork, melding: Melding) -> Melding:
        return melding if melding.merged_into_id is None else work.meldingen.get(melding.merged_into_id)

    def _known(self, work: UnitOfWork, message: StoredMessage, melding: Melding) -> Known:
        people = {melder.person_id for melder in work.meldingen.melders_of(melding.id)}
        is_own = message.person_id in people
        topic = self.replies.municipality.onderwerpen.get(melding.topic)
        age = max(message.sent_at - melding.updated_at, timedelta())
        lacks_place = bool(topic and topic.needs_place) and melding.street is None and age < _AWAITING_PLACE
        named = {int(number) for number in _REFERENCE.findall(message.text)}
        return Known(
            melding_id=melding.id,
            lead=melding.lead,
            topic=melding.topic,
            street=melding.street,
            text="\n".join((melding.summary, *work.inbox.texts_of(melding.id))),
            is_closed=melding.is_closed,
            is_own=is_own,
            is_answer_awaited=is_own
            and (melding.question is not None or melding.status is Status.WACHT_OP_MELDER or lacks_place),
            is_named=is_own and melding.id in named,
            age=age,
        )

    # -- a new melding

    def _begin(self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict) -> int:
        now = self.now()
        melding = work.meldingen.create(_new_melding(message, decision), now)
        if message.person_id is not None:
            work.meldingen.add_melder(melding.id, _melder(message, decision.language), now)
        promised = self.promises.first(decision, now)
        question = self._first_question(message, decision)
        columns = {"promised_at": promised, **asking(frozenset(), question, message.person_id, now)}
        received = work.meldingen.record(
            melding, Change(event=Event.ONTVANGEN, actor=MACHINE, why=verdict.reason, columns=columns), now
        )
        told, telling = self._first_step(work, received, message, decision)
        if telling is not None:
            self._answer(work, told, telling, message)
        if verdict.wants_person:
            self._ask_person(work, work.meldingen.get(melding.id), message)
        return melding.id

    def _first_step(
        self, work: UnitOfWork, received: Recorded, message: StoredMessage, decision: Decision
    ) -> tuple[Recorded, Telling | None]:
        """Let the melding take its first step, and say which event is told to the resident and how."""
        why = "; ".join(decision.reasons)[:1000]
        if decision.emergency is not None:
            step = self._record(work, received.melding, Event.NOODGEVAL, why)
            return step, Telling(news=News.NOODGEVAL, danger=decision.emergency)
        if decision.lead != "geen_actie" and work.channels.get(message.channel).mode is ChannelMode.REFERRING:
            refused = "dit kanaal neemt geen meldingen aan"
            return self._record(work, received.melding, Event.DOORVERWEZEN, refused), Telling(news=News.ANDERE_INGANG)
        if decision.zone is not Zone.AUTO:
            self._record(work, received.melding, Event.TER_BEOORDELING, why)
            return received, self._receipt(message, decision, is_lead_known=False)
        if decision.lead == "extern":
            return self._record(work, received.melding, Event.DOORVERWEZEN, why), Telling(news=News.DOORVERWEZEN)
        if decision.lead == "geen_actie":
            columns = {"outcome": "geen_actie_nodig", "promised_at": None}
            change = Change(event=Event.AFGEHANDELD, actor=MACHINE, why=why, columns=columns)
            work.meldingen.record(received.melding, change, self.now())
            return received, self._receipt(message, decision, is_lead_known=True)
        self._record(work, received.melding, Event.DOORGEZET, why)
        return received, self._receipt(message, decision, is_lead_known=True)

    def _receipt(self, message: StoredMessage, decision: Decision, *, is_lead_known: bool) -> Telling | None:
        is_chatter = decision.lead == "geen_actie" and decision.zone is Zone.AUTO
        if decision.kind == "spam" or (is_chatter and decision.kind != "compliment" and message.visibility is Visibility.PUBLIC):
            return None
        if is_chatter or decision.kind == "compliment":
            return Telling(news=News.DANK)
        return Telling(
            news=News.ONTVANGST,
            formal=decision.formal.value if decision.formal else None,
            is_lead_known=is_lead_known,
            question_word=self._first_question(message, decision),
        )

    def _first_question(self, message: StoredMessage, decision: Decision) -> str | None:
        """What to ask in the receipt. In public nothing is asked, nor about danger, nor about what is not ours."""
        is_ours = decision.lead not in {"extern", "geen_actie"} or decision.zone is not Zone.AUTO
        if message.visibility is not Visibility.PRIVATE or decision.emergency is not None or not is_ours:
            return None
        return next_question(
            Told(
                text=message.text,
                topic=decision.topic,
                kind=decision.kind,
                needs_place=self._needs_place(decision.topic),
                needs_personal_contact=decision.needs_personal_contact,
                has_place=decision.located.street is not None or message.lat is not None,
                has_photo=_has_photo(message),
                asked=frozenset(),
            )
        )

    def _needs_place(self, topic: str) -> bool:
        known = self.replies.municipality.onderwerpen.get(topic)
        return known is not None and known.needs_place

    def _following_question(self, work: UnitOfWork, message: StoredMessage, melding: Melding) -> str | None:
        """What to ask after an answer, by all that was told so far."""
        if (
            melding.question is None
            or melding.asked_person_id != message.person_id
            or message.visibility is not Visibility.PRIVATE
        ):
            return None
        return next_question(
            Told(
                text="\n".join((*work.inbox.texts_of(melding.id), message.text)),
                topic=melding.topic,
                kind=melding.kind,
                needs_place=self._needs_place(melding.topic),
                needs_personal_contact=melding.needs_personal_contact,
                has_place=melding.street is not None or melding.lat is not None or message.lat is not None,
                has_photo=_has_photo(message) or work.inbox.has_photo(melding.id),
                asked=melding.asked,
            )
        )

    # -- a message about a melding that exists

    def _continue(self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict, melding: Melding) -> None:
        now = self.now()
        joins = False
        if message.person_id is not None:
            joins = work.meldingen.add_melder(melding.id, _melder(message, decision.language), now)
        if joins:
            joined = self._record(work, melding, Event.MEDEMELDER, "sluit zich aan")
            self._answer(work, joined, Telling(news=News.MEDEMELDER, only_person=message.person_id), message)
            return
        recorded, telling = self._step(work, message, decision, verdict, melding)
        if telling is not None and message.person_id is not None:
            self._answer(work, recorded, telling, message)
        if verdict.wants_person:
            self._ask_person(work, recorded.melding, message)

    def _step(
        self, work: UnitOfWork, message: StoredMessage, decision: Decision, verdict: Verdict, melding: Melding
    ) -> tuple[Recorded, Telling | None]:
        only = message.person_id
        if verdict.action is Action.STATUS_QUESTION:
            return self._record(work, melding, Event.STAND_GEVRAAGD, verdict.reason), Telling(news=News.STAND, only_person=only)
        if verdict.action is Action.THANKS:
            return self._record(work, melding, Event.BEDANKT, verdict.reason), None
        if verdict.action is Action.WITHDRAW and not melding.is_closed and len(work.meldingen.melders_of(melding.id)) == 1:
            change = Change(event=Event.INGETROKKEN, actor="melder", why=verdict.reason, columns={"promised_at": None})
            return work.meldingen.record(melding, change, self.now()), Telling(news=News.INGETROKKEN)
        if verdict.action is Action.FOLLOW_UP and melding.is_closed:
            promised = self.promises.first(decision, self.now())
            change = Change(event=Event.HEROPEND, actor="melder", why=verdict.reason, columns={"promised_at": promised})
            return work.meldingen.record(melding, change, self.now()), Telling(news=News.HEROPEND)
        columns: dict[str, object] = {}
        question = None
        if verdict.action is Action.FOLLOW_UP:
            columns = self._better_known(work, message, decision, melding)
            question = self._following_question(work, message, melding)
            if melding.asked_person_id in {None, message.person_id}:
                columns |= asking(melding.asked, question, message.person_id, self.now())
        change = Change(event=Event.AANGEVULD, actor="melder", why=verdict.reason, columns=columns)
        is_worth_a_reply = (
            verdict.action is Action.FOLLOW_UP and message.visibility is Visibility.PRIVATE and not verdict.wants_person
        )
        telling = Telling(news=News.AANGEVULD, only_person=only, question_word=question) if is_worth_a_reply else None
        return work.meldingen.record(melding, change, self.now()), telling

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

    def _ask_person(self, work: UnitOfWork, melding: Melding, message: StoredMessage) -> None:
        if melding.is_closed:  # nobody looks at it any more, and no promise about it is kept
            again = Change(event=Event.HEROPEND, actor="melder", why="vraagt om een medewerker", columns={"outcome": None})
            melding = work.meldingen.record(melding, again, self.now()).melding
        columns = {"needs_personal_contact": True, "promised_at": self.promises.personal(self.now())}
        change = Change(event=Event.MENS_GEVRAAGD, actor="melder", why="vraagt om een medewerker", columns=columns)
        recorded = work.meldingen.record(melding, change, self.now())
        self._answer(work, recorded, Telling(news=News.MENS_GEVRAAGD, only_person=message.person_id), message)

    def _answer(self, work: UnitOfWork, recorded: Recorded, telling: Telling, message: StoredMessage) -> None:
        """Tell what this message brought about; to its sender it is an answer, to the other melders it is news."""
        self.replies.tell(work, recorded, replace(telling, answers=message.person_id), self.now())

    def _record(self, work: UnitOfWork, melding: Melding, event: Event, why: str) -> Recorded:
        return work.meldingen.record(melding, Change(event=event, actor=MACHINE, why=why), self.now())


def _has_photo(message: StoredMessage) -> bool:
    return any(item["kind"] == AttachmentKind.PHOTO.value for item in message.attachments)


def _point(message: StoredMessage) -> GeoPoint | None:
    return GeoPoint(lat=message.lat, lon=message.lon) if message.lat is not None and message.lon is not None else None


def _melder(message: StoredMessage, language: str) -> NewMelder:
    if message.person_id is None or message.visibility is None:
        raise ValueError("a melder needs a person")
    return NewMelder(
        person_id=message.person_id,
        channel=message.channel,
        thread=message.thread,
        reply_to=message.reply_to,
        visibility=message.visibility,
        language=language,
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
