"""Lets a colleague change how a channel works. Every change is written down with who and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from routing.channel_modes import ChannelMode
from routing.errors import NotFoundError
from routing.sentences import said
from storage.channel_states import ChannelChange, ChannelState
from storage.database import Database, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSwitch:
    """`now` is the clock."""

    database: Database
    now: Callable[[], datetime]

    def choose(self, channel: str, mode: ChannelMode | None, *, actor: str, why: str = "") -> None:
        """None gives the choice back to the settings. Raises NotFoundError for a channel that is not switched on."""
        with self.database.work() as work:
            state = _enabled(work, channel)
            words = mode.value if mode else f"{state.configured_mode or ChannelMode.FULL} (instellingen)"
            change = ChannelChange(channel=channel, at=self.now(), actor=actor, change=words, why=why)
            work.channels.switch(mode, change)
            work.commit()

    def resume(self, channel: str, *, actor: str) -> None:
        """Let a channel that was paused for a refused authorisation work again; what waited is taken up where it was.

        Raises NotFoundError for a channel that is not switched on.
        """
        with self.database.work() as work:
            _enabled(work, channel)
            work.channels.resume(ChannelChange(channel=channel, at=self.now(), actor=actor, change="hervat"))
            work.commit()


def _enabled(work: UnitOfWork, channel: str) -> ChannelState:
    state = work.channels.find(channel)
    if state is None or not state.is_enabled:
        known = ", ".join(state.channel for state in work.channels.all() if state.is_enabled) or "geen"
        problem = said("kanaal '%(name)s' staat niet aan in de instellingen; bekend: %(known)s", name=channel, known=known)
        raise NotFoundError(problem)
    return state
