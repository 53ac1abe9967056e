"""What a resident sees on the page of their own melding: status, promised moment, and what happened. No word of anybody else.

Reads values only; the page itself is made in bot/web.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.replies import Replies
from routing.melding import TOLD_TO_RESIDENTS
from storage.meldingen import Melding
from storage.queries import EventLine

LANGUAGE_NAMES = {"nl": "Nederlands", "en": "English"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPage:
    """Every word of the page, in one language. `steps` are (moment, sentence), the newest first."""

    language: str
    kenmerk: str
    words: dict[str, str]
    status: str
    reason: str
    promised: str
    steps: tuple[tuple[datetime, str], ...]


def page_of(replies: Replies, melding: Melding, events: Sequence[EventLine], language: str) -> FollowPage:
    """The page of a melding, in a language that has texts."""
    book = replies.texts[language]
    values = replies.facts(book, melding, melding.kenmerk)
    told = [event for event in events if event.event in TOLD_TO_RESIDENTS]
    steps = ((event.at, book.word(f"gebeurd_{event.event}", values)) for event in reversed(told))
    reason = book.word(f"reden_{melding.not_solved_reason}", values) if melding.not_solved_reason else ""
    return FollowPage(
        language=language,
        kenmerk=melding.kenmerk,
        words={name: book.word(f"volg_{name}", values) for name in WORDS},
        status=book.word(f"stand_{melding.status.value}", values),
        reason=reason,
        promised=book.word("volg_belofte", values) if melding.promised_at and not melding.is_closed else "",
        steps=tuple(steps),
    )


WORDS = (
    *("titel", "nummer", "stand", "gebeurd", "vraag", "alleen_u", "agenda"),
    *("verlopen", "verlopen_uitleg", "wacht", "wacht_uitleg"),
)
