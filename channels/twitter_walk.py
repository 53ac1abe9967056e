"""How far the mentions on X have been read: the cursor as a value, and its next value after each page. Pure.

X gives the newest first. A walk runs from the newest mention back to the last one of the previous walk; only when its
last page has been handed over does the low mark `since` move, so that a crash half way skips nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from channels.payload import JsonObject, id_of, list_of, object_of

_SNOWFLAKE_EPOCH = datetime.fromtimestamp(1_288_834_974.657, UTC)
_SNOWFLAKE_SHIFT = 22  # the bits below the milliseconds
_LONGEST_POST_ID = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionWalk:
    """`since`: every mention up to here is handed over. `next`: the page to ask for. `newest`: where this walk began.

    `tokens` are the page tokens this walk has used, `count` the mentions it has met.
    """

    since: str | None = None
    next: str | None = None
    newest: str | None = None
    tokens: tuple[str, ...] = ()
    count: int = 0

    @property
    def is_half_way(self) -> bool:
        return self.next is not None

    def encode(self) -> str:
        return json.dumps(asdict(self))

    def restarted(self) -> MentionWalk:
        """The same stretch again from its newest end."""
        return MentionWalk(since=self.since)

    def since_with_overlap(self, overlap: timedelta) -> str | None:
        """The low mark, moved back a little: a mention can become visible after a newer one."""
        if self.since is None:
            return None
        earlier = int(self.since) - (int(overlap.total_seconds() * 1000) << _SNOWFLAKE_SHIFT)
        return str(earlier) if earlier > 0 else self.since

    def after_page(self, ids: Iterable[str], next_token: str | None) -> MentionWalk:
        """A page token that comes back ends the walk without moving `since`: the platform is repeating itself."""
        met = list(ids)
        newest = max((*met, *((self.newest,) if self.newest else ())), key=int, default=None)
        if next_token is not None and next_token in self.tokens:
            return self.restarted()
        if next_token is not None:
            tokens = (*self.tokens, next_token)
            return replace(self, next=next_token, newest=newest, tokens=tokens, count=self.count + len(met))
        since = max((mark for mark in (self.since, newest) if mark), key=int, default=None)
        return MentionWalk(since=since)


def decode_walk(cursor: str | None) -> MentionWalk:
    """An unreadable cursor counts as none: everything is read again, and the inbox knows what it already has."""
    try:
        values = object_of(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        values = {}
    count = values.get("count")
    return MentionWalk(
        since=post_id_of(values.get("since")),
        next=id_of(values.get("next")),
        newest=post_id_of(values.get("newest")),
        tokens=tuple(token for token in map(id_of, list_of(values.get("tokens"))) if token),
        count=count if isinstance(count, int) else 0,
    )


def next_token_of(payload: JsonObject) -> str | None:
    return id_of(object_of(payload.get("meta")).get("next_token"))


def post_id_of(value: object) -> str | None:
    """An id of a post on X: 1 to 19 digits."""
    identifier = id_of(value)
    is_post_id = identifier is not None and identifier.isascii() and identifier.isdigit() and len(identifier) <= _LONGEST_POST_ID
    return identifier if is_post_id else None


def moment_of_id(post_id: str) -> datetime:
    """X builds the moment of posting into the id."""
    return _SNOWFLAKE_EPOCH + timedelta(milliseconds=int(post_id) >> _SNOWFLAKE_SHIFT)
