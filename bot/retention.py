"""Empties what was kept long enough, a little at every tick, and lets the archivist hold a melding back. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from routing.errors import StaleError
from routing.sentences import said
from storage.database import Database
from storage.retention import Overview, Retention, RetentionPeriods

_PER_TICK = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionKeeper:
    """`now` is the clock. Idempotent, and harmless beside a rival: what is emptied is not due any more."""

    database: Database
    periods: RetentionPeriods
    now: Callable[[], datetime]

    def run(self, limit: int = _PER_TICK) -> int:
        """Empty what is due. Returns how many payloads, loose messages and meldingen were emptied; 0 when nothing was due."""
        now = self.now()
        with self.database.work() as work:
            loose = work.retention.empty_loose(self.periods, now, limit)
            stripped = work.retention.strip_raw(self.periods, now, limit)
            due = work.retention.due(self.periods, now, limit)
            work.commit()
        emptied = 0
        for melding in due:
            try:
                with self.database.work() as work:
                    work.retention.empty(melding, now)
                    work.commit()
            except StaleError:
                continue  # somebody is at work on it: then its time begins again
            emptied += 1
        done = stripped + loose + emptied
        if done:
            self._tell(stripped, loose, emptied, now)
        return done

    def overview(self) -> Overview:
        with self.database.reading() as connection:
            return Retention(connection).overview(self.periods, self.now())

    def hold(self, melding_id: int, *, is_held: bool, actor: str, why: str) -> bool:
        """Keep a melding past its time, or no longer. False when it was so already. Raises NotFoundError, StaleError."""
        now = self.now()
        with self.database.work() as work:
            is_new = work.retention.hold(melding_id, is_held=is_held, actor=actor, why=why, now=now)
            work.commit()
        return is_new

    def _tell(self, stripped: int, loose: int, emptied: int, now: datetime) -> None:
        facts = {"count": emptied, "num": loose, "number": stripped}
        detail = said("%(count)s meldingen, %(num)s losse berichten, %(number)s ruwe berichten", **facts)
        with self.database.work() as work:
            work.journal.write("wijkbalie", said("opgeruimd na de bewaartermijn"), "meldingen", now, detail=detail)
            work.commit()
        _log.info("emptied what was kept long enough", meldingen=emptied, loose=loose, raw=stripped)
