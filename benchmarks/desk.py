"""`python -m benchmarks.desk`: how fast the desk answers beside a history of ten years, and beside one of a month.

The real application, asked in this process by a colleague who is logged in. Both cities in turn, page by page. After that the
product in a process of its own: before a slow phone, and with a hundred colleagues who have a queue open.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import structlog
from rich.console import Console
from rich.table import Table

from benchmarks import live, phone
from benchmarks.cities import SMALL, cities, options
from benchmarks.growth import COLLEAGUE, NOW
from bot.bootstrap import build
from bot.config import Config
from bot.passwords import hash_password
from bot.web.app import create_app
from routing.decision import Router
from routing.engine import load_engine
from routing.vakafdelingen import load_municipality
from storage import queries, queues
from storage.database import Database
from storage.queues import Asked, Queue

PAGE_OF = 50
QUEUE_GOAL, SEARCH_GOAL, MELDING_GOAL = 50, 150, 50  # ms, of the slowest in a hundred
RATIO_GOAL = 1.3
WEIGHT_GOAL = 150  # kB with everything it loads
PASSWORD = "een lang wachtwoord"  # noqa: S105 - of a city that is thrown away
_WARM_UP = 3
_PHONE_ROUNDS = 15
_COLLEAGUES, _WAVES = 100, 5
_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`goal` bounds the slowest in a hundred, in ms; None when nothing was agreed."""

    name: str
    path: str
    goal: int | None = None


@dataclass(slots=True, kw_only=True)
class Timed:
    """What one page took on one city, per request: ms on the clock, ms of this process at work, and bytes."""

    clock: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    size: int = 0

    def p50(self) -> float:
        return statistics.median(self.clock)

    def p99(self) -> float:
        return sorted(self.clock)[min(len(self.clock) - 1, int(len(self.clock) * 0.99))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description="Time the pages of the desk on a grown city.")
    parser.add_argument("--rounds", type=int, default=200, help="requests per page and city (default 200)")
    arguments = options(parser)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    router = load_engine(load_municipality())
    with cities(arguments) as both:
        found, weight = asyncio.run(time_pages(both, router, pages(SMALL), arguments.rounds))
        console = Console(width=170)
        _show(console, found, weight, _ratio_of_queue_pages(both, arguments.rounds), arguments)
        with tempfile.TemporaryDirectory(prefix="wb-desk-") as folder:
            rounds = min(arguments.rounds, _PHONE_ROUNDS)
            console.print(phone.table(phone.open_city(Path(folder), both[1], arguments.meldingen // 2, rounds)))
            lived = live.live(Path(folder), arguments.database, colleagues=_COLLEAGUES, waves=_WAVES, each=_WAVES)
        console.print(lived.line, highlight=False, soft_wrap=True)
    return 0


async def time_pages(
    both: tuple[Database, Database], router: Router, asked: Sequence[Page], rounds: int
) -> tuple[list[tuple[Page, list[Timed]]], int]:
    """Each page with its times in the small and in the large city, and the bytes that a queue page brings along."""
    async with AsyncExitStack() as stack:
        colleagues = []
        for database in both:
            application = build(_config(database), now=lambda: NOW, router=router)
            stack.push_async_callback(application.aclose)
            transport = httpx.ASGITransport(app=create_app(application), raise_app_exceptions=False)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="https://balie.test"))
            colleagues.append(_Colleague(client=client, database=database))
            await colleagues[-1].log_in()
        found = [(page, [Timed() for _ in colleagues]) for page in asked]
        for page, timed in found:
            for number in range(-_WARM_UP, rounds):
                for colleague, one in zip(colleagues, timed, strict=True):
                    await colleague.time(page, one if number >= 0 else Timed())
        return found, await colleagues[1].weight("/")


def _config(database: Database) -> Config:
    url = database.engine.url.render_as_string(hide_password=False)
    hours = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("09:00", "17:00"))
    return Config.model_validate({"office": {"name": "wijkbureau"}, "database": {"url": url}, "office_hours": hours})


@dataclass(slots=True, kw_only=True)
class _Colleague:
    client: httpx.AsyncClient
    database: Database

    async def log_in(self) -> None:
        with self.database.work() as work:
            work.staff.add_account(COLLEAGUE, "Samira", hash_password(PASSWORD), NOW)
            work.staff.set_rights(work.staff.get_account(COLLEAGUE), role="coordinator", vakafdeling="vth", sees_contacts=True)
            work.commit()
        form = await self.client.get("/inloggen")
        hidden = re.search(r'name="csrf" value="([^"]*)"', form.text)
        fields = {"csrf": unescape(hidden[1]) if hidden else "", "gebruikersnaam": COLLEAGUE, "wachtwoord": PASSWORD}
        answer = await self.client.post("/inloggen", data=fields)
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"logging in was refused: {answer.status_code}")

    async def time(self, page: Page, timed: Timed) -> None:
        started, worked = time.perf_counter(), time.process_time()
        answer = await self.client.get(page.path)
        timed.clock.append((time.perf_counter() - started) * 1000)
        timed.work.append((time.process_time() - worked) * 1000)
        timed.size = len(answer.content)
        if answer.status_code not in {httpx.codes.OK, httpx.codes.SEE_OTHER}:
            raise RuntimeError(f"{page.path} answered {answer.status_code}")

    async def weight(self, path: str) -> int:
        """The bytes of a page with every file of ours that it names, as they are sent."""
        page = await self.client.get(path)
        files = [await self.client.get(unescape(address)) for address in sorted(set(_ASSET.findall(page.text)))]
        return sum(answer.num_bytes_downloaded for answer in (page, *files))


def pages(meldingen: int) -> tuple[Page, ...]:
    """Every queue, what is asked of it, searching, meldingen and the overviews, for cities of at least so many meldingen."""
    half = meldingen // 2
    return (
        *(Page(name=f"rij {queue.value}", path=f"/?queue={queue.value}", goal=QUEUE_GOAL) for queue in Queue),
        Page(name="rij te_beoordelen, verder", path=f"/?queue=te_beoordelen&na=2.{half}", goal=QUEUE_GOAL),
        Page(name="rij afgesloten, verder", path=f"/?queue=afgesloten&na=1700000000000000.{half}", goal=QUEUE_GOAL),
        Page(name="rij te_beoordelen, wijk en kanaal", path="/?queue=te_beoordelen&wijk=Oost&kanaal=x", goal=QUEUE_GOAL),
        Page(name="rij afgesloten, een wijk", path="/?queue=afgesloten&wijk=Oost", goal=QUEUE_GOAL),
        Page(name="rij afgesloten, een buurt", path="/?queue=afgesloten&buurt=Lombok-Oost", goal=QUEUE_GOAL),
        Page(name="rij afgesloten, een onderwerp", path="/?queue=afgesloten&onderwerp=kapvergunning", goal=QUEUE_GOAL),
        Page(name="zoeken: een gewoon woord", path="/zoeken?q=lamp", goal=SEARCH_GOAL),
        Page(name="zoeken: drie woorden", path="/zoeken?q=fiets stoep straat", goal=SEARCH_GOAL),
        Page(name="zoeken: een straat", path="/zoeken?q=Voorstraat", goal=SEARCH_GOAL),
        Page(name="zoeken: wat er niet is", path="/zoeken?q=zeemeermin", goal=SEARCH_GOAL),
        Page(name="zoeken: een naam", path="/zoeken?q=Ada Voorstraat", goal=SEARCH_GOAL),
        Page(name="zoeken: een kenmerk", path=f"/zoeken?q=WB-2020-{half:05}", goal=SEARCH_GOAL),
        Page(name="een melding, afgesloten", path=f"/meldingen/{half}", goal=MELDING_GOAL),
        Page(name="een melding, uit het begin", path="/meldingen/17", goal=MELDING_GOAL),
        Page(name="de kaart (300 meldingen)", path="/kaart"),
        Page(name="niet verzonden", path="/niet-verzonden"),
        Page(name="gezondheid", path="/gezondheid"),
        Page(name="cijfers van 30 dagen", path="/cijfers?dagen=30"),
    )


def _ratio_of_queue_pages(both: tuple[Database, Database], rounds: int) -> tuple[float, float]:
    """A queue page of fifty, read by the queries of the desk: p50 in ms in the small and in the large city."""
    asked = Asked(queue=Queue.TO_JUDGE, now=NOW, soon=NOW)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for database, found in zip(both, times, strict=True):
            started = time.perf_counter()
            with database.reading() as connection:
                page = queues.page(connection, asked, limit=PAGE_OF).meldingen
                queries.arrivals(connection, [melding.id for melding in page])
            found.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def _show(
    console: Console,
    found: list[tuple[Page, list[Timed]]],
    weight: int,
    queue_page: tuple[float, float],
    arguments: argparse.Namespace,
) -> None:
    name = f"{arguments.database}, {arguments.meldingen} meldingen naast {SMALL}, {datetime.now(UTC):%d-%m-%Y}"
    head = ("bladzijde", "p50", "p99", "rekentijd", f"p50 bij {SMALL}", "groei", "kB", "doel p99", "gehaald")
    table = Table(*head, title=name)
    for page, (before, now) in found:
        reached = "" if page.goal is None else ("ja" if now.p99() < page.goal else "nee")
        figures = (now.p50(), now.p99(), statistics.median(now.work), before.p50())
        texts = (f"{figure:.1f}" for figure in figures)
        goal = "" if page.goal is None else f"< {page.goal} ms"
        growth = f"{now.p50() / before.p50():.2f}x"
        table.add_row(page.name, *texts, growth, f"{now.size / 1000:.0f}", goal, reached)
    console.print(table)
    small, large = queue_page
    ratio = large / small
    is_reached = "gehaald" if ratio <= RATIO_GOAL else "niet gehaald"
    line = f"rij van {PAGE_OF}: p50 {large:.2f} ms / {small:.2f} ms = {ratio:.2f}x (doel <= {RATIO_GOAL}x): {is_reached}"
    console.print(line, highlight=False)
    is_reached = "gehaald" if weight < WEIGHT_GOAL * 1000 else "niet gehaald"
    line = f"een rij met alles wat zij laadt: {weight / 1000:.0f} kB (doel < {WEIGHT_GOAL} kB): {is_reached}"
    console.print(line, highlight=False)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    console.print(f"{arguments.rounds} verzoeken per bladzijde, ms; {machine}; belasting {load}", highlight=False)


if __name__ == "__main__":
    raise SystemExit(main())
