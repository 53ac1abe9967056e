"""What a message is to the meldingen its sender already has: a pure decision over one message and what is open.

Rules are those of the routing guide, section 4. First: does it speak of another matter (routing/matters.py)? Then: what does
it do to the matter it speaks of? When it is unsure it says so, and a colleague looks. It reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from routing.decision import Decision
from routing.matters import EMERGENCY, NO_ACTION, Known, Turn, find_target, newness, shared_words
from routing.sentences import said
from routing.turns import Sign, TurnReading, is_to_another, read_turn

__all__ = ["Action", "Known", "Turn", "Verdict", "judge"]


class Action(StrEnum):
    NEW_MELDING = "new_melding"
    FOLLOW_UP = "follow_up"
    STATUS_QUESTION = "status_question"
    WITHDRAW = "withdraw"
    THANKS = "thanks"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`melding_id` is None for a new melding, and for chatter that belongs to none. `reason` is for a colleague.

    `is_unsure` asks a colleague to look whether the action is right. `may_be_two` proposes to split: the message tells of
    two matters.
    """

    action: Action
    melding_id: int | None
    reason: str
    wants_person: bool = False
    is_unsure: bool = False
    may_be_two: bool = False


_SUICIDE = "suicide"
_GENERAL_DANGER = "algemeen"  # the model alone thinks of danger; the danger rules name a kind
_DOUBTFUL_BELOW = 0.5
_CHATTER_FROM = 0.9
_NO_THANKS = (Sign.CONTRAST, Sign.STILL, Sign.QUESTION, Sign.REACHABLE, Sign.CORRECTION, Sign.SARCASM)
_REMARKS = frozenset({"mening", "niet_voor_ons"})
_CHATTER_KINDS = frozenset({"overig", "compliment", "spam"})
_JOKE_WORDS = 3
_LATER = timedelta(hours=3)
_UNSURE_WITHIN = 0.75
_ATTACHMENT_AFTER_CLOSING = timedelta(days=30)


def judge(turn: Turn, known: Sequence[Known]) -> Verdict:
    """Decide what `turn` is. `known` are the candidate meldingen, in any order. Pure; never raises."""
    reading = read_turn(turn.text)
    if not known:
        return replace(_first(turn, reading), wants_person=reading.has(Sign.PERSON))
    target = find_target(turn, reading, known)
    return replace(_later(turn, reading, target), wants_person=reading.has(Sign.PERSON))


def _new(reason: str, *, is_unsure: bool = False, may_be_two: bool = False) -> Verdict:
    return Verdict(action=Action.NEW_MELDING, melding_id=None, reason=reason, is_unsure=is_unsure, may_be_two=may_be_two)


def _about(action: Action, target: Known, reason: str) -> Verdict:
    return Verdict(action=action, melding_id=target.melding_id, reason=reason)


# -- the first message


def _first(turn: Turn, reading: TurnReading) -> Verdict:
    has_attachment = turn.has_photo or turn.has_location
    if not turn.text.strip():
        return _new(said("alleen een bijlage: doorvragen") if has_attachment else said("leeg bericht: doorvragen"))
    if turn.decision.lead == EMERGENCY or has_attachment:
        return _new(said("eerste bericht"))
    if reading.has(Sign.GREETING_ONLY, Sign.ACK_ONLY):
        return Verdict(action=Action.OTHER, melding_id=None, reason=said("alleen een groet"))
    asks = reading.has(Sign.QUESTION, Sign.CONTRAST, Sign.SARCASM)
    doubtful = turn.decision.confidence < _DOUBTFUL_BELOW
    if reading.has(Sign.THANKS_ONLY) or (reading.has(Sign.THANKS) and not asks and doubtful):
        return Verdict(action=Action.THANKS, melding_id=None, reason=said("dank of een compliment, zonder vraag"))
    if _says_nothing(turn.decision, reading) and not asks:
        action = Action.THANKS if reading.has(Sign.THANKS) else Action.OTHER
        return Verdict(action=action, melding_id=None, reason=said("vraagt niets van de gemeente"))
    return _new(said("eerste bericht"), may_be_two=reading.has(Sign.TWO_MATTERS))


def _says_nothing(decision: Decision, reading: TurnReading) -> bool:
    """A remark or praise. When in doubt it is a melding: who is taken for a passer-by is not heard."""
    if decision.lead != NO_ACTION or decision.confidence < _DOUBTFUL_BELOW:
        return False
    return (
        decision.confidence >= _CHATTER_FROM or decision.topic in _REMARKS or reading.has(Sign.LAUGH, Sign.OPINION, Sign.THANKS)
    )


# -- a message of somebody with meldingen


def _later(turn: Turn, reading: TurnReading, target: Known) -> Verdict:
    if turn.is_edit:
        return _about(Action.FOLLOW_UP, target, said("gewijzigd bericht"))
    if not turn.text.strip():
        return _attachment_only(target)
    if _names_danger(turn.decision) and target.lead != EMERGENCY:
        return _new(said("gevaar (%(emergency)s): altijd een eigen melding", emergency=turn.decision.emergency))
    reasons = newness(turn, reading, target)
    points = sum(reason.points for reason in reasons)
    is_unsure = abs(points) < _UNSURE_WITHIN
    if points > 0:
        told = "; ".join(reason.words for reason in reasons if reason.points > 0)
        may_be_two = reading.has(Sign.TWO_MATTERS, Sign.SOLVED, Sign.THANKS)
        return _new(said("een andere kwestie: %(told)s", told=told), is_unsure=is_unsure, may_be_two=may_be_two)
    feels_danger = turn.decision.lead == EMERGENCY != target.lead
    verdict = _act(turn, reading, target)
    if verdict.action is Action.WITHDRAW and target.topic == _SUICIDE:
        verdict = _about(Action.FOLLOW_UP, target, said("een collega kijkt: 'het is goed zo' kan een afscheid zijn"))
        is_unsure = True
    return replace(verdict, is_unsure=is_unsure or feels_danger, may_be_two=reading.has(Sign.TWO_MATTERS))


def _names_danger(decision: Decision) -> bool:
    return decision.emergency not in {None, _GENERAL_DANGER}


def _attachment_only(target: Known) -> Verdict:
    if target.is_closed and target.age > _ATTACHMENT_AFTER_CLOSING:
        return _new(said("bijlage lang na een afgesloten melding"), is_unsure=True)
    return _about(Action.FOLLOW_UP, target, said("foto of plaats bij een lopende melding"))


# -- what it does to the matter it speaks of


def _act(turn: Turn, reading: TurnReading, target: Known) -> Verdict:
    if _passes_by(turn, reading, target):
        return _about(Action.OTHER, target, said("opmerking van een voorbijganger"))
    if reading.has(Sign.ACK_ONLY, Sign.GREETING_ONLY, Sign.THANKS_ONLY):
        return _act_of_few_words(turn, reading, target)
    if _is_found(reading, target):
        return _about(Action.THANKS if reading.has(Sign.THANKS) else Action.WITHDRAW, target, said("wat weg was, is terug"))
    joins = _joins(turn, reading, target)
    if reading.has(Sign.RETRACT) and not _takes_up_again(reading, target):
        return _about(Action.WITHDRAW, target, said("is niet meer nodig"))
    if reading.has(Sign.STATUS) and not reading.has(Sign.SOLVED) and not joins:
        return _about(Action.STATUS_QUESTION, target, said("vraagt hoe het staat"))
    if reading.has(Sign.SOLVED) and not reading.has(Sign.CONTRAST, Sign.STILL, Sign.REACHABLE) and not joins:
        thanks = reading.has(Sign.THANKS) and not reading.has(Sign.ALREADY)
        return _about(Action.THANKS if thanks else Action.WITHDRAW, target, said("is opgelost"))
    if reading.has(Sign.THANKS) and not reading.has(*_NO_THANKS):
        return _about(Action.THANKS, target, said("bedankt"))
    if _asks_later(turn, reading, target):
        return _about(Action.STATUS_QUESTION, target, said("vraagt later iets over de melding"))
    if _is_chatter(turn, reading, target):
        return _about(Action.OTHER, target, said("opmerking die niets vraagt"))
    return _about(Action.FOLLOW_UP, target, _why_follow_up(reading, target))


def _passes_by(turn: Turn, reading: TurnReading, target: Known) -> bool:
    """'Sterkte buurtjes', 'net als mijn relatie', '@Carla gaan we?': somebody without a part in it says something beside it."""
    if target.is_own or turn.has_photo or turn.has_location:
        return False
    asks = reading.has(Sign.QUESTION)
    if is_to_another(turn.text) and not reading.has(Sign.JOINING):
        return asks or not reading.has(Sign.WITNESS, Sign.NUMBER)
    return reading.has(Sign.ALOOF) and not asks


def _takes_up_again(reading: TurnReading, target: Known) -> bool:
    """'Never mind, it is back'; and what was taken back is not taken back twice: 'ze zijn weer begonnen, vergeet wat ik zei'."""
    if reading.has(Sign.BACK) and not reading.has(Sign.SOLVED):
        return True
    return (target.is_settled or target.is_closed) and reading.has(Sign.STILL, Sign.AGAIN)


def _act_of_few_words(turn: Turn, reading: TurnReading, target: Known) -> Verdict:
    """A message that is only 'ok', a greeting or thanks."""
    if turn.has_photo or turn.has_location:
        return _about(Action.FOLLOW_UP, target, said("foto of plaats bij een lopende melding"))
    if reading.has(Sign.THANKS_ONLY):
        return _about(Action.THANKS, target, said("bedankt"))
    if reading.has(Sign.QUESTION):
        asks = reading.has(Sign.STATUS)
        return _about(Action.STATUS_QUESTION if asks else Action.FOLLOW_UP, target, said("dringt aan"))
    if reading.has(Sign.ACK_ONLY) and target.is_own and target.is_answer_awaited and not reading.has(Sign.LAUGH):
        return _about(Action.FOLLOW_UP, target, said("antwoord op onze vraag"))
    return _about(Action.OTHER, target, said("groet of bevestiging, zonder vraag"))


def _is_found(reading: TurnReading, target: Known) -> bool:
    """'Hij staat er weer' ends the matter of a bench that was gone, and reopens that of a car in the way."""
    if not reading.has(Sign.BACK) or reading.has(Sign.CONTRAST, Sign.QUESTION):
        return False
    return read_turn(target.text).has(Sign.MISSING)


def _joins(turn: Turn, reading: TurnReading, target: Known) -> bool:
    """A neighbour tells what they saw or have: no question of how it stands, and nothing that ends the matter for others."""
    if target.is_own or turn.text.rstrip().endswith(("?", "؟")):
        return False
    return reading.has(Sign.JOINING, Sign.WITNESS)


def _asks_later(turn: Turn, reading: TurnReading, target: Known) -> bool:
    """A question some hours later that asks for nothing else is about how it stands."""
    if turn.has_photo or turn.has_location or target.age < _LATER:
        return False
    return reading.has(Sign.QUESTION) and not reading.has(Sign.REQUEST, Sign.PERSON, Sign.STILL, Sign.CORRECTION, Sign.JOINING)


def _is_chatter(turn: Turn, reading: TurnReading, target: Known) -> bool:
    if turn.has_photo or turn.has_location or reading.has(Sign.QUESTION, Sign.STILL, Sign.CORRECTION, Sign.PERSON):
        return False
    if target.is_own:
        return not target.is_answer_awaited and (reading.has(Sign.RESIGNED) or _melder_chats(turn.decision, reading, target))
    if reading.has(Sign.JOINING) and not reading.has(Sign.PAST):
        return reading.has(Sign.LAUGH) and _is_small_talk(turn.decision)
    if reading.has(Sign.LAUGH, Sign.OPINION, Sign.PAST):
        return True
    if reading.has(Sign.WITNESS, Sign.NUMBER):
        return False
    return reading.words <= _JOKE_WORDS or not (reading.has(Sign.CONTINUES) or shared_words(reading, target))


def _melder_chats(decision: Decision, reading: TurnReading, target: Known) -> bool:
    if decision.lead != NO_ACTION or reading.has(Sign.CONTRAST, Sign.NUMBER):
        return False
    if reading.has(Sign.OPINION) or (reading.has(Sign.LAUGH) and reading.words <= _JOKE_WORDS):
        return True
    return _is_small_talk(decision) and not shared_words(reading, target) and not reading.has(Sign.JOINING)


def _is_small_talk(decision: Decision) -> bool:
    return decision.lead == NO_ACTION and decision.confidence >= _CHATTER_FROM and decision.kind in _CHATTER_KINDS


def _why_follow_up(reading: TurnReading, target: Known) -> str:
    if target.is_closed:
        return said("komt terug op een afgesloten melding")
    for sign, reason in (
        (Sign.STILL, said("is nog niet opgelost")),
        (Sign.CORRECTION, said("verbetert wat eerder is gezegd")),
        (Sign.PERSON, said("vraagt om een medewerker")),
    ):
        if reading.has(sign):
            return reason
    if not target.is_own:
        return said("sluit zich aan bij de melding in dit gesprek")
    return said("antwoord op onze vraag") if target.is_answer_awaited else said("vult een lopende melding aan")
