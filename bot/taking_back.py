"""What a decision is about to change, written down so that the decision can be taken back. Pure.

It is written into the log that nobody can change, so nothing personal goes in: what would need that cannot be taken back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from routing.questions import Question
from storage.meldingen import Melding

_MOMENT = "moment:"
_PERSONAL = ("appointment_place", "appointment_guests")  # where somebody lives, and mail addresses
_ALWAYS = frozenset({"status", "status_before_question", "snoozed_until", "outcome", "not_solved_reason", "merged_into_id"})


def kept(melding: Melding, columns: dict[str, Any]) -> dict[str, Any] | None:
    """The columns as they are now, in values that JSON keeps; None when one of them holds somebody's details."""
    before = {name: _plain(getattr(melding, name)) for name in sorted({*columns, *_ALWAYS})}
    is_personal = any(before.get(name) for name in _PERSONAL) or before.get("question") not in {None, *Question}
    return None if is_personal else before


def restored(values: dict[str, Any]) -> dict[str, Any]:
    """The columns that `kept` wrote down."""
    return {name: _moment(value) if isinstance(value, str) else value for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{_MOMENT}{value.astimezone(UTC).isoformat()}"
    return " ".join(sorted(value)) if isinstance(value, frozenset) else value


def _moment(value: str) -> str | datetime:
    return datetime.fromisoformat(value.removeprefix(_MOMENT)) if value.startswith(_MOMENT) else value
