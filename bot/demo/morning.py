"""The written morning: what residents say, read from morning.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import time
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One message. `below` is the name of an earlier scene in whose thread it stands.

    `belongs_to` is where a colleague would send it (a vakafdeling, or extern/partner): Samira corrects by it.
    """

    at: time
    channel: str
    person: tuple[str, str]
    text: str = field(repr=False)
    name: str | None = None
    below: str | None = None
    has_photo: bool = False
    belongs_to: str | None = None


def the_morning() -> tuple[Scene, ...]:
    """The scenes in order of time."""
    tables = tomllib.loads((files("bot.demo") / "morning.toml").read_text(encoding="utf-8"))["bericht"]
    return tuple(
        Scene(
            at=time.fromisoformat(table["om"]),
            channel=table["kanaal"],
            person=(table["wie"][0], table["wie"][1]),
            text=table["tekst"],
            name=table.get("naam"),
            below=table.get("onder"),
            has_photo=table.get("foto", False),
            belongs_to=table.get("naar"),
        )
        for table in tables
    )
