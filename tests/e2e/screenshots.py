"""Pictures of each page of a desk with a morning's work, for people who look. Run by scripts/screenshots; checks nothing."""

from __future__ import annotations

import io
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from storage.database import Database
from storage.migrate import upgrade
from tests.browser import ARGUMENTS, chromium
from tests.e2e.conftest import play_a_morning, router_of_the_morning
from tests.web.desk import PASSWORD, USERNAME, a_desk

PAGES = {
    "rij": "/",
    "filters": "/?queue=te_beoordelen&wijk=Binnenstad",
    "melding": "/meldingen/1",
    "noodgeval": "/meldingen/5",
    "zoeken": "/zoeken?q=lamp",
    "niet-verzonden": "/niet-verzonden",
    "niet-leesbaar": "/niet-leesbaar",
    "kaart": "/kaart",
    "invoeren": "/aan-de-balie",
    "remmen": "/remmen",
    "kanalen": "/kanalen",
    "tabellen": "/beheer/tabellen",
    "wie-doet-wat": "/wie-doet-wat",
    "hoort-bij-elkaar": "/hoort-bij-elkaar",
    "cijfers": "/cijfers",
    "mijn": "/mijn",
    "beheer": "/beheer",
    "dagboek": "/beheer/dagboek",
    "gezondheid": "/gezondheid",
}
HANDBOOK = {"rij": "/", "melding": "/meldingen/1", "kaart": "/kaart"}
Take = Callable[[str, Path], None]
LOOKS = {
    "licht": {"locale": "nl-NL", "color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "donker": {"locale": "nl-NL", "color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "telefoon": {"locale": "nl-NL", "color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "engels": {"locale": "en-GB", "color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "engels-telefoon": {"locale": "en-GB", "color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


def main(folder: Path, take: Take) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        database = Database.open(f"sqlite:///{place}/wijkbalie.sqlite3")
        upgrade(database.engine)
        desk = a_desk(database, router_of_the_morning())
        play_a_morning(desk)
        server = uvicorn.Server(uvicorn.Config(desk.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            take(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", folder)
        finally:
            server.should_exit = True
            thread.join()
            database.close()


def _log_in(page: Page) -> None:
    page.goto("/")
    page.fill("#gebruikersnaam", USERNAME)
    page.fill("#wachtwoord", PASSWORD)
    page.click("main button")
    page.wait_for_selector("#werkblad")


def _take_all(address: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        for look, options in LOOKS.items():
            page = browser.new_context(base_url=address, **options).new_page()  # type: ignore[arg-type]  # passed on as given
            page.goto("/")
            page.screenshot(path=folder / f"inloggen-{look}.png")
            _log_in(page)
            for name, path in PAGES.items():
                page.goto(path)
                page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
            page.context.close()
        browser.close()


def _take_handbook(address: str, folder: Path) -> None:
    """Few, and in few colours: they live in the repository."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        page = browser.new_context(base_url=address, locale="nl-NL", viewport={"width": 1200, "height": 720}).new_page()
        _log_in(page)
        for name, path in HANDBOOK.items():
            page.goto(path)
            page.wait_for_load_state("networkidle")
            picture = Image.open(io.BytesIO(page.screenshot()))
            picture.quantize(colors=64, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), _take_handbook if "--handbook" in sys.argv else _take_all)
