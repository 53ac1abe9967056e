"""Who does what: the vakafdelingen, the onderwerpen they answer for, and the partners we refer to.

All of it is data of the municipality (TOML). Loading checks that the three files agree and raises ConfigError otherwise.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from routing.errors import ConfigError

# What counts as near when an onderwerp does not say so itself.
SAME_METRES, SAME_DAYS = 75, 30
NORM_DAYS = 5  # the norm of an onderwerp that names none, or that the table does not know


class Sort(StrEnum):
    """What kind of answer a code is."""

    DEPARTMENT = "vakafdeling"
    PARTNER = "partner"
    NONE = "geen"
    EMERGENCY = "nood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vakafdeling:
    """`ladder` are the roles to put a melding before when promises keep breaking, the nearest first."""

    code: str
    name: str
    sort: Sort
    duties: str
    ladder: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Onderwerp:
    """A topic. `words` and `strong` are what residents say; `excluded` are words that point elsewhere.

    `norm_days` is the number of working days within which the melder hears news.
    Two open meldingen within `same_metres` and `same_days` may be about the same thing.
    `told` is the sentence at B1 level about what is usually done about this topic, with `[u|je]` for both forms of address.
    """

    code: str
    lead: str
    name: str
    not_here: str
    strong: tuple[str, ...]
    words: tuple[str, ...]
    excluded: tuple[str, ...]
    involved: tuple[str, ...]
    urgency: str
    needs_place: bool
    norm_days: int
    told: str
    told_en: str
    same_metres: int
    same_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """An organisation outside the municipality. `checked_on` is when somebody last verified the contact."""

    code: str
    name: str
    name_en: str
    contact: str
    contact_en: str
    checked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """The three tables together."""

    vakafdelingen: Mapping[str, Vakafdeling]
    onderwerpen: Mapping[str, Onderwerp]
    partners: Mapping[str, Partner]

    def name_of(self, code: str) -> str:
        return self.vakafdelingen[code].name

    def norm_of(self, topic: str) -> int:
        """In how many working days the melder hears news about such a melding."""
        known = self.onderwerpen.get(topic)
        return known.norm_days if known else NORM_DAYS

    @property
    def departments(self) -> tuple[str, ...]:
        """The codes of the municipality's own vakafdelingen, in the order of the file."""
        return tuple(code for code, item in self.vakafdelingen.items() if item.sort is Sort.DEPARTMENT)


def packaged(name: str) -> Traversable:
    """A data file that is shipped with the product."""
    return files("routing") / "data" / name


def load_municipality(
    vakafdelingen: Path | None = None, onderwerpen: Path | None = None, doorverwijzingen: Path | None = None
) -> Municipality:
    """Read the tables; a path that is None means the shipped Utrecht example. Raises ConfigError."""
    departments = {
        code: Vakafdeling(
            code=code, name=table["naam"], sort=Sort(table["soort"]), duties=table["taken"], ladder=tuple(table.get("ladder", ()))
        )
        for code, table in _read(vakafdelingen or packaged("vakafdelingen.toml"), {"naam", "soort", "taken"}).items()
    }
    topics = {
        code: _onderwerp(code, table)
        for code, table in _read(onderwerpen or packaged("onderwerpen.toml"), {"vakafdeling", "naam"}).items()
    }
    for topic in topics.values():
        for code in (topic.lead, *topic.involved):
            if code not in departments:
                raise ConfigError(
                    f"onderwerp '{topic.code}' noemt de onbekende vakafdeling '{code}'; voeg die toe of verbeter de naam"
                )
    partners = {
        code: _partner(code, table)
        for code, table in _read(
            doorverwijzingen or packaged("doorverwijzingen.toml"), {"naam", "contact", "gecontroleerd_op"}
        ).items()
    }
    return Municipality(vakafdelingen=departments, onderwerpen=topics, partners=partners)


def _onderwerp(code: str, table: dict[str, Any]) -> Onderwerp:
    other_languages = (word for words in table.get("talen", {}).values() for word in words)
    return Onderwerp(
        code=code,
        lead=table["vakafdeling"],
        name=table["naam"],
        not_here=table.get("hoort_niet_hier", ""),
        strong=tuple(table.get("sterk", ())),
        words=(*table.get("woorden", ()), *other_languages),
        excluded=tuple(table.get("niet", ())),
        involved=tuple(table.get("betrokken", ())),
        urgency=table.get("urgentie", "normaal"),
        needs_place=table.get("plaats_nodig", False),
        norm_days=table.get("norm_werkdagen", NORM_DAYS),
        told=table.get("melder", ""),
        told_en=table.get("melder_en", ""),
        same_metres=table.get("dubbel_meter", SAME_METRES),
        same_days=table.get("dubbel_dagen", SAME_DAYS),
    )


def _partner(code: str, table: dict[str, Any]) -> Partner:
    return Partner(
        code=code,
        name=table["naam"],
        name_en=table.get("naam_en", table["naam"]),
        contact=table["contact"],
        contact_en=table.get("contact_en", table["contact"]),
        checked_on=table["gecontroleerd_op"],
    )


def _read(source: Traversable | Path, required: set[str]) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"het bestand {source} bestaat niet; verbeter het pad in config.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is geen geldige TOML: {error}") from error
    for code, table in tables.items():
        missing = required - set(table) if isinstance(table, dict) else required
        if missing:
            raise ConfigError(f"in {source} mist [{code}] de sleutel(s) {', '.join(sorted(missing))}")
    return tables
