"""Full-text search in Dutch. The one place that knows how SQLite (FTS5) and PostgreSQL (tsvector) search.

The database keeps the indexes itself (triggers, generated columns), so that what retention removes is gone here too.
Finds reference numbers, words, streets and, for who may see them, people and contact details. Changes nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from routing.personal_data import mask
from routing.text import fold
from storage.meldingen import Melding
from storage.tables import melders, meldingen, messages, people

_REFERENCE = re.compile(r"(?:\bWB[- ]?\d{4}[- ]?0*|^\s*#?)(\d{1,12})(?:/\d+)?\s*$|\bWB-\d{4}-0*(\d{1,12})\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_PART = re.compile(r"[^\W_]+")
_MOST_WORDS = 8
_MOST_ROWS = 2_000
_SHORTEST_STEM = 3
_CONSONANTS = "bdfgklmnprst"
_LONG_VOWEL = re.compile(rf"(.*[^aeiou])?(aa|ee|oo|uu)([{_CONSONANTS}])")
_OPEN_SYLLABLE = re.compile(rf"(.*[^aeiou])([aeou])([{_CONSONANTS}])en")
_DOUBLED = re.compile(rf"(.*[aeiou])([{_CONSONANTS}])\2en")
_OWN = (meldingen.c.summary, meldingen.c.street, meldingen.c.buurt, meldingen.c.wijk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, the newest first. `has_more` tells that older ones exist."""

    meldingen: tuple[Melding, ...]
    has_more: bool


def is_of_search(name: str | None) -> bool:
    """Whether a table, column or index is kept by the database for searching, and is no table of `storage.tables`."""
    return name is not None and ("_fts" in name or "search_words" in name)


def dutch_forms(word: str) -> tuple[str, ...]:
    """Beginnings of words that say the same in Dutch: `straten` also finds `straat`, `boom` also `bomen`, `katten` also `kat`."""
    word = word.lower()
    forms = [word]
    if found := _DOUBLED.fullmatch(word):
        forms.append(f"{found[1]}{found[2]}")
    elif found := _OPEN_SYLLABLE.fullmatch(word):
        forms.append(f"{found[1] or ''}{found[2] * 2}{found[3]}")
    elif word.endswith("en") and len(word) > _SHORTEST_STEM + 2:
        forms.append(word[:-2])
    elif found := _LONG_VOWEL.fullmatch(word):
        forms.append(f"{found[1] or ''}{found[2][0]}{found[3]}en")
    elif word.endswith("s") and len(word) > _SHORTEST_STEM + 1:
        forms.append(word[:-1])
    return tuple(forms)


def reference_in(text: str) -> int | None:
    """The number of the melding a text refers to: `WB-2026-00042`, `wb-2026-00042/3`, `42` or `#42`."""
    found = _REFERENCE.search(text)
    return None if found is None else int(found[1] or found[2])


def search(connection: sa.Connection, text: str, *, limit: int, sees_contacts: bool, older_than: int | None = None) -> Found:
    """The newest meldingen in which every word occurs: in what was said, in the place, or in a melder's name.

    Who may not see contact details (`sees_contacts`) finds nothing by them, nor by a name: else a number that the pages mask
    could be guessed digit by digit. `older_than` is the id of the last melding of the page before.
    """
    number = reference_in(text)
    words = _WORD.findall(text)[:_MOST_WORDS]
    ids: set[int] = set() if number is None else {number}
    if words and number is None:
        asked = _asked(connection, words)
        if sees_contacts:
            ids |= _ids(connection, _matching(connection, meldingen, asked), limit + 1, older_than)
            ids |= _ids(connection, _said(connection, asked), limit + 1, older_than)
            if found_people := find_people(connection, text, limit=limit):
                named = sa.select(melders.c.melding_id.label("id")).where(melders.c.person_id.in_(found_people))
                ids |= _ids(connection, named, limit + 1, older_than)
        else:
            for rows in (_matching(connection, meldingen, asked, *_OWN), _said(connection, asked, messages.c.text)):
                ids |= _ids_as_shown(connection, rows, words, limit + 1, older_than)
    query = sa.select(meldingen).where(meldingen.c.id.in_(ids)).order_by(meldingen.c.id.desc())
    found = [Melding.from_row(row) for row in connection.execute(query)]
    return Found(meldingen=tuple(found[:limit]), has_more=len(found) > limit)


def find_people(connection: sa.Connection, name: str, *, limit: int) -> tuple[int, ...]:
    """Ids of the people whose name on a platform has these words."""
    words = _WORD.findall(name)[:_MOST_WORDS]
    if not words:
        return ()
    matches = _matching(connection, people, _asked(connection, words, is_dutch=False))
    return tuple(row.id for row in connection.execute(matches.order_by(sa.desc("id")).limit(limit)))


def _ids(connection: sa.Connection, query: sa.Select[Any], limit: int, older_than: int | None) -> set[int]:
    inner = query.subquery()
    outer = sa.select(inner.c.id).distinct()
    if older_than is not None:
        outer = outer.where(inner.c.id < older_than)
    return {row.id for row in connection.execute(outer.order_by(inner.c.id.desc()).limit(limit))}


def _ids_as_shown(
    connection: sa.Connection, query: sa.Select[Any], words: Sequence[str], limit: int, older_than: int | None
) -> set[int]:
    """As `_ids`, of the rows in which every word stands on the page too: the first text is masked there, the others are not."""
    inner = query.subquery()
    outer = sa.select(inner).order_by(inner.c.id.desc()).limit(_MOST_ROWS)
    if older_than is not None:
        outer = outer.where(inner.c.id < older_than)
    ids: set[int] = set()
    for melding_id, masked, *others in connection.execute(outer):
        if _stand_in(words, " ".join([mask(masked), *filter(None, others)])):
            ids.add(melding_id)
        if len(ids) == limit:
            break
    return ids


def _stand_in(words: Sequence[str], text: str) -> bool:
    """Whether every word, in one of its forms, is the beginning of a word of the text."""
    plain = _plain(text)
    return all(any(_plain(form) in plain for form in dutch_forms(word)) for word in words)


def _plain(text: str) -> str:
    return " " + " ".join(_PART.findall(fold(text)))


def _said(connection: sa.Connection, asked: str, *others: sa.Column[Any]) -> sa.Select[Any]:
    """What was said later: looked for in the newest matching messages. (What was said first stands in the melding itself.)"""
    found = _matching(connection, messages, asked, messages.c.melding_id, *others)
    newest = found.order_by(sa.desc("id")).limit(_MOST_ROWS).subquery()
    columns = (newest.c[other.name] for other in others)
    return sa.select(newest.c.melding_id.label("id"), *columns).where(newest.c.melding_id.is_not(None))


def _asked(connection: sa.Connection, words: Sequence[str], *, is_dutch: bool = True) -> str:
    """Every word, in one of its forms, as the database writes it down. The words are letters and digits only (`_WORD`)."""
    forms = [dutch_forms(word) if is_dutch else (word,) for word in words]
    if connection.dialect.name == "sqlite":
        return " AND ".join("(" + " OR ".join(f'"{form}"*' for form in group) + ")" for group in forms)
    language: sa.ColumnClause[str] = sa.literal_column("'dutch'" if is_dutch else "'simple'")
    asking = (sa.cast(sa.func.to_tsquery(language, f"{form}:*"), sa.Text) for group in forms for form in group)
    stems = iter(connection.execute(sa.select(*asking)).one())
    # Forms often have one stem, and PostgreSQL would look twice for what is asked twice; a word like `de` has none.
    groups = [dict.fromkeys(stem for stem in itertools.islice(stems, len(group)) if stem) for group in forms]
    return " & ".join("(" + " | ".join(group) + ")" for group in groups if group)


def _matching(connection: sa.Connection, table: sa.Table, asked: str, *others: sa.Column[Any]) -> sa.Select[Any]:
    """The ids, and other columns, of the rows of a table in which every word occurs.

    In SQLite the index of a table is a table of its own, in PostgreSQL a column and an index on it.
    """
    if connection.dialect.name == "sqlite":
        index = sa.table(f"{table.name}_fts", sa.column("rowid", sa.Integer))
        is_match = sa.literal_column(index.name).op("MATCH")(asked)
        rows = index.join(table, table.c.id == index.c.rowid) if others else index
        return sa.select(index.c.rowid.label("id"), *others).select_from(rows).where(is_match)
    is_match = sa.literal_column(f"{table.name}.search_words").op("@@")(sa.cast(asked, postgresql.TSQUERY))
    found = sa.select(table.c.id, *others).where(is_match).cte(f"found_{table.name}")
    # Found first, put in order after: for a rare word PostgreSQL would else walk back through the table looking for it.
    return sa.select(*found.prefix_with("MATERIALIZED").c)
