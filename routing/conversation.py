"""What a message is to the meldingen its sender already has: a pure decision over one message and what is open.

Rules are those of the routing guide, section 4. When it is unsure it says so, and a colleague decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from routing.decision import Decision


class Action(StrEnum):
    NEW_MELDING = "new_melding"
    FOLLOW_UP = "follow_up"
    STATUS_QUESTION = "status_question"
    WITHDRAW = "withdraw"
    THANKS = "thanks"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A melding that this message might be about. `age` is the time since anything was said about it.

    `is_own` tells that the sender takes part in it; otherwise they only share its public thread.
    `is_answer_awaited` tells that we asked the melder something.
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
    age: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation, with how it was routed when read by itself."""

    text: str = field(repr=False)
    decision: Decision
    has_photo: bool = False
    has_location: bool = False
    is_edit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`melding_id` is None for a new melding, and for chatter that belongs to none."""

    action: Action
    melding_id: int | None
    reason: str
    wants_person: bool = False


# A chat message this long after the last word is about something new unless it says otherwise.
_STALE_AFTER = timedelta(days=60)
# A photo, a place or a correction belongs to what was written shortly before.
_ADDITION_WINDOW = timedelta(hours=3)


def judge(turn: Turn, known: Sequence[Known]) -> Verdict:
    """Decide what `turn` is. `known` are the candidate meldingen, the most recent first."""
    text = turn.text.lower()
    wants_person = bool(_PERSON.search(text))
    verdict = _judge(turn, text, known)
    if wants_person and verdict.action is Action.OTHER and known:
        verdict = Verdict(action=Action.FOLLOW_UP, melding_id=known[0].melding_id, reason="vraagt om een medewerker")
    return Verdict(action=verdict.action, melding_id=verdict.melding_id, reason=verdict.reason, wants_person=wants_person)


def _judge(turn: Turn, text: str, known: Sequence[Known]) -> Verdict:
    if not known:
        return _first(turn, text)
    target = _target(turn, known)
    if turn.is_edit:
        return Verdict(action=Action.FOLLOW_UP, melding_id=target.melding_id, reason="gewijzigd bericht")
    if not text.strip():
        return _attachment_only(target)
    for action, pattern, reason in (
        (Action.STATUS_QUESTION, _STATUS, "vraagt hoe het staat"),
        (Action.WITHDRAW, _WITHDRAW, "is niet meer nodig"),
    ):
        if pattern.search(text) and not _SECOND_MATTER.search(text):
            return Verdict(action=action, melding_id=target.melding_id, reason=reason)
    if _is_second_matter(turn, text, target):
        return Verdict(action=Action.NEW_MELDING, melding_id=None, reason="een andere kwestie in hetzelfde gesprek")
    if _THANKS.search(text) and not _reports(turn):
        return Verdict(action=Action.THANKS, melding_id=target.melding_id, reason="bedankt")
    if _GREETING.fullmatch(text.strip()):
        return Verdict(action=Action.OTHER, melding_id=target.melding_id, reason="groet of losse opmerking")
    if turn.decision.lead == "geen_actie" and not target.is_answer_awaited and not _ADDITION.search(text):
        return Verdict(action=Action.OTHER, melding_id=target.melding_id, reason="vraagt niets van de gemeente")
    return Verdict(action=Action.FOLLOW_UP, melding_id=target.melding_id, reason="vult een lopende melding aan")


def _first(turn: Turn, text: str) -> Verdict:
    if not text.strip() and not turn.has_photo and not turn.has_location:
        return Verdict(action=Action.NEW_MELDING, melding_id=None, reason="leeg bericht: doorvragen")
    if _GREETING.fullmatch(text.strip()):
        return Verdict(action=Action.OTHER, melding_id=None, reason="groet")
    return Verdict(action=Action.NEW_MELDING, melding_id=None, reason="eerste bericht")


def _target(turn: Turn, known: Sequence[Known]) -> Known:
    """The melding a message most likely speaks of: named by reference, awaited, of the same topic, else the newest open one."""
    ranked = sorted(
        known,
        key=lambda item: (
            not item.is_named,
            not item.is_answer_awaited,
            not (item.topic == turn.decision.topic and _reports(turn)),
            item.is_closed,
            item.age,
        ),
    )
    return ranked[0]


def _attachment_only(target: Known) -> Verdict:
    return Verdict(action=Action.FOLLOW_UP, melding_id=target.melding_id, reason="foto of plaats bij een lopende melding")


def _reports(turn: Turn) -> bool:
    """Whether the message, read by itself, asks something of somebody."""
    return turn.decision.lead != "geen_actie" and turn.decision.kind not in {"compliment", "spam", "overig"}


def _is_second_matter(turn: Turn, text: str, target: Known) -> bool:
    if turn.decision.lead == "noodgeval":
        return True
    if not _reports(turn) or target.is_named:
        return False
    if _SECOND_MATTER.search(text):
        return True
    if target.is_answer_awaited or _ADDITION.search(text):
        return False
    other_place = (
        bool(turn.decision.located.street) and turn.decision.located.street != target.street and target.street is not None
    )
    other_topic = turn.decision.topic != target.topic and turn.decision.lead != target.lead
    if target.is_closed or target.age > _STALE_AFTER:
        return other_topic or other_place or turn.decision.topic != target.topic
    if target.age < _ADDITION_WINDOW and len(text) < 60 and not other_place:
        return False
    return other_topic and turn.decision.confidence > 0.5 or (other_place and turn.decision.confidence > 0.5)


_STATUS = re.compile(
    r"\b(al iets (bekend|gehoord|gedaan)|al (iets|wat) (van )?(gehoord|bekend)|hoe staat het|hoe zit het (nu )?met (mijn|m'n|de) melding|"
    r"wat is de (stand|status)|status\b|wanneer (komt|komen|wordt|hoor|gaat|krijg)|nog (iets )?nieuws|is er al|hoe ver|enig idee wanneer|"
    r"any (news|update)|what'?s the status|heard anything|when will|iets gehoord|update\?|wordt hier nog|hoor ik nog)",
)
_WITHDRAW = re.compile(
    r"\b(laat maar|hoeft (al )?niet meer|is (al |inmiddels |nu )?(opgelost|gemaakt|weg|opgehaald|opgeruimd|geregeld)|niet meer nodig|"
    r"kan(t)? (weg|vervallen)|trek .{0,20}\bin\b|never ?mind|is gone now|been (fixed|solved)|no longer needed|al gevonden|heb (het|hem|m) al)",
)
_THANKS = re.compile(
    r"(\b(dank|bedankt|thanks|thank you|thx|merci|top geregeld|super|fijn dat|chapeau|dankjewel|dankuwel|teşekkür|dziękuję|дякую|شكرا|danke|gracias)\b|👍|🙏)"
)
_GREETING = re.compile(
    r"(hoi|hallo|hey|hi|hello|goede?(morgen|middag|navond|nacht)|dag|yo|ok(e|é)?|oké|prima|👍|/start)[\s!.,👋🙂]*"
)
_SECOND_MATTER = re.compile(
    r"\b(nog iets( anders)?|iets anders|andere (vraag|melding|kwestie)|ook nog|tweede (vraag|melding)|nieuwe melding|"
    r"something else|another (thing|question|issue)|trouwens)\b"
)
_ADDITION = re.compile(
    r"\b(nog steeds|nog altijd|alweer|weer|ook last|hier ook|bij ons ook|zelfde|hetzelfde|het (gaat|is|was|zit|staat|ligt) |correctie|ik bedoel|"
    r"still|same here|me too|foto|hierbij|ter hoogte|tegenover|naast nummer|hij|ze|die)\b"
)
_PERSON = re.compile(
    r"\b(medewerker|echt mens|een mens spreken|iemand spreken|bel mij|bel me|kan iemand mij bellen|human|real person)\b"
)
