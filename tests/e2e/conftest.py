"""A desk on loopback with a morning's work on it, and a real browser in front."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from bot.web.assets import FOLDER, VENDOR
from routing.decision import Located, Zone
from routing.messages import Attachment, AttachmentKind, Person, UnreadableItem, Visibility
from storage.database import Database
from storage.migrate import upgrade
from tests.browser import ARGUMENTS, chromium
from tests.builders import ScriptedRouter, a_decision, a_message, take_in
from tests.web.desk import PASSWORD, UNSURE, USERNAME, DeskAtWork, a_desk

TWIJNSTRAAT = Located(street="Twijnstraat", wijk="Binnenstad", lat=52.0837, lon=5.1221)
HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'> {{ 7*7 }} \u202egnp.exe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A desk that listens on loopback."""

    desk: DeskAtWork
    address: str


Visitor = Callable[..., Page]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:  # for this package only: its event loop must be gone before asynchronous tests run
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    assert all((FOLDER / name).is_file() for name in VENDOR), "The style sheets are missing: run scripts/build-web."
    browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
    yield browser
    browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A desk with work of every kind, served on a free port."""
    database = Database.open(f"sqlite:///{tmp_path / 'wijkbalie.sqlite3'}")
    upgrade(database.engine)
    desk = a_desk(database, router_of_the_morning())
    play_a_morning(desk)
    config = uvicorn.Config(desk.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)  # until it listens; nothing is timed by this
    yield Served(desk=desk, address=f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    server.should_exit = True
    thread.join()
    database.close()


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Visitor]:
    """Open a new browser window on the desk, logged in unless asked otherwise; further arguments are those of the window.

    Whatever it does, requests go to the desk and `elsewhere` only, and nothing may be reported on the console.
    """
    places = [served.address]
    contexts: list[BrowserContext] = []
    requests: list[str] = []
    reports: list[str] = []

    def open_window(*, logged_in: bool = True, username: str = USERNAME, elsewhere: str = "", **options: object) -> Page:
        places.extend([elsewhere] if elsewhere else [])
        context = browser.new_context(base_url=served.address, **({"locale": "nl-NL"} | options))  # type: ignore[arg-type]  # passed on as given
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: reports.append(message.text))
        page.on("pageerror", lambda error: reports.append(str(error)))
        page.goto("/")
        if logged_in:
            page.fill("#gebruikersnaam", username)
            page.fill("#wachtwoord", PASSWORD)
            page.click("main button")
            page.wait_for_selector("#werkblad")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(tuple(places))] == []
    assert [report for report in reports if "Failed to load resource" not in report] == []


def melding_about(served: Served, word: str) -> str:
    """The address of the melding whose text has this word."""
    return next(f"/meldingen/{melding.id}" for melding in served.desk.office.meldingen() if word in melding.summary)


def router_of_the_morning() -> ScriptedRouter:
    danger = a_decision(
        lead="noodgeval",
        topic="brand",
        urgency="noodgeval",
        emergency="brand",
        zone=Zone.AUTO,
        confidence=0.99,
        located=TWIJNSTRAAT,
    )
    noise = a_decision(
        lead="vth",
        topic="terras",
        kind="klacht",
        zone=Zone.SUGGEST,
        confidence=0.55,
        located=Located(street="Neude", wijk="Binnenstad", lat=52.0929, lon=5.1181),
        top3=(("vth", 0.55), ("veiligheid", 0.3), ("extern", 0.1)),
    )
    needles = a_decision(
        urgency="hoog", zone=Zone.SUGGEST, topic="zwerfafval", located=Located(street="Lucasbolwerk", lat=52.0932, lon=5.1253)
    )
    hostile = replace(UNSURE, located=TWIJNSTRAAT)
    english = a_decision(zone=Zone.SUGGEST, language="en")
    return ScriptedRouter(
        UNSURE, brand=danger, terras=noise, naald=needles, light=english, script=hostile, boom=a_decision(zone=Zone.AUTO)
    )


def play_a_morning(desk: DeskAtWork) -> None:
    office = desk.office
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="f1", size=200_000)
    for number, (text, changes) in enumerate(
        (
            ("de lamp is stuk", {}),
            ("lawaai van het terras, mijn nummer is 06-12345678", {"channel": "x", "visibility": Visibility.PUBLIC}),
            ("er liggen naalden bij het speelveld", {"attachments": (photo,)}),
            ("the street light is broken", {}),
            ("brand in de Twijnstraat", {}),
            (HOSTILE, {}),
            ("er ligt een boom op het fietspad", {}),
        )
    ):
        sender = Person(external_id=f"melder{number}", display_name=f"Melder {number} <b>")
        office.receive(a_message(text, thread=f"draad{number}", sender=sender, **changes))
    reason = "een Facebook-bericht zonder bruikbaar nummer"
    take_in(office.database, UnreadableItem(channel="facebook", external_id="1_2", reason=reason, raw='{"a": "<b>"}'))
    handling = office.handling
    noise = next(melding for melding in office.meldingen() if "terras" in melding.summary)
    handling.carry_out(noise, handling.ask(noise, question="Welk terras?"), account=USERNAME)
    _let_replies_fail(desk)


def _let_replies_fail(desk: DeskAtWork) -> None:
    """One uncertain and one refused reply, so that the tray has work of every kind."""
    now = desk.office.clock()
    with desk.office.database.work() as work:
        uncertain = work.outbox.claim_due("telegram", now, lease=timedelta(minutes=5))
        refused = work.outbox.claim_due("telegram", now, lease=timedelta(minutes=5))
        assert uncertain is not None
        assert refused is not None
        work.outbox.record_uncertain(uncertain, "de verzender stopte tijdens het verzenden", now, look_at=None)
        work.outbox.record_refused(refused, "chat not found", now)
        work.commit()
