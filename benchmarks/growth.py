"""A city that grew for years: meldingen by the million with everything that hangs on them, written straight into the tables.

The same seed gives the same city. The rows are what the product itself would have left: chained events, replies with their
attempts, texts of the corpus, an index for searching that the database fills as it always does. Most of it is history: how many
meldingen are open does not grow along, as the work of an office does not grow with its archive.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.bulk import Rows, go_on_numbering, hurrying, write
from routing.gazetteer import Spot, load_gazetteer
from routing.melding import CLOSED, Event, Status
from routing.model.corpus import Example, load_corpus
from storage.database import Database
from storage.event_log import new_entry
from storage.meldingen import kenmerk_of

CHUNK = 10_000
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
COLLEAGUE = "samira"
_YEARS = timedelta(days=3650)
_CHANNELS = ("telegram", "web_form", "x", "facebook", "messenger", "mastodon", "counter")
_SHARES = (30, 25, 12, 12, 9, 4, 8)
_PUBLIC = frozenset({"x", "facebook", "mastodon"})
_FIRST = ("Ada", "Bram", "Chantal", "Dirk", "Emine", "Fatima", "Gijs", "Hanneke", "Ibrahim", "Joke", "Kees", "Lotte", "Mo")
_LATER = ("hoe staat het?", "het is er nog steeds", "ter hoogte van nummer 12", "dank u wel", "ja", "is er al nieuws?")
_ENDS = (Status.AFGEHANDELD, Status.DOORVERWEZEN, Status.INGETROKKEN, Status.DUBBEL)
_END_SHARES = (82, 9, 5, 4)
_ENDING = {
    Status.AFGEHANDELD: Event.AFGEHANDELD,
    Status.DOORVERWEZEN: Event.DOORVERWEZEN,
    Status.INGETROKKEN: Event.INGETROKKEN,
    Status.DUBBEL: Event.SAMENGEVOEGD,
}
_OPEN = (Status.TE_BEOORDELEN, Status.DOORGEZET, Status.IN_BEHANDELING, Status.INGEPLAND, Status.WACHT_OP_MELDER, Status.HEROPEND)
_OPEN_SHARES = (27, 28, 22, 11, 10, 2)
_LIKELY = (
    (Event.AANGEVULD, 0.7),
    (Event.IN_BEHANDELING_GENOMEN, 0.7),
    (Event.NOG_GEEN_NIEUWS, 0.4),
    (Event.INGEPLAND, 0.3),
)
_UNSENT = ("klaar", "onzeker", "geweigerd", "met_de_hand", "bezig")
_UNSENT_SHARES = (50, 6, 10, 32, 2)
_TOLD = {Event.ONTVANGEN: "ontvangst", Event.DOORGEZET: "doorgezet", Event.INGEPLAND: "ingepland", Event.AFGEHANDELD: "opgelost"}
_TOLD |= {Event.NOG_GEEN_NIEUWS: "nog_geen_nieuws"}
# Columns of JSON, as text.
_PHOTO = '[{"kind": "foto", "reference": "f", "size": 90000, "mime_type": "image/jpeg"}]'
_PROPOSAL = '{"lead": "%s", "topic": "%s", "top3": [["%s", 0.8], ["vth", 0.1]], "reasons": []}'


def grow(
    database: Database, meldingen: int, *, still_open: int = 3_000, seed: int = 1, tell: Callable[[int], None] = lambda _: None
) -> None:
    """Fill an empty database that has the schema. `tell` hears how many meldingen there are, after each chunk of thousands."""
    dice = random.Random(seed)  # noqa: S311 - the same dice for everybody, no secret
    city = _City(size=meldingen, still_open=min(still_open, meldingen // 3), dice=dice)
    with hurrying(database) as connection:
        for start in range(1, meldingen + 1, CHUNK):
            numbers = range(start, min(start + CHUNK, meldingen + 1))
            with connection.begin():
                write(connection, city.chunk(numbers))
            tell(numbers[-1])
        with connection.begin():
            write(connection, city.loose())
            go_on_numbering(connection)


def measure_up(database: Database) -> None:
    """Let the database look at how its values are spread, as PostgreSQL does by itself after a while."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


@dataclass(slots=True, kw_only=True)
class _City:
    """Makes the rows. Every number is handed out here, so that rows can name each other before they are written."""

    size: int
    still_open: int
    dice: random.Random
    examples: tuple[Example, ...] = field(default_factory=load_corpus)
    spots: tuple[Spot, ...] = field(default_factory=lambda: tuple(spot for spot in load_gazetteer().spots if spot.is_street))
    rows: Rows = field(default_factory=lambda: defaultdict(list))
    channels: list[str] = field(default_factory=list)  # of the people, by number
    ids: dict[str, Iterator[int]] = field(default_factory=lambda: defaultdict(lambda: itertools.count(1)))

    def chunk(self, numbers: range) -> Rows:
        self.rows = defaultdict(list)
        for number in numbers:
            self._melding(number)
        return self.rows

    def loose(self) -> Rows:
        """What belongs to no melding: greetings of years, some messages that just came in, some that nobody can read."""
        self.rows = defaultdict(list)
        for kind, count in (("verwerkt", self.size // 50), ("wacht", 200), ("onleesbaar", 40)):
            for _ in range(count):
                person = self._person(NOW - _YEARS)
                at = NOW - (self._years() if kind == "verwerkt" else timedelta(minutes=self.dice.randrange(1, 300)))
                text = "goedemiddag" if kind == "verwerkt" else self.dice.choice(self.examples).text
                self._message(person, text, at, None, state=kind, problem="onbekend" if kind == "onleesbaar" else None)
        return self.rows

    def _years(self) -> timedelta:
        return self.dice.random() * _YEARS

    def _add(self, table: str, **values: Any) -> int:
        number = next(self.ids[table])
        self.rows[table].append({"id": number, **values})
        return number

    # -- a melding and what hangs on it

    def _melding(self, number: int) -> None:
        dice = self.dice
        created = NOW - _YEARS * (1 - (number / (self.size + 1)) ** 0.8) - timedelta(minutes=dice.randrange(600))
        status = self._status(number)
        is_open = status not in CLOSED
        ended = min(created + timedelta(hours=dice.expovariate(1 / 200) + 1), NOW)
        example, spot = dice.choice(self.examples), dice.choice(self.spots)
        text = f"{example.text} ({spot.name} {dice.randrange(1, 300)})"
        person = self._person(created)
        steps = self._steps(status, created, NOW if is_open else ended)
        self.rows["meldingen"].append(
            {
                "id": number,
                "status": status.value,
                "status_before_question": "doorgezet" if status is Status.WACHT_OP_MELDER else None,
                "lead": "extern" if status is Status.DOORVERWEZEN else example.lead,
                "involved": "[]",
                "partner": "overig" if status is Status.DOORVERWEZEN else None,
                "topic": example.topic,
                "kind": example.kind,
                "urgency": example.urgency,
                "language": example.language,
                "zone": "auto" if dice.random() < 0.6 else "suggest",
                "confidence": round(dice.random(), 3),
                "proposal": _PROPOSAL % (example.lead, example.topic, example.lead),
                "summary": text[:280],
                "street": spot.name,
                "buurt": spot.buurt,
                "wijk": spot.wijk,
                "lat": (spot.lat or 52.09) + dice.random() / 500,
                "lon": (spot.lon or 5.12) + dice.random() / 500,
                "needs_personal_contact": example.needs_personal_contact,
                "promised_at": NOW + timedelta(hours=dice.uniform(-2, 240)) if is_open else None,
                "outcome": "opgelost" if status is Status.AFGEHANDELD else None,
                "merged_into_id": max(1, number - dice.randrange(1, 50)) if status is Status.DUBBEL and number > 1 else None,
                "created_at": created,
                "updated_at": steps[-1][1],
                # What was asked and what was proposed stays behind on a closed melding.
                "question": "waar" if status is Status.WACHT_OP_MELDER or dice.random() < 0.03 else None,
                "asked_at": created,
                "reminded_at": created + timedelta(days=3) if dice.random() < 0.02 else None,
                "escalation_proposed": 1 if dice.random() < 0.04 else 0,
                "snoozed_until": NOW + timedelta(days=3) if is_open and dice.random() < 0.03 else None,
                "feedback": "gevraagd" if status is Status.AFGEHANDELD else None,
                "is_emergency": example.urgency == "noodgeval",
                **self._events(number, created, person, steps),
            }
        )
        self._words(number, person, text, created, ended)
        self._aside(number, created, example, is_open=is_open)

    def _status(self, number: int) -> Status:
        """Open are mostly the newest, and some that were left lying for long."""
        newest = self.size - 2 * self.still_open
        share = 0.475 if number > newest else 0.05 * self.still_open / max(newest, 1)
        if self.dice.random() < share:
            return self.dice.choices(_OPEN, _OPEN_SHARES)[0]
        return self.dice.choices(_ENDS, _END_SHARES)[0]

    def _steps(self, status: Status, start: datetime, end: datetime) -> list[tuple[Event, datetime]]:
        """About five: what happened to it, and when."""
        dice = self.dice
        found = [Event.ONTVANGEN]
        if dice.random() < 0.4 or status is Status.TE_BEOORDELEN:
            found.append(Event.TER_BEOORDELING)
        if status is not Status.TE_BEOORDELEN:
            found.append(Event.DOORGEZET)
            found += [event for event, share in _LIKELY if dice.random() < share]
        if status in CLOSED:
            found.append(_ENDING[status])
            found += [Event.BEOORDEELD] if dice.random() < 0.2 else []
        length = max((end - start).total_seconds(), 60.0)
        moments = [start, *(start + timedelta(seconds=int(length * part)) for part in sorted(dice.random() for _ in found[1:]))]
        return list(zip(found, moments, strict=True))

    def _events(self, melding: int, created: datetime, person: int, steps: list[tuple[Event, datetime]]) -> dict[str, Any]:
        """The chained events with the replies they caused. Returns the columns that the melding keeps of them."""
        kenmerk, previous, told = kenmerk_of(melding, created), "", 0
        self._add(
            "melders",
            melding_id=melding,
            person_id=person,
            channel=self.channels[person - 1],
            thread=self._thread(person, melding),
            reply_to=str(melding),
            visibility="openbaar" if self.channels[person - 1] in _PUBLIC else "prive",
            language="nl",
            joined_at=created,
        )
        for seq, (event, at) in enumerate(steps, start=1):
            happened: dict[str, object] = {"actor": "wijkbalie", "event": event.value, "why": "", "data": {}}
            entry = new_entry(melding, seq, previous, happened, at)
            event_id = self._add("events", **(entry | {"data": "{}"}))
            previous = entry["hash"]
            if event in _TOLD and (told == 0 or self.dice.random() < 0.8):
                told += 1
                is_last = seq == len(steps) and NOW - at < timedelta(days=60)
                self._reply((event_id, event, at), f"{kenmerk}/{told}", may_wait=is_last)
        return {"event_count": len(steps), "last_hash": previous}

    def _reply(self, step: tuple[int, Event, datetime], token: str, *, may_wait: bool) -> None:
        """To the melder that was made last, about a step: its id, what it was, and when."""
        melder, (event_id, event, at) = self.rows["melders"][-1], step
        melding, channel = melder["melding_id"], melder["channel"]
        state = self.dice.choices(_UNSENT, _UNSENT_SHARES)[0] if may_wait and self.dice.random() < 0.06 else "verzonden"
        is_sent = state == "verzonden"
        reply = self._add(
            "replies",
            melding_id=melding,
            melder_id=melder["id"],
            event_id=event_id,
            channel=channel,
            thread=melder["thread"],
            reply_to=str(melding),
            recipient=melder["thread"],
            delivery="openbaar_antwoord" if channel in _PUBLIC else "direct_bericht",
            news=_TOLD[event],
            text=f"Wij hebben uw melding {token} ontvangen en houden u op de hoogte. Wijkbureau Binnenstad",
            token=token,
            state=state,
            due_at=at,
            created_at=at,
            sent_at=at if is_sent else None,
            external_id=f"onze:{event_id}" if is_sent else None,
            attempts=0 if state in {"klaar", "met_de_hand"} else 1,
            look_at=NOW if state == "onzeker" else None,
            claimed_until=NOW + timedelta(minutes=2) if state == "bezig" else None,
        )
        if state not in {"klaar", "met_de_hand"}:
            outcome = None if state == "bezig" else state
            self._add("attempts", reply_id=reply, number=1, started_at=at, ended_at=at if outcome else None, outcome=outcome)
        if self.dice.random() < 0.005:
            self._add("guard_trips", at=at, guard="nachtrust", reply_id=reply, melding_id=melding, until=at)

    # -- what people said

    def _person(self, at: datetime) -> int:
        """Somebody who wrote before, or somebody new."""
        if self.channels and self.dice.random() < 0.6:
            return self.dice.randrange(len(self.channels)) + 1
        channel = self.dice.choices(_CHANNELS, _SHARES)[0]
        self.channels.append(channel)
        return self._add(
            "people",
            channel=channel,
            external_id=f"{len(self.channels)}",
            display_name=f"{self.dice.choice(_FIRST)} van {self.dice.choice(self.spots).name}",
            first_seen_at=at,
            last_wrote_private_at=None if channel in _PUBLIC else at,
        )

    def _thread(self, person: int, melding: int | None) -> str:
        return f"draad-{melding}" if self.channels[person - 1] in _PUBLIC else f"gesprek-{person}"

    def _words(self, melding: int, person: int, text: str, start: datetime, end: datetime) -> None:
        has_photo = self.dice.random() < 0.08
        first = self._message(person, text, start, melding, attachments=_PHOTO if has_photo else "[]")
        if has_photo:
            digest = f"{self.dice.getrandbits(256):064x}"
            photo = {"message_id": first, "channel": self.channels[person - 1], "kind": "foto", "reference": "f", "size": 90_000}
            self._add("attachments", **photo, state="bewaard", due_at=start, sha256=digest, media_type="image/jpeg")
        for _ in range(self.dice.choices((0, 1, 2, 3), (38, 36, 16, 10))[0]):
            self._message(person, self.dice.choice(_LATER), start + self.dice.random() * (end - start), melding)

    def _message(self, person: int, text: str, at: datetime, melding: int | None, **changes: str | None) -> int:
        channel = self.channels[person - 1]
        values = {
            "channel": channel,
            "external_id": str(next(self.ids[channel])),
            "thread": self._thread(person, melding),
            "reply_to": "1",
            "visibility": "openbaar" if channel in _PUBLIC else "prive",
            "person_id": person,
            "text": text,
            "attachments": "[]",
            "sent_at": at,
            "received_at": at,
            "raw": '{"update_id": 1}' if NOW - at < timedelta(days=40) else "{}",
            "state": "verwerkt",
            "action": None if melding is None else "nieuw",
            "problem": None,
            "melding_id": melding,
        }
        return self._add("messages", **values | changes)

    def _aside(self, melding: int, created: datetime, example: Example, *, is_open: bool) -> None:
        """What colleagues left beside it."""
        dice = self.dice
        if dice.random() < 0.03:
            self._add("notes", melding_id=melding, username=COLLEAGUE, text="gebeld met de aannemer", at=created)
        if dice.random() < 0.03:
            who, state = dice.choice(("vth", "stadswerken", "remo")), "open" if is_open else "klaar"
            self._add("tasks", melding_id=melding, vakafdeling=who, what="kijken", state=state, by=COLLEAGUE, at=created)
        if dice.random() < 0.1:
            until = created + timedelta(days=180)
            link = {"token_hash": f"{dice.getrandbits(256):064x}", "melder_id": self.rows["melders"][-1]["id"]}
            self.rows["follow_links"].append({**link, "created_at": created, "expires_at": until})
        if dice.random() < 0.0005 or (is_open and dice.random() < 0.01):
            self.rows["followers"].append({"username": COLLEAGUE, "melding_id": melding, "since": created})
        if dice.random() < 0.05:
            self._correction(melding, created, example)

    def _correction(self, melding: int, created: datetime, example: Example) -> None:
        self._add(
            "corrections",
            melding_id=melding,
            event_id=self.rows["events"][-1]["id"],
            made_at=created,
            text=example.text,
            language=example.language,
            channel="telegram",
            zone="suggest",
            proposed_lead=example.lead,
            proposed_topic=example.topic,
            probability=0.7,
            chosen_lead="vth",
            chosen_topic=None,
            kind=example.kind,
            urgency=example.urgency,
            involved="[]",
            needs_personal_contact=False,
            versions="1",
        )
