"""`wijkbalie doctor`: looks at every part the product stands on, and says of each what is wrong and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from bot.bootstrap import database_address, load_tables, open_database
from bot.config import Config
from channels.base import Checkable
from channels.registry import build_channel
from routing.engine import load_engine
from routing.errors import WijkbalieError
from storage import queries
from storage.database import Database

SMALLEST_ROOM = 1_000_000_000
_OLDEST_SENSIBLE = datetime(2026, 1, 1, tzinfo=UTC)
_CLOCK_MARGIN = timedelta(minutes=2)
_PROOF = "proef van de dokter"
_SAMPLE = "de lantaarnpaal in de Voorstraat is stuk"


class Verdict(StrEnum):
    GOOD = "goed"
    LOOK = "let op"
    WRONG = "fout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it stands, and in words what was seen and what to do."""

    part: str
    verdict: Verdict
    words: str


def _good(part: str, words: str) -> Finding:
    return Finding(part=part, verdict=Verdict.GOOD, words=words)


def _wrong(part: str, words: str) -> Finding:
    return Finding(part=part, verdict=Verdict.WRONG, words=words)


async def examine(config: Config, now: Callable[[], datetime]) -> tuple[Finding, ...]:
    """Look at everything; what is wrong in one part hides nothing of the others. Changes nothing but the schema."""
    findings = [_good("instellingen", "het bestand klopt"), _disk(config), _model(config)]
    try:
        database = open_database(config)
    except WijkbalieError as error:
        return (*findings, _wrong("database", str(error)))
    try:
        findings += [*_database(database), _clock(database, now())]
        for name, settings in config.channels.items():
            findings.append(await _channel(name, settings, database))
    finally:
        database.close()
    if not config.channels:
        words = "er staat geen kanaal aan; zet er een aan in de instellingen"
        findings.append(Finding(part="kanalen", verdict=Verdict.LOOK, words=words))
    return tuple(findings)


def _disk(config: Config) -> Finding:
    place = _place(config)
    free = shutil.disk_usage(place).free
    words = f"{free / 1e9:.1f} GB vrij op de schijf van {place}"
    return _good("schijf", words) if free > SMALLEST_ROOM else _wrong("schijf", f"{words}; maak ruimte vrij")


def _place(config: Config) -> Path:
    address = database_address(config)
    place = Path(address.removeprefix("sqlite:///")).parent if address.startswith("sqlite:///") else config.base.resolve()
    while not place.exists():
        place = place.parent
    return place


def _model(config: Config) -> Finding:
    try:
        decision = load_engine(load_tables(config)).route(_SAMPLE)
    except WijkbalieError as error:
        return _wrong("model", str(error))
    return _good("model", f"geladen; een proefbericht gaat naar {decision.lead}")


def _database(database: Database) -> Iterator[Finding]:
    try:
        with database.work() as work:
            work.staff.add_account(_PROOF, _PROOF, "", datetime.now(UTC))  # written and not committed: nothing stays
    except WijkbalieError as error:
        yield _wrong("database", str(error))
        return
    yield _good("database", "antwoordt, heeft het juiste schema en laat zich schrijven")


def _clock(database: Database, now: datetime) -> Finding:
    with database.reading() as connection:
        latest = queries.health(connection, now).latest_moment
    if now < _OLDEST_SENSIBLE or (latest is not None and latest - now > _CLOCK_MARGIN):
        return _wrong(
            "klok", f"het is volgens deze machine {now:%d-%m-%Y %H:%M} UTC en dat kan niet; zet de klok gelijk met een tijdserver"
        )
    return _good("klok", f"{now:%d-%m-%Y %H:%M} UTC, niet eerder dan het laatste bericht")


async def _channel(name: str, settings: object, database: Database) -> Finding:
    part = f"kanaal {name}"
    with database.looking() as work:
        state = work.channels.find(name)
    if state is not None and state.paused_at is not None:
        return _wrong(part, f"gestopt: {state.last_error}; vernieuw de sleutel en typ 'wijkbalie channel login {name}'")
    channel = build_channel(name, settings)
    try:
        found = await channel.check() if isinstance(channel, Checkable) else ()
    finally:
        await channel.aclose()
    wrong = [finding.text for finding in found if not finding.is_good]
    return _wrong(part, "; ".join(wrong)) if wrong else _good(part, "; ".join(finding.text for finding in found))
