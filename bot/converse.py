"""Conversations over JSON lines: one conversation in, one answer per turn out, in order. A broken line is answered, not fatal.

What a turn is, is decided by the same `judge` as in triage; here the meldingen live in memory. It keeps and sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from routing.conversation import Action, Known, Turn, Verdict, judge
from routing.decision import Decision, Router, Zone

ATTACHMENTS = frozenset({None, "photo", "location"})
NO_ACTION = "geen_actie"
_LONGEST_HOURS = 24.0 * 366 * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One turn as it stands in the file. `hours` are since the start of the conversation."""

    number: int
    author: str
    hours: float
    text: str = field(repr=False)
    attachment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A melding of one conversation, numbered from 1. `texts` is what its melders told about it."""

    number: int
    decision: Decision
    street: str | None
    spoken_at: float
    melders: frozenset[str]
    texts: tuple[str, ...] = field(repr=False)
    is_closed: bool = False
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What a turn was, and the number of the melding it belongs to. None: to none, as a remark that needs no action."""

    said: Said
    action: Action
    matter: int | None


def converse_lines(lines: Iterable[str], router: Router) -> Iterator[dict[str, Any]]:
    """One answer per non-empty line. An error object carries the line number (from 1) and what is wrong.

    `lead` is that of the melding as it stands at the end of the conversation: a photo gets the lead of the text that
    explained it. A remark that needs no action (`other`) belongs to no melding and has lead `geen_actie`, also where triage
    keeps it beside the thread it was made in.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        parsed = _parse(line)
        if isinstance(parsed, str):
            yield {"error": parsed, "line": number}
        else:
            identity, turns = parsed
            yield {"id": identity, "turns": _answer(turns, router)}


def _answer(turns: Iterable[Said], router: Router) -> list[dict[str, Any]]:
    conversation = Conversation(router)
    taken = [conversation.take(said) for said in turns]
    leads: dict[int | None, str] = {matter.number: _lead_of(matter.decision) for matter in conversation.matters}
    return [
        {
            "turn": item.said.number,
            "action": item.action.value,
            "melding": item.matter,
            "lead": leads.get(item.matter, NO_ACTION),
        }
        for item in taken
    ]


def _lead_of(decision: Decision) -> str:
    """What became a melding asks for something: when the router doubted that, the likeliest vakafdeling takes it."""
    return next((lead for lead in (decision.lead, *(lead for lead, _ in decision.top3)) if lead != NO_ACTION), NO_ACTION)


class Conversation:
    """The meldingen of one chat or public thread, turn after turn. Whoever speaks in it sees all of it."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._matters: dict[int, Matter] = {}

    @property
    def matters(self) -> tuple[Matter, ...]:
        return tuple(self._matters.values())

    def take(self, said: Said) -> Taken:
        """Judge the next turn and bring its melding up to date."""
        decision = self._router.route(said.text)
        turn = Turn(
            text=said.text,
            decision=decision,
            has_photo=said.attachment == "photo",
            has_location=said.attachment == "location",
        )
        verdict = judge(turn, self._known(said))
        if verdict.action is Action.NEW_MELDING:
            matter = _begin(len(self._matters) + 1, said, decision)
        elif verdict.melding_id is None:
            return Taken(said, verdict.action, None)
        else:
            matter = self._continue(self._matters[verdict.melding_id], said, decision, verdict)
        self._matters[matter.number] = matter
        return Taken(said, verdict.action, None if verdict.action is Action.OTHER else matter.number)

    def _known(self, said: Said) -> list[Known]:
        """As in triage: every melding of the conversation, the latest first."""
        return [_as_known(matter, said) for matter in sorted(self.matters, key=lambda matter: -matter.spoken_at)]

    def _continue(self, matter: Matter, said: Said, decision: Decision, verdict: Verdict) -> Matter:
        spoken = replace(matter, spoken_at=max(matter.spoken_at, said.hours))
        if verdict.action is Action.FOLLOW_UP:
            return self._learn(spoken, said, decision)
        if verdict.action is Action.WITHDRAW:
            return replace(spoken, is_settled=True, is_closed=matter.is_closed or matter.melders == {said.author})
        if verdict.action is Action.THANKS:
            return replace(spoken, is_settled=True)
        return spoken

    def _learn(self, matter: Matter, said: Said, decision: Decision) -> Matter:
        """What a follow-up teaches: a missing place and, while the machine is unsure, a routing of all that was said."""
        texts = (*matter.texts, said.text) if said.text.strip() else matter.texts
        is_told_more = texts != matter.texts and matter.decision.zone is not Zone.AUTO
        return replace(
            matter,
            decision=self._router.route("\n".join(texts)) if is_told_more else matter.decision,
            street=matter.street or decision.located.street,
            melders=matter.melders | {said.author},
            texts=texts,
            is_closed=False,
            is_settled=False,
        )


def _begin(number: int, said: Said, decision: Decision) -> Matter:
    return Matter(
        number=number,
        decision=decision,
        street=decision.located.street,
        spoken_at=said.hours,
        melders=frozenset({said.author}),
        texts=(said.text,) if said.text.strip() else (),
    )


def _as_known(matter: Matter, said: Said) -> Known:
    return Known(
        melding_id=matter.number,
        lead=matter.decision.lead,
        topic=matter.decision.topic,
        street=matter.street,
        text="\n".join(matter.texts),
        is_closed=matter.is_closed,
        is_own=said.author in matter.melders,
        is_answer_awaited=False,  # the file holds what residents wrote, not what we asked
        is_settled=matter.is_settled,
        age=timedelta(hours=max(0.0, said.hours - matter.spoken_at)),
    )


# -- reading a line


def _parse(line: str) -> tuple[Any, list[Said]] | str:
    """Identity and turns on a line, or what is wrong with it."""
    try:
        conversation = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"geen geldige JSON: {error}"
    if not isinstance(conversation, dict) or "id" not in conversation:
        return 'verwacht een object met "id", "channel" en "turns"'
    turns = conversation.get("turns")
    if not isinstance(turns, list):
        return '"turns" ontbreekt of is geen lijst'
    read = []
    for position, turn in enumerate(turns, start=1):
        said = _parse_turn(turn, position)
        if isinstance(said, str):
            return f"beurt {position}: {said}"
        read.append(said)
    return conversation["id"], read


def _parse_turn(turn: object, position: int) -> Said | str:
    if not isinstance(turn, dict):
        return "is geen object"
    text, hours, attachment = turn.get("text", ""), turn.get("hours_since_start", 0.0), turn.get("attachment")
    if not isinstance(text, str):
        return '"text" is geen tekst'
    if not isinstance(hours, int | float) or isinstance(hours, bool) or not 0 <= hours <= _LONGEST_HOURS:
        return '"hours_since_start" is geen aantal uren vanaf 0'
    if not (attachment is None or isinstance(attachment, str)) or attachment not in ATTACHMENTS:
        return '"attachment" is niet null, "photo" of "location"'
    number = turn.get("turn", position)
    if not isinstance(number, int) or isinstance(number, bool):
        return '"turn" is geen nummer'
    return Said(number=number, author=str(turn.get("author", "")), hours=float(hours), text=text, attachment=attachment)
