"""The messages the model learns from: reading and checking the labelled corpus. Written for this project, message by message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from routing.errors import ConfigError


@dataclass(frozen=True)
class Example:
    """One labelled message. What the file leaves out has the usual value (see docs/naslag/corpus.md)."""

    id: str
    channel: str
    text: str
    lead: str
    topic: str
    language: str = "nl"
    kind: str = "melding"
    urgency: str = "normaal"
    involved: tuple[str, ...] = ()
    lead_alt: tuple[str, ...] = ()
    hard: bool = False
    needs_personal_contact: bool = False
    street: str | None = None
    street_in_text: str | None = None
    street_alt: tuple[str, ...] = ()
    wijk: str | None = None
    wijk_alt: tuple[str, ...] = ()
    buurt: str | None = None
    partner: str | None = None
    pii: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @cached_property
    def share(self) -> str:
        """The part of the corpus it comes from: what its id starts with."""
        return self.id.split("-", 1)[0]


def load_corpus(folder: Path | None = None) -> tuple[Example, ...]:
    """Every example of the corpus, in the order of its files. Raises ConfigError naming file and line."""
    source: Traversable | Path = folder or files("routing") / "model" / "corpus"
    found = sorted((item for item in source.iterdir() if item.name.endswith(".jsonl")), key=lambda item: item.name)
    return tuple(
        example for item in found for example in parse_examples(item.read_text(encoding="utf-8").splitlines(), item.name)
    )


def parse_examples(lines: Iterable[str], name: str) -> Iterable[Example]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields: dict[str, Any] = json.loads(line)
            values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
            yield Example(**values)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{name} regel {number}: geen geldig voorbeeld ({error}); herstel of verwijder de regel") from error
