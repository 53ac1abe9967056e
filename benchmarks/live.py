"""Colleagues who all have a queue open that keeps itself up to date, on one process: its memory, and how soon they see what came.

The product runs whole, as `wijkbalie run`, on a database of its own. Residents write in waves; every colleague keeps the stream
of news open and does what static/desk.js does on news: a little later, spread, ask for the queue again. Where the queues stand
is read from the counts beside them, on every page that comes.
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import sqlalchemy as sa

from benchmarks.colleagues import COOKIE, logged_in
from benchmarks.product import HOST, Product
from benchmarks.residents import Letter, Meta, deliver, plain_texts
from storage.database import Database
from storage.few import IS_OPEN
from storage.tables import meldingen
from tests.databases import serving_postgres

MEMORY_GOAL = 400  # MB
_A_PAGE = 30  # meldingen at the start: a full page and more
_CLIENTS = 4  # of the platform, at once
_SPREAD_SECONDS = 0.5  # as in static/desk.js
_PATIENCE = 120.0
_LOOK_SECONDS = 0.01
# The server closes what is silent for five seconds; a browser asks again then.
_ANY_NUMBER = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
_COUNTED = re.compile(r'id="naar-(?:te_beoordelen|loopt|wacht_op_melder)".*?telling[^>]*>(\d+)<', re.DOTALL)
_AGAIN = re.compile(r'hx-get="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """Resident memory of the process when it was highest, in MB, from its start. Per wave: seconds from the last commit until the
    last colleague had it on a page, and `work` seconds of a core on average. `missed` counts who, in whichever wave, got no page
    with it at all."""

    colleagues: int
    megabytes: float
    seconds: tuple[float, ...]
    work: float
    missed: int

    @property
    def line(self) -> str:
        """What was promised, and what came of it."""
        reached = "gehaald" if self.megabytes < MEMORY_GOAL and not self.missed else "niet gehaald"
        memory = f"{self.colleagues} collega's live op een proces: {self.megabytes:.0f} MB (doel < {MEMORY_GOAL} MB): {reached}"
        waves = f"de laatste ziet een golf na {statistics.median(self.seconds):.1f} s (mediaan van {len(self.seconds)})"
        work = f"een golf kost {self.work:.1f} s van een kern"
        return f"{memory}; {waves}, op zijn slechtst {max(self.seconds):.1f} s; {work}; gemist: {self.missed}"


def live(folder: Path, database: str, *, colleagues: int, waves: int, each: int) -> Lived:
    """`database` is sqlite or postgres; `each` is how many meldingen a wave brings."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / f'live-{time.monotonic_ns()}.sqlite3'}"
        if database == "postgres":
            url = stack.enter_context(serving_postgres(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wb-pg-")))))
        meta = stack.enter_context(Meta())
        product = stack.enter_context(Product(folder, url, meta.url))
        office = _Office(database=Database.open(url), port=product.port, meta=meta)
        stack.callback(office.database.close)
        office.receive(_A_PAGE)
        tokens = logged_in(office.database, colleagues, datetime.now(UTC))
        worked = product.seconds_at_work
        found = asyncio.run(office.live(tokens, [each] * waves))
        return Lived(
            colleagues=colleagues,
            megabytes=product.most_megabytes,
            seconds=tuple(seconds for seconds, _ in found),
            work=(product.seconds_at_work - worked) / waves,
            missed=sum(missed for _, missed in found),
        )


@dataclass(slots=True, kw_only=True)
class _Office:
    database: Database
    port: int
    meta: Meta

    def receive(self, count: int) -> float:
        """So many meldingen arrive. The moment (of the monotonic clock) at which the last was not there yet."""
        wanted = self.open_meldingen() + count
        letters: Sequence[Letter] = self.meta.letters(plain_texts(count))
        deliver(letters, [self.port], min(_CLIENTS, count))
        before = time.monotonic()
        deadline = before + _PATIENCE
        while True:
            looked = time.monotonic()
            if self.open_meldingen() >= wanted:
                return before
            if looked > deadline:
                raise TimeoutError("the meldingen of a wave do not come")
            before = looked
            time.sleep(_LOOK_SECONDS)

    def open_meldingen(self) -> int:
        with self.database.reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(IS_OPEN).select_from(meldingen)).scalar_one())

    async def live(self, tokens: Sequence[str], waves: Sequence[int]) -> list[tuple[float, int]]:
        """Per wave: seconds until the last has it on a page, and how many do not get it."""
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{self.port}", timeout=_PATIENCE, limits=_ANY_NUMBER) as client:
            colleagues = [_Colleague(client=client, token=token) for token in tokens]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for colleague in colleagues for work in (colleague.listen(), colleague.look())]
                await asyncio.gather(*(colleague.is_ready.wait() for colleague in colleagues))
                found = [await self._wave(colleagues, count) for count in waves]
                for task in tasks:
                    task.cancel()
        return found

    async def _wave(self, colleagues: Sequence[_Colleague], count: int) -> tuple[float, int]:
        came = await asyncio.to_thread(self.receive, count)
        wanted = await asyncio.to_thread(self.open_meldingen)
        moments = await asyncio.gather(*(colleague.sees(wanted) for colleague in colleagues))
        return max((moment - came for moment in moments if moment), default=0.0), moments.count(None)


@dataclass(slots=True, kw_only=True, eq=False)
class _Colleague:
    """A page with the queue of what is under way."""

    client: httpx.AsyncClient
    token: str = field(repr=False)
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _moments: dict[int, float] = field(default_factory=dict)  # when a page first told that so many meldingen are open
    _again: str = "/?queue=loopt"

    async def listen(self) -> None:
        """Hold the stream. It must not end by itself."""
        async with self.client.stream("GET", "/stroom", headers=self._headers()) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("retry:"):
                    await self._ask()
                    self.is_ready.set()
                if line == "event: nieuws":
                    self._news.set()
        raise RuntimeError(f"a stream ended: {stream.status_code}")

    async def look(self) -> None:
        """Ask for the queue after news, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(random.random() * _SPREAD_SECONDS)  # noqa: S311 - no secret
            await self._ask()

    async def sees(self, wanted: int) -> float | None:
        """The moment from which a page here tells of so many meldingen; None when none does in time."""
        async with self._came:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._came.wait_for(lambda: max(self._moments) >= wanted)
            except TimeoutError:
                return None
        return min(moment for count, moment in self._moments.items() if count >= wanted)

    async def _ask(self) -> None:
        partly = {"HX-Request": "true"} if self.is_ready.is_set() else {}
        answer = await self.client.get(self._again, headers=self._headers() | partly)
        if answer.status_code == httpx.codes.NO_CONTENT:
            return
        again = _AGAIN.search(answer.text)
        if answer.status_code != httpx.codes.OK or again is None:
            raise RuntimeError(f"a queue was answered with {answer.status_code}")
        self._again = unescape(again[1])
        async with self._came:
            self._moments.setdefault(sum(int(count) for count in _COUNTED.findall(answer.text)), time.monotonic())
            self._came.notify_all()

    def _headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.token}"}
