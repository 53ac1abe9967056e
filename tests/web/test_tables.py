"""Changing norms, names and texts in the desk: it counts at once, is written down, can be taken back, and breaks no promise."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.edited_tables import EditedTables
from bot.texts import load_texts
from routing.melding import News
from routing.vakafdelingen import load_municipality
from storage.database import Database
from storage.journal import newest_lines
from storage.tables import edits
from tests.builders import a_message
from tests.web.desk import DeskAtWork, readable

TOPIC = "onderwerp.straatverlichting"
TEXT = "bericht.nl.ontvangst"
PRIVATE = (
    "Hallo daar! {{ let_op }} {{ wie_kijkt }} Nieuws komt {{ belofte }}. {{ vraag }} Dit schrijft een computer. {{ mens }} "
    "{{ kenmerk }}"
)
PUBLIC = "{{ let_op }} {{ wie_kijkt }} Nieuws komt {{ belofte }}. Automatisch antwoord. {{ kenmerk }}"


async def change(desk: DeskAtWork, subject: str, **fields: str) -> str:
    """Change on the page of the subject; the page that follows, as people read it."""
    await desk.get(f"/beheer/tabellen/{subject}")
    found = tables(desk).subject(subject)
    filled = {field.name: field.value for field in found.fields} | fields
    response = await desk.post(f"/beheer/tabellen/{subject}", gezien=desk.hidden("gezien"), **filled)
    return readable(await desk.follow(response) if response.status_code == 303 else response)


def tables(desk: DeskAtWork) -> EditedTables:
    found: EditedTables = desk.app.state.desk.editing.tables
    return found


def norm(found: EditedTables) -> int:
    return found.municipality.onderwerpen["straatverlichting"].norm_days


async def test_a_norm_counts_for_the_next_promise_and_not_for_those_that_were_made(desk: DeskAtWork) -> None:
    desk.office.receive(a_message("de lamp is stuk"))
    promised = desk.melding().promised_at
    page = await change(desk, TOPIC, norm="9", reden="De aannemer is ziek.")
    assert "is gewijzigd" in page
    assert "De aannemer is ziek." in page
    assert desk.melding().promised_at == promised
    assert norm(tables(desk)) == 9


async def test_a_new_name_shows_wherever_the_topic_does(desk: DeskAtWork) -> None:
    await change(desk, TOPIC, naam="Lantaarns <b>")
    assert "Lantaarns &lt;b&gt;" in (await desk.get("/wie-doet-wat")).text
    assert "de balie" in readable(await desk.get("/beheer/tabellen"))


async def test_a_new_text_is_what_the_next_resident_reads(desk: DeskAtWork) -> None:
    await change(desk, TEXT, prive=PRIVATE)
    desk.office.receive(a_message("de lamp is stuk"))
    assert desk.reply().text.startswith("Hallo daar!")


async def test_a_change_is_in_the_journal_with_who_and_why(desk: DeskAtWork) -> None:
    await change(desk, TOPIC, norm="9", reden="drukte")
    with desk.office.database.reading() as connection:
        line = newest_lines(connection, limit=1)[0]
    assert (line.actor, line.action, line.object) == ("samira", "tabel gewijzigd", f"{TOPIC}.norm")
    assert line.detail.endswith("wordt 9 (drukte)")


async def take_back(desk: DeskAtWork, number: int) -> str:
    await desk.get(f"/beheer/tabellen/{TOPIC}")
    response = await desk.post(f"/beheer/tabellen/{TOPIC}/terug", wijziging=str(number))
    return readable(await desk.follow(response) if response.status_code == 303 else response)


async def test_changes_are_taken_back_one_by_one_down_to_the_file(desk: DeskAtWork) -> None:
    filed = norm(tables(desk))
    await change(desk, TOPIC, norm="9")
    await change(desk, TOPIC, norm="11")
    await take_back(desk, 2)
    assert norm(tables(desk)) == 9
    await take_back(desk, 3)
    assert norm(tables(desk)) == 11  # taking back is a change like any other
    await change(desk, TOPIC, norm=str(filed))
    assert not any(field.is_changed for field in tables(desk).subject(TOPIC).fields)
    with desk.office.database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(edits)).scalar_one() == 5


async def test_only_the_newest_change_can_be_taken_back(desk: DeskAtWork) -> None:
    await change(desk, TOPIC, norm="9")
    await change(desk, TOPIC, norm="11")
    assert "Na deze wijziging kwam een andere" in await take_back(desk, 1)
    assert "bestaat niet" in await take_back(desk, 99)
    assert norm(tables(desk)) == 11


async def test_two_colleagues_do_not_overwrite_each_other(desk: DeskAtWork) -> None:
    await desk.get(f"/beheer/tabellen/{TOPIC}")
    seen = desk.hidden("gezien")
    await change(desk, TOPIC, norm="9")
    response = await desk.post(f"/beheer/tabellen/{TOPIC}", gezien=seen, naam="Iets anders", norm="3")
    assert response.status_code == 409
    assert norm(tables(desk)) == 9


@pytest.mark.parametrize("value", ["0", "61", "-1", "drie", "1e3", "٣", "", "1.5"])
async def test_a_norm_that_is_no_number_of_days_is_refused(desk: DeskAtWork, value: str) -> None:
    before = norm(tables(desk))
    page = await change(desk, TOPIC, norm=value)
    assert "een getal van 1 tot en met 60" in page or "Vul iets in" in page
    assert norm(tables(desk)) == before


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("Dank u wel. Dit is een automatisch antwoord.", "Deze feiten ontbreken: belofte, kenmerk, let_op, wie_kijkt"),
        (PUBLIC + "{{ toelichting }}", "Deze feiten horen niet in deze tekst: toelichting"),
        (PUBLIC.replace("Automatisch", "Snel"), "Zeg ook dat een computer dit schrijft"),
        ("{{ kenmerk }} {{ wachtwoord }}", "Kijk naar de accolades"),
        ("{{ kenmerk }} {% if", "Kijk naar de accolades"),
        ("{{ kenmerk }} {{ ''.__class__.__mro__ }}", "kan niet worden ingevuld"),
        ("{{ kenmerk }} {{ 1 // 0 }}", "kan niet worden ingevuld"),
        ("{{ kenmerk }}" + "a" * 400, "Vul iets in, hoogstens"),
        ("", "Vul iets in, hoogstens"),
    ],
)
async def test_a_public_text_that_could_break_a_promise_is_refused(desk: DeskAtWork, value: str, sentence: str) -> None:
    before = tables(desk).texts["nl"].news[(News.ONTVANGST, "openbaar")]
    assert sentence in await change(desk, TEXT, openbaar=value)
    assert tables(desk).texts["nl"].news[(News.ONTVANGST, "openbaar")] is before


async def test_the_advice_in_danger_cannot_be_taken_out(desk: DeskAtWork) -> None:
    page = await change(
        desk, "bericht.nl.noodgeval", openbaar="Wij kijken morgen. Dit is een automatisch antwoord. {{ kenmerk }}"
    )
    assert "Deze feiten ontbreken: gevaar" in page


@pytest.mark.parametrize("subject", ["onderwerp.bestaat_niet", "bericht.fr.ontvangst", "bericht.nl.niets", "x", "onderwerp"])
async def test_what_is_not_in_the_tables_is_not_found(desk: DeskAtWork, subject: str) -> None:
    assert (await desk.get(f"/beheer/tabellen/{subject}")).status_code == 404


async def test_another_process_works_with_the_change_after_its_next_tick(desk: DeskAtWork, database: Database) -> None:
    other = EditedTables(database, load_municipality(), load_texts())
    before = norm(other)
    await change(desk, TOPIC, norm="9")
    assert norm(other) == before
    other.refresh()
    assert norm(other) == 9
    await take_back(desk, 1)
    other.refresh()
    assert norm(other) == before


async def test_a_change_that_fits_no_more_leaves_the_file_in_force(desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        for subject, field, value in ((TOPIC, "norm", "veel"), ("onderwerp.weg", "norm", "3"), (TEXT, "openbaar", "{{ weg }}")):
            row = {"subject": subject, "field": field, "value": value, "by": "samira", "at": desk.office.clock()}
            connection.execute(sa.insert(edits).values(row))
    before = norm(tables(desk))
    tables(desk).refresh()
    assert norm(tables(desk)) == before
    assert (await desk.get(f"/beheer/tabellen/{TOPIC}")).status_code == 200


async def test_every_text_of_the_file_may_be_written_again(desk: DeskAtWork) -> None:
    """The rules for a change hold for what is shipped: nobody opens a page that refuses what it shows."""
    found = tables(desk)
    for subject in found.subjects():
        for field in subject.fields:
            found.check(subject.code, field.name, field.value)
