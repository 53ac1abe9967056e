"""Logging in at a certified provider in a real browser: cookies, redirects and our Content-Security-Policy on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Served, Visitor
from tests.web.certified_provider import CertifiedProvider, running_provider
from tests.web.organisation import BRAM, account, an_organisation


@pytest.fixture
def provider(served: Served) -> Iterator[CertifiedProvider]:
    """The provider of the desk, which is served already: its address is needed for the registration."""
    with running_provider() as provider:
        provider.begin(served.address, {"bram": BRAM})
        state = served.desk.app.state
        state.desk = replace(state.desk, organisation=an_organisation(provider.issuer, desk=served.address))
        yield provider


@pytest.fixture
def page(visit: Visitor, provider: CertifiedProvider) -> Page:
    return visit(logged_in=False, elsewhere=provider.issuer)


def test_bram_logs_in_works_and_logs_out_at_both(served: Served, page: Page) -> None:
    page.get_by_role("link", name="Inloggen met gemeente Proefstad").click()
    page.get_by_label("Naam").fill("bram")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("button", name="Toestaan").click()
    page.wait_for_selector("#werkblad")
    expect(page.get_by_text("Bram de Wit").first).to_be_visible()
    page.get_by_role("button", name="Uitloggen").click()
    page.get_by_role("link", name="Ook uitloggen bij gemeente Proefstad").click()
    page.get_by_role("button", name="Ja").click()
    page.wait_for_url(f"{served.address}/inloggen")
    page.get_by_role("link", name="Inloggen met gemeente Proefstad").click()
    expect(page.get_by_label("Naam")).to_be_visible()


def test_who_refuses_reads_why_and_may_go_on_with_a_password(served: Served, page: Page) -> None:
    page.get_by_role("link", name="Inloggen met gemeente Proefstad").click()
    page.get_by_role("button", name="Afbreken").click()
    expect(page.get_by_text("gemeente Proefstad heeft u niet ingelogd")).to_be_visible()
    expect(page.get_by_label("Gebruikersnaam")).to_be_visible()
    assert account(served.desk, "bram") is None
