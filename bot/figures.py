"""From bare figures to the tables of the dashboard: what came in, how fast we answered, what was promised. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from routing.office_hours import AMSTERDAM, OfficeHours
from routing.sentences import said
from routing.vakafdelingen import Municipality
from storage.figures import Counted

_SHOWN = 8
_REST = said("overig")
Row = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One table with the plot made of it: the first column names, the `plotted` column is drawn. `note` explains."""

    code: str
    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    plotted: int = 1
    unit: str = ""
    note: str = ""
    is_over_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoner:
    """What the figures are reckoned by."""

    municipality: Municipality
    hours: OfficeHours
    name_of_channel: Callable[[str], str]

    def figures(self, counted: Sequence[Counted], moments: Sequence[datetime]) -> tuple[Figure, ...]:
        return (
            self._per_day(counted),
            _ranking(
                "kanaal", said("Meldingen per kanaal"), said("Kanaal"), (self.name_of_channel(item.channel) for item in counted)
            ),
            _ranking(
                "onderwerp", said("Meldingen per onderwerp"), said("Onderwerp"), (self._topic(item.topic) for item in counted)
            ),
            _ranking("buurt", said("Meldingen per buurt"), said("Buurt"), (item.buurt or said("onbekend") for item in counted)),
            _first_answers(counted),
            self._handling(counted),
            _promises(counted),
            self._overrides(counted),
            _busiest(moments),
        )

    def _topic(self, code: str) -> str:
        known = self.municipality.onderwerpen.get(code)
        return known.name if known else code

    def _per_day(self, counted: Sequence[Counted]) -> Figure:
        channels = sorted({item.channel for item in counted})
        days: dict[date, Counter[str]] = defaultdict(Counter)
        for item in counted:
            days[item.created_at.astimezone(AMSTERDAM).date()][item.channel] += 1
        rows: tuple[Row, ...] = tuple(
            (f"{day:%d-%m}", sum(found.values()), *(found[channel] for channel in channels))
            for day, found in sorted(days.items())
        )
        head = (said("Dag"), said("Totaal"), *map(self.name_of_channel, channels))
        return Figure(code="dag", title=said("Meldingen per dag"), head=head, rows=rows, is_over_time=True)

    def _handling(self, counted: Sequence[Counted]) -> Figure:
        """Within the norm: done before the norm of the onderwerp, in working days of the office."""
        per_lead: dict[str, list[bool]] = defaultdict(list)
        for item in counted:
            if item.closed_at is not None:
                topic = self.municipality.onderwerpen.get(item.topic)
                norm = self.hours.add_working_days(item.created_at, topic.norm_days if topic else 5)
                per_lead[item.lead].append(item.closed_at <= norm)
        rows = tuple(
            (self._lead(lead), _share(sum(within), len(within)), sum(within), len(within))
            for lead, within in sorted(per_lead.items())
        )
        head = (said("Vakafdeling"), said("Binnen de norm (%%)"), said("Binnen de norm"), said("Afgesloten"))
        return Figure(code="behandeling", title=said("Afgesloten binnen de norm"), head=head, rows=rows, unit="%")

    def _overrides(self, counted: Sequence[Counted]) -> Figure:
        per_lead: dict[str, list[bool]] = defaultdict(list)
        for item in counted:
            if item.is_judged:
                per_lead[item.proposed].append(item.lead != item.proposed)
        rows = tuple(
            (self._lead(lead), _share(sum(changed), len(changed)), sum(changed), len(changed))
            for lead, changed in sorted(per_lead.items())
        )
        head = (said("Voorgesteld"), said("Veranderd (%%)"), said("Veranderd"), said("Beoordeeld"))
        note = said("Hoe vaak een collega een andere vakafdeling koos dan de computer voorstelde.")
        return Figure(
            code="correcties", title=said("Voorstellen die een collega veranderde"), head=head, rows=rows, unit="%", note=note
        )

    def _lead(self, code: str) -> str:
        known = self.municipality.vakafdelingen.get(code)
        return known.name if known else code


def _ranking(code: str, title: str, head: str, names: Iterable[str]) -> Figure:
    found = Counter(names)
    rows = [(name, number) for name, number in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
    rest = sum(number for _, number in rows[_SHOWN:])
    shown = rows[:_SHOWN] + ([(_REST, rest)] if rest else [])
    return Figure(code=code, title=title, head=(head, said("Meldingen")), rows=tuple(shown))


def _first_answers(counted: Sequence[Counted]) -> Figure:
    waits = sorted(item.first_answer_at - item.created_at for item in counted if item.first_answer_at is not None)
    limits = (
        (said("binnen 1 minuut"), timedelta(minutes=1)),
        (said("binnen 1 uur"), timedelta(hours=1)),
        (said("binnen 1 dag"), timedelta(days=1)),
    )
    rows = [(words, _share(sum(wait <= limit for wait in waits), len(counted))) for words, limit in limits]
    rows.append((said("nog geen antwoord"), _share(len(counted) - len(waits), len(counted))))
    middle = ""
    if waits:
        seconds = round(median(wait.total_seconds() for wait in waits))
        middle = said("De helft had antwoord binnen %(seconds)s seconden.", seconds=seconds)
    return Figure(
        code="antwoord",
        title=said("Eerste antwoord"),
        head=(said("Wanneer"), said("Aandeel (%%)")),
        rows=tuple(rows),
        unit="%",
        note=middle,
    )


def _promises(counted: Sequence[Counted]) -> Figure:
    late = sum(item.is_late for item in counted)
    rows = (
        (said("gehouden"), _share(len(counted) - late, len(counted)), len(counted) - late),
        (said("te laat"), _share(late, len(counted)), late),
    )
    head = (said("Belofte"), said("Aandeel (%%)"), said("Meldingen"))
    note = said("Te laat: de melding is open en het beloofde moment van nieuws is voorbij.")
    return Figure(code="beloften", title=said("Beloften aan melders"), head=head, rows=rows, unit="%", note=note)


def _busiest(moments: Sequence[datetime]) -> Figure:
    hours = Counter(moment.astimezone(AMSTERDAM).hour for moment in moments)
    rows = tuple((f"{hour}", hours[hour]) for hour in range(24))
    return Figure(code="uren", title=said("Drukste uren"), head=(said("Uur"), said("Berichten")), rows=rows, is_over_time=True)


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
