"""How far a Facebook page has been read, and the next step after each page of answers. Pure.

A *container* (post, conversation) holds *leaves* (comments, messages). A sweep lists the containers, each with its newest
leaves; where those do not reach back to what is known, the container is walked deeper, newest first, one page per step.
The mark of a container moves only when its walk has met the old mark, so that a crash half way skips nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from routing.messages import InboundMessage, UnreadableItem

MOST_STALLS = 3
_MOST_REMEMBERED = 1000

Item = InboundMessage | UnreadableItem


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkPolicy:
    """How far back to look, and how far to overlap.

    `recent`: containers so young are listed in every sweep, all of `window` only every `deep_interval`; None when the list
    is ordered by activity, so that the end of the previous sweep tells where to stop.
    """

    window: timedelta
    overlap: timedelta
    start: datetime | None = None
    recent: timedelta | None = None
    deep_interval: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """`moment` is in seconds since 1970; None when the platform told none. `item` is None for what is ours."""

    id: str | None
    moment: int | None
    item: Item | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """`head` is the container's own message (a visitor's post). `after` is the page of older leaves, if there is one.

    `context` is whatever the channel needs to read the older leaves.
    """

    id: str
    moment: int | None
    leaves: tuple[Leaf, ...]
    after: str | None = None
    head: Leaf | None = None
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """All up to `seen` is handed over; `ids` are those just below it, which the overlap meets again."""

    seen: int
    ids: frozenset[str] = frozenset()

    def extended(self, leaves: Iterable[Leaf], overlap: timedelta, now: datetime) -> Mark:
        """With leaves that were handed over. A leaf dated in the future must not make us skip those before it."""
        dated = [(leaf.id, leaf.moment) for leaf in leaves if leaf.moment is not None]
        seen = max(self.seen, min(max((moment for _, moment in dated), default=0), int(now.timestamp())))
        edge = seen - overlap.total_seconds()
        near = {identifier for identifier, moment in dated if identifier is not None and moment >= edge}
        kept = self.ids if self.seen >= edge else frozenset[str]()
        return Mark(seen=seen, ids=frozenset(sorted(kept | near)[:_MOST_REMEMBERED]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where a list is being read. `tokens` were used, `stalls` counts how often the platform repeated itself."""

    after: str
    tokens: tuple[str, ...]
    stalls: int = 0

    def next(self, after: str) -> Paging | None:
        """None when the platform keeps naming a page that was read."""
        if after in self.tokens:
            return self.again()
        return Paging(after=after, tokens=(*self.tokens, after))

    def again(self) -> Paging | None:
        return replace(self, stalls=self.stalls + 1) if self.stalls < MOST_STALLS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeper:
    """A container whose older leaves are still to be read. `found` is what its mark becomes when they are."""

    container: str
    paging: Paging
    found: Mark
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The round under way. `floor`: a container older than this ends the list. `top`: the youngest container met."""

    floor: int
    is_deep: bool = False
    paging: Paging | None = None
    top: int | None = None
    is_listed: bool = False
    is_torn: bool = False
    has_news: bool = False
    steps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The whole cursor. `swept` is the youngest container of the last complete sweep, `deep_at` when one went deep."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    sweep: Sweep | None = None
    deeper: tuple[Deeper, ...] = ()
    swept: int | None = None
    deep_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What came of one page."""

    walk: Walk
    items: tuple[Item, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """Takes one step at one moment."""

    policy: WalkPolicy
    now: datetime

    def begun(self, walk: Walk) -> Walk:
        """With a sweep under way."""
        if walk.sweep is not None:
            return walk
        moment = int(self.now.timestamp())
        if self.policy.recent is None:
            floor = self._ago(self.policy.window) if walk.swept is None else walk.swept - self._overlap()
            return replace(walk, sweep=Sweep(floor=floor))
        is_deep = walk.deep_at is None or not 0 <= moment - walk.deep_at < self.policy.deep_interval.total_seconds()
        floor = self._ago(self.policy.window if is_deep else self.policy.recent)
        return replace(walk, sweep=Sweep(floor=floor, is_deep=is_deep))

    def after_listing(self, walk: Walk, containers: Sequence[Container], after: str | None) -> Step:
        """One page of the list has been read."""
        walk, new = self.begun(walk), list[Leaf]()
        for container in containers:
            walk, found = self._with(walk, container)
            new += found
        sweep = walk.sweep or Sweep(floor=0)
        moments = [container.moment for container in containers if container.moment is not None]
        is_last = after is None or self._is_past(moments, sweep.floor)
        paging = None if after is None or is_last else (sweep.paging or Paging(after="", tokens=())).next(after)
        sweep = replace(
            sweep,
            paging=paging,
            top=max((*moments, *(() if sweep.top is None else (sweep.top,))), default=None),
            is_listed=paging is None,
            is_torn=sweep.is_torn or (paging is None and not is_last),
        )
        return self._concluded(replace(walk, sweep=sweep), new)

    def after_leaves(self, walk: Walk, leaves: Sequence[Leaf], after: str | None) -> Step:
        """One page of older leaves of the first of `deeper` has been read."""
        deep, *others = walk.deeper
        new = self._new(walk, deep.container, leaves)
        is_at_end = after is None or self._reaches(walk, deep.container, leaves)
        found = deep.found.extended(leaves, self.policy.overlap, self.now)
        walk = replace(walk, deeper=tuple(others))
        if is_at_end and not self._is_implausible(walk, deep.container, leaves):
            return self._concluded(self._marked(walk, deep.container, found), new)
        paging = deep.paging.again() if is_at_end or after is None else deep.paging.next(after)
        if paging is None:
            return self._concluded(self._marked(walk, deep.container, found) if is_at_end else _torn(walk), new)
        return self._concluded(replace(walk, deeper=(replace(deep, paging=paging, found=found), *others)), new)

    def after_lost_container(self, walk: Walk) -> Step:
        """The first of `deeper` cannot be read (any more). Its mark stays, so that the next sweep tries again."""
        return self._concluded(_torn(replace(walk, deeper=walk.deeper[1:])), [])

    def leaf_floor(self, walk: Walk, container: str) -> int:
        """Leaves older than this are known or not wanted."""
        mark = walk.marks.get(container)
        floor = self._ago(self.policy.window) if mark is None else mark.seen - self._overlap()
        return max(floor, int(self.policy.start.timestamp())) if self.policy.start else floor

    def _with(self, walk: Walk, container: Container) -> tuple[Walk, list[Leaf]]:
        own = () if container.head is None else (container.head,)
        new = self._new(walk, container.id, (*own, *container.leaves))
        found = Mark(seen=0).extended((*own, *container.leaves), self.policy.overlap, self.now)
        if container.after is None or self._reaches(walk, container.id, container.leaves):
            return self._marked(walk, container.id, found), new
        if any(deep.container == container.id for deep in walk.deeper):
            return walk, new
        paging = Paging(after=container.after, tokens=(container.after,))
        deep = Deeper(container=container.id, paging=paging, found=found, context=container.context)
        return replace(walk, deeper=(*walk.deeper, deep)), new

    def _new(self, walk: Walk, container: str, leaves: Iterable[Leaf]) -> list[Leaf]:
        floor, mark = self.leaf_floor(walk, container), walk.marks.get(container)
        known = mark.ids if mark else frozenset[str]()
        return [leaf for leaf in leaves if leaf.id not in known and (leaf.moment is None or leaf.moment >= floor)]

    def _reaches(self, walk: Walk, container: str, leaves: Iterable[Leaf]) -> bool:
        """A page that goes below the floor, or that holds nothing but known leaves, meets what was handed over before."""
        floor, mark = self.leaf_floor(walk, container), walk.marks.get(container)
        are_known = [mark is not None and leaf.id in mark.ids for leaf in leaves]
        return (bool(are_known) and all(are_known)) or any(leaf.moment is not None and leaf.moment < floor for leaf in leaves)

    def _is_implausible(self, walk: Walk, container: str, leaves: Sequence[Leaf]) -> bool:
        """A page that neither crosses the mark nor holds what lies at it may be an old copy: ask again before believing it."""
        mark, floor = walk.marks.get(container), self.leaf_floor(walk, container)
        return mark is not None and not any((leaf.moment or 0) >= floor or leaf.id in mark.ids for leaf in leaves)

    def _marked(self, walk: Walk, container: str, found: Mark) -> Walk:
        """A mark never goes back: an old copy of a page may be delivered late."""
        old = walk.marks.get(container)
        if found.seen == 0 or (old is not None and old.seen > found.seen):
            return walk
        kept = old.ids if old is not None and old.seen == found.seen else frozenset[str]()
        return replace(walk, marks={**walk.marks, container: Mark(seen=found.seen, ids=found.ids | kept)})

    def _concluded(self, walk: Walk, new: Iterable[Leaf]) -> Step:
        """Ends the sweep when everything in it is read. After a long one with news there is more: what came meanwhile."""
        leaves = tuple(new)
        items = tuple(leaf.item for leaf in leaves if leaf.item is not None)
        is_news = any(leaf.id is not None and leaf.moment is not None for leaf in leaves)
        sweep = walk.sweep or Sweep(floor=0)
        sweep = replace(sweep, has_news=sweep.has_news or is_news, steps=sweep.steps + 1)
        if walk.deeper or not sweep.is_listed:
            return Step(walk=replace(walk, sweep=sweep), items=items, more=True)
        moment, swept = int(self.now.timestamp()), walk.swept
        if not sweep.is_torn and sweep.top is not None:
            swept = max(swept or 0, min(sweep.top, moment))
        deep_at = moment if sweep.is_deep and not sweep.is_torn else walk.deep_at
        oldest = self._ago(self.policy.window)
        marks = {name: mark for name, mark in walk.marks.items() if mark.seen >= oldest}
        more = sweep.has_news and sweep.steps > 1
        return Step(walk=Walk(marks=marks, swept=swept, deep_at=deep_at), items=items, more=more)

    def _is_past(self, moments: Sequence[int], floor: int) -> bool:
        """Ordered by activity, one old container tells that all later ones are older; else a whole page of old ones does."""
        are_old = [moment < floor for moment in moments]
        return any(are_old) if self.policy.recent is None else bool(are_old) and all(are_old)

    def _ago(self, past: timedelta) -> int:
        return int((self.now - past).timestamp())

    def _overlap(self) -> int:
        return int(self.policy.overlap.total_seconds())


def restarted(walk: Walk) -> Walk:
    """The sweep anew: the platform no longer knows the page of the list."""
    return replace(walk, sweep=None, deeper=())


def _torn(walk: Walk) -> Walk:
    return walk if walk.sweep is None else replace(walk, sweep=replace(walk.sweep, is_torn=True))
