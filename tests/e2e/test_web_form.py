"""The web form in a real browser: readable for everybody, with and without script, on any screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from bot.web.views.web_form import web_form
from channels.web_form import WebFormSettings
from tests.e2e.conftest import Served, Visitor
from tests.e2e.test_access import DESKTOP, PHONE, _violations

SETTINGS = WebFormSettings(
    host="smtp.example",
    from_address="wijkbureau@gemeente.example",
    public_url="https://wijkbalie.example",
    link_secret="een-geheim-van-lengte",
)


@pytest.fixture
def form(served: Served) -> Served:
    app = served.desk.app
    app.mount("/melden", web_form(app.state.desk, app.state.pages, SETTINGS))
    return served


def is_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, {"width": 320, "height": 640}], ids=["desktop", "phone", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    visit: Visitor, form: Served, theme: str, viewport: dict[str, int]
) -> None:
    page = visit(logged_in=False, color_scheme=theme, viewport=viewport, java_script_enabled=True)
    violations = []
    for path in ("/melden/", "/melden/?taal=en", "/melden/bedankt", "/melden/bevestigen/WB-2026-00001/1/x"):
        page.goto(path)
        violations += _violations(page)
        assert not is_sideways(page)
    page.goto("/melden/")
    page.fill("#adres", "geen adres")
    page.click("text=Versturen")
    page.wait_for_selector("#tekst-fout")
    violations += _violations(page)
    assert not is_sideways(page)
    assert violations == []


def test_a_resident_reports_without_script_and_by_keyboard(visit: Visitor, form: Served) -> None:
    page = visit(logged_in=False, java_script_enabled=False)
    page.goto("/melden/")
    page.focus("#tekst")
    page.keyboard.type("De stoep ligt open")
    page.keyboard.press("Tab")
    page.keyboard.type("Springweg 34")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the box that no person sees, straight to the button
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Wij hebben uw bericht ontvangen")
    form.desk.office.triage.run()
    assert form.desk.melding().summary == "De stoep ligt open\nSpringweg 34"
