"""The counter: a colleague enters what a resident told, and it goes the way of every message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage import audit
from storage.database import Database
from storage.meldingen import Melder
from tests.web.desk import DeskAtWork, readable

ENTRY = {"weg": "telefoon", "tekst": "De lamp op de hoek is stuk", "plaats": "Springweg 34", "contact": "geen"}


@pytest.fixture
async def counter(desk: DeskAtWork) -> DeskAtWork:
    desk.app.state.desk = replace(desk.app.state.desk, channels=frozenset({"counter"}))
    await desk.get("/aan-de-balie")
    return desk


async def enter(desk: DeskAtWork, **fields: str) -> str:
    response = await desk.post("/aan-de-balie", **(ENTRY | {"formulier": desk.hidden("formulier")} | fields))
    return readable(await desk.follow(response))


def melders(desk: DeskAtWork, database: Database) -> tuple[Melder, ...]:
    with database.work() as work:
        return work.meldingen.melders_of(desk.melding().id)


async def test_an_entry_becomes_a_melding(counter: DeskAtWork, database: Database) -> None:
    assert "is opgenomen" in await enter(counter)
    counter.office.triage.run()
    assert counter.melding().summary == "De lamp op de hoek is stuk\nSpringweg 34"
    with database.reading() as connection:
        [message] = audit.all_messages(connection)
    assert (message.channel, message.state) == ("counter", "verwerkt")


async def test_who_wants_no_news_is_no_melder(counter: DeskAtWork, database: Database) -> None:
    await enter(counter)
    counter.office.triage.run()
    assert melders(counter, database) == ()
    assert counter.office.replies() == []


async def test_who_left_an_address_gets_the_receipt_there(counter: DeskAtWork, database: Database) -> None:
    await enter(counter, contact="email", adres="Noor@Bewoner.example", naam="Mevrouw De Wit")
    counter.office.triage.run()
    reply = counter.reply()
    assert (reply.channel, reply.recipient, reply.state.value) == ("counter", "Noor@bewoner.example", "klaar")
    assert [melder.channel for melder in melders(counter, database)] == ["counter"]


async def test_a_form_that_is_sent_twice_is_one_message(counter: DeskAtWork, database: Database) -> None:
    fields = {"formulier": counter.hidden("formulier")}
    assert "is opgenomen" in await enter(counter, **fields)
    assert "al opgenomen" in await enter(counter, **fields)
    with database.reading() as connection:
        assert len(audit.all_messages(connection)) == 1


async def test_every_mistake_is_told_at_once_beside_its_field_and_nothing_is_lost(
    counter: DeskAtWork, database: Database
) -> None:
    fields = {"formulier": counter.hidden("formulier"), "weg": "duif", "tekst": " ", "plaats": "x" * 101}
    response = await counter.post("/aan-de-balie", **fields, contact="email", adres="geen adres", naam="Noor")
    assert response.status_code == 422
    for name in ("weg", "tekst", "plaats", "adres"):
        assert f'id="{name}-fout"' in response.text
    assert 'value="geen adres"' in response.text
    assert f'name="formulier" value="{fields["formulier"]}"' in response.text
    with database.reading() as connection:
        assert audit.all_messages(connection) == ()


async def test_without_a_mail_server_no_address_is_asked_or_taken(desk: DeskAtWork) -> None:
    page = await desk.get("/aan-de-balie")
    assert 'name="adres"' not in page.text
    response = await desk.post(
        "/aan-de-balie", **ENTRY | {"formulier": desk.hidden("formulier"), "contact": "email", "adres": "a@b.example"}
    )
    assert response.status_code == 422


@pytest.mark.parametrize("number", ["", "kort", "x" * 81, "../../etc/passwd-1234567890"])
async def test_a_form_without_its_number_is_refused(counter: DeskAtWork, number: str) -> None:
    response = await counter.post("/aan-de-balie", **(ENTRY | {"formulier": number}))
    assert response.status_code == 400
    assert "niet compleet" in readable(response)


async def test_what_was_typed_comes_back_as_text(counter: DeskAtWork) -> None:
    fields = ENTRY | {"formulier": counter.hidden("formulier"), "weg": "", "tekst": "<script>alert(1)</script>"}
    response = await counter.post("/aan-de-balie", **fields)
    assert "<script>alert(1)" not in response.text
    assert "&lt;script&gt;" in response.text
