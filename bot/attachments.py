"""Brings in the files that residents sent: fetched once, judged by content, cleaned, and stored by hash outside the web root.

It believes nothing that a sender says about a file. What cannot be kept stays named with its message, with the reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import structlog

from bot.filetypes import PICTURES, SNIFFED, type_of
from bot.pictures import PictureError, clean
from bot.virus_scan import is_clean
from channels.base import AttachmentSource, Channel
from routing.decision import Router
from routing.errors import ChannelError, MessageRejectedError, StaleError
from routing.melding import Event
from routing.messages import GeoPoint
from storage.attachments import StoredAttachment
from storage.database import Database, UnitOfWork
from storage.meldingen import Change

TRIES = 5
PER_RUN = 20
_LEASE = timedelta(minutes=5)
_FIRST_RETRY = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


class RefusedFileError(Exception):
    """This file is not kept; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file as it was stored."""

    sha256: str
    size: int
    media_type: str
    place: GeoPoint | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStore:
    """Files by the hash of their content, below `folder`. `clamd` is the address of a virus scanner; empty for none."""

    folder: Path
    largest: int = 20_000_000
    clamd: str = ""

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, source: Path) -> Kept:
        """Judge, clean and store a downloaded file. Raises RefusedFileError, TemporaryChannelError. Idempotent."""
        with source.open("rb") as file:
            media_type = type_of(file.read(SNIFFED))
        if media_type is None:
            raise RefusedFileError("dit soort bestand bewaren wij niet; bekijk het op het platform")
        if self.clamd and not is_clean(self.clamd, source):
            raise RefusedFileError("de virusscanner houdt dit bestand tegen")
        if media_type not in PICTURES:
            return self._store(source, media_type, None)
        cleaned_file = source.with_suffix(".schoon")
        try:
            cleaned = clean(source, cleaned_file, media_type)
            return self._store(cleaned_file, cleaned.media_type, cleaned.place)
        except PictureError as error:
            raise RefusedFileError(str(error)) from None
        finally:
            cleaned_file.unlink(missing_ok=True)

    def delete(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def temporary(self) -> Path:
        """A place for one download, on the same disk. The caller removes it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="binnen-", dir=self.folder)
        os.close(handle)
        return Path(name)

    def _store(self, source: Path, media_type: str, place: GeoPoint | None) -> Kept:
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        size, target = source.stat().st_size, self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        target.chmod(0o600)
        return Kept(sha256=sha256, size=size, media_type=media_type, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """Fetches what is due, one file at a time per channel. `now` is the clock."""

    database: Database
    store: FileStore
    router: Router
    now: Callable[[], datetime]

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

    async def _fetch(self, source: AttachmentSource, one: StoredAttachment) -> bool:
        file = await asyncio.to_thread(self.store.temporary)
        try:
            with file.open("wb") as target:
                await source.download(one.reference, cast("BinaryIO", target), self.store.largest)
            kept = await asyncio.to_thread(self.store.keep, file)
        except (RefusedFileError, MessageRejectedError) as error:
            await asyncio.to_thread(self._record_refusal, one, str(error))
        except ChannelError as error:
            await asyncio.to_thread(self._record_failure, one, str(error))
        except Exception as error:  # noqa: BLE001 - one file that nobody can take holds up no other, and is not tried for ever
            _log.error("attachment failed", attachment_id=one.id, error=type(error).__name__)
            await asyncio.to_thread(self._record_failure, one, f"onverwachte fout ({type(error).__name__})")
        else:
            await asyncio.to_thread(self._record_kept, one, kept)
            return True
        finally:
            file.unlink(missing_ok=True)
        return False

    def _claim(self, channel: str) -> StoredAttachment | None:
        with self.database.work() as work:
            if not work.channels.get(channel).may_work:
                return None
            one = work.attachments.claim_due(channel, self.now(), lease=_LEASE)
            work.commit()
        return one

    def _record_kept(self, one: StoredAttachment, kept: Kept) -> None:
        def record(work: UnitOfWork) -> None:
            if not work.attachments.record_kept(one, sha256=kept.sha256, size=kept.size, media_type=kept.media_type):
                if not work.attachments.is_used(kept.sha256):  # taken back meanwhile
                    self.store.delete(kept.sha256)
                return
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
        change = Change(event=Event.AANGEVULD, actor="wijkbalie", why="de plaats staat in de foto", columns=columns)
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
        with self.database.work() as work:
            useless = [one.sha256 for one in work.attachments.orphans() if work.attachments.forget_file(one)]
            work.commit()
        for sha256 in useless:
            if sha256 is not None:
                self.store.delete(sha256)

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
