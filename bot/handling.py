"""What staff do with a melding: one function per decision, each one transaction of event, change and replies.

Screens and commands call these; nothing here knows HTTP. Every function raises InvalidTransitionError when the step is not
allowed, NotFoundError when the melding is gone, and StaleError when `version` is not what the colleague was looking at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.lessons import Choice, keep_lesson
from bot.promises import Promises, ladder_of
from bot.questions import asking, telling_of
from bot.replies import Replies, Telling
from bot.taking_back import kept, restored
from routing.errors import InvalidTransitionError, NotFoundError, StaleError
from routing.melding import NEWS, Event, News, NotSolved, Status, next_status
from routing.messages import Delivery
from routing.office_hours import AMSTERDAM
from routing.questions import Question
from routing.reachability import Wish
from routing.sentences import said
from routing.vakafdelingen import Sort
from storage.database import Database, UnitOfWork
from storage.meldingen import Change, Melder, Melding
from storage.outbox import ReplyState
from storage.points import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A decision about to be taken: the event, the columns it changes, and what the melders are told."""

    event: Event
    telling: Telling | None
    columns: dict[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one melder would be sent. `by_hand` is why a machine may not send it, or empty."""

    channel: str
    delivery: Delivery
    text: str
    by_hand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The use cases of the desk. `now` is the clock. Replies wait `second_thoughts` long, so that a decision can be undone."""

    database: Database
    replies: Replies
    promises: Promises
    now: Callable[[], datetime]
    second_thoughts: timedelta = timedelta()

    # -- the decisions, as steps

    def confirm(self, melding: Melding) -> Step:
        """The proposal is right: on to its lead, or to the partner it names, or closed when nothing is asked."""
        sort = self.replies.municipality.vakafdelingen[melding.lead].sort
        if sort is Sort.PARTNER:
            return self.refer(melding, partner=melding.partner or "overig")
        if sort is Sort.NONE:
            columns = {"outcome": "geen_actie_nodig", "promised_at": None}
            return Step(event=Event.AFGEHANDELD, telling=None, columns=columns, why=said("voorstel bevestigd"))
        return self.assign(melding, lead=melding.lead, why=said("voorstel bevestigd"))

    def assign(self, melding: Melding, *, lead: str, topic: str = "", explanation: str = "", why: str = "") -> Step:
        """Hand the melding to a vakafdeling (correcting the proposal when it named another). It coordinates from now on."""
        municipality = self.replies.municipality
        known = municipality.vakafdelingen.get(lead)
        if known is None:
            raise NotFoundError(said("De vakafdeling '%(lead)s' bestaat niet. Kies er een uit de lijst.", lead=lead))
        if known.sort is not Sort.DEPARTMENT and known.sort is not Sort.EMERGENCY:
            raise InvalidTransitionError(
                said("'%(name)s' is geen vakafdeling. Gebruik doorverwijzen of afhandelen.", name=known.name)
            )
        if topic and topic not in municipality.onderwerpen:
            raise NotFoundError(said("Het onderwerp '%(topic)s' bestaat niet. Kies er een uit de lijst.", topic=topic))
        involved = [code for code in melding.involved if code != lead]
        columns: dict[str, Any] = {"lead": lead, "involved": involved, "promised_at": self.promises.next(melding, self.now())}
        columns["returned_by"] = None
        if topic:
            columns["topic"] = topic
        is_correction = lead != melding.proposal.get("lead")
        reason = why or (said("voorstel gecorrigeerd") if is_correction else said("doorgezet"))
        telling = Telling(news=News.DOORGEZET, explanation=explanation)
        return Step(event=Event.DOORGEZET, telling=telling, columns=columns, why=reason)

    def take_up(self, melding: Melding, *, contact_person: str = "") -> Step:
        columns: dict[str, Any] = {"promised_at": self.promises.next(melding, self.now())}
        if contact_person:
            columns["contact_person"] = contact_person
        return Step(event=Event.IN_BEHANDELING_GENOMEN, telling=Telling(news=News.IN_BEHANDELING), columns=columns)

    def plan(self, melding: Melding, *, planned_for: datetime, explanation: str = "") -> Step:  # noqa: ARG002 - one shape for all steps
        if planned_for.astimezone(AMSTERDAM).date() < self.now().astimezone(AMSTERDAM).date():
            raise InvalidTransitionError(said("De geplande dag ligt in het verleden. Kies vandaag of later."))
        columns = {"planned_for": planned_for, "promised_at": self.promises.hours.add_working_days(planned_for, 1)}
        return Step(event=Event.INGEPLAND, telling=Telling(news=News.INGEPLAND, explanation=explanation), columns=columns)

    def ask(self, melding: Melding, *, question: str) -> Step:
        if not question.strip():
            raise InvalidTransitionError(said("De vraag is leeg. Schrijf wat u van de melder wilt weten."))
        columns = {"promised_at": self.promises.next(melding, self.now())}
        columns |= asking(melding.asked, question.strip(), None, self.now())
        telling = telling_of(question.strip(), news=News.VRAAG)
        return Step(event=Event.VRAAG_GESTELD, telling=telling, columns=columns, why=question)

    def appoint(self, melding: Melding, *, at: datetime, place: str = "", guests: str = "", explanation: str = "") -> Step:
        """Agree on a moment: a colleague comes to `place`, or calls when it is empty. `guests` are mail addresses."""
        if at <= self.now():
            raise InvalidTransitionError(said("Dit moment is voorbij. Kies een later moment."))
        addresses = guests.replace(",", " ").split()
        if any("@" not in address for address in addresses):
            raise InvalidTransitionError(said("Een van de adressen van collega's is geen e-mailadres. Verbeter het."))
        columns: dict[str, Any] = {
            "appointment_at": at,
            "appointment_place": place or None,
            "appointment_guests": " ".join(addresses),
            "promised_at": max(self.promises.hours.add_working_days(at, 1), melding.promised_at or at),
        }
        why = said("afspraak op locatie") if place else said("afspraak om te bellen")
        return Step(
            event=Event.AFSPRAAK_GEMAAKT, telling=Telling(news=News.AFSPRAAK, explanation=explanation), columns=columns, why=why
        )

    def escalate(self, melding: Melding) -> Step:
        """Note that the melding was put before the role that was proposed. Raises InvalidTransitionError when none was."""
        role = self.proposed_role(melding)
        columns = {"escalation_decided": melding.escalation_proposed}
        return Step(event=Event.GEESCALEERD, telling=None, columns=columns, why=said("voorgelegd aan %(role)s", role=role))

    def decline_escalation(self, melding: Melding, *, why: str = "") -> Step:
        """Note that a colleague chose not to go up the ladder now. Raises InvalidTransitionError when nothing was proposed."""
        role = self.proposed_role(melding)
        columns = {"escalation_decided": melding.escalation_proposed}
        return Step(
            event=Event.ESCALATIE_AFGEWEZEN,
            telling=None,
            columns=columns,
            why=why or said("niet voorgelegd aan %(role)s", role=role),
        )

    def proposed_role(self, melding: Melding) -> str:
        if not melding.is_escalation_proposed:
            raise InvalidTransitionError(said("Er is nu niets om voor te leggen. Laad de pagina opnieuw."))
        return ladder_of(self.replies.municipality, melding)[melding.escalation_proposed - 1]

    def solve(self, melding: Melding, *, explanation: str = "") -> Step:
        columns = {"outcome": "opgelost", "not_solved_reason": None, "promised_at": None, **_asks_verdict(melding)}
        telling = Telling(news=News.OPGELOST, explanation=explanation, question_word=_verdict_word(melding))
        return Step(event=Event.AFGEHANDELD, telling=telling, columns=columns, why=explanation)

    def close_unsolved(self, melding: Melding, *, reason: str, explanation: str = "") -> Step:
        try:
            coded = NotSolved(reason)
        except ValueError:
            raise InvalidTransitionError(said("Kies waarom de melding niet wordt opgelost; de melder hoort die reden.")) from None
        columns = {"outcome": "niet_opgelost", "not_solved_reason": coded.value, "promised_at": None, **_asks_verdict(melding)}
        telling = Telling(news=News.NIET_OPGELOST, explanation=explanation, question_word=_verdict_word(melding))
        return Step(event=Event.AFGEHANDELD, telling=telling, columns=columns, why=explanation)

    def refer(self, melding: Melding, *, partner: str, explanation: str = "") -> Step:  # noqa: ARG002 - one shape for all steps
        if partner not in self.replies.municipality.partners:
            raise NotFoundError(
                said("De organisatie '%(partner)s' staat niet in de lijst. Kies er een, of kies 'overig'.", partner=partner)
            )
        columns = {"lead": "extern", "partner": partner, "promised_at": None}
        telling = Telling(news=News.DOORVERWEZEN, explanation=explanation)
        return Step(event=Event.DOORVERWEZEN, telling=telling, columns=columns, why=explanation)

    def reopen(self, melding: Melding, *, why: str = "") -> Step:
        columns = {"promised_at": self.promises.next(melding, self.now())}
        return Step(event=Event.HEROPEND, telling=Telling(news=NEWS[Event.HEROPEND]), columns=columns, why=why)

    def write(self, melding: Melding, *, text: str) -> Step:
        """A message in a colleague's own words to everybody who takes part; the melding stays as it is."""
        telling = Telling(news=News.BERICHT, explanation=text)
        return Step(event=Event.BERICHT_GESTUURD, telling=telling, columns={"promised_at": melding.promised_at}, why=text)

    def give_back(self, melding: Melding, *, why: str) -> Step:
        """The vakafdeling says that it is not theirs: back before staff, with the reason; nobody is told anything yet."""
        if not why:
            raise InvalidTransitionError(
                said("Schrijf waarom het niet van uw vakafdeling is, en van wie dan wel als u het weet.")
            )
        return Step(event=Event.TERUGGEGEVEN, telling=None, columns={"returned_by": melding.lead}, why=why)

    def put_off(self, melding: Melding, *, until: datetime | None) -> Step:  # noqa: ARG002 - one shape for all steps
        """Out of sight until a moment, or until there is news; None brings it back now."""
        why = said("tot %(day)s", day=f"{until:%d-%m-%Y}") if until else said("teruggehaald")
        return Step(event=Event.UITGESTELD, telling=None, columns={"snoozed_until": until}, why=why)

    def merge(self, melding: Melding, *, into: Melding) -> Step:
        """The same matter as another melding: from now on its melders hear with the other's, each on their own channel."""
        if into.id == melding.id:
            raise InvalidTransitionError(said("Een melding kan niet met zichzelf worden samengevoegd. Kies een andere."))
        with self.database.work() as work:
            _check_merge(work, melding, into.id)
        columns = {"merged_into_id": into.id, "promised_at": None}
        return Step(event=Event.SAMENGEVOEGD, telling=Telling(news=News.DUBBEL), columns=columns, why=into.kenmerk)

    def unmerge(self, melding: Melding) -> Step:
        columns = {"merged_into_id": None, "promised_at": self.promises.next(melding, self.now())}
        return Step(event=Event.LOSGEMAAKT, telling=None, columns=columns)

    # -- carrying them out

    def get(self, melding_id: int) -> Melding:
        with self.database.looking() as work:
            return work.meldingen.get(melding_id)

    def carry_out(self, melding: Melding, step: Step, *, account: str, version: int | None = None) -> Melding:
        """Record the step, keep what it teaches and queue its replies. `version` is the event count the colleague saw."""
        now = self.now()
        if version is not None and version != melding.event_count:
            raise StaleError(
                said("%(kenmerk)s is intussen veranderd. Bekijk de melding opnieuw en kies dan.", kenmerk=melding.kenmerk)
            )
        with self.database.work(Commit.DESK) as work:
            if step.event is Event.AFGEHANDELD and (unfinished := work.tasks.unfinished(melding.id)):
                names = ", ".join(self.replies.municipality.name_of(task.vakafdeling) for task in unfinished)
                raise InvalidTransitionError(
                    said("Er loopt nog een taak bij: %(names)s. Rond die af of trek hem in.", names=names)
                )
            if step.event is Event.SAMENGEVOEGD:
                _check_merge(work, melding, step.columns["merged_into_id"])
            dropped = work.outbox.drop_unsent(melding.id, News.NOG_GEEN_NIEUWS.value)  # real news replaces it
            columns = _columns(step)
            before = kept(melding, columns)
            data = {"dropped": dropped} if before is None else {"dropped": dropped, "before": before}
            change = Change(event=step.event, actor=account, why=step.why, columns=columns, data=data)
            recorded = work.meldingen.record(melding, change, now)
            choice = Choice(event=step.event, columns=step.columns, event_id=recorded.event_id, after=recorded.melding)
            keep_lesson(work, choice, self.replies.municipality, now)
            if step.telling is not None:
                self.replies.tell(work, recorded, self._signed(work, step.telling, account), now)
                work.outbox.hold(recorded.event_id, until=now + self.second_thoughts)
            work.commit()
        return recorded.melding

    def undo(self, melding_id: int, seq: int, *, account: str) -> Melding:
        """Take back the newest decision of a melding, number `seq` of its events, as long as nothing of it was sent.

        Raises InvalidTransitionError when something was sent, the event is no decision or what it was merged into is not open,
        StaleError when more happened since.
        """
        now = self.now()
        with self.database.work(Commit.DESK) as work:
            melding, last = work.meldingen.get(melding_id), work.meldingen.last_event(melding_id)
            if last.seq != seq:
                raise StaleError(
                    said("Er gebeurde intussen meer met %(kenmerk)s. Bekijk de melding en kies daar.", kenmerk=melding.kenmerk)
                )
            if "before" not in last.data:
                raise InvalidTransitionError(
                    said("De laatste stap van %(kenmerk)s is geen besluit dat terug kan.", kenmerk=melding.kenmerk)
                )
            if not work.outbox.take_back(last.id):
                raise InvalidTransitionError(
                    said(
                        "De melder van %(kenmerk)s kreeg al bericht. Kies een nieuwe stap; die krijgt de melder ook te horen.",
                        kenmerk=melding.kenmerk,
                    )
                )
            columns = restored(last.data["before"])
            if columns["merged_into_id"] not in {None, melding.merged_into_id}:
                _check_merge(work, melding, columns["merged_into_id"])
            change = Change(
                event=Event.TERUGGEDRAAID,
                actor=account,
                why=last.event.value,
                columns=columns,
                back_to=Status(columns.pop("status")),
            )
            after = work.meldingen.record(melding, change, now).melding
            work.outbox.revive(last.data["dropped"])
            work.corrections.take_back(melding_id, last.id)
            work.commit()
        return after

    def is_own_latest(self, melding_id: int, seq: int, *, account: str) -> bool:
        """Whether step `seq` is the newest of a melding, and this colleague took it no longer ago than the time to undo it."""
        with self.database.looking() as work:
            last = work.meldingen.last_event(melding_id)
        return (last.seq, last.actor) == (seq, account) and self.now() - last.at <= self.second_thoughts

    def preview(self, melding: Melding, step: Step, *, account: str) -> tuple[Preview, ...]:
        """Exactly what each melder would be sent if the step were taken now. Changes nothing."""
        if step.telling is None:
            return ()
        now = self.now()
        status = next_status(melding.status, step.event, before_question=melding.status_before_question)
        after = replace(melding, status=status, **step.columns)
        with self.database.looking() as work:
            number = work.outbox.count_of(melding.id)
            telling = self._signed(work, step.telling, account)
            return tuple(
                self._preview(work, after, melder_number, telling, now)
                for melder_number in enumerate(_told(work, melding), start=number + 1)
            )

    def _signed(self, work: UnitOfWork, telling: Telling, account: str) -> Telling:
        """A colleague signs with the first word of their name; who has no account here signs with what they are called."""
        known = work.staff.find_account(account)
        name = known.display_name if known else account
        return replace(telling, decided_by=account, signed=name.split()[0])

    def _preview(self, work: UnitOfWork, after: Melding, numbered: tuple[int, Any], telling: Telling, now: datetime) -> Preview:
        number, melder = numbered
        way = self.replies.way_for(work, melder, now)
        text = self.replies.preview(after, melder, telling, way, f"{after.kenmerk}/{number}")
        return Preview(channel=melder.channel, delivery=way.delivery, text=text, by_hand="" if way.by_machine else way.reason)

    # -- replies that wait for a person

    def send_again(self, reply_id: int, *, account: str) -> None:
        """Staff looked: the uncertain or refused reply did not arrive. It is sent anew. Idempotent while it waits."""
        self._decide_reply(reply_id, account, is_posted=False)

    def mark_posted(self, reply_id: int, *, account: str) -> None:
        """Staff saw the uncertain reply on the platform, or posted a prepared text by hand."""
        self._decide_reply(reply_id, account, is_posted=True)

    def _decide_reply(self, reply_id: int, account: str, *, is_posted: bool) -> None:
        waiting = {ReplyState.UNCERTAIN, ReplyState.REFUSED, ReplyState.BY_HAND}
        with self.database.work(Commit.DESK) as work:
            reply = work.outbox.get(reply_id)
            if reply.state not in waiting:
                raise InvalidTransitionError(
                    said("Dit antwoord heeft status '%(state)s'; er is niets te beslissen.", state=reply.state)
                )
            if is_posted:
                work.outbox.posted_by_staff(reply, account, self.now())
            elif reply.state is ReplyState.BY_HAND:
                raise InvalidTransitionError(
                    said("Dit antwoord mag geen machine plaatsen. Plaats het met de hand en meld het hier.")
                )
            else:
                work.outbox.retry_by_staff(reply, account, self.now())
            work.commit()


def _told(work: UnitOfWork, melding: Melding) -> list[Melder]:
    """Who hears of a decision: everybody who takes part, but not twice by a conversation and by mail."""
    return [melder for melder in work.meldingen.melders_of(melding.id) if melder.wish is not Wish.ELDERS]


def _check_merge(work: UnitOfWork, melding: Melding, into_id: int) -> None:
    """Holds both until the end of the transaction: two colleagues never merge two meldingen into each other."""
    held = {number: work.meldingen.hold(number) for number in sorted((melding.id, into_id))}
    into = held[into_id]
    if into.merged_into_id is not None or into.is_closed:
        raise InvalidTransitionError(said("%(kenmerk)s is niet open. Kies een melding die nog loopt.", kenmerk=into.kenmerk))
    if work.meldingen.has_merged(melding.id):
        raise InvalidTransitionError(
            said(
                "Met %(kenmerk)s zijn al andere samengevoegd. Voeg %(other)s hierin samen, of maak ze eerst los.",
                kenmerk=melding.kenmerk,
                other=into.kenmerk,
            )
        )


def _columns(step: Step) -> dict[str, Any]:
    """Real news mends a row of broken promises; a question to the melder is no news."""
    is_news = step.telling is not None and step.event is not Event.VRAAG_GESTELD
    return step.columns | ({"promises_broken": 0} if is_news else {})


def _asks_verdict(melding: Melding) -> dict[str, Any]:
    """The melder is asked once whether this helped."""
    return {"feedback": "gevraagd"} if melding.feedback is None else {}


def _verdict_word(melding: Melding) -> str | None:
    return Question.OORDEEL.value if melding.feedback is None else None
