"""Photos that come along with the web form: judged and cleaned as every file of a resident, before anything is kept.

A photo is put in place in the transaction that keeps its message: see bot.attachments for why.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from bot.files import Admitted, FileStore, RefusedFileError
from bot.filetypes import PICTURES
from routing.messages import Attachment, AttachmentKind, GeoPoint
from storage.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Uploads:
    """The photos of one office's form."""

    store: FileStore

    @contextmanager
    def admitted(self, photos: Sequence[BinaryIO]) -> Iterator[tuple[Admitted, ...]]:
        """The photos, cleaned, as long as the context lasts. Raises RefusedFileError, TemporaryChannelError."""
        with ExitStack() as stack:
            yield tuple(self._admitted(photo, stack) for photo in photos)

    def _admitted(self, photo: BinaryIO, stack: ExitStack) -> Admitted:
        file = self.store.temporary()
        stack.callback(self.store.discard, file)
        with file.open("wb") as target:
            shutil.copyfileobj(photo, target)
        admitted = self.store.admit(file)
        if admitted.media_type not in PICTURES:
            raise RefusedFileError("dit is geen foto")
        return admitted

    def keep(self, work: UnitOfWork, message_id: int, photos: Sequence[Admitted]) -> None:
        """Put the photos of a message that was taken in a moment ago in place. The caller commits."""
        for one, photo in zip(work.attachments.of_messages((message_id,)).get(message_id, ()), photos, strict=True):
            work.attachments.hold_file(photo.sha256)
            work.attachments.record_kept(one, sha256=photo.sha256, size=photo.size, media_type=photo.media_type)
            self.store.put(photo)


def as_attachments(form: str, photos: Sequence[Admitted]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(kind=AttachmentKind.PHOTO, reference=f"{form}/{number}", size=photo.size, mime_type=photo.media_type)
        for number, photo in enumerate(photos, 1)
    )


def place_of(photos: Sequence[Admitted]) -> GeoPoint | None:
    return next((photo.place for photo in photos if photo.place is not None), None)
