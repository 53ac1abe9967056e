"""Which mentions of Mastodon were read: where the next round starts, and by what an edit or a missing post is seen. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from channels.payload import id_of, list_of, object_of, text_of

_BEGINNING = "0"
_COLUMNS = ("notification", "status", "edited", "author", "written")
_WIDTHS = {3, len(_COLUMNS)}  # a cursor of before `author` and `written` were kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mention that was read. `edited` is the moment of its last edit as the platform wrote it, or empty.

    `author` and `written` (who, and the platform's moment) are for the day that the post is not there any more.
    """

    notification: str
    status: str
    edited: str = ""
    author: str = field(default="", compare=False)
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The mentions that were read last, oldest first: what the next round starts from."""

    marks: tuple[Mark, ...] = ()

    def min_id(self, overlap: int) -> str:
        """Everything up to any mark has been read, so that any of them is a safe place to start from."""
        return self.marks[-overlap].notification if len(self.marks) >= overlap else _BEGINNING

    def expected(self, overlap: int) -> tuple[Mark, ...]:
        """The marks that the next page must hold, unless their posts are gone."""
        return self.marks[-overlap:][1:] if len(self.marks) >= overlap else self.marks

    def without(self, gone: tuple[Mark, ...]) -> Trail:
        return Trail(marks=tuple(mark for mark in self.marks if mark not in gone))

    def after(self, page: tuple[Mark, ...], keep: int) -> Trail:
        """The page's marks stand last, whether they are new or not: so a round always gets further."""
        on_page = {mark.notification: mark for mark in page}
        older = tuple(mark for mark in self.marks if mark.notification not in on_page)
        return Trail(marks=(*older, *on_page.values())[-keep:])

    def knows(self, mark: Mark) -> bool:
        return mark in self.marks

    def has_status(self, status_id: str) -> bool:
        return any(mark.status == status_id for mark in self.marks)

    def encode(self) -> str:
        return json.dumps([[getattr(mark, name) for name in _COLUMNS] for mark in self.marks])


def parse_trail(cursor: str | None) -> Trail:
    """The trail in our own cursor; an empty one (from the beginning, so nothing is lost) when there is none in it."""
    try:
        rows = list_of(json.loads(cursor or "[]"))
    except (ValueError, RecursionError):
        return Trail()
    marks = [row for row in rows if isinstance(row, list) and len(row) in _WIDTHS and all(isinstance(part, str) for part in row)]
    return Trail(marks=tuple(Mark(**dict(zip(_COLUMNS, row, strict=False))) for row in marks))


def parse_mark(notification: object) -> Mark | None:
    """None for a notification that names no ids: it cannot be recognised, and is kept as unreadable."""
    body = object_of(notification)
    status = object_of(body.get("status"))
    notification_id, status_id = id_of(body.get("id")), id_of(status.get("id"))
    if notification_id is None or status_id is None:
        return None
    return Mark(
        notification=notification_id,
        status=status_id,
        edited=text_of(status.get("edited_at")),
        author=id_of(object_of(status.get("account")).get("id")) or "",
        written=text_of(status.get("created_at"))[:40],
    )
