"""What a colleague should look at once more before a text goes out: personal data and words residents do not use.

Warns, never refuses: the colleague decides. The words and the building blocks are data (bot/teksten).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from routing.personal_data import find_personal_data
from routing.sentences import said

_KINDS = {
    "phone": said("een telefoonnummer"),
    "email": said("een e-mailadres"),
    "bsn": said("een burgerservicenummer"),
    "iban": said("een bankrekening"),
    "plate": said("een kenteken"),
    "dob": said("een geboortedatum"),
    "address": said("een huisadres"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A text to begin a message with."""

    code: str
    name: str
    text: str


def concerns(text: str, *, is_public: bool) -> tuple[str, ...]:
    """What to look at, in sentences; empty when nothing stands out."""
    found = dict.fromkeys(_KINDS[finding.kind] for finding in find_personal_data(text))
    warnings = [
        said("In de tekst staat %(what)s. Iedereen kan dit lezen. Haal het weg.", what=what)
        if is_public
        else said("In de tekst staat %(what)s. Moet dit er echt in?", what=what)
        for what in found
    ]
    warnings += [
        said("'%(word)s' is moeilijk. Schrijf liever '%(plain)s'.", word=word, plain=plain) for word, plain in _hard_words(text)
    ]
    return tuple(warnings)


@cache
def blocks() -> tuple[Block, ...]:
    """The building blocks, in the order of the file."""
    tables = tomllib.loads((files("bot") / "teksten" / "bouwstenen.toml").read_text(encoding="utf-8"))
    return tuple(Block(code=code, name=table["naam"], text=table["tekst"]) for code, table in tables.items())


@cache
def _plain_words() -> Mapping[str, str]:
    tables = tomllib.loads((files("bot") / "teksten" / "ambtelijk.toml").read_text(encoding="utf-8"))
    return {str(word): str(plain) for word, plain in tables["woorden"].items()}


def _hard_words(text: str) -> list[tuple[str, str]]:
    return [(word, plain) for word, plain in _plain_words().items() if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)]
