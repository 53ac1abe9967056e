"""Files of residents on disk, by the hash of their content, outside the web root: judged, cleaned, put in place, deleted.

When a file may be put in place or deleted is decided elsewhere, with the database: see bot.attachments.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.filetypes import PICTURES, SNIFFED, type_of
from bot.pictures import PictureError, clean
from bot.virus_scan import is_clean
from routing.messages import GeoPoint
from routing.sentences import said

_TEMPORARY = "binnen-"


class RefusedFileError(Exception):
    """This file is not kept; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A file that may be kept. It lies at `file` until it is put in place."""

    file: Path
    sha256: str
    size: int
    media_type: str
    place: GeoPoint | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStore:
    """Files by the hash of their content, below `folder`. `clamd` is the address of a virus scanner; empty for none."""

    folder: Path
    largest: int = 20_000_000
    clamd: str = ""

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def temporary(self) -> Path:
        """A place for one download, on the same disk. The caller discards it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=self.folder)
        os.close(handle)
        return Path(name)

    def discard(self, temporary: Path) -> None:
        """Remove a download and what was made of it. Idempotent."""
        for file in (temporary, _cleaned(temporary)):
            file.unlink(missing_ok=True)

    def admit(self, source: Path) -> Admitted:
        """Judge and clean a downloaded file. Raises RefusedFileError, TemporaryChannelError."""
        with source.open("rb") as file:
            media_type = type_of(file.read(SNIFFED))
        if media_type is None:
            raise RefusedFileError(said("dit soort bestand bewaren wij niet; bekijk het op het platform"))
        if self.clamd and not is_clean(self.clamd, source):
            raise RefusedFileError(said("de virusscanner houdt dit bestand tegen"))
        if media_type not in PICTURES:
            return _admitted(source, media_type, None)
        try:
            cleaned = clean(source, _cleaned(source), media_type)
        except PictureError as error:
            raise RefusedFileError(str(error)) from None
        return _admitted(_cleaned(source), cleaned.media_type, cleaned.place)

    def put(self, admitted: Admitted) -> None:
        """Put it in its place, to stay there also when the power fails. Idempotent as long as nobody deletes it."""
        if admitted.file.exists() or not self.path(admitted.sha256).exists():
            self._put(admitted.file, admitted.sha256)

    def read(self, sha256: str) -> bytes | None:
        """The content; None when it is not there or is no longer what it was."""
        with suppress(FileNotFoundError):
            content = self.path(sha256).read_bytes()
            return content if hashlib.sha256(content).hexdigest() == sha256 else None
        return None

    def write(self, sha256: str, content: bytes) -> None:
        """Put back what `read` gave. Idempotent."""
        file = self.temporary()
        file.write_bytes(content)
        self._put(file, sha256)

    def delete(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def kept(self) -> Iterator[str]:
        """The hash of every file in its place."""
        yield from (path.name for path in self.folder.glob("??/*"))

    def discard_left_behind(self, before: datetime) -> int:
        """Remove downloads from before that moment: whoever made them is gone. Returns how many."""
        old = [path for path in self.folder.glob(f"{_TEMPORARY}*") if _changed_at(path) < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _put(self, source: Path, sha256: str) -> None:
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(0o600)
        _make_durable(source)
        source.replace(target)
        _make_durable(target.parent)


def _admitted(file: Path, media_type: str, place: GeoPoint | None) -> Admitted:
    with file.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return Admitted(file=file, sha256=sha256, size=file.stat().st_size, media_type=media_type, place=place)


def _cleaned(source: Path) -> Path:
    return source.with_suffix(".schoon")


def _changed_at(path: Path) -> datetime:
    with suppress(FileNotFoundError):  # somebody else was first
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return datetime.max.replace(tzinfo=UTC)


def _make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
