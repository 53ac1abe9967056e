"""Full-text search in Dutch. The one place that knows how SQLite (FTS5) and PostgreSQL (tsvector) search.

The database keeps the indexes itself (triggers, generated columns), so that what retention removes is gone here too.
Finds reference numbers, words, streets and, for who may see them, people. Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from storage.meldingen import Melding
from storage.tables import melders, meldingen, messages

_REFERENCE = re.compile(r"(?:\bWB[- ]?\d{4}[- ]?0*|^\s*#?)(\d{1,12})(?:/\d+)?\s*$|\bWB-\d{4}-0*(\d{1,12})\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_MOST_WORDS = 8
_MOST_MESSAGES = 2_000
_SHORTEST_STEM = 3
_CONSONANTS = "bdfgklmnprst"
_LONG_VOWEL = re.compile(rf"(.*[^aeiou])?(aa|ee|oo|uu)([{_CONSONANTS}])")
_OPEN_SYLLABLE = re.compile(rf"(.*[^aeiou])([aeou])([{_CONSONANTS}])en")
_DOUBLED = re.compile(rf"(.*[aeiou])([{_CONSONANTS}])\2en")
# In SQLite the index of a table is a table of its own, in PostgreSQL a column and an index on it.
_INDEXES = {"meldingen": "meldingen_fts", "messages": "messages_fts", "people": "people_fts"}


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


def search(connection: sa.Connection, text: str, *, limit: int, with_people: bool, older_than: int | None = None) -> Found:
    """The newest meldingen in which every word occurs: in what was said, in the place, or (`with_people`) in a melder's name.

    `older_than` is the id of the last melding of the page before.
    """
    number = reference_in(text)
    words = _WORD.findall(text)[:_MOST_WORDS]
    ids: set[int] = set() if number is None else {number}
    if words and number is None:
        ids |= _ids(connection, _own_words(connection, words), limit + 1, older_than)
        ids |= _ids(connection, _said_words(connection, words), limit + 1, older_than)
        if with_people:
            people = find_people(connection, text, limit=limit)
            named = sa.select(melders.c.melding_id.label("id")).where(melders.c.person_id.in_(people))
            ids |= _ids(connection, named, limit + 1, older_than)
    query = sa.select(meldingen).where(meldingen.c.id.in_(ids)).order_by(meldingen.c.id.desc())
    found = [Melding.from_row(row) for row in connection.execute(query)]
    return Found(meldingen=tuple(found[:limit]), has_more=len(found) > limit)


def find_people(connection: sa.Connection, name: str, *, limit: int) -> tuple[int, ...]:
    """Ids of the people whose name on a platform has these words."""
    words = _WORD.findall(name)[:_MOST_WORDS]
    if not words:
        return ()
    matches = _matching(connection, "people", words, is_dutch=False)
    return tuple(row.id for row in connection.execute(matches.order_by(sa.desc("id")).limit(limit)))


def _ids(connection: sa.Connection, query: sa.Select[tuple[int]], limit: int, older_than: int | None) -> set[int]:
    inner = query.subquery()
    outer = sa.select(inner.c.id).distinct()
    if older_than is not None:
        outer = outer.where(inner.c.id < older_than)
    return {row.id for row in connection.execute(outer.order_by(inner.c.id.desc()).limit(limit))}


def _own_words(connection: sa.Connection, words: Sequence[str]) -> sa.Select[tuple[int]]:
    return _matching(connection, "meldingen", words)


def _said_words(connection: sa.Connection, words: Sequence[str]) -> sa.Select[tuple[int]]:
    """What was said later: looked for in the newest matching messages. (What was said first stands in the melding itself.)"""
    newest = _matching(connection, "messages", words).order_by(sa.desc("id")).limit(_MOST_MESSAGES)
    ids = [row.id for row in connection.execute(newest)]  # given as values: PostgreSQL would else join them with every message
    return sa.select(messages.c.melding_id.label("id")).where(messages.c.id.in_(ids), messages.c.melding_id.is_not(None))


def _matching(connection: sa.Connection, table: str, words: Sequence[str], *, is_dutch: bool = True) -> sa.Select[tuple[int]]:
    """The ids of the rows of a table in which every word occurs. The words are letters and digits only (`_WORD`)."""
    forms = [dutch_forms(word) if is_dutch else (word,) for word in words]
    if connection.dialect.name == "sqlite":
        index = sa.table(_INDEXES[table], sa.column("rowid", sa.Integer))
        asked = " AND ".join("(" + " OR ".join(f'"{form}"*' for form in group) + ")" for group in forms)
        is_match = sa.literal_column(_INDEXES[table]).op("MATCH")(asked)
        return sa.select(index.c.rowid.label("id")).where(is_match)
    own = sa.table(table, sa.column("id", sa.BigInteger), sa.column("search_words"))
    asked = " & ".join("(" + " | ".join(f"{form}:*" for form in group) + ")" for group in forms)
    query = sa.func.to_tsquery(sa.literal_column("'dutch'" if is_dutch else "'simple'"), asked)
    found = sa.select(own.c.id).where(own.c.search_words.op("@@")(query)).cte(f"found_{table}")
    # Found first, put in order after: for a rare word PostgreSQL would else walk back through the table looking for it.
    return sa.select(found.prefix_with("MATERIALIZED").c.id)
