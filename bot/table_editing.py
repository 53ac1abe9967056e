"""Changing the tables for a colleague: checked, written down with who and why, and taken back by one more change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.edited_tables import EditedTables
from routing.errors import NotFoundError, StaleError
from routing.sentences import said
from storage.database import Database
from storage.edits import NewEdit

_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who changes, why, and the newest change of the subject that they saw (0 for none)."""

    username: str
    why: str
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEditing:
    database: Database
    tables: EditedTables
    now: Callable[[], datetime]

    def change(self, code: str, values: Mapping[str, str], author: Author) -> int:
        """Give fields of a subject a value. Returns how many changed.

        Raises UnfitValueError, NotFoundError or StaleError; then nothing changed.
        """
        self.tables.refresh()
        fields = self.tables.subject(code).fields
        changed = {field: value for field in fields if (value := values.get(field.name, field.value)) != field.value}
        for field, value in changed.items():
            self.tables.check(code, field.name, value)
        now = self.now()
        with self.database.work() as work:
            work.edits.hold()
            history = work.edits.history(code)
            if (history[0].id if history else 0) != author.seen:
                raise StaleError(said("Iemand heeft dit intussen gewijzigd. Laad de pagina opnieuw."))
            for field, value in changed.items():
                stored = None if value == field.filed else value
                new = NewEdit(subject=code, field=field.name, value=stored, by=author.username, why=author.why)
                work.edits.add(new, now)
                detail = f"{_short(field.value)} wordt {_short(value)}"
                detail += f" ({author.why})" if author.why else ""
                work.journal.write(author.username, said("tabel gewijzigd"), f"{code}.{field.name}", now, detail=detail)
            work.commit()
        self.tables.refresh()
        return len(changed)

    def take_back(self, code: str, edit_id: int, username: str) -> None:
        """Put a field back to what it was before its newest change. Raises StaleError when that is not the newest any more."""
        now = self.now()
        with self.database.work() as work:
            work.edits.hold()
            history = work.edits.history(code)
            field = next((edit.field for edit in history if edit.id == edit_id), None)
            if field is None:
                raise NotFoundError(said("Deze wijziging bestaat niet. Ga terug naar de lijst en kies daar."))
            newest, *older = [edit for edit in history if edit.field == field]
            if newest.id != edit_id:
                raise StaleError(said("Na deze wijziging kwam een andere. Laad de pagina opnieuw."))
            why = said("wijziging %(number)s van %(by)s teruggedraaid", number=edit_id, by=newest.by)
            before = older[0].value if older else None
            work.edits.add(NewEdit(subject=code, field=field, value=before, by=username, why=why), now)
            work.journal.write(username, said("tabel teruggezet"), f"{code}.{field}", now, detail=why)
            work.commit()
        self.tables.refresh()


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
