"""The state of each channel: whether it works, how much it may do, and how quiet it usually is. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from routing.channel_modes import ChannelMode
from storage.dialect import upsert
from storage.tables import channel_changes, channel_states

_REFUSALS_BEFORE_PAUSE = 2
_HALF_LIFE = timedelta(days=14)  # of what counts as the usual silence


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """`chosen_mode` is what a colleague chose at run time; None leaves it to the settings (`configured_mode`).

    `longest_silence` (seconds) is the longest recent time between two arrivals, halved every two weeks; `arrivals` counts them.
    """

    channel: str
    last_fetch_at: datetime | None = None
    last_message_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    auth_errors: int = 0
    send_auth_errors: int = 0
    paused_at: datetime | None = None
    is_enabled: bool = True
    configured_mode: ChannelMode | None = None
    chosen_mode: ChannelMode | None = None
    longest_silence: float = 0
    arrivals: int = 0
    token_expires_at: datetime | None = None
    checked_at: datetime | None = None

    @property
    def mode(self) -> ChannelMode:
        return self.chosen_mode or self.configured_mode or ChannelMode.FULL

    @property
    def may_work(self) -> bool:
        """Neither paused by a refused authorisation nor stopped by a colleague."""
        return self.paused_at is None and self.mode is not ChannelMode.STOPPED

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        for name in ("configured_mode", "chosen_mode"):
            values[name] = ChannelMode(values[name]) if values[name] else None
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChange:
    """What somebody changed about a channel. Never removed."""

    channel: str
    at: datetime
    actor: str
    change: str
    why: str = field(default="")


_IS_IT = channel_states.c.channel == sa.bindparam("of_channel")
_STATE = sa.select(channel_states).where(_IS_IT)
_STATES = sa.select(channel_states).order_by(channel_states.c.channel)
_SENT = sa.update(channel_states).where(_IS_IT, channel_states.c.send_auth_errors > 0).values(send_auth_errors=0)


class ChannelStates:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, channel: str) -> ChannelState | None:
        row = self._connection.execute(_STATE, {"of_channel": channel}).one_or_none()
        return None if row is None else ChannelState.from_row(row)

    def get(self, channel: str) -> ChannelState:
        """The state; that of a channel which never did anything when there is none yet."""
        return self.find(channel) or ChannelState(channel=channel)

    def all(self) -> tuple[ChannelState, ...]:
        return tuple(ChannelState.from_row(row) for row in self._connection.execute(_STATES))

    def configure(self, modes: Mapping[str, ChannelMode]) -> None:
        """Write down which channels are switched on, and their modes, as the settings say. Idempotent."""
        others = channel_states.c.channel.not_in(modes)
        self._connection.execute(sa.update(channel_states).where(others).values(is_enabled=False))
        for channel, mode in modes.items():
            self._set(channel, is_enabled=True, configured_mode=mode.value)

    def note_fetch(self, channel: str, now: datetime) -> None:
        self._set(channel, last_fetch_at=now, auth_errors=0)

    def note_arrival(self, channel: str, now: datetime) -> None:
        """Something new came in: the silence before it is over."""
        state = self.get(channel)
        silence = max(0.0, (now - (state.last_message_at or now)).total_seconds())
        usual = max(silence, state.longest_silence * 0.5 ** (silence / _HALF_LIFE.total_seconds()))
        self._set(channel, last_message_at=now, longest_silence=usual, arrivals=state.arrivals + 1)

    def note_sent(self, channel: str) -> None:
        self._connection.execute(_SENT, {"of_channel": channel})

    def record_error(self, channel: str, error: str, now: datetime) -> None:
        """Note a failed contact."""
        self._set(channel, last_error=error, last_error_at=now, auth_errors=0)

    def record_refusal(self, channel: str, error: str, now: datetime, *, is_sending: bool = False) -> None:
        """Note a refused authorisation. The second in a row, in reading or in sending, pauses the channel."""
        state = self.get(channel)
        counter = "send_auth_errors" if is_sending else "auth_errors"
        count = getattr(state, counter) + 1
        paused_at = state.paused_at or (now if count >= _REFUSALS_BEFORE_PAUSE else None)
        self._set(channel, last_error=error, last_error_at=now, paused_at=paused_at, **{counter: count})

    def record_check(self, channel: str, now: datetime, *, token_expires_at: datetime | None) -> None:
        self._set(channel, checked_at=now, token_expires_at=token_expires_at)

    def resume(self, change: ChannelChange) -> None:
        """Let a paused channel work again. `change` says who did it."""
        self._set(change.channel, auth_errors=0, send_auth_errors=0, paused_at=None, last_error=None, last_error_at=None)
        self._log(change)

    def switch(self, mode: ChannelMode | None, change: ChannelChange) -> None:
        """Choose a mode at run time; None gives the choice back to the settings. `change` says who and why."""
        self._set(change.channel, chosen_mode=mode.value if mode else None)
        self._log(change)

    def changes_of(self, channel: str) -> tuple[ChannelChange, ...]:
        """Newest first."""
        query = sa.select(channel_changes).where(channel_changes.c.channel == channel).order_by(channel_changes.c.id.desc())
        names = tuple(ChannelChange.__dataclass_fields__)
        return tuple(ChannelChange(**{name: row._mapping[name] for name in names}) for row in self._connection.execute(query))

    def _set(self, channel: str, **changes: object) -> None:
        upsert(self._connection, channel_states, "channel", {"channel": channel, **changes})

    def _log(self, change: ChannelChange) -> None:
        values = {name: getattr(change, name) for name in ChannelChange.__dataclass_fields__}
        self._connection.execute(sa.insert(channel_changes).values(values))
