"""The event log of a melding: append-only and hash-chained, so that tampering shows.

What a colleague typed as a reason can hold personal data, so the chain holds a salted digest of it and not the words: the words
and the salt can go with the messages, and the chain stays whole. Nobody can guess the words back from the digest alone.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from routing.melding import Event
from storage.tables import events

_MACHINES = frozenset({"wijkbalie", "melder"})  # what these write as a reason is never typed by anybody
_SALT_BYTES = 16


def chain_hash(previous: str, event: dict[str, Any]) -> str:
    """SHA-256 over the previous hash and the event as canonical JSON: a changed or removed event breaks the chain."""
    body = json.dumps(event, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def new_entry(melding_id: int, seq: int, previous: str, happened: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The row of an event. `happened` has its actor, event, why and data; `previous` is the hash of the event before it."""
    is_typed = happened["why"] and happened["actor"] not in _MACHINES
    salt = secrets.token_hex(_SALT_BYTES) if is_typed else None
    row = {"melding_id": melding_id, "seq": seq, **happened, "why_salt": salt}
    row["why_digest"] = None if salt is None else _digest(salt, happened["why"])
    digest = chain_hash(previous, _body(row) | {"at": now.astimezone(UTC).isoformat()})
    return {**row, "at": now, "previous_hash": previous, "hash": digest}


def forget_reasons(connection: sa.Connection, melding_id: int) -> None:
    """Take out what colleagues typed as a reason. Idempotent. The log stays whole once an event OPGERUIMD follows."""
    is_typed = sa.and_(events.c.why_digest.is_not(None), events.c.event != Event.OPGERUIMD.value)
    theirs = sa.and_(events.c.melding_id == melding_id, is_typed)
    connection.execute(sa.update(events).where(theirs).values(why="", why_salt=None))


def is_whole(connection: sa.Connection, melding_id: int, *, last_hash: str, count: int) -> bool:
    """Whether the log of a melding is complete and untouched; reasons are gone only where an event tells that they went."""
    rows = connection.execute(sa.select(events).where(events.c.melding_id == melding_id).order_by(events.c.seq)).all()
    emptied = max((row.seq for row in rows if row.event == Event.OPGERUIMD.value), default=0)
    previous: str = ""
    for row in rows:
        digest = chain_hash(previous, _body(row._asdict()) | {"at": row.at.isoformat()})
        if (row.previous_hash, row.hash) != (previous, digest) or not _is_reason_whole(row, emptied):
            return False
        previous = row.hash
    return bool(previous == last_hash and len(rows) == count)


def _body(row: dict[str, Any]) -> dict[str, Any]:
    body = {name: row[name] for name in ("melding_id", "seq", "actor", "event", "data")}
    return body | {"why": row["why_digest"] or row["why"]}


def _is_reason_whole(row: sa.Row[Any], emptied: int) -> bool:
    if row.why_digest is None:
        return row.why_salt is None
    if row.why_salt is None:
        return bool(row.why == "" and row.seq <= emptied)
    return bool(_digest(row.why_salt, row.why) == row.why_digest)


def _digest(salt: str, words: str) -> str:
    return hashlib.sha256(f"{salt}\n{words}".encode()).hexdigest()
