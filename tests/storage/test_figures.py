"""The database counts the figures of the dashboard; a plain count of the same meldingen in Python says the same."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from statistics import median

import pytest
import sqlalchemy as sa

from bot.figures import Reckoner
from routing.melding import CLOSED, Event, Status
from routing.office_hours import AMSTERDAM, DEFAULT_OFFICE_HOURS
from routing.vakafdelingen import load_municipality
from storage import tables
from storage.database import Database
from storage.figures import count

MUNICIPALITY = load_municipality()
HOURS = DEFAULT_OFFICE_HOURS
DAYS = 30
INSTANT = timedelta(microseconds=1)
TOPICS = (*list(MUNICIPALITY.onderwerpen)[::17], "een_onderwerp_van_vroeger")
LEADS = ("vth", "stadswerken", "geen_actie", "een_vakafdeling_van_vroeger")
# Summer time ends, summer time begins, and a period of Christmas and New Year's Day.
ENDS = (datetime(2026, 11, 10, 9, 30, tzinfo=UTC), datetime(2026, 4, 20, 13, tzinfo=UTC), datetime(2027, 1, 9, 3, tzinfo=UTC))
ENDING = {
    Status.AFGEHANDELD: Event.AFGEHANDELD,
    Status.DOORVERWEZEN: Event.DOORVERWEZEN,
    Status.INGETROKKEN: Event.INGETROKKEN,
    Status.DUBBEL: Event.SAMENGEVOEGD,
}


@dataclass(slots=True, kw_only=True)
class Life:
    """One melding. Of its replies (state, sent at) none is `sent` without a moment; its ends are in order of time."""

    created: datetime
    status: Status
    topic: str
    lead: str
    proposal: dict[str, str]
    buurt: str | None
    promised: datetime | None
    channels: tuple[str, ...]
    replies: tuple[tuple[str, datetime | None], ...]
    ends: tuple[tuple[Event, datetime], ...]

    @property
    def proposed(self) -> str:
        return self.proposal.get("lead", self.lead)

    @property
    def wait(self) -> timedelta | None:
        sent = [at for state, at in self.replies if state == "verzonden" and at is not None]
        return min(sent) - self.created if sent else None


@dataclass(slots=True)
class City:
    """Makes meldingen of which many fall just on, before or after what is counted by."""

    now: datetime
    dice: Random
    lives: list[Life] = field(default_factory=list)
    written: list[datetime] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        return self.now - timedelta(days=DAYS)

    def fill(self, number: int) -> None:
        for edge in (self.start, self.now, *self._midnights(), *self._closings()):
            self.written += [edge - INSTANT, edge, edge + INSTANT]
            self.lives += [self._life(edge + distance) for distance in (-INSTANT, timedelta(), INSTANT)]
        self.lives += [self._life(self._moment()) for _ in range(number)]
        self.written += [self._moment() for _ in range(number)]

    def _moment(self) -> datetime:
        return self.start + self.dice.uniform(-0.1, 1.1) * timedelta(days=DAYS)

    def _midnights(self) -> list[datetime]:
        days = [self.start.astimezone(AMSTERDAM).date() + timedelta(days=number) for number in range(DAYS)]
        return [datetime.combine(day, time(), AMSTERDAM).astimezone(UTC) for day in days]

    def _closings(self) -> list[datetime]:
        days = [midnight.astimezone(AMSTERDAM).date() for midnight in self._midnights()]
        return [datetime.combine(day, time(17), AMSTERDAM).astimezone(UTC) for day in days]

    def _life(self, created: datetime) -> Life:
        dice = self.dice
        status, topic, lead = dice.choice(list(Status)), dice.choice(TOPICS), dice.choice(LEADS)
        channels = tuple(dice.sample(("x", "telegram", "counter"), dice.randrange(4)))
        return Life(
            created=created,
            status=status,
            topic=topic,
            lead=lead,
            proposal=dice.choice(({"lead": dice.choice(LEADS), "topic": topic}, {"lead": lead}, {})),
            buurt=dice.choice((None, "", "onbekend", *(f"Buurt {number}" for number in range(12)))),
            promised=dice.choice((None, self.now - INSTANT, self.now, self.now + INSTANT)),
            channels=channels,
            replies=tuple(self._reply(created) for _ in range(dice.randrange(4))) if channels else (),
            ends=self._ends(created, status, topic),
        )

    def _reply(self, created: datetime) -> tuple[str, datetime | None]:
        state = self.dice.choice(("verzonden", "verzonden", "klaar", "met_de_hand"))
        limit = self.dice.choice((timedelta(), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)))
        sent = created + limit + self.dice.choice((-INSTANT, timedelta(), INSTANT, self.dice.random() * timedelta(hours=30)))
        return state, sent if state == "verzonden" else self.dice.choice((None, created))

    def _ends(self, created: datetime, status: Status, topic: str) -> tuple[tuple[Event, datetime], ...]:
        """A melding that was opened again has an end too; of one in ten that are closed nobody knows the end."""
        deadline = HOURS.add_working_days(created, MUNICIPALITY.norm_of(topic))
        near = (deadline - INSTANT, deadline, deadline + INSTANT, created + self.dice.random() * timedelta(days=25))
        earlier = [(Event.AFGEHANDELD, created + timedelta(hours=1))] if self.dice.random() < 0.3 else []
        known = status in CLOSED and self.dice.random() < 0.9
        return (*earlier, *([(ENDING[status], max(self.dice.choice(near), created + timedelta(hours=2)))] if known else []))

    def within(self) -> list[Life]:
        return [life for life in self.lives if self.start <= life.created < self.now]


def build(database: Database, city: City) -> None:
    """Straight into the tables: every moment to the microsecond."""
    with database.engine.begin() as connection:
        insert = Inserting(connection)
        for life in city.lives:
            insert.life(life)
        for at in city.written:
            insert.message(at)


@dataclass(slots=True)
class Inserting:
    connection: sa.Connection
    numbers: Iterator[str] = field(default_factory=lambda: map(str, itertools.count()))

    def into(self, table: sa.Table, **values: object) -> int:
        return int(self.connection.execute(sa.insert(table).values(values)).inserted_primary_key[0])

    def life(self, life: Life) -> None:
        melding = self._melding(life)
        melder = [self._melder(melding, channel, life.created) for channel in life.channels][:1]
        seq = itertools.count(1)
        for state, sent_at in life.replies:
            event = self._event(melding, next(seq), Event.NOG_GEEN_NIEUWS, life.created)
            self._reply(melding, melder[0], event, state=state, sent_at=sent_at)
        for what, at in life.ends:
            self._event(melding, next(seq), what, at)

    def message(self, at: datetime) -> None:
        values = {"attachments": [], "raw": "{}", "state": "verwerkt", "sent_at": at, "received_at": at}
        self.into(tables.messages, channel="x", external_id=next(self.numbers), **values)

    def _melding(self, life: Life) -> int:
        texts = {"kind": "melding", "urgency": "normaal", "language": "nl", "zone": "auto", "summary": ""}
        values = {"involved": [], "confidence": 0.5, "needs_personal_contact": False, "updated_at": life.created}
        told = {"status": life.status.value, "lead": life.lead, "topic": life.topic, "buurt": life.buurt}
        told |= {"proposal": life.proposal, "created_at": life.created, "promised_at": life.promised}
        return self.into(tables.meldingen, **texts, **values, **told)

    def _melder(self, melding: int, channel: str, at: datetime) -> int:
        person = self.into(tables.people, channel=channel, external_id=next(self.numbers), first_seen_at=at)
        texts = {"thread": "t", "reply_to": "", "visibility": "prive", "language": "nl"}
        return self.into(tables.melders, melding_id=melding, person_id=person, channel=channel, joined_at=at, **texts)

    def _event(self, melding: int, seq: int, event: Event, at: datetime) -> int:
        values = {"actor": "test", "data": {}, "previous_hash": "", "hash": ""}
        return self.into(tables.events, melding_id=melding, seq=seq, event=event.value, at=at, **values)

    def _reply(self, melding: int, melder: int, event: int, **values: object) -> None:
        texts = {
            "channel": "x",
            "thread": "t",
            "reply_to": "",
            "recipient": "",
            "delivery": "privebericht",
            "news": "n",
            "text": "",
        }
        moments = dict.fromkeys(("due_at", "created_at"), ENDS[0])
        of = {"melding_id": melding, "melder_id": melder, "event_id": event, "token": next(self.numbers)}
        self.into(tables.replies, **texts, **moments, **of, **values)


# -- the plain count


def plainly(city: City) -> dict[str, object]:
    """What the tables hold, melding by melding."""
    lives = city.within()
    written = [at.astimezone(AMSTERDAM).hour for at in city.written if city.start <= at < city.now]
    return {
        "dag": per_day(lives),
        "kanaal": ranked(channel_of(life) for life in lives),
        "onderwerp": ranked(name_of_topic(life.topic) for life in lives),
        "buurt": ranked(life.buurt or "onbekend" for life in lives),
        "antwoord": waits(lives),
        "behandeling": shares((life.lead, is_in_time(life)) for life in lives if is_ended(life)),
        "beloften": promises(lives, city.now),
        "correcties": shares((life.proposed, life.lead != life.proposed) for life in lives if is_judged(life)),
        "uren": tuple((str(hour), written.count(hour)) for hour in range(24)),
    }


def channel_of(life: Life) -> str:
    return life.channels[0] if life.channels else "onbekend"


def name_of_topic(code: str) -> str:
    return MUNICIPALITY.onderwerpen[code].name if code in MUNICIPALITY.onderwerpen else code


def is_ended(life: Life) -> bool:
    return life.status in CLOSED and bool(life.ends)


def is_in_time(life: Life) -> bool:
    return life.ends[-1][1] <= HOURS.add_working_days(life.created, MUNICIPALITY.norm_of(life.topic))


def is_judged(life: Life) -> bool:
    return life.status not in {Status.NIEUW, Status.TE_BEOORDELEN, Status.HEROPEND}


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def per_day(lives: Sequence[Life]) -> tuple[tuple[object, ...], ...]:
    channels = sorted({channel_of(life) for life in lives})
    found = Counter((life.created.astimezone(AMSTERDAM).date(), channel_of(life)) for life in lives)
    days = sorted({day for day, _ in found})
    totals = {day: [found[day, channel] for channel in channels] for day in days}
    return tuple((f"{day:%d-%m}", sum(totals[day]), *totals[day]) for day in days)


def ranked(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    rows = sorted(Counter(names).items(), key=lambda row: (-row[1], row[0]))
    rest = sum(number for _, number in rows[8:])
    return (*rows[:8], *([("overig", rest)] if rest else []))


def shares(found: Iterable[tuple[str, bool]]) -> tuple[tuple[object, ...], ...]:
    leads: dict[str, list[bool]] = defaultdict(list)
    for lead, holds in found:
        leads[lead].append(holds)
    name = {code: item.name for code, item in MUNICIPALITY.vakafdelingen.items()}
    return tuple(
        (name.get(lead, lead), percent(sum(all_), len(all_)), sum(all_), len(all_)) for lead, all_ in sorted(leads.items())
    )


def waits(lives: Sequence[Life]) -> tuple[object, ...]:
    found = [life.wait for life in lives if life.wait is not None]
    limits = {"binnen 1 minuut": timedelta(minutes=1), "binnen 1 uur": timedelta(hours=1), "binnen 1 dag": timedelta(days=1)}
    rows = [(name, percent(sum(wait <= limit for wait in found), len(lives))) for name, limit in limits.items()]
    middle = round(median(wait.total_seconds() for wait in found)) if found else None
    return (*rows, ("nog geen antwoord", percent(len(lives) - len(found), len(lives))), middle)


def promises(lives: Sequence[Life], now: datetime) -> tuple[object, ...]:
    late = sum(life.status not in CLOSED and life.promised is not None and life.promised <= now for life in lives)
    whole = len(lives)
    return (("gehouden", percent(whole - late, whole), whole - late), ("te laat", percent(late, whole), late))


# -- the proof


@pytest.mark.parametrize("now", ENDS, ids=lambda now: f"{now:%Y-%m}")
def test_the_database_counts_what_a_plain_count_counts(database: Database, now: datetime) -> None:
    city = City(now, Random(now.month))
    city.fill(150)
    build(database, city)
    expected = plainly(city)
    assert all(expected.values())
    assert counted(database, city) == expected


def test_of_nothing_there_is_nothing_to_count(database: Database) -> None:
    city = City(ENDS[0], Random(1))
    assert counted(database, city) == plainly(city)


def counted(database: Database, city: City) -> dict[str, object]:
    reckoner = Reckoner(municipality=MUNICIPALITY, hours=HOURS, name_of_channel=str)
    with database.reading() as connection:
        figures = reckoner.figures(count(connection, city.start, city.now, reckoner.spans(city.start, city.now)))
    found: dict[str, object] = {figure.code: figure.rows for figure in figures}
    answers = next(figure for figure in figures if figure.code == "antwoord")
    middle = re.search("[0-9]+", answers.note)
    return found | {"antwoord": (*answers.rows, int(middle[0]) if middle else None)}
