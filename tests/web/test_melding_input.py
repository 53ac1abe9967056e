"""What a melding page makes of input that is wrong, strange or hostile, and of what it may offer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.web.actions import ACTIONS, offered
from routing.melding import Status
from routing.messages import Attachment, AttachmentKind, Person
from routing.vakafdelingen import load_municipality
from storage.database import Database
from storage.staff import Account
from tests.builders import a_message
from tests.web.desk import USERNAME, DeskAtWork, a_desk_for, readable

MUNICIPALITY = load_municipality()


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Forms and texts are judged before they reach a database: one is enough."""
    return sqlite_url


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        ("corrigeren", {"vakafdeling": ""}, "Kies een vakafdeling uit de lijst"),
        ("corrigeren", {"vakafdeling": "extern"}, "Kies een vakafdeling uit de lijst"),
        ("corrigeren", {"vakafdeling": "vth", "onderwerp": "verzonnen"}, "Kies een onderwerp uit de lijst"),
        ("vragen", {"vaste_vraag": "eigen", "vraag": "   "}, "Schrijf wat u van de melder wilt weten"),
        ("vragen", {"vaste_vraag": "bsn"}, "Kies een vraag"),
        ("vragen", {"vraag": "x" * 501}, "Kort haar in tot 500"),
        ("inplannen", {"dag": ""}, "Kies een datum"),
        ("inplannen", {"dag": "26 november"}, "schrijf haar als 2026-11-30"),
        ("inplannen", {"dag": "2026-11-20"}, "van vandaag of later"),
        ("inplannen", {"dag": "9999-12-31"}, "hoogstens twee jaar vooruit"),
        ("afhandelen", {}, "Kies hoe het is afgelopen"),
        ("afhandelen", {"einde": "zomaar"}, "Kies hoe het is afgelopen"),
        ("doorverwijzen", {"organisatie": "buurman"}, "Kies een organisatie uit de lijst"),
        ("bevestigen", {"versie": "abc"}, "Laad de pagina opnieuw"),
    ],
)
async def test_a_form_that_is_wrong_says_what_to_do_and_changes_nothing(
    open_desk: DeskAtWork, action: str, fields: dict[str, str], sentence: str
) -> None:
    before = open_desk.melding()
    for path in (f"/meldingen/1/{action}", f"/meldingen/1/{action}/bekijken"):
        page = await open_desk.post(path, **fields)
        assert page.status_code == 400
        assert sentence in readable(page)
    assert open_desk.melding() == before


async def test_a_wrong_field_is_pointed_out_beside_it(open_desk: DeskAtWork) -> None:
    page = await open_desk.post("/meldingen/1/inplannen", dag="morgen")
    assert page.status_code == 400
    await open_desk.do(open_desk.melding(), "bevestigen")
    page = await open_desk.post("/meldingen/1/inplannen", dag="morgen")
    assert 'id="inplannen-dag-fout"' in page.text
    assert "aria-describedby=inplannen-dag-fout" in page.text


async def test_odd_characters_in_a_form_do_no_harm(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "vragen", vaste_vraag="eigen", vraag="Waar\x00 pre\u202ecies? {{ 7*7 }} <b>")
    assert "Waar precies? {{ 7*7 }} <b>" in open_desk.reply().text
    assert "<b>" not in (await open_desk.get("/meldingen/1")).text.partition("Gesprek</h2>")[2].partition("zin__wie")[0]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}{% include 'x' %}",
        "\u202egnp.exe",
        "مرحبا الضوء مكسور",
        "a" * 100_000,
        "regel een\r\nregel twee\ttab",
        "\x1b[31mrood",
        "🚮" * 50,
    ],
)
async def test_whatever_a_resident_writes_is_shown_as_text(database: Database, text: str) -> None:
    sender = Person(external_id="m", display_name=text[:200])
    desk = await a_desk_for(database, a_message(text, sender=sender), reasons=(f"'{text[:50]}' -> stadswerken",))
    page = await desk.get("/meldingen/1")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "\u202e" not in page.text
    assert "\x1b" not in page.text
    assert (await desk.get("/")).status_code == 200


async def test_a_very_long_message_is_folded_but_complete(database: Database) -> None:
    desk = await a_desk_for(database, a_message("woord " * 5_000 + "laatste"))
    page = await desk.get("/meldingen/1")
    assert "De rest van dit lange bericht" in page.text
    assert "laatste" in page.text


async def test_a_photo_without_text_is_named(database: Database) -> None:
    photo = Attachment(kind=AttachmentKind.PHOTO, reference="f1", size=204_800)
    desk = await a_desk_for(database, a_message("", attachments=(photo,)))
    assert "Foto: wordt opgehaald." in readable(await desk.get("/meldingen/1"))


async def test_a_message_above_a_page_cannot_be_forged(open_desk: DeskAtWork) -> None:
    open_desk.client.cookies.set("wijkbalie-bericht", "WyJvayIsICJHZWhhY2t0IiwgIiJd.0000")
    page = await open_desk.get("/")
    assert "Gehackt" not in page.text
    open_desk.client.cookies.set("wijkbalie-bericht", "geen.cookie")
    assert (await open_desk.get("/")).status_code == 200


def samira(desk: DeskAtWork) -> Account:
    with desk.office.database.work() as work:
        return work.staff.get_account(USERNAME)


async def test_only_what_the_table_allows_is_offered(open_desk: DeskAtWork) -> None:
    for status in Status:
        names = {action.name for action in offered(replace(open_desk.melding(), status=status), MUNICIPALITY, samira(open_desk))}
        is_closed = status in {Status.AFGEHANDELD, Status.DOORVERWEZEN, Status.INGETROKKEN, Status.DUBBEL}
        assert ("heropenen" in names) == is_closed, status
        assert ("afhandelen" in names) != is_closed, status
        assert ("bevestigen" in names) == (status in {Status.NIEUW, Status.TE_BEOORDELEN, Status.HEROPEND}), status


async def test_every_offered_action_has_its_form_on_the_page(open_desk: DeskAtWork) -> None:
    shown: set[str] = set()
    for action in ("", "bevestigen", "afhandelen"):
        if action:
            await open_desk.do(open_desk.melding(), action, einde="opgelost")
        page = await open_desk.get("/meldingen/1")
        for name in (choice.name for choice in offered(open_desk.melding(), MUNICIPALITY, samira(open_desk))):
            assert f'action="/meldingen/1/{name}"' in page.text
            # Putting off tells the melder nothing: there is nothing to look at before.
            assert (f'formaction="/meldingen/1/{name}/bekijken' in page.text) == (name != "uitstellen"), name
            shown.add(name)
    assert shown == set(ACTIONS) - {"losmaken", "voorleggen"}  # those two ask for a merged or an overdue melding


async def test_what_was_typed_is_kept_also_when_its_form_is_no_longer_there(open_desk: DeskAtWork) -> None:
    old_page = open_desk.page
    await open_desk.do(open_desk.melding(), "afhandelen", einde="opgelost")
    open_desk.page = old_page
    page = await open_desk.post("/meldingen/1/vragen", vraag="Een lange vraag die niemand twee keer typt")
    assert page.status_code == 409
    assert "Wat u invulde Een lange vraag die niemand twee keer typt" in readable(page)
