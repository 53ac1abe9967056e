"""What residents say to the computer itself: stop, fewer messages, all messages; and yes or no to a question of ours."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from routing.reachability import Wish
from routing.text import fold

_LONGEST = 40


def read_wish(text: str) -> Wish | None:
    """The wish that is all the text says; None for every other text. Pure."""
    found = _phrases().get(_plain(text))
    return Wish(found) if found in set(Wish) else None


def read_verdict(text: str) -> bool | None:
    """Whether the text is nothing but yes (True) or no (False); None for every other text. Pure."""
    return {"ja": True, "nee": False}.get(_phrases().get(_plain(text), ""))


def _plain(text: str) -> str:
    return " ".join(fold(text[:_LONGEST]).strip("/ .!\n").split()) if len(text) <= _LONGEST else ""


@cache
def _phrases() -> Mapping[str, str]:
    """Phrase -> what it means, from bot/teksten/opdrachten.toml."""
    table = tomllib.loads((files("bot") / "teksten" / "opdrachten.toml").read_text(encoding="utf-8"))
    return {_plain(phrase): meaning for meaning, phrases in table.items() for phrase in phrases}
