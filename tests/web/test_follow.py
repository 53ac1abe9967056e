"""The page to follow a melding: one address, in two languages, and nothing of anybody else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from routing.melding import Status
from routing.messages import Person, Visibility
from storage.database import Database
from storage.tables import follow_links
from tests.builders import ScriptedRouter, a_decision, a_message
from tests.web.desk import DeskAtWork, a_desk, readable

ADDRESS = "https://balie.test"


@pytest.fixture
async def office_desk(database: Database) -> AsyncIterator[DeskAtWork]:
    """A desk whose receipts offer the page, and where nobody is logged in."""
    desk = a_desk(database, ScriptedRouter(a_decision()))
    triage = desk.office.triage
    replies = replace(triage.replies, follow_address=f"{ADDRESS}/")
    desk.office = replace(desk.office, triage=replace(triage, replies=replies))
    yield desk
    await desk.client.aclose()


def link_of(desk: DeskAtWork, number: int = -1) -> str:
    found = re.search(rf"{ADDRESS}(/volg/\S+)", desk.office.replies()[number].text)
    assert found is not None
    return found[1]


async def test_the_receipt_offers_a_page_with_status_promise_and_what_happened(office_desk: DeskAtWork) -> None:
    office_desk.office.receive(a_message("de lamp is stuk, mijn nummer is 06 12345678"))
    page = await office_desk.get(link_of(office_desk))
    text = readable(page)
    assert page.status_code == 200
    assert "Uw nummer: WB-2026-00001" in text
    assert "Uw melding ligt bij Stadswerken." in text
    assert "U hoort uiterlijk maandag 30 november van ons" in text
    assert "Wij hebben uw melding ontvangen." in text
    assert "06" not in text
    assert "lamp" not in text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_the_page_speaks_english_too(office_desk: DeskAtWork) -> None:
    office_desk.office.receive(a_message())
    page = await office_desk.get(f"{link_of(office_desk)}?taal=en")
    assert '<html lang="en">' in page.text
    assert "Your number: WB-2026-00001" in readable(page)
    assert "Monday 30 November" in readable(page) or "Monday, 30 November" in readable(page)


async def test_only_a_digest_is_kept_and_each_melder_has_an_own_link(office_desk: DeskAtWork, database: Database) -> None:
    office_desk.office.receive(a_message())
    link = link_of(office_desk)
    with database.reading() as connection:
        (row,) = connection.execute(follow_links.select()).all()
    assert link.rsplit("/", 1)[1] not in str(row)
    office_desk.office.receive(a_message(thread="2", sender=Person(external_id="bo", display_name="Bo")))
    assert link_of(office_desk) != link


async def test_the_page_waits_for_nobody_who_writes(office_desk: DeskAtWork, database: Database) -> None:
    office_desk.office.receive(a_message())
    link = link_of(office_desk)
    with database.work():
        assert (await office_desk.get(link)).status_code == 200
        assert office_desk.office.handling.get(1).kenmerk == "WB-2026-00001"


async def test_a_wrong_and_an_expired_link_look_alike(office_desk: DeskAtWork) -> None:
    office_desk.office.receive(a_message())
    link = link_of(office_desk)
    wrong = await office_desk.get("/volg/" + "a" * 32)
    strange = await office_desk.get("/volg/%2e%2e")
    office_desk.office.clock.moment += timedelta(days=181)
    expired = await office_desk.get(link)
    assert (wrong.status_code, strange.status_code, expired.status_code) == (404, 404, 404)
    assert wrong.text == expired.text
    assert "te oud" in readable(expired)


async def test_no_public_post_carries_a_link(office_desk: DeskAtWork) -> None:
    office_desk.office.receive(a_message(channel="x", visibility=Visibility.PUBLIC, thread="root"))
    assert "http" not in office_desk.office.replies()[-1].text


async def test_why_nothing_was_done_is_not_told_once_the_melder_opened_it_again(office_desk: DeskAtWork) -> None:
    office = office_desk.office
    office.receive(a_message())
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.close_unsolved(melding, reason="niet_nu"), account="samira")
    office.receive(a_message("aanvulling: de lamp is nog steeds stuk", in_reply_to=office.replies()[0].external_id))
    assert office.meldingen()[0].status is Status.HEROPEND
    assert "geen geld of tijd" not in readable(await office_desk.get(link_of(office_desk, 0)))


async def test_what_staff_doubt_is_not_on_the_page(office_desk: DeskAtWork) -> None:
    office_desk.office.receive(a_message())
    melding = office_desk.office.meldingen()[0]
    handling = office_desk.office.handling
    handling.carry_out(melding, handling.close_unsolved(melding, reason="niet_nu", explanation="Kees zegt nee"), account="samira")
    text = readable(await office_desk.get(link_of(office_desk, 0)))
    assert "Uw melding is afgehandeld. Er is nu geen geld of tijd voor." in text
    assert "Kees" not in text
    assert "samira" not in text
