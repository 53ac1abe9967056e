"""Brings in the files that residents sent: fetched once, judged by content, cleaned, and stored by the hash of their content.

It believes nothing that a sender says about a file. What cannot be kept stays named with its message, with the reason.

A file is put in place and deleted only by who holds its hash in a transaction: before the row that names it is committed, and
before the last row that names it lets it go. Who stops half way leaves a file that no row names, and `sweep` deletes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

import structlog

from bot.files import Admitted, FileStore, RefusedFileError
from channels.base import AttachmentSource, Channel
from routing.decision import Router
from routing.errors import ChannelError, MessageRejectedError, StaleError, StorageUnavailableError
from routing.melding import Event
from routing.messages import GeoPoint
from routing.sentences import said
from storage.attachments import StoredAttachment
from storage.database import Database, UnitOfWork
from storage.meldingen import Change

TRIES = 5
PER_RUN = 20
_LEASE = timedelta(minutes=5)
_FIRST_RETRY = timedelta(minutes=1)
_LEFT_BEHIND_AFTER = timedelta(days=1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """Fetches what is due, one file at a time per channel. `now` is the clock.

    A server that keeps trickling holds a channel up no longer than `longest` per file, which ends well before its claim does.
    """

    database: Database
    store: FileStore
    router: Router
    now: Callable[[], datetime]
    longest: timedelta = timedelta(minutes=2)

    async def run(self, channel: Channel) -> int:
        """Fetch what waits on this channel, and delete what residents took back. Returns how many files were kept."""
        await asyncio.to_thread(self._delete_orphans)
        kept = 0
        if isinstance(channel, AttachmentSource):
            for _ in range(PER_RUN):
                one = await asyncio.to_thread(self._claim, channel.name)
                if one is None:
                    break
                kept += await self._fetch(cast("AttachmentSource", channel), one)
        return kept

    def sweep(self) -> int:
        """Delete what was left behind by who stopped half way. Returns how many files. Idempotent; safe beside others."""
        swept = self.store.discard_left_behind(self.now() - _LEFT_BEHIND_AFTER)
        with self.database.looking() as work:
            named = work.attachments.named_files()
        for sha256 in self.store.kept():
            if sha256 not in named:
                swept += self._sweep(sha256)
        return swept

    def _sweep(self, sha256: str) -> bool:
        with self.database.work() as work:
            work.attachments.hold_file(sha256)
            if work.attachments.is_named(sha256):
                return False  # it was put in place a moment ago
            self.store.delete(sha256)
        _log.warning("a file that belongs to no message was deleted", sha256=sha256)
        return True

    async def _fetch(self, source: AttachmentSource, one: StoredAttachment) -> bool:
        file = await asyncio.to_thread(self.store.temporary)
        try:
            with file.open("wb") as target:
                async with asyncio.timeout(self.longest.total_seconds()):
                    await source.download(one.reference, cast("BinaryIO", target), self.store.largest)
            admitted = await asyncio.to_thread(self.store.admit, file)
            await asyncio.to_thread(self._keep, one, admitted)
        except (RefusedFileError, MessageRejectedError) as error:
            await asyncio.to_thread(self._record_refusal, one, str(error))
        except ChannelError as error:
            await asyncio.to_thread(self._record_failure, one, str(error))
        except TimeoutError:
            await asyncio.to_thread(self._record_failure, one, said("de bijlage komt te langzaam binnen"))
        except StorageUnavailableError:
            raise  # nothing is wrong with the file
        except Exception as error:  # noqa: BLE001 - one file that nobody can take holds up no other, and is not tried for ever
            _log.error("attachment failed", attachment_id=one.id, error=type(error).__name__)
            await asyncio.to_thread(self._record_failure, one, f"onverwachte fout ({type(error).__name__})")
        else:
            return True
        finally:
            self.store.discard(file)
        return False

    def _claim(self, channel: str) -> StoredAttachment | None:
        """Looks before it claims: mostly nothing waits, and then nobody is held up for it."""
        with self.database.looking() as work:
            if not work.channels.get(channel).may_work or not work.attachments.has_due(channel, self.now()):
                return None
        with self.database.work() as work:
            one = work.attachments.claim_due(channel, self.now(), lease=_LEASE)
            work.commit()
        return one

    def _keep(self, one: StoredAttachment, kept: Admitted) -> None:
        def record(work: UnitOfWork) -> None:
            work.attachments.hold_file(kept.sha256)
            if not work.attachments.record_kept(one, sha256=kept.sha256, size=kept.size, media_type=kept.media_type):
                return  # taken back meanwhile
            self.store.put(kept)
            melding_id = work.attachments.note_place(one, kept.place) if kept.place else None
            if melding_id is not None and kept.place is not None:
                self._note_place(work, melding_id, kept.place)

        self._write(record)

    def _note_place(self, work: UnitOfWork, melding_id: int, point: GeoPoint) -> None:
        """A melding without a place gets that of the photo."""
        melding = work.meldingen.get(melding_id)
        if melding.lat is not None or melding.street is not None:
            return
        located = self.router.route(melding.summary, point=point).located
        columns = {"lat": point.lat, "lon": point.lon, "street": located.street, "buurt": located.buurt, "wijk": located.wijk}
        change = Change(event=Event.AANGEVULD, actor="wijkbalie", why=said("de plaats staat in de foto"), columns=columns)
        work.meldingen.record(melding, change, self.now())

    def _record_refusal(self, one: StoredAttachment, problem: str) -> None:
        self._write(lambda work: work.attachments.record_refused(one, problem))

    def _record_failure(self, one: StoredAttachment, problem: str) -> None:
        def record(work: UnitOfWork) -> None:
            if one.attempts >= TRIES:
                work.attachments.record_failed(one, problem)
            else:
                wait = _FIRST_RETRY * 4 ** (one.attempts - 1)
                work.attachments.record_retry(one, problem, due_at=self.now() + wait)

        self._write(record)

    def _delete_orphans(self) -> None:
        with self.database.looking() as work:
            orphans = work.attachments.orphans()
        for one in orphans:
            with self.database.work() as work:
                if one.sha256 is not None and work.attachments.forget_file(one):
                    self.store.delete(one.sha256)
                work.commit()

    def _write(self, change: Callable[[UnitOfWork], None]) -> None:
        """A rival change of the melding is met by doing it again."""
        for _ in range(TRIES):
            try:
                with self.database.work() as work:
                    change(work)
                    work.commit()
            except StaleError:
                _log.info("a colleague changed the melding meanwhile: noting the attachment again")
            else:
                return
