"""Leaving a channel alone for as long as its platform asked, also when the clock of this machine is set back meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class QuietChannels:
    """In the memory of one process: after a restart the platform says it again."""

    _spans: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def leave_alone(self, channel: str, now: datetime, wait: timedelta) -> None:
        self._spans[channel] = (now, now + wait)

    def is_quiet(self, channel: str, now: datetime) -> bool:
        """A clock that stands before the moment of asking was set back; how much of the wait is left, nobody knows: try."""
        asked, until = self._spans.get(channel, (now, now))
        return asked <= now < until
