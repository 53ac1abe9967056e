"""Which meldingen belong together: those merged into one, those linked, and those that may be about the same thing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.dialect import ensure_row
from storage.meldingen import Melding
from storage.tables import links, meldingen

_METRES_PER_DEGREE = 111_320
_OPEN_STAGES = ("te_beoordelen", "loopt", "wacht_op_melder")
_LOOKED_AT = 200
LEAST_IN_CLUSTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An open melding about the same onderwerp. `metres` is None when only the street tells that it is near."""

    melding: Melding
    metres: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Open meldingen that may be about one thing, the oldest first. `meldingen` are at most 200 of `size`."""

    topic: str
    place: str
    size: int
    meldingen: tuple[Melding, ...]


class Links:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def link(self, one: int, other: int, *, by: str, now: datetime) -> None:
        """Idempotent; a link has no direction."""
        first, second = sorted((one, other))
        values: dict[str, object] = {"melding_id": first, "other_id": second, "by": by, "at": now}
        ensure_row(self._connection, links, values)

    def unlink(self, one: int, other: int) -> None:
        """Idempotent."""
        first, second = sorted((one, other))
        self._connection.execute(sa.delete(links).where(links.c.melding_id == first, links.c.other_id == second))


_MELDING = sa.bindparam("of_melding", type_=meldingen.c.id.type)
_LINKED_IDS = sa.union_all(
    sa.select(links.c.other_id).where(links.c.melding_id == _MELDING),
    sa.select(links.c.melding_id).where(links.c.other_id == _MELDING),
)
_LINKED = sa.select(meldingen).where(meldingen.c.id.in_(_LINKED_IDS)).order_by(meldingen.c.id)
_MERGED = sa.select(meldingen).where(meldingen.c.merged_into_id == _MELDING).order_by(meldingen.c.id)


def linked_to(connection: sa.Connection, melding_id: int) -> tuple[Melding, ...]:
    return tuple(Melding.from_row(row) for row in connection.execute(_LINKED, {"of_melding": melding_id}))


def merged_into(connection: sa.Connection, melding_id: int) -> tuple[Melding, ...]:
    return tuple(Melding.from_row(row) for row in connection.execute(_MERGED, {"of_melding": melding_id}))


def similar(connection: sa.Connection, melding: Melding, *, metres: int, days: int, limit: int = 5) -> tuple[Similar, ...]:
    """Open meldingen about the same onderwerp, within so many metres and days of this one; the nearest first."""
    window = timedelta(days=days)
    query = (
        sa.select(meldingen)
        .where(
            meldingen.c.topic == melding.topic,
            meldingen.c.stage.in_(_OPEN_STAGES),
            meldingen.c.created_at.between(melding.created_at - window, melding.created_at + window),
            meldingen.c.id != melding.id,
        )
        .order_by(meldingen.c.created_at.desc())
        .limit(_LOOKED_AT)
    )
    found = [Similar(melding=other, metres=_metres(melding, other)) for other in map(Melding.from_row, connection.execute(query))]
    near = [item for item in found if _is_near(melding, item, metres)]
    return tuple(sorted(near, key=lambda item: (item.metres is None, item.metres or 0, item.melding.id))[:limit])


def clusters(
    connection: sa.Connection, *, since: datetime, least: int = LEAST_IN_CLUSTER, limit: int = 20
) -> tuple[Cluster, ...]:
    """Open meldingen since then that may be one matter: the same onderwerp at the same place. The largest cluster first.

    An emergency is in none: it is looked at by itself.
    """
    place = sa.func.coalesce(meldingen.c.street, meldingen.c.buurt, meldingen.c.wijk)
    is_candidate = sa.and_(
        meldingen.c.created_at >= since,
        meldingen.c.stage.in_(_OPEN_STAGES),
        meldingen.c.lead != "noodgeval",
        place.is_not(None),
    )
    groups = (
        sa.select(meldingen.c.topic, place.label("place"), sa.func.count().label("number"))
        .where(is_candidate)
        .group_by(meldingen.c.topic, place)
        .having(sa.func.count() >= least)
        .order_by(sa.desc("number"), meldingen.c.topic, "place")
        .limit(limit)
    )
    found = []
    for group in connection.execute(groups).all():
        of_group = sa.and_(is_candidate, meldingen.c.topic == group.topic, place == group.place)
        rows = connection.execute(sa.select(meldingen).where(of_group).order_by(meldingen.c.id).limit(_LOOKED_AT))
        members = tuple(map(Melding.from_row, rows))
        found.append(Cluster(topic=group.topic, place=group.place, size=group.number, meldingen=members))
    return tuple(found)


def _is_near(melding: Melding, item: Similar, metres: int) -> bool:
    if item.metres is not None:
        return item.metres <= metres
    return melding.street is not None and melding.street == item.melding.street


def _metres(one: Melding, other: Melding) -> int | None:
    """Along a flat earth: right within a city."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return None
    north = (one.lat - other.lat) * _METRES_PER_DEGREE
    east = (one.lon - other.lon) * _METRES_PER_DEGREE * math.cos(math.radians(one.lat))
    return round(math.hypot(north, east))
