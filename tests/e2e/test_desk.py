"""The desk in a real browser: with scripts, without them, and with residents who mean harm."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from bot.web.open_pages import TYPING
from routing.melding import Status
from routing.messages import Person
from storage.outbox import ReplyState
from tests.builders import a_message
from tests.e2e.conftest import Served, Visitor, melding_about


def _carry_out(page: Page, action: str, button: str) -> None:
    """Look first, then do it."""
    page.click(f"#{action} >> text=Bekijk wat de melder krijgt")
    page.wait_for_selector(f"#voorbeeld-{action} .voorbeeld")
    page.click(f"#{action} >> text='{button}'")
    page.wait_for_selector("#boodschap >> text=Gelukt.")


def _open(page: Page, title: str) -> None:
    page.click(f"summary >> text='{title}'")


def test_every_action_works_without_scripts(visit: Visitor, served: Served) -> None:
    page = visit(java_script_enabled=False)
    page.goto(melding_about(served, "lamp is stuk"))
    _carry_out(page, "bevestigen", "Bevestig voorstel")
    _open(page, "Andere vakafdeling kiezen")
    page.select_option("#corrigeren-vakafdeling", "vth")
    page.select_option("#corrigeren-onderwerp", "terras")
    page.fill("#corrigeren-toelichting", "Zij gaan erover.")
    _carry_out(page, "corrigeren", "Zet door")
    _open(page, "In behandeling nemen")
    _carry_out(page, "in-behandeling", "Neem in behandeling")
    _open(page, "Inplannen")
    page.fill("#inplannen-dag", "2026-11-30")
    _carry_out(page, "inplannen", "Plan in")
    _open(page, "Vraag stellen aan de melder")
    page.check("text=Mijn eigen vraag")
    page.fill("#vragen-vraag", "Staat er een nummer op de paal?")
    _carry_out(page, "vragen", "Stel de vraag")
    _open(page, "Afhandelen")
    page.check("text=Gaan kijken en niets gevonden")
    _carry_out(page, "afhandelen", "Handel af")
    _open(page, "Heropenen")
    _carry_out(page, "heropenen", "Heropen")
    _open(page, "Doorverwijzen naar een andere organisatie")
    page.select_option("#doorverwijzen-organisatie", "stedin")
    _carry_out(page, "doorverwijzen", "Verwijs door")
    page.click("text=Uitloggen")
    page.wait_for_selector("text=U bent uitgelogd.")
    melding = next(melding for melding in served.desk.office.meldingen() if "lamp is stuk" in melding.summary)
    assert (melding.status, melding.partner) == (Status.DOORVERWEZEN, "stedin")


def test_the_likeliest_other_answer_is_one_click_away(visit: Visitor, served: Served) -> None:
    page = visit(java_script_enabled=False)
    page.goto(melding_about(served, "lamp is stuk"))
    page.click(".anders >> text=Vergunningen, Toezicht en Handhaving")
    page.wait_for_selector("text=ligt nu bij Vergunningen, Toezicht en Handhaving")


def test_a_likely_answer_that_is_no_vakafdeling_opens_its_form(visit: Visitor, served: Served) -> None:
    page = visit()
    page.goto(melding_about(served, "lamp is stuk"))
    page.click(".anders >> text=Niet van de gemeente")
    page.wait_for_selector("#doorverwijzen-organisatie")
    assert page.is_visible("#doorverwijzen-organisatie")


def test_the_tray_works_without_scripts(visit: Visitor, served: Served) -> None:
    page = visit(java_script_enabled=False)
    page.click("nav >> text=Niet verzonden")
    page.click("section:has-text('Met de hand te plaatsen') >> text='Is geplaatst'")
    page.wait_for_selector("text=Genoteerd: het antwoord is geplaatst.")
    page.click("section:has-text('Onzeker of dit is aangekomen') >> text='Opnieuw versturen'")
    page.wait_for_selector("text=Het antwoord wordt opnieuw verzonden.")
    states = [reply.state for reply in served.desk.office.replies()]
    assert ReplyState.UNCERTAIN not in states
    assert ReplyState.BY_HAND not in states


def test_a_preview_appears_in_place_and_keeps_what_was_typed(visit: Visitor, served: Served) -> None:
    page = visit()
    address = melding_about(served, "boom")
    page.goto(address)
    _open(page, "Afhandelen")
    page.check("text='Opgelost'")
    page.fill("#afhandelen-toelichting", "De boom is weg.")
    page.click("#afhandelen >> text=Bekijk wat de melder krijgt")
    page.wait_for_selector("#voorbeeld-afhandelen >> text=De boom is weg.")
    assert page.url.endswith(address)
    assert page.input_value("#afhandelen-toelichting") == "De boom is weg."


def test_what_a_colleague_opened_stays_open_when_news_comes(visit: Visitor, served: Served) -> None:
    page = visit()
    page.click("summary:has-text('Meer tegelijk')")
    page.click("summary:has-text('Filters')")
    page.select_option("#filter-onderwerp", "zwerfafval")
    served.desk.office.receive(a_message("de stoep is los", thread="nieuw", sender=Person(external_id="nieuw")))
    page.wait_for_selector("text=de stoep is los")
    assert page.is_visible("#samen-vakafdeling")
    assert page.input_value("#filter-onderwerp") == "zwerfafval"
    page.click("#filters >> text='Filter'")
    page.wait_for_selector("summary:has-text('Filters (aan)')")
    assert page.locator(".rij__tekst").all_inner_texts() == ["er liggen naalden bij het speelveld"]


def test_filters_are_chosen_without_scripts(visit: Visitor) -> None:
    page = visit(java_script_enabled=False)
    page.click("summary:has-text('Filters')")
    page.click("text='Kies filters'")
    page.select_option("#filter-onderwerp", "zwerfafval")
    page.click("#filters >> text='Filter'")
    assert page.locator(".rij__tekst").all_inner_texts() == ["er liggen naalden bij het speelveld"]


def test_a_refused_preview_says_why_in_place(visit: Visitor, served: Served) -> None:
    page = visit()
    page.goto(melding_about(served, "boom"))
    _open(page, "Afhandelen")
    page.click("#afhandelen >> text=Bekijk wat de melder krijgt")
    page.wait_for_selector("#voorbeeld-afhandelen >> text=Kies hoe het is afgelopen")


def test_the_queue_refreshes_itself_and_the_focus_stays(visit: Visitor, served: Served) -> None:
    page = visit()
    page.wait_for_function("document.querySelector('#werkblad')._htmx !== undefined")
    link = page.locator(".rij__link").nth(2)
    link.focus()
    focused = link.get_attribute("id")
    served.desk.office.receive(a_message("de stoep is los", thread="nieuw", sender=Person(external_id="nieuw")))
    page.wait_for_selector("text=de stoep is los")  # pushed, not asked for
    assert page.evaluate("document.activeElement.id") == focused
    assert page.inner_text("#omgeroepen") == "Te beoordelen: 6"


def test_a_queue_whose_server_was_away_shows_what_came_meanwhile(visit: Visitor, served: Served) -> None:
    page = visit()
    page.clock.install()
    page.route("**/stroom", lambda route: route.fulfill(status=502))
    with page.expect_response(lambda response: response.status == 502):
        page.goto("/")
    page.wait_for_function("document.querySelector('#werkblad')._htmx !== undefined")
    served.desk.office.receive(a_message("de stoep is los", thread="nieuw", sender=Person(external_id="nieuw")))
    page.unroute("**/stroom")
    page.clock.fast_forward(20_000)
    page.wait_for_selector("text=de stoep is los")


def test_colleagues_see_who_else_looks_and_that_there_is_news(visit: Visitor, served: Served) -> None:
    served.desk.add_colleague("bram", "Bram")
    page, other = visit(), visit(username="bram")
    address = melding_about(served, "lamp is stuk")
    page.goto(address)
    other.goto(address)
    page.wait_for_selector("#aanwezig:has-text('Bram kijkt ook')")
    other.click("#bevestigen >> text=Bevestig voorstel")
    page.wait_for_selector("#aanwezig:has-text('Er is nieuws')")


def test_colleagues_see_who_types_and_nothing_of_what_is_typed(visit: Visitor, served: Served) -> None:
    served.desk.add_colleague("bram", "Bram")
    page, other = visit(), visit(username="bram")
    told: list[str] = []
    other.on("request", lambda request: told.append(request.post_data or "") if request.method == "POST" else None)
    address = melding_about(served, "lamp is stuk")
    page.goto(address)
    other.goto(address)
    page.wait_for_selector("#aanwezig:has-text('Bram kijkt ook')")
    other.locator("#bericht-tekst").press_sequentially("Wij komen morgen")
    page.wait_for_selector("#typt:has-text('Bram typt een antwoord.')")
    assert page.inner_text("#aanwezig") == "Bram kijkt ook naar deze melding."
    assert 0 < len(told) < len("Wij komen morgen")
    assert [body for body in told if re.fullmatch(r"csrf=[^&]*&vak=antwoord", body) is None] == []
    other.locator("#notitie").press_sequentially("even")
    page.wait_for_selector("#typt:has-text('Bram typt een notitie.')")
    assert other.text_content("#typt") == ""
    served.desk.office.clock.advance(seconds=TYPING.seconds)
    page.wait_for_selector("#typt:empty", state="attached")
    assert other.input_value("#bericht-tekst") == "Wij komen morgen"


def test_a_server_that_goes_away_takes_its_names_along_and_is_asked_again(visit: Visitor, served: Served) -> None:
    served.desk.add_colleague("bram", "Bram")
    page, other = visit(), visit(username="bram")
    page.clock.install()
    address = melding_about(served, "lamp is stuk")
    other.goto(address)
    last_words = 'retry: 10\n\nevent: aanwezig\ndata: {"kijkt": ["Cem"], "antwoord": ["Cem"], "notitie": []}\n\n'
    answers = [{"content_type": "text/event-stream", "body": last_words}, {"status": 502}]
    page.route("**/stroom*", lambda route: route.fulfill(**answers.pop(0)))  # the second is what a load balancer says
    with page.expect_response(lambda response: response.status == 502):
        page.goto(address)
    page.wait_for_selector("#aanwezig:empty", state="attached")
    page.wait_for_selector("#typt:empty", state="attached")
    page.unroute("**/stroom*")
    page.clock.fast_forward(20_000)
    page.wait_for_selector("#aanwezig:has-text('Bram kijkt ook')")


def test_the_map_shows_what_the_list_tells_and_asks_nobody_else(visit: Visitor, served: Served) -> None:
    page = visit()
    page.goto("/kaart")
    page.wait_for_selector(".speld")
    places = page.locator("[data-lat]").count()
    pins = page.locator(".speld").all()
    assert 0 < len(pins) <= places
    assert sum(int(text) if text.isdigit() else 1 for text in (pin.inner_text() for pin in pins)) == places
    row = page.locator("[data-lat]").first
    row.get_by_text("Toon op de kaart").click()
    page.wait_for_selector(".plattegrond__ballon a")
    link = row.locator("a").get_attribute("href")
    assert page.locator(f".plattegrond__ballon a[href='{link}']").count() == 1


def test_the_map_moves_by_keys(visit: Visitor, served: Served) -> None:
    page = visit()
    page.goto("/kaart")
    page.wait_for_selector(".speld")
    page.focus("#kaart")
    before = page.locator(".speld").first.bounding_box()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "x => document.querySelector('.speld').getBoundingClientRect().x < x - 20", arg=before["x"] if before else 0
    )


def test_what_residents_write_is_not_executed_on_the_map(visit: Visitor, served: Served) -> None:
    page = visit()
    page.goto("/kaart")
    page.wait_for_selector(".speld")
    for button in page.get_by_text("Toon op de kaart").all():
        button.click()
        page.wait_for_selector(".plattegrond__ballon a")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img").count() == 0


def test_without_scripts_the_map_is_its_list(visit: Visitor, served: Served) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/kaart?wijk=Binnenstad")
    assert not page.is_visible("#kaart")
    assert page.locator(".plattegrond__lijst a").count() > 0
    assert page.get_by_text("Toon op de kaart").count() == 0


def test_after_the_session_ended_a_refresh_leads_to_the_login(visit: Visitor, served: Served) -> None:
    page = visit()
    page.wait_for_function("document.querySelector('#werkblad')._htmx !== undefined")
    served.desk.office.clock.advance(hours=11)
    page.evaluate("htmx.trigger('#werkblad', 'nieuws')")
    page.wait_for_selector("text=Uw sessie is voorbij")


def test_what_residents_write_is_never_executed(visit: Visitor, served: Served) -> None:
    page = visit()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in ("/", melding_about(served, "script"), "/niet-verzonden", "/niet-leesbaar"):
        page.goto(path)
        assert page.evaluate("window.hacked") is None
    page.goto(melding_about(served, "script"))
    assert page.locator("main img").count() == 0
    assert "<script>window.hacked=1</script>" in page.inner_text("main")
    assert dialogs == []


def test_no_page_of_another_site_can_frame_the_desk(visit: Visitor, served: Served) -> None:
    page = visit()
    response = page.goto("/")
    assert response is not None
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["wijkbalie-sessie"]["httpOnly"]
    assert cookies["wijkbalie-sessie"]["sameSite"] == "Lax"
    assert page.evaluate("document.cookie") == ""
