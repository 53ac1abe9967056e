"""When the office is open, and when a promise of so many working days falls due. Pure; the clock is a parameter.

Dutch public holidays come from the package `holidays`; the opening hours are configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_DAY = timedelta(days=1)


@lru_cache(maxsize=32)
def _dutch_holidays(year: int) -> frozenset[date]:
    # Bevrijdingsdag is a day off once in five years in the package's calendar, as in most municipal labour agreements.
    return frozenset(holidays.country_holidays("NL", years=year))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """`opens[weekday]` is (open, close) in local time for Monday=0 .. Sunday=6; a missing weekday is closed.

    `extra_closed` are days the office is closed besides the public holidays.
    """

    opens: dict[int, tuple[time, time]]
    extra_closed: frozenset[date] = frozenset()
    zone: ZoneInfo = AMSTERDAM

    def is_working_day(self, day: date) -> bool:
        return day.weekday() in self.opens and day not in self.extra_closed and day not in _dutch_holidays(day.year)

    def is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        if not self.is_working_day(local.date()):
            return False
        start, end = self.opens[local.weekday()]
        return start <= local.time() < end

    def next_open(self, moment: datetime) -> datetime:
        """`moment` itself when the office is open, else the next opening. Aware, in UTC offset of the office."""
        local = moment.astimezone(self.zone)
        if self.is_open(local):
            return local
        day = local.date()
        for _ in range(366):
            if self.is_working_day(day):
                opening = datetime.combine(day, self.opens[day.weekday()][0], self.zone)
                if opening >= local:
                    return opening
            day += _DAY
        raise ValueError("the office is never open: check [kantooruren] in the configuration")

    def add_working_days(self, moment: datetime, days: int) -> datetime:
        """Closing time on the `days`-th working day after `moment`; 0 is the first working day from now on.

        A message after closing time counts from the next working day, as a counter would.
        """
        day = self.next_open(moment).date()
        for _ in range(days):
            day += _DAY
            while not self.is_working_day(day):
                day += _DAY
        return datetime.combine(day, self.opens[day.weekday()][1], self.zone)


DEFAULT_OFFICE_HOURS = OfficeHours(opens=dict.fromkeys(range(5), (time(9), time(17))))
