"""The trays: what was not sent, and what could not be read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from routing.messages import UnreadableItem, Visibility
from storage.database import Database
from storage.outbox import Reply, ReplyState
from tests.builders import a_message, take_in
from tests.web.desk import DeskAtWork, readable


@pytest.fixture
async def waiting_desk(desk: DeskAtWork) -> DeskAtWork:
    """A desk with one reply that a colleague must place by hand."""
    desk.office.receive(a_message(channel="x", visibility=Visibility.PUBLIC))
    await desk.do(desk.melding(), "bevestigen")
    return desk


def settle(desk: DeskAtWork, database: Database, outcome: str) -> Reply:
    """Let the receipt of a Telegram melding end as uncertain or refused."""
    desk.office.receive(a_message())
    now = desk.office.clock()
    with database.work() as work:
        reply = work.outbox.claim_due("telegram", now, lease=timedelta(minutes=5))
        assert reply is not None
        if outcome == "onzeker":
            work.outbox.record_uncertain(reply, "geen antwoord", now, look_at=None)
        else:
            work.outbox.record_refused(reply, "chat not found", now)
        work.commit()
    return reply


async def test_a_text_to_place_by_hand_is_shown_with_its_reason_and_without_sending_again(waiting_desk: DeskAtWork) -> None:
    page = await waiting_desk.get("/niet-verzonden")
    text = readable(page)
    assert "Met de hand te plaatsen WB-2026-00001" in text
    assert "X, openbaar antwoord aan Ada" in text
    assert "Waarom: in het openbaar gaat alleen het eerste antwoord automatisch" in text
    assert waiting_desk.reply().text in text
    assert "Opnieuw versturen" not in text


async def test_a_text_that_was_placed_leaves_the_tray(waiting_desk: DeskAtWork) -> None:
    await waiting_desk.get("/niet-verzonden")
    page = await waiting_desk.follow(await waiting_desk.post(f"/niet-verzonden/{waiting_desk.reply().id}/geplaatst"))
    assert "Genoteerd: het antwoord is geplaatst." in readable(page)
    assert "Alle antwoorden zijn verzonden." in readable(page)
    assert waiting_desk.reply().state is ReplyState.SENT
    assert "Verzonden: geplaatst volgens samira" in readable(await waiting_desk.get("/meldingen/1"))


async def test_what_no_machine_may_send_cannot_be_sent_again_by_a_crafted_form(waiting_desk: DeskAtWork) -> None:
    await waiting_desk.get("/niet-verzonden")
    page = await waiting_desk.post(f"/niet-verzonden/{waiting_desk.reply().id}/opnieuw-versturen")
    assert page.status_code == 409
    assert "Plaats het met de hand" in readable(page)
    assert waiting_desk.reply().state is ReplyState.BY_HAND


@pytest.mark.parametrize("outcome", ["onzeker", "geweigerd"])
async def test_an_uncertain_or_refused_reply_is_sent_again_or_noted_as_placed(
    desk: DeskAtWork, database: Database, outcome: str
) -> None:
    reply = settle(desk, database, outcome)
    page = await desk.get("/niet-verzonden")
    assert "Opnieuw versturen" in page.text
    page = await desk.follow(await desk.post(f"/niet-verzonden/{reply.id}/opnieuw-versturen"))
    assert "wordt opnieuw verzonden" in readable(page)
    assert desk.reply().state is ReplyState.READY


async def test_the_second_of_two_colleagues_is_told_that_it_was_decided(desk: DeskAtWork, database: Database) -> None:
    reply = settle(desk, database, "onzeker")
    await desk.get("/niet-verzonden")
    await desk.post(f"/niet-verzonden/{reply.id}/geplaatst")
    page = await desk.post(f"/niet-verzonden/{reply.id}/opnieuw-versturen")
    assert page.status_code == 409
    assert "er is niets te beslissen" in readable(page)
    assert desk.reply().state is ReplyState.SENT


async def test_an_unreadable_item_is_shown_as_text(desk: DeskAtWork, database: Database) -> None:
    raw = '{"message": "<script>alert(1)</script>", "from": null, "bidi": "\\u202e", "half": "\\ud800"}'
    take_in(database, UnreadableItem(channel="facebook", external_id="1_2", reason="reactie zonder afzender", raw=raw))
    page = await desk.get("/niet-leesbaar")
    assert "Waarom niet leesbaar: reactie zonder afzender" in readable(page)
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert "[U+202E]" in page.text


@pytest.mark.parametrize("raw", ["geen json", "", "[" * 5_000, "x" * 200_000, '"' + "a" * 100_000 + '"', "null"])
async def test_whatever_a_platform_handed_over_can_be_shown(desk: DeskAtWork, database: Database, raw: str) -> None:
    take_in(database, UnreadableItem(channel="x", external_id="1", reason="onbekend soort", raw=raw))
    page = await desk.get("/niet-leesbaar")
    assert page.status_code == 200
    assert len(page.text) < 60_000


async def test_empty_trays_say_so(desk: DeskAtWork) -> None:
    assert "Alle antwoorden zijn verzonden." in (await desk.get("/niet-verzonden")).text
    assert "Alles wat binnenkwam was leesbaar." in (await desk.get("/niet-leesbaar")).text
