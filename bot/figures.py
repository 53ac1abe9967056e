"""From counts to the tables of the dashboard: what came in, how fast we answered, what was promised. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from routing.office_hours import AMSTERDAM, OfficeHours
from routing.sentences import said
from routing.vakafdelingen import NORM_DAYS, Municipality
from storage.figures import Arrived, Counts, Decided, Ended, Span, Written

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

    def spans(self, start: datetime, now: datetime) -> tuple[Span, ...]:
        """[start, now) in the parts that `storage.figures.count` asks for: what begins before the office closes counts as one."""
        norms, found = {NORM_DAYS, *(topic.norm_days for topic in self.municipality.onderwerpen.values())}, []
        while start < now:
            until = min(self.hours.add_working_days(start, 0), now)
            deadlines = {days: self.hours.add_working_days(start, days) for days in norms}
            found.append(Span(since=start, until=until, deadlines=deadlines))
            start = until
        return tuple(found)

    def figures(self, counts: Counts) -> tuple[Figure, ...]:
        channels = _summed((self.name_of_channel(item.channel), item.number) for item in counts.arrived)
        topics = _summed((self._topic(item.topic), item.number) for item in counts.decided)
        buurten = _summed((buurt or said("onbekend"), number) for buurt, number in counts.buurten.items())
        return (
            self._per_day(counts.arrived),
            _ranking("kanaal", said("Meldingen per kanaal"), said("Kanaal"), channels),
            _ranking("onderwerp", said("Meldingen per onderwerp"), said("Onderwerp"), topics),
            _ranking("buurt", said("Meldingen per buurt"), said("Buurt"), buurten),
            _first_answers(counts.waits),
            self._handling(counts.ended),
            _promises(counts.decided),
            self._overrides(counts.decided),
            _busiest(counts.written),
        )

    def _topic(self, code: str) -> str:
        known = self.municipality.onderwerpen.get(code)
        return known.name if known else code

    def _per_day(self, arrived: Collection[Arrived]) -> Figure:
        channels = sorted({item.channel for item in arrived})
        days: dict[date, Counter[str]] = defaultdict(Counter)
        for item in arrived:
            days[item.hour.astimezone(AMSTERDAM).date()][item.channel] += item.number
        rows: tuple[Row, ...] = tuple(
            (f"{day:%d-%m}", sum(found.values()), *(found[channel] for channel in channels))
            for day, found in sorted(days.items())
        )
        head = (said("Dag"), said("Totaal"), *map(self.name_of_channel, channels))
        return Figure(code="dag", title=said("Meldingen per dag"), head=head, rows=rows, is_over_time=True)

    def _handling(self, ended: Collection[Ended]) -> Figure:
        """Within the norm: done before the norm of the onderwerp, in working days of the office."""
        done = _summed((item.lead, item.number) for item in ended)
        in_time = _summed((item.lead, item.number) for item in ended if item.days <= self.municipality.norm_of(item.topic))
        head = (said("Vakafdeling"), said("Binnen de norm (%%)"), said("Binnen de norm"), said("Afgesloten"))
        rows = self._by_lead(in_time, done)
        return Figure(code="behandeling", title=said("Afgesloten binnen de norm"), head=head, rows=rows, unit="%")

    def _overrides(self, decided: Collection[Decided]) -> Figure:
        judged = _summed((item.proposed, item.judged) for item in decided if item.judged)
        changed = _summed((item.proposed, item.judged) for item in decided if item.proposed != item.lead)
        head = (said("Voorgesteld"), said("Veranderd (%%)"), said("Veranderd"), said("Beoordeeld"))
        note = said("Hoe vaak een collega een andere vakafdeling koos dan de computer voorstelde.")
        title, rows = said("Voorstellen die een collega veranderde"), self._by_lead(changed, judged)
        return Figure(code="correcties", title=title, head=head, rows=rows, unit="%", note=note)

    def _by_lead(self, some: Counter[str], of: Counter[str]) -> tuple[Row, ...]:
        return tuple((self._lead(lead), _share(some[lead], whole), some[lead], whole) for lead, whole in sorted(of.items()))

    def _lead(self, code: str) -> str:
        known = self.municipality.vakafdelingen.get(code)
        return known.name if known else code


def _summed(numbers: Iterable[tuple[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for key, number in numbers:
        found[key] += number
    return found


def _ranking(code: str, title: str, head: str, found: Counter[str]) -> Figure:
    rows = [(name, number) for name, number in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
    rest = sum(number for _, number in rows[_SHOWN:])
    shown = rows[:_SHOWN] + ([(_REST, rest)] if rest else [])
    return Figure(code=code, title=title, head=(head, said("Meldingen")), rows=tuple(shown))


def _first_answers(waits: Collection[float | None]) -> Figure:
    answered = [wait for wait in waits if wait is not None]
    limits = ((said("binnen 1 minuut"), 60), (said("binnen 1 uur"), 3_600), (said("binnen 1 dag"), 86_400))
    rows = [(words, _share(sum(wait <= seconds for wait in answered), len(waits))) for words, seconds in limits]
    rows.append((said("nog geen antwoord"), _share(len(waits) - len(answered), len(waits))))
    middle = said("De helft had antwoord binnen %(seconds)s seconden.", seconds=round(median(answered))) if answered else ""
    return Figure(
        code="antwoord",
        title=said("Eerste antwoord"),
        head=(said("Wanneer"), said("Aandeel (%%)")),
        rows=tuple(rows),
        unit="%",
        note=middle,
    )


def _promises(decided: Collection[Decided]) -> Figure:
    whole, late = sum(item.number for item in decided), sum(item.late for item in decided)
    rows = ((said("gehouden"), _share(whole - late, whole), whole - late), (said("te laat"), _share(late, whole), late))
    head = (said("Belofte"), said("Aandeel (%%)"), said("Meldingen"))
    note = said("Te laat: de melding is open en het beloofde moment van nieuws is voorbij.")
    return Figure(code="beloften", title=said("Beloften aan melders"), head=head, rows=rows, unit="%", note=note)


def _busiest(written: Collection[Written]) -> Figure:
    hours = _summed((f"{item.hour.astimezone(AMSTERDAM).hour}", item.number) for item in written)
    rows = tuple((hour, hours[hour]) for hour in map(str, range(24)))
    return Figure(code="uren", title=said("Drukste uren"), head=(said("Uur"), said("Berichten")), rows=rows, is_over_time=True)


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
