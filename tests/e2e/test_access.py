"""The desk is for everybody: axe-core, keyboard, narrow screens, large targets (WCAG 2.2 AA, EN 301 549)."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Served, Visitor, melding_about

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


_OTHERS = (
    "/wie-doet-wat",
    "/hoort-bij-elkaar",
    "/cijfers",
    "/mijn",
    "/beheer",
    "/beheer/dagboek",
    "/beheer/tabellen",
    "/kaart",
    "/kaart?wijk=Binnenstad",
)


def _pages(served: Served) -> list[str]:
    meldingen = [melding_about(served, word) for word in ("terras", "brand", "boom", "light", "script")]
    queues = ["/", "/?queue=loopt", "/?queue=wacht_op_melder", "/?queue=afgesloten", "/?queue=spoed", "/?queue=gevolgd"]
    queues += ["/?queue=te_beoordelen&wijk=Binnenstad", "/zoeken", "/zoeken?q=lamp"]
    return [*queues, *meldingen, "/niet-verzonden", "/niet-leesbaar", "/aan-de-balie", "/gezondheid", "/bestaat-niet", *_OTHERS]


def _open_everything(page: Page) -> None:
    """Open every fold, and wait for what a fold fetches when it opens."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.removeAttribute('name'); part.open = true })")
    expect(page.locator("a#filters-velden")).to_have_count(0, timeout=20_000)


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{page.url} {item['id']}: {item['nodes'][0]['html'][:200]}" for item in found]


def test_axe_finds_nothing_while_the_filters_do_not_come(visit: Visitor) -> None:
    """What stands in the fold then is the link that does without scripts."""
    page = visit(viewport=PHONE)
    page.route("**/*filters=ja*", lambda _: None)  # never answered
    page.locator("#filters > summary").click()
    expect(page.locator("a#filters-velden")).to_be_visible()
    assert _violations(page) == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(visit: Visitor, served: Served, theme: str, viewport: dict[str, int]) -> None:
    page = visit(logged_in=False, color_scheme=theme, viewport=viewport)
    violations = _violations(page)
    page = visit(color_scheme=theme, viewport=viewport)
    for path in _pages(served):
        page.goto(path)
        _open_everything(page)
        violations += _violations(page)
    assert violations == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_after_a_preview_a_refusal_and_a_success(visit: Visitor, served: Served, theme: str) -> None:
    page = visit(color_scheme=theme)
    page.goto(melding_about(served, "boom"))
    page.get_by_text("Inplannen", exact=True).click()
    page.get_by_role("button", name="Plan in").click()
    page.wait_for_selector("#inplannen-dag-fout")
    violations = _violations(page)
    page.fill("#inplannen-dag", "2026-11-30")
    page.click("#inplannen >> text=Bekijk wat de melder krijgt")
    page.wait_for_selector("#voorbeeld-inplannen .voorbeeld")
    violations += _violations(page)
    page.get_by_role("button", name="Plan in").click()
    page.wait_for_selector("text=is ingepland voor maandag 30 november")
    violations += _violations(page)
    assert violations == []


def test_axe_finds_nothing_on_any_page_in_english(visit: Visitor, served: Served) -> None:
    violations = _violations(visit(logged_in=False, locale="en-GB"))
    page = visit(locale="en-GB")
    for path in _pages(served):
        page.goto(path)
        assert page.evaluate("document.documentElement.lang") == "en", path
        _open_everything(page)
        violations += _violations(page)
    assert violations == []


@pytest.mark.parametrize("locale", ["nl-NL", "en-GB"])
def test_no_page_scrolls_sideways_on_the_narrowest_screen(visit: Visitor, served: Served, locale: str) -> None:
    page = visit(viewport={"width": 320, "height": 640}, locale=locale)
    wide = []
    for path in _pages(served):
        page.goto(path)
        _open_everything(page)
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wide.append(path)
    assert wide == []


def test_everything_to_point_at_is_at_least_24_pixels(visit: Visitor, served: Served) -> None:
    page = visit(viewport=PHONE)
    measure = """selector => [...document.querySelectorAll(selector)]
        .filter(part => part.checkVisibility() && (part.offsetWidth < 24 || part.offsetHeight < 24))
        .map(part => part.outerHTML.slice(0, 120))"""
    selector = "nav a, button, select, textarea, summary, .keuze, input:not([type=hidden], [type=radio])"
    for path in _pages(served):
        page.goto(path)
        assert page.evaluate(measure, selector) == [], path


def test_a_morning_is_judged_with_the_keyboard_alone(visit: Visitor, served: Served) -> None:
    page = visit(logged_in=False)
    press = page.keyboard.press
    page.keyboard.type("samira")
    press("Tab")
    page.keyboard.type("een lang wachtwoord")
    press("Enter")
    page.wait_for_selector("#meldingen")
    press("Tab")
    press("Tab")
    assert _focused(page) == "Naar de meldingen"
    press("Enter")
    for key in ("j", "j", "k", "ArrowDown", "k"):
        press(key)
    assert "brand in de Twijnstraat" in _focused(page)
    press("j")
    assert "naalden" in _focused(page)
    _outline_is_visible(page)
    press("Enter")
    page.wait_for_selector("#beslissen")
    press("Tab")
    press("Tab")
    assert _focused(page) == "Naar het voorstel en de acties"
    press("Enter")
    _tab_to(page, "Bekijk wat de melder krijgt")
    press("Enter")
    page.wait_for_selector("#voorbeeld-bevestigen .voorbeeld")
    _tab_to(page, "Bevestig voorstel")
    press("Enter")
    page.wait_for_selector("#boodschap")
    assert "ligt nu bij" in _focused(page)
    page.wait_for_url("**" + melding_about(served, "lamp is stuk") + "?*")  # the next one opened by itself
    press("b")
    page.wait_for_selector("text=ligt nu bij Stadswerken")
    press("u")
    page.wait_for_selector("text=Ongedaan gemaakt")
    press("c")
    page.wait_for_selector("#corrigeren")
    press("4")
    page.wait_for_selector("text=ligt nu bij Vergunningen")
    press("2")
    page.wait_for_selector("text=ligt nu bij")


def test_letters_typed_elsewhere_do_nothing(visit: Visitor) -> None:
    page = visit()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.className") != "rij__link"


def test_every_action_on_a_melding_is_reached_with_tab_from_the_skip_link(visit: Visitor, served: Served) -> None:
    page = visit()
    page.goto(melding_about(served, "boom"))
    _tab_to(page, "Naar het voorstel en de acties")
    page.keyboard.press("Enter")
    wanted = {"Andere vakafdeling kiezen", "Vraag stellen aan de melder", "In behandeling nemen", "Inplannen", "Afhandelen"}
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(_focused(page))
    missed = {name for name in wanted if not any(text.startswith(name) for text in reached)}  # some name their key after it
    assert missed == set()


def _focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent")
    return " ".join(text.split())


def _tab_to(page: Page, text: str) -> None:
    for _ in range(40):
        if _focused(page).startswith(text):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {text!r}")


def _outline_is_visible(page: Page) -> None:
    style = page.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle")
    assert style == "solid"
