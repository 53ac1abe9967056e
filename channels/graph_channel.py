"""What Facebook and Messenger do alike as channels: walk a list of the page, newest first, and what lies deeper in each entry.

A channel says which list, how an entry and what stands in it are read, and what may be sent.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import BinaryIO, ClassVar

from channels.base import Finding, Limits
from channels.graph import GraphClient, GraphSettings, Outcome, next_page_of
from channels.graph_check import check_page
from channels.graph_cursor import decode_walk
from channels.graph_messages import page_of, with_unreadable
from channels.graph_pushed import MetaWebhook
from channels.graph_refusals import GraphFailure, judge_read
from channels.graph_walk import Container, Deeper, Leaf, Step, Walk, Walker, WalkPolicy, restarted
from channels.media import download
from channels.payload import JsonObject, list_of
from channels.webhooks import read_body
from routing.messages import Item, Page, UnreadableItem

_INVALID_PARAMETER = 100  # what Meta answers to a cursor that has expired


class PageChannel(MetaWebhook, ABC):
    """Keeps the Channel contract but for sending and finding what was sent. Blocking calls run in threads."""

    name: ClassVar[str]
    rights: ClassVar[frozenset[str]]

    def __init__(self, settings: GraphSettings, *, policy: WalkPolicy, limits: Limits, now: Callable[[], datetime]) -> None:
        super().__init__(settings)
        self.limits = limits
        self._settings, self._policy, self._now = settings, policy, now
        self._graph = GraphClient(settings)

    @abstractmethod
    def _read_list(self, **page: str) -> Outcome:
        """One page of the list."""

    @abstractmethod
    def _parse_entry(self, entry: object, now: datetime) -> Container | UnreadableItem: ...

    @abstractmethod
    def _read_deeper(self, deep: Deeper) -> Outcome:
        """One page of what stands in an entry."""

    @abstractmethod
    def _parse_leaves(self, answer: JsonObject, deep: Deeper, now: datetime) -> Iterable[Leaf]: ...

    @abstractmethod
    def _parse_pushed(self, payload: JsonObject, now: datetime) -> Iterable[Item | None]:
        """What a webhook brings; None for what is no message."""

    async def fetch(self, cursor: str | None) -> Page:
        return page_of(await asyncio.to_thread(self._step, decode_walk(cursor)), self._graph.pace)

    def parse_webhook(self, body: bytes, now: datetime) -> tuple[Item, ...]:
        payload, broken = read_body(self.name, body)
        return broken or tuple(item for item in self._parse_pushed(payload, now) if item is not None)

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None:
        await download(reference, target, hosts=self._settings.media_hosts, limit=limit)

    async def check(self) -> tuple[Finding, ...]:
        return tuple(await asyncio.to_thread(lambda: list(check_page(self._graph, self._settings, self.rights))))

    async def aclose(self) -> None:
        self._graph.close()

    def _step(self, walk: Walk) -> Step:
        walker = Walker(policy=self._policy, now=self._now())
        return self._step_deeper(walker, walk) if walk.deeper else self._step_on(walker, walk)

    def _step_on(self, walker: Walker, walk: Walk) -> Step:
        paging = walk.sweep.paging if walk.sweep else None
        answer = self._read_list(**({"after": paging.after} if paging else {}))
        if isinstance(answer, GraphFailure):
            if paging is not None and answer.code == _INVALID_PARAMETER:
                return Step(walk=restarted(walk))
            raise judge_read(answer)
        read = [self._parse_entry(entry, walker.now) for entry in list_of(answer.get("data"))]
        return with_unreadable(walker, walk, read, next_page_of(answer))

    def _step_deeper(self, walker: Walker, walk: Walk) -> Step:
        deep = walk.deeper[0]
        answer = self._read_deeper(deep)
        if isinstance(answer, GraphFailure):
            if answer.code == _INVALID_PARAMETER:
                return walker.after_lost_container(walk)
            raise judge_read(answer)
        return walker.after_leaves(walk, tuple(self._parse_leaves(answer, deep, walker.now)), next_page_of(answer))
