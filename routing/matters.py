"""Which melding does a message speak of, and does it speak of another matter? Weighs reasons; the sum decides.

The router's opinion of a message is one reason among others: read by itself, 'ze woont in Overvecht' looks like anything. It
does not decide what the message does to the melding (routing/conversation.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from routing.decision import Decision
from routing.sentences import said
from routing.turns import Sign, TurnReading, content_of, read_turn

NO_ACTION, EMERGENCY, UNCLEAR_TOPIC = "geen_actie", "noodgeval", "onduidelijk"
_FEW_WORDS = 6
_WHOLE_STORY = 9
_LONG_STORY = 16
_SURE, _LIKELY = 0.85, 0.5
_DISTINCT_FROM = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A melding that this message might be about. `age` is the time since anything was said about it.

    `text` is what its melders wrote about it so far. `is_own` tells that the sender takes part in it; otherwise they only
    share its public thread. `is_answer_awaited` tells that we asked the melder something, `is_settled` that the last word
    about it was thanks or that it is no longer needed, `is_named` that the message holds its reference.
    """

    melding_id: int
    lead: str
    topic: str
    street: str | None
    text: str = field(repr=False)
    is_closed: bool
    is_own: bool
    is_answer_awaited: bool
    is_named: bool = False
    is_settled: bool = False
    age: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation, with how it was routed when read by itself."""

    text: str = field(repr=False)
    decision: Decision
    has_photo: bool = False
    has_location: bool = False
    is_edit: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """One reason for (above zero) or against another matter, in words for a colleague."""

    points: float
    words: str


def shared_words(reading: TurnReading, item: Known) -> int:
    """How many telling words a message has in common with what was written about a melding."""
    return len(reading.content & content_of(item.text))


def find_target(turn: Turn, reading: TurnReading, known: Sequence[Known]) -> Known:
    """The melding a message most likely speaks of. `known` is not empty."""
    return max(known, key=lambda item: (_fit(turn.decision, reading, item), -item.age, item.melding_id))


def _fit(decision: Decision, reading: TurnReading, item: Known) -> float:
    street = decision.located.street
    return (
        100.0 * item.is_named
        + 2.5 * min(2, shared_words(reading, item))
        + 2.0 * (item.topic == decision.topic and decision.confidence >= 0.3)
        + 1.0 * (item.lead == decision.lead and decision.confidence >= _LIKELY)
        + 2.0 * (street is not None and street == item.street)
        + 1.5 * (item.is_answer_awaited and not reading.has(Sign.STATUS))
        + 2.0 * item.is_own
        + 1.0 * (not item.is_closed)
        + 1.0 * (item.lead != NO_ACTION)
        + 1.0 / (1.0 + max(item.age, timedelta()) / timedelta(days=1))
    )


def newness(turn: Turn, reading: TurnReading, target: Known) -> list[Weighed]:
    """The reasons for and against another matter than `target`. It is one when their points add up to more than zero.

    The points are near log-odds: fitted to written conversations, starting from what the guide says, and rounded.
    """
    look = _Look.at(turn.decision, reading, target)
    rows = (*_by_router(turn.decision, look, target), *_by_words(reading, look, target), *_by_course(reading, look, target))
    return [Weighed(points, words) for applies, points, words in rows if applies]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A message beside a melding. `sure` is how sure the router is that the message reports something by itself.

    `is_distinct`: it reports something else, in words of its own. `is_novel`: a whole story without a word in common.
    """

    reports: bool
    sure: float
    shared: int
    is_same_topic: bool
    is_other_lead: bool
    is_distinct: bool
    is_novel: bool
    is_question: bool
    is_long: bool

    @classmethod
    def at(cls, decision: Decision, reading: TurnReading, target: Known) -> _Look:
        reports = decision.lead not in {NO_ACTION, EMERGENCY} and decision.topic != UNCLEAR_TOPIC
        sure = decision.confidence if reports else 0.0
        located = decision.located
        place = content_of(" ".join(name for name in (located.street, located.buurt, located.wijk) if name))
        shared = len((reading.content & content_of(target.text)) - place)
        is_same_topic = decision.topic == target.topic
        return cls(
            reports=reports,
            sure=sure,
            shared=shared,
            is_same_topic=is_same_topic,
            is_other_lead=decision.lead != target.lead,
            is_distinct=sure >= _DISTINCT_FROM and not is_same_topic and not shared and len(reading.content) > 1,
            is_novel=not shared and len(reading.content) > 2 and reading.words >= _WHOLE_STORY,
            is_question=reading.has(Sign.QUESTION),
            is_long=reading.words > _FEW_WORDS,
        )


_Row = tuple[bool, float, str]


def _by_router(decision: Decision, look: _Look, target: Known) -> Iterable[_Row]:
    """What the message is when it is read by itself."""
    street = decision.located.street
    asked_nothing = target.lead == NO_ACTION and target.is_closed and not read_turn(target.text).has(Sign.QUESTION, Sign.WISH)
    return (
        (decision.lead == NO_ACTION, -1.5 * decision.confidence, said("vraagt op zichzelf niets")),
        (look.sure >= _SURE, 1.3 if look.is_other_lead else 0.8, said("meldt duidelijk iets")),
        (_LIKELY <= look.sure < _SURE, 0.5, said("meldt waarschijnlijk iets")),
        (look.reports and asked_nothing, 5.0, said("het eerdere bericht vroeg niets")),
        (look.reports and look.is_same_topic, -2.4, said("gaat over hetzelfde onderwerp")),
        (look.reports and look.is_other_lead, 1.1 * look.sure, said("hoort bij een andere vakafdeling")),
        (not look.is_same_topic and not look.is_other_lead, 0.5 * look.sure, said("is een ander onderwerp")),
        (street is not None and target.street not in {None, street}, 1.1, said("noemt een andere plaats")),
        (
            street is not None and target.street not in {None, street} and look.sure >= _SURE and not look.is_same_topic,
            0.8,
            said("meldt iets anders op een andere plaats"),
        ),
        (
            street is not None and target.street is None and look.sure >= _LIKELY and look.is_long,
            0.7,
            said("noemt een plaats in een heel verhaal"),
        ),
        (look.is_distinct and look.is_question, 0.7, said("stelt een eigen vraag")),
    )


def _by_words(reading: TurnReading, look: _Look, target: Known) -> Iterable[_Row]:
    """What the message says."""
    differs = look.is_distinct and look.sure >= _SURE and (look.is_other_lead or look.is_question)
    strange = differs and not target.is_own and not reading.has(Sign.JOINING)
    announces = reading.has(Sign.ASIDE, Sign.SECOND)
    asks_to_do = reading.has(Sign.REQUEST) and not reading.has(Sign.STATUS)
    own_question = look.is_distinct and look.is_question
    return (
        (reading.has(Sign.SECOND), 3.4, said("kondigt iets anders aan")),
        (reading.has(Sign.ASIDE) and not reading.has(Sign.SECOND, Sign.ADDITION), 1.3, said("noemt iets erbij")),
        (announces, 1.6 * look.sure, said("kondigt aan wat het meldt")),
        (asks_to_do, 1.2, said("vraagt om iets te doen of uit te leggen")),
        (strange, 1.4, said("een ander begint over iets anders")),
        (look.shared == 1, -0.5, said("gebruikt een woord uit de melding")),
        (look.shared > 1, -1.1, said("gebruikt woorden uit de melding")),
        (reading.has(Sign.STILL), -1.0, said("gaat over iets dat nog niet is opgelost")),
        (reading.has(Sign.AGAIN) and not reading.has(Sign.STILL), -0.3, said("gaat over iets dat terugkomt")),
        (reading.has(Sign.CORRECTION), -1.7, said("verbetert iets")),
        (reading.has(Sign.JOINING) and not target.is_own, -1.5, said("heeft er ook last van")),
        (reading.has(Sign.ADDITION), -0.2, said("leunt op wat eerder is gezegd")),
        (reading.has(Sign.STATUS), -1.2 if not own_question else -0.6, said("vraagt hoe het staat")),
        (reading.has(Sign.SOLVED, Sign.RETRACT), -1.2, said("zegt dat het is opgelost")),
        (reading.words <= 3, -2.3, said("is heel kort")),
        (3 < reading.words < _FEW_WORDS, -1.1, said("is kort")),
        (reading.words >= _WHOLE_STORY, 1.0, said("is een heel verhaal")),
        (reading.words >= _LONG_STORY, 2.0, said("is een lang verhaal")),
    )


def _by_course(reading: TurnReading, look: _Look, target: Known) -> Iterable[_Row]:
    """What went before."""
    is_doubted = target.lead == NO_ACTION and not target.is_closed
    is_vague = target.topic == UNCLEAR_TOPIC or is_doubted or not target.text.strip()
    greets = reading.has(Sign.GREETS) and target.age > timedelta(hours=12) and look.is_long
    return (
        (True, -3.4, said("gaat door op het gesprek")),
        (target.is_named, -9.0, said("noemt het kenmerk")),
        (target.lead == EMERGENCY and target.age < timedelta(hours=6), -1.3, said("komt kort na een noodgeval")),
        (is_vague, -3.0, said("de melding wachtte nog op uitleg")),
        (not target.is_own, -0.5, said("staat in het gesprek van een ander")),
        (target.is_answer_awaited, -0.5, said("kan een antwoord op onze vraag zijn")),
        (target.is_closed, 1.0, said("de melding was afgesloten")),
        (target.is_settled and not target.is_closed, 1.7, said("de vorige kwestie was rond")),
        (target.is_settled, 1.4 * look.sure, said("meldt iets nadat de vorige kwestie rond was")),
        (look.is_novel and (target.is_settled or target.is_closed), 1.1, said("heeft geen woord gemeen met de melding")),
        (greets, 0.5, said("begint met een groet")),
        (target.age < timedelta(minutes=15), -0.6, said("komt vlak na het vorige bericht")),
        (target.age > timedelta(days=1), -1.0, said("komt later op het gesprek terug")),
        (timedelta(days=7) < target.age <= timedelta(days=60), 0.4, said("komt een tijd na het laatste bericht")),
        (target.age > timedelta(days=60), 1.5, said("komt lang na het laatste bericht")),
    )
