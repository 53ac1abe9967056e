"""The walk over a Facebook page as cursor text, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from channels.graph_walk import MOST_STALLS, Deeper, Mark, Paging, Sweep, Walk
from channels.payload import id_of, list_of, object_of, objects_of, size_of, text_of


def encode_walk(walk: Walk) -> str:
    values: dict[str, object] = {
        "marks": {name: _mark_out(mark) for name, mark in walk.marks.items()},
        "deeper": [
            {"id": deep.container, "found": _mark_out(deep.found), "context": deep.context, "paging": _paging_out(deep.paging)}
            for deep in walk.deeper
        ],
        "sweep": _sweep_out(walk.sweep) if walk.sweep else None,
        "swept": walk.swept,
        "deep_at": walk.deep_at,
    }
    return json.dumps({name: value for name, value in values.items() if value})


def decode_walk(cursor: str | None) -> Walk:
    """An unreadable cursor counts as none: everything is read again, and the inbox knows what it already has."""
    try:
        values = object_of(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        values = {}
    marks = {name: _mark_in(mark) for name, mark in object_of(values.get("marks")).items()}
    deeper = [_deeper_in(deep) for deep in objects_of(values.get("deeper"))]
    return Walk(
        marks={name: mark for name, mark in marks.items() if mark is not None},
        sweep=_sweep_in(object_of(values.get("sweep"))),
        deeper=tuple(deep for deep in deeper if deep is not None),
        swept=size_of(values.get("swept")),
        deep_at=size_of(values.get("deep_at")),
    )


def _mark_out(mark: Mark) -> list[object]:
    return [mark.seen, *sorted(mark.ids)]


def _mark_in(value: object) -> Mark | None:
    first, *rest = list_of(value) or (None,)
    seen = size_of(first)
    return None if seen is None else Mark(seen=seen, ids=frozenset(i for i in map(id_of, rest) if i))


def _paging_out(paging: Paging) -> dict[str, object]:
    return {"after": paging.after, "tokens": paging.tokens, "stalls": paging.stalls}


def _paging_in(value: object) -> Paging | None:
    values = object_of(value)
    after = text_of(values.get("after"))
    tokens = tuple(text_of(token) for token in list_of(values.get("tokens")))
    stalls = size_of(values.get("stalls"))
    return Paging(after=after, tokens=tokens, stalls=MOST_STALLS if stalls is None else stalls) if after else None


def _deeper_in(values: Mapping[str, object]) -> Deeper | None:
    container, found, paging = id_of(values.get("id")), _mark_in(values.get("found")), _paging_in(values.get("paging"))
    if container is None or found is None or paging is None:
        return None
    return Deeper(container=container, paging=paging, found=found, context=text_of(values.get("context")))


def _sweep_out(sweep: Sweep) -> dict[str, object]:
    return {
        "floor": sweep.floor,
        "top": sweep.top,
        "steps": sweep.steps,
        "paging": _paging_out(sweep.paging) if sweep.paging else None,
        "flags": [name for name in ("is_deep", "is_listed", "is_torn", "has_news") if getattr(sweep, name)],
    }


def _sweep_in(values: Mapping[str, object]) -> Sweep | None:
    floor, paging, flags = size_of(values.get("floor")), _paging_in(values.get("paging")), list_of(values.get("flags"))
    if floor is None or not (paging or "is_listed" in flags):
        return None
    return Sweep(
        floor=floor,
        is_deep="is_deep" in flags,
        paging=paging,
        top=size_of(values.get("top")),
        is_listed="is_listed" in flags,
        is_torn="is_torn" in flags,
        has_news="has_news" in flags,
        steps=size_of(values.get("steps")) or 0,
    )
