"""The desk can be timed on a slow phone, each page as the first of a visit and right after another."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks.colleagues import logged_in
from benchmarks.phone import Opened, open_pages
from tests.e2e.conftest import Served


def test_a_page_is_timed_with_and_without_what_was_loaded_before(browser: Browser, served: Served) -> None:
    office = served.desk.office
    (token,) = logged_in(office.database, 1, office.clock())
    visits = open_pages(browser, served.address, token, {"een rij": "/", "een melding": "/meldingen/1"}, 1)
    assert [(visit.name, visit.is_first, len(visit.opened)) for visit in visits] == [
        ("een rij", True, 1),
        ("een melding", True, 1),
        ("een rij", False, 1),
        ("een melding", False, 1),
    ]
    assert all(visit.usable() >= visit.first_paint() > 0 for visit in visits)
    first, _, later, _ = (visit.opened[0] for visit in visits)
    assert (first.requests > later.requests, first.size > later.size) == (True, True)
    assert later.requests == 1


def test_a_page_is_usable_only_when_no_long_task_holds_the_first_key() -> None:
    told = {"first": 300.0, "largest": 400.0, "scripts": 380.0, "requests": 1, "size": 9}
    assert Opened.parse(told | {"tasks": []}).usable == 400
    assert Opened.parse(told | {"tasks": [[650, 720], [350, 460], [455, 600]]}).usable == 600
