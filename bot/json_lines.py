"""Routing over JSON lines: one message in, one answer out, in order. A broken line is answered, not fatal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from routing.decision import Decision, Router, Zone


def route_lines(lines: Iterable[str], router: Router, first: int = 1) -> Iterator[dict[str, Any]]:
    """One answer per non-empty line. An error object carries the line's number, counted from `first`, and what is wrong."""
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        message = _parse(line)
        if isinstance(message, str):
            yield {"error": message, "line": number}
        else:
            yield {"id": message["id"], **as_answer(router.route(message["text"]))}


def as_answer(decision: Decision) -> dict[str, Any]:
    return {
        "lead": decision.lead,
        "involved": list(decision.involved),
        "topic": decision.topic,
        "kind": decision.kind,
        "urgency": decision.urgency,
        "language": decision.language,
        "street": decision.located.street,
        "wijk": decision.located.wijk,
        "pii": list(decision.personal_data),
        "needs_personal_contact": decision.needs_personal_contact,
        "confidence": round(decision.confidence, 4),
        "top3": [code for code, _ in decision.top3],
        "auto": decision.zone is Zone.AUTO,
        "reasons": list(decision.reasons),
    }


def _parse(line: str) -> dict[str, Any] | str:
    """The message on a line, or what is wrong with it."""
    try:
        message = json.loads(line)
    except ValueError as error:
        return f"geen geldige JSON: {error}"
    if not isinstance(message, dict) or "id" not in message:
        return 'verwacht een object met "id", "channel" en "text"'
    if not isinstance(message.get("text"), str):
        return '"text" ontbreekt of is geen tekst'
    return message
