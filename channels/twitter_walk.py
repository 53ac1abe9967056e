"""How far mentions and direct messages on X have been read: the cursor as a value, and its next value after a page. Pure.

X gives the newest first. A walk runs from the newest item back to the last one of the previous walk; only when its
last page has been handed over does the low mark `since` move, so that a crash half way skips nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from channels.payload import JsonObject, id_of, list_of, object_of, size_of

_SNOWFLAKE_EPOCH = datetime.fromtimestamp(1_288_834_974.657, UTC)
_SNOWFLAKE_SHIFT = 22  # the bits below the milliseconds
_LONGEST_POST_ID = 19
_MOST_REMEMBERED = 1000  # more than X gives back
_MOST_STALLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWalk:
    """`since`: every item up to here is handed over. `next`: the page to ask for. `newest`: where this walk began.

    `recent` are the items just below `since` that were handed over, `met` those that this walk adds to them. `tokens`
    are the page tokens this walk has used, `count` the items it has met, `fresh` how many of those were new, `stalls` how
    often X repeated a page to it.
    """

    since: str | None = None
    next: str | None = None
    newest: str | None = None
    recent: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    count: int = 0
    fresh: int = 0
    stalls: int = 0

    @property
    def is_half_way(self) -> bool:
        return self.next is not None

    def as_values(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if value}

    def restarted(self) -> StreamWalk:
        """The same stretch again from its newest end."""
        return StreamWalk(since=self.since, recent=self.recent)

    def floor(self, overlap: timedelta) -> str | None:
        """The low mark, moved back a little: an item can become visible after a newer one."""
        return None if self.since is None else str(_earlier(int(self.since), overlap))

    def after_page(self, ids: Iterable[str], next_token: str | None, overlap: timedelta) -> tuple[StreamWalk, bool]:
        """The next value, and whether X has more ready now.

        A page token that comes back means that X repeats itself: the page is asked for again, a few times. Then the walk
        is given up without moving `since`, and the next one tries again. A whole page of known items ends the walk.
        After a walk of several pages there is more: whatever was posted meanwhile.
        """
        if next_token is not None and next_token in self.tokens:
            is_patient = self.stalls < _MOST_STALLS
            return (replace(self, stalls=self.stalls + 1) if is_patient else self.restarted()), is_patient
        ids = tuple(ids)
        newest = _highest(self.newest, *ids)
        met = _remembered((*self.met, *ids), newest, overlap)
        fresh = self.fresh + len(set(ids).difference(self.recent, self.met))
        if next_token is None or (ids and set(ids) <= set(self.recent)):
            since = _highest(self.since, newest)
            remembered = _remembered((*self.recent, *met), since, overlap)
            return StreamWalk(since=since, recent=remembered), self.is_half_way and fresh > 0
        tokens, count = (*self.tokens, next_token), self.count + len(ids)
        after = replace(self, next=next_token, newest=newest, met=met, tokens=tokens, count=count, fresh=fresh, stalls=0)
        return after, True


@dataclass(frozen=True, slots=True, kw_only=True)
class XCursor:
    """Both streams of one account. `direct_at`: direct messages are not asked for before it (seconds since 1970)."""

    mentions: StreamWalk = StreamWalk()
    direct: StreamWalk = StreamWalk()
    direct_at: int = 0

    def encode(self) -> str:
        streams = {"mentions": self.mentions.as_values(), "direct": self.direct.as_values()}
        return json.dumps({**streams, "direct_at": self.direct_at})


def decode_cursor(cursor: str | None) -> XCursor:
    """An unreadable cursor counts as none: everything is read again, and the inbox knows what it already has.

    A cursor from before direct messages were read holds the mentions alone.
    """
    try:
        values = object_of(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        values = {}
    return XCursor(
        mentions=_walk_of(object_of(values.get("mentions", values))),
        direct=_walk_of(object_of(values.get("direct"))),
        direct_at=size_of(values.get("direct_at")) or 0,
    )


def _walk_of(values: JsonObject) -> StreamWalk:
    return StreamWalk(
        since=post_id_of(values.get("since")),
        next=id_of(values.get("next")),
        newest=post_id_of(values.get("newest")),
        recent=_post_ids(values.get("recent")),
        met=_post_ids(values.get("met")),
        tokens=tuple(token for token in map(id_of, list_of(values.get("tokens"))) if token),
        count=size_of(values.get("count")) or 0,
        fresh=size_of(values.get("fresh")) or 0,
        stalls=size_of(values.get("stalls")) or 0,
    )


def _post_ids(values: object) -> tuple[str, ...]:
    return tuple(identifier for identifier in map(post_id_of, list_of(values)) if identifier)


def _earlier(post_id: int, overlap: timedelta) -> int:
    """An id so much older. An id from before X put the moment into it stays as it is."""
    earlier = post_id - (int(overlap.total_seconds() * 1000) << _SNOWFLAKE_SHIFT)
    return earlier if earlier > 0 else post_id


def _highest(*ids: str | None) -> str | None:
    return max((identifier for identifier in ids if identifier is not None), key=int, default=None)


def _remembered(ids: Iterable[str], newest: str | None, overlap: timedelta) -> tuple[str, ...]:
    """Those within the overlap below `newest`, the newest first and not without end."""
    edge = _earlier(int(newest), overlap) if newest is not None else 0
    return tuple(sorted({i for i in ids if int(i) > edge or i == newest}, key=int, reverse=True)[:_MOST_REMEMBERED])


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


def id_of_moment(moment: datetime) -> str:
    """The lowest id that X can have given at that moment."""
    milliseconds = (moment - _SNOWFLAKE_EPOCH) // timedelta(milliseconds=1)
    return str(max(milliseconds, 0) << _SNOWFLAKE_SHIFT)
