"""Who has the page of which melding open and who types there: in this process, and what other processes told (storage.presence).

Knows no page, no text and no database. Nothing lasts by itself: who is not heard of again is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from storage.presence import HOLDS, Present
from storage.staff import Account

# How long somebody types after the last word of it. Pages tell it every three seconds (static/desk.js).
TYPING = timedelta(seconds=8)
# What goes on is told again this often: two may get lost before others no longer believe it.
BEAT = HOLDS / 3
LOOKS = "kijkt"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Box(StrEnum):
    """In which box of the page of a melding somebody types."""

    ANSWER = "antwoord"
    NOTE = "notitie"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Typing:
    present: Present
    until: datetime


@dataclass(slots=True, kw_only=True, repr=False)
class OpenPages:
    """Of one process; used by its event loop only. `now` is the clock."""

    now: Callable[[], datetime]
    _open: dict[int, list[Account]] = field(default_factory=dict)  # by melding, once per open page
    _typing: dict[int, _Typing] = field(default_factory=dict)  # by account: nobody types in two boxes at once
    _heard: tuple[Present, ...] = ()
    _heard_at: datetime = _LONG_AGO
    _told: frozenset[Present] = frozenset()
    _told_at: datetime = _LONG_AGO

    def come(self, melding_id: int, account: Account) -> None:
        """Once per page. On a page that was just opened nothing was typed yet."""
        if self._is_away(melding_id, account):
            self._stop_typing(melding_id, account)
        self._open.setdefault(melding_id, []).append(account)

    def leave(self, melding_id: int, account: Account) -> None:
        here = self._open[melding_id]
        here.remove(account)
        if not here:
            del self._open[melding_id]
        if self._is_away(melding_id, account):
            self._stop_typing(melding_id, account)

    def hear_typing(self, melding_id: int, account: Account, box: Box) -> bool:
        """Somebody typed just now; returns whether that is news. Their page may be open in another process."""
        before = self._typing.get(account.id)
        present = Present(melding_id=melding_id, account_id=account.id, what=box, name=account.display_name)
        self._typing[account.id] = _Typing(present=present, until=self.now() + TYPING)
        return before is None or not self._holds(before) or before.present != present

    def hear(self, others: tuple[Present, ...]) -> None:
        """What the other processes told, in place of what they told before."""
        self._heard, self._heard_at = others, self.now()

    def others(self, melding_id: int, account: Account, what: str) -> tuple[str, ...]:
        """The names of the other colleagues who do this on the page of a melding, sorted. Who types there, also looks."""
        elsewhere = self._heard if _is_within(HOLDS, self._heard_at, self.now()) else ()
        present = [one for one in (*elsewhere, *self._here(melding_id)) if one.melding_id == melding_id]
        names = {one.account_id: one.name for one in present if one.what == LOOKS and one.account_id != account.id}
        doing = {one.account_id for one in present if one.what == what}
        return tuple(sorted(name for account_id, name in names.items() if account_id in doing))

    def untold(self) -> frozenset[Present] | None:
        """All who are here when other processes must hear it, because it changed or to go on being believed."""
        self._typing = {account_id: one for account_id, one in self._typing.items() if self._holds(one)}
        meldingen = {*self._open, *(one.present.melding_id for one in self._typing.values())}
        here = frozenset(present for melding_id in meldingen for present in self._here(melding_id))
        is_known = here == self._told and (not here or _is_within(BEAT, self._told_at, self.now()))
        return None if is_known else here

    def tell(self, here: frozenset[Present]) -> None:
        """The other processes can read this now."""
        self._told, self._told_at = here, self.now()

    @property
    def are_open(self) -> bool:
        """Whether the page of any melding is open in this process."""
        return bool(self._open)

    @property
    def have_more_to_tell(self) -> bool:
        """Until the last one left, and that was told."""
        return bool(self._open or self._typing or self._told)

    def _here(self, melding_id: int) -> Iterator[Present]:
        for account in self._open.get(melding_id, ()):
            yield Present(melding_id=melding_id, account_id=account.id, what=LOOKS, name=account.display_name)
        for typing in self._typing.values():
            if typing.present.melding_id == melding_id and self._holds(typing):
                yield typing.present

    def _holds(self, typing: _Typing) -> bool:
        """A clock that was set back makes nobody type for longer."""
        return self.now() < typing.until <= self.now() + TYPING

    def _is_away(self, melding_id: int, account: Account) -> bool:
        return all(other.id != account.id for other in self._open.get(melding_id, ()))

    def _stop_typing(self, melding_id: int, account: Account) -> None:
        typing = self._typing.get(account.id)
        if typing is not None and typing.present.melding_id == melding_id:
            del self._typing[account.id]


def _is_within(length: timedelta, since: datetime, now: datetime) -> bool:
    """Not so when the clock was set back."""
    return since <= now < since + length
