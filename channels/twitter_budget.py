"""What X costs this month, and the end of the budget.

X charges each item once per day (UTC), however often it is read, and each reply. Prices: X documentation, August 2026; mentions
are read by the account they are addressed to ("owned reads"). Where a price depends on what X sees in it, the higher one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from channels.base import Finding, Ledger
from routing.errors import StorageUnavailableError, TemporaryChannelError
from routing.sentences import said

# Thousandths of a dollar.
PRICE_OF_MENTION = 1
PRICE_OF_DIRECT_MESSAGE = 10
PRICE_OF_LOOK_UP = 5
PRICE_OF_OWN_POST = 1
PRICE_OF_REPLY = 15
PRICE_OF_REPLY_WITH_LINK = 200


class MemoryLedger:
    """Counts for one process, as long as it lives: for a channel that nobody gave a ledger."""

    def __init__(self) -> None:
        self._costs: dict[tuple[date, str], int] = {}

    def charge(self, day: date, items: Iterable[str], cost: int) -> None:
        self._costs = {(day, item): cost for item in items} | self._costs

    def refund(self, day: date, item: str) -> None:
        self._costs.pop((day, item), None)

    def spent(self, day: date) -> int:
        return sum(cost for (on, _), cost in self._costs.items() if on >= day.replace(day=1))


class Budget:
    """`dollars` a month for everything together. `ledger` counts for all processes; `now` is the clock."""

    def __init__(self, dollars: float, now: Callable[[], datetime]) -> None:
        self.ledger: Ledger = MemoryLedger()
        self._dollars, self._now = dollars, now

    @property
    def is_spent(self) -> bool:
        return self._spent() >= self._dollars

    @property
    def words_of_end(self) -> str:
        ended = said(
            "het budget van deze maand ($%(budget)s) is op: X wordt tot de eerste niet gelezen.", budget=f"{self._dollars:.2f}"
        )
        return f"{ended} {said('Verhoog channels.x.monthly_budget als dat anders moet.')}"

    def note_reading(self, ids: Iterable[str], price: int) -> None:
        self.ledger.charge(self._day(), ids, price)

    def pay_reply(self, token: str, price: int) -> str:
        """Count a reply that is about to be posted: what was posted can then not be forgotten. Returns what `take_back` takes.

        Raises TemporaryChannelError when it cannot be written down.
        """
        payment = f"{token} {uuid4().hex}"  # each attempt is charged for itself
        try:
            self.ledger.charge(self._day(), (payment,), price)
        except StorageUnavailableError as error:
            raise TemporaryChannelError(
                said("X: wat dit antwoord kost is nu niet op te schrijven: %(problem)s", problem=error)
            ) from error
        return payment

    def take_back(self, payment: str) -> None:
        """X refused the reply. What cannot be taken back counts as spent."""
        with suppress(StorageUnavailableError):
            self.ledger.refund(self._day(), payment)

    def finding(self) -> Finding:
        spent = self._spent()
        text = said(
            "X kostte deze maand ongeveer $%(spent)s van $%(budget)s, antwoorden meegerekend",
            spent=f"{spent:.2f}",
            budget=f"{self._dollars:.2f}",
        )
        return Finding(text=text, is_good=spent < self._dollars)

    def _spent(self) -> float:
        return self.ledger.spent(self._day()) / 1000

    def _day(self) -> date:
        return self._now().astimezone(UTC).date()


def until_next_month(now: datetime) -> timedelta:
    now = now.astimezone(UTC)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1) - now
