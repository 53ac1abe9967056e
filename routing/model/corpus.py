"""The messages the model learns from: reading and checking the labelled corpus. Written for this project, message by message."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
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


_FIELDS = frozenset(field.name for field in fields(Example))
_NOT_JUDGED = {"id": "", "channel": "", "topic": ""}


def parse_examples(lines: Iterable[str], name: str, *, is_judged_only: bool = False) -> Iterable[Example]:
    """The examples on these lines. Raises ConfigError naming the line.

    Who only judges by them needs no more than `text` and `lead`: labels of others that we know nothing of are left out.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _parse(json.loads(line), is_judged_only=is_judged_only)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{name} regel {number}: geen geldig voorbeeld ({error}); herstel of verwijder de regel") from error


def _parse(labels: object, *, is_judged_only: bool) -> Example:
    if not isinstance(labels, dict):
        raise TypeError("geen JSON-object")
    if is_judged_only:
        labels = _NOT_JUDGED | {key: value for key, value in labels.items() if key in _FIELDS and value is not None}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in labels.items()}
    return Example(**values)
