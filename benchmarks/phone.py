"""How soon a page of the desk can be used on a slow phone: a real browser, slowed down, before the product in its own process.

Usable is the moment from which everything that was asked for stands there and listens: the largest text is painted (largest
contentful paint), the page is read and its scripts have run (the end of DOMContentLoaded), and no long task keeps a key or a
tap waiting. The browser is slowed as Lighthouse's profile of a slow phone says; its developer tools count one round trip per
request, and none for opening the connection.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.table import Table

from benchmarks.colleagues import COOKIE, logged_in
from benchmarks.product import HOST, Product
from storage.database import Database
from tests.browser import ARGUMENTS, chromium

USABLE_GOAL = 1000  # ms
PROFILE = "4x tragere processor, 1,6 Mbit/s heen, 750 kbit/s terug, 150 ms per verzoek, scherm van 412 bij 823"
_NO_PLATFORM = "http://127.0.0.1:9"
_SLOWDOWN = 4
_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
_PHONE: Mapping[str, Any] = {
    "viewport": {"width": 412, "height": 823},
    "device_scale_factor": 1.75,
    "is_mobile": True,
    "has_touch": True,
    "locale": "nl-NL",
}
_TOLD = """async () => {
    const heard = (type) => new Promise((tell) => {
        const found = [];
        new PerformanceObserver((list) => found.push(...list.getEntries())).observe({type, buffered: true});
        setTimeout(() => tell(found.map((one) => [one.startTime, one.startTime + one.duration])), 1000);
    });
    const [largest, tasks] = await Promise.all([heard("largest-contentful-paint"), heard("longtask")]);
    const [page] = performance.getEntriesByType("navigation");
    const sent = [page, ...performance.getEntriesByType("resource")].filter((one) => one.transferSize > 0);
    return {
        first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
        largest: largest.at(-1)[0],
        scripts: page.domContentLoadedEventEnd,
        tasks,
        requests: sent.length,
        size: sent.reduce((sum, one) => sum + one.transferSize, 0),
    };
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One page that was opened once: ms until the first paint and until it is usable, requests and bytes over the wire."""

    first_paint: float
    usable: float
    requests: int
    size: int

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Opened:
        usable = max(told["largest"], told["scripts"])
        for start, end in sorted(told["tasks"]):
            usable = max(usable, end) if start <= usable else usable
        return cls(first_paint=told["first"], usable=usable, requests=told["requests"], size=told["size"])


@dataclass(slots=True, kw_only=True)
class Visit:
    """A page, by a browser that never was here (`is_first`) or that has just seen another page of the desk."""

    name: str
    path: str
    is_first: bool
    opened: list[Opened] = field(default_factory=list)

    def usable(self) -> float:
        return statistics.median(one.usable for one in self.opened)

    def worst(self) -> float:
        return max(one.usable for one in self.opened)

    def is_reached(self) -> bool:
        return self.usable() < USABLE_GOAL

    def first_paint(self) -> float:
        return statistics.median(one.first_paint for one in self.opened)


def open_city(folder: Path, city: Database, melding: int, rounds: int) -> tuple[Visit, ...]:
    """A queue and the page of a melding of this city, by the desk in a process of its own."""
    (token,) = logged_in(city, 1, datetime.now(UTC))
    paths = {"een rij": "/", "een melding": f"/meldingen/{melding}"}
    url = city.engine.url.render_as_string(hide_password=False)
    with Product(folder, url, _NO_PLATFORM, role="web") as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        return open_pages(browser, f"http://{HOST}:{product.port}", token, paths, rounds)


def open_pages(browser: Browser, address: str, token: str, paths: Mapping[str, str], rounds: int) -> tuple[Visit, ...]:
    """Each page by name, as the first of a visit and right after the page before it; a round before the first does not count."""
    first, later = (
        [Visit(name=name, path=path, is_first=is_first) for name, path in paths.items()] for is_first in (True, False)
    )
    for number in range(rounds + 1):
        for cold, warm in zip(first, (*later[1:], later[0]), strict=True):
            context = browser.new_context(base_url=address, **_PHONE)
            context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
            with _slow_page(context) as page:
                for visit in (cold, warm):
                    opened = _open(page, visit.path)
                    visit.opened += [opened] if number else []
    return (*first, *later)


@contextmanager
def _slow_page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWDOWN})
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", _NETWORK)
    yield page
    context.close()


def _open(page: Page, path: str) -> Opened:
    answer = page.goto(path, wait_until="load")
    if answer is None or not answer.ok or not page.query_selector("#inhoud"):
        raise RuntimeError(f"{path} cannot be seen: {answer and answer.status}")
    return Opened.parse(page.evaluate(_TOLD))


def table(visits: tuple[Visit, ...]) -> Table:
    """What was promised, and what came of it."""
    names = ("op een trage telefoon", "bezoek", "eerste beeld", "bruikbaar", "slechtste", "verzoeken", "kB", "doel", "gehaald")
    found = Table(*names, title=f"mediaan van {len(visits[0].opened)}, in ms; {PROFILE}")
    for visit in visits:
        times = (f"{ms:.0f}" for ms in (visit.first_paint(), visit.usable(), visit.worst()))
        last = visit.opened[-1]
        kind, reached = "eerste" if visit.is_first else "volgende", "ja" if visit.is_reached() else "nee"
        found.add_row(visit.name, kind, *times, str(last.requests), f"{last.size / 1000:.0f}", f"< {USABLE_GOAL} ms", reached)
    return found
