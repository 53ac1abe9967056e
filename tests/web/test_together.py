"""Working together on a melding, from the page to what melders and colleagues see of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.cooperation import mentioned_in
from bot.plain_language import blocks, concerns
from routing.decision import Located
from routing.melding import Event, Status
from routing.messages import Person, Visibility
from storage.database import Database
from storage.queues import Queue
from storage.watching import is_following
from tests.builders import ScriptedRouter, a_decision, a_message
from tests.web.desk import DeskAtWork, a_desk, a_desk_for, readable

HERE = Located(street="Voorstraat", wijk="Binnenstad", lat=52.0907, lon=5.1214)


async def a_desk_with_two(database: Database) -> DeskAtWork:
    """The same lamp, told by two people on two channels."""
    ada = a_message("lamp stuk", sender=Person(external_id="ada", display_name="Ada"), thread="a")
    bo = a_message("lamp kapot", channel="messenger", sender=Person(external_id="bo", display_name="Bo"), thread="b")
    return await a_desk_for(database, ada, bo, located=HERE)


async def test_a_note_is_for_colleagues_and_who_is_named_follows(open_desk: DeskAtWork) -> None:
    before = len(open_desk.office.replies())
    page = await open_desk.follow(await open_desk.post("/meldingen/1/notities", notitie="@samira kijk jij? En @niemand?"))
    assert "samira volgt de melding nu" in readable(page)
    assert "@samira kijk jij?" in readable(page)
    assert len(open_desk.office.replies()) == before
    assert "WB-2026-00001" in (await open_desk.get(f"/?queue={Queue.FOLLOWED}")).text


async def test_who_is_named_sees_it_in_the_list_until_they_look(open_desk: DeskAtWork) -> None:
    open_desk.add_colleague("bram", "Bram")
    await open_desk.post("/meldingen/1/notities", notitie="@bram kijk jij?")
    followed = f"/?queue={Queue.FOLLOWED}"
    assert "U bent genoemd" not in (await open_desk.get("/")).text  # only Bram is
    await open_desk.post("/uitloggen")
    await open_desk.log_in(username="bram")
    listed = readable(await open_desk.get(followed))
    assert "(1 keer genoemd)" in listed
    assert "U bent genoemd" in listed
    assert "U bent hier genoemd" in readable(await open_desk.get("/meldingen/1"))
    assert "genoemd" not in readable(await open_desk.get(followed))
    assert "WB-2026-00001" in (await open_desk.get(followed)).text  # they follow it still
    assert "hier genoemd" not in readable(await open_desk.get("/meldingen/1"))


@pytest.mark.parametrize(
    ("text", "names"),
    [("@ada en @bo.jansen.", ("ada", "bo.jansen")), ("mail a@b.nl", ()), ("@", ()), ("@@x", ()), ("(@x) @x", ("x",))],
)
def test_only_names_with_an_at_are_mentions(text: str, names: tuple[str, ...]) -> None:
    assert mentioned_in(text) == names


async def test_following_is_switched_on_and_off(open_desk: DeskAtWork) -> None:
    for word, follows in (("ja", True), ("ja", True), ("nee", False)):
        await open_desk.follow(await open_desk.post("/meldingen/1/volgen", volgen=word))
        with open_desk.office.database.reading() as connection:
            assert is_following(connection, "samira", 1) == follows


async def test_the_melding_closes_only_when_every_task_is_finished(open_desk: DeskAtWork) -> None:
    await open_desk.follow(await open_desk.post("/meldingen/1/taken", vakafdeling="vth", wat="Kijk naar het terras", dag=""))
    refused = await open_desk.post("/meldingen/1/afhandelen", einde="opgelost", versie="3")
    assert refused.status_code == 409
    assert "Er loopt nog een taak bij: Vergunningen, Toezicht en Handhaving" in readable(refused)
    await open_desk.follow(await open_desk.post("/taken/1", staat="klaar", reden="gedaan"))
    assert open_desk.melding().involved == ("vth",)
    await open_desk.do(open_desk.melding(), "afhandelen", einde="opgelost")
    assert open_desk.melding().status is Status.AFGEHANDELD
    assert open_desk.office.events(1)[-3:] == ["taak_gegeven", "taak_bijgewerkt", "afgehandeld"]


async def test_a_task_that_is_not_theirs_needs_a_reason_and_a_finished_one_stays_so(open_desk: DeskAtWork) -> None:
    await open_desk.follow(await open_desk.post("/meldingen/1/taken", vakafdeling="vth", wat="Kijk", dag="2026-11-30"))
    assert (await open_desk.post("/taken/1", staat="niet_van_ons", reden="")).status_code == 409
    page = await open_desk.follow(await open_desk.post("/taken/1", staat="niet_van_ons", reden="hoort bij REMO"))
    assert "hoort bij REMO" in readable(page)
    assert (await open_desk.post("/taken/1", staat="bezig")).status_code == 409
    assert (await open_desk.post("/taken/99", staat="klaar")).status_code == 404


async def test_a_vakafdeling_gives_back_with_the_reason_and_triage_sees_it(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "bevestigen")
    told = len(open_desk.office.replies())
    assert (await open_desk.post("/meldingen/1/teruggeven", reden="", versie="3")).status_code == 409
    page = await open_desk.do(open_desk.melding(), "teruggeven", reden="Dit is van ProRail")
    assert open_desk.melding().status is Status.TE_BEOORDELEN
    assert "Dit is van ProRail" in readable(page)
    assert "Teruggegeven door Stadswerken" in readable(await open_desk.get("/"))
    assert len(open_desk.office.replies()) == told
    await open_desk.do(open_desk.melding(), "corrigeren", vakafdeling="vth")
    assert open_desk.melding().returned_by is None


async def test_merging_keeps_every_melder_on_their_own_channel(database: Database) -> None:
    desk = await a_desk_with_two(database)
    page = await desk.get("/meldingen/2")
    assert "0 meter" in readable(page)
    await desk.do(desk.office.meldingen()[1], "samenvoegen", met="WB-2026-00001")
    assert desk.office.meldingen()[1].status is Status.DUBBEL
    page = await desk.get("/meldingen/1")
    assert "lamp kapot" in readable(page)
    await desk.do(desk.office.meldingen()[0], "bevestigen")
    news = [(reply.channel, reply.recipient) for reply in desk.office.replies() if reply.news == "doorgezet"]
    assert news == [("telegram", "ada"), ("messenger", "bo")]


async def test_who_writes_again_after_merging_is_no_new_melder(database: Database) -> None:
    desk = await a_desk_with_two(database)
    await desk.do(desk.office.meldingen()[1], "samenvoegen", met="WB-2026-00001")
    again = a_message("hoe staat het ermee, WB-2026-00002?", channel="messenger", sender=Person(external_id="bo"), thread="b")
    desk.office.receive(again)
    assert not desk.office.has_event(1, Event.MEDEMELDER)
    await desk.do(desk.office.meldingen()[0], "bevestigen")
    assert len([reply for reply in desk.office.replies() if reply.news == "doorgezet"]) == 2


async def test_what_was_merged_is_taken_apart_again(database: Database) -> None:
    desk = await a_desk_with_two(database)
    await desk.do(desk.office.meldingen()[1], "samenvoegen", met="1")
    await desk.do(desk.office.meldingen()[1], "losmaken")
    second = desk.office.meldingen()[1]
    assert (second.status, second.merged_into_id) == (Status.TE_BEOORDELEN, None)
    await desk.do(desk.office.meldingen()[0], "bevestigen")
    assert [reply.recipient for reply in desk.office.replies() if reply.news == "doorgezet"] == ["ada"]


@pytest.mark.parametrize(("number", "into"), [(1, "WB-2026-00001"), (1, ""), (1, "99")])
async def test_merging_with_nothing_or_itself_is_refused_in_words(database: Database, number: int, into: str) -> None:
    desk = await a_desk_with_two(database)
    await desk.get(f"/meldingen/{number}")
    response = await desk.post(f"/meldingen/{number}/samenvoegen", met=into)
    assert response.status_code in {400, 404, 409}
    assert desk.office.meldingen()[0].status is Status.TE_BEOORDELEN


async def test_a_chain_of_merges_is_refused(database: Database) -> None:
    desk = await a_desk_with_two(database)
    desk.office.receive(a_message("nog een lamp", sender=Person(external_id="cem"), thread="c"))
    await desk.do(desk.office.meldingen()[1], "samenvoegen", met="1")
    await desk.get("/meldingen/1")
    response = await desk.post("/meldingen/1/samenvoegen", met="3")
    assert response.status_code == 409
    assert "zijn al andere samengevoegd" in readable(response)


async def test_splitting_makes_a_melding_of_its_own_whose_writer_hears_the_number(database: Database) -> None:
    desk = await a_desk_for(database, a_message("de lamp is stuk"), a_message("en de stoep ligt los, aanvulling"))
    assert len(desk.office.meldingen()) in {1, 2}
    if len(desk.office.meldingen()) == 2:
        pytest.fail("the second message should have joined the first")
    await desk.get("/meldingen/1")
    page = await desk.follow(await desk.post("/meldingen/1/splitsen", bericht="2"))
    old, new = desk.office.meldingen()
    assert new.status is Status.TE_BEOORDELEN
    assert "Dit is nu een eigen melding: WB-2026-00002" in readable(page)
    assert desk.office.has_event(old.id, Event.AFGESPLITST)
    assert [reply.recipient for reply in desk.office.replies() if reply.melding_id == new.id] == ["ada"]
    assert (await desk.post("/meldingen/1/splitsen", bericht="2")).status_code == 404


async def test_the_second_matter_of_a_message_is_proposed_and_split_off_once(database: Database) -> None:
    text = "de lamp in de Voorstraat is stuk. Iets anders: mijn paspoort is kwijt, bel 06-12345678"
    passport = a_decision(lead="publieksdienstverlening", topic="paspoort_id")
    desk = a_desk(database, ScriptedRouter(lamp=a_decision(), paspoort=passport))
    desk.office.receive(a_message(text))
    await desk.log_in()
    page = readable(await desk.get("/meldingen/1"))
    assert "gaat misschien over twee kwesties" in page
    assert "Publieksdienstverlening" in page
    assert "06-12345678" not in page

    page = readable(await desk.follow(await desk.post("/meldingen/1/splitsen", bericht="1", deel="tweede")))
    old, new = desk.office.meldingen()
    assert (new.status, new.lead, new.street) == (Status.TE_BEOORDELEN, "publieksdienstverlening", None)
    assert new.summary.startswith("Iets anders: mijn paspoort")
    assert old.summary == text
    assert [reply.melding_id for reply in desk.office.replies()][-1] == new.id
    assert "gaat misschien over twee" not in readable(await desk.get("/meldingen/1"))
    assert (await desk.post("/meldingen/1/splitsen", bericht="1", deel="tweede")).status_code == 404


@pytest.mark.parametrize("address", ["/meldingen/99/notities", "/meldingen/99/volgen"])
async def test_what_concerns_no_melding_is_not_found(database: Database, address: str) -> None:
    desk = await a_desk_with_two(database)
    await desk.get("/meldingen/1")
    assert (await desk.post(address, notitie="kijk eens", volgen="ja")).status_code == 404


async def test_linked_meldingen_name_each_other(database: Database) -> None:
    desk = await a_desk_with_two(database)
    await desk.get("/meldingen/1")
    await desk.follow(await desk.post("/meldingen/2/koppelingen/1"))
    for number, other in ((1, "WB-2026-00002"), (2, "WB-2026-00001")):
        assert "Ontkoppel" in (await desk.get(f"/meldingen/{number}")).text
        assert other in desk.page
    await desk.follow(await desk.post("/meldingen/1/koppelingen/2/verwijderen"))
    assert "Ontkoppel" not in (await desk.get("/meldingen/2")).text


async def test_what_is_put_off_leaves_the_queue_and_comes_back(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "uitstellen", dag="2026-11-26")
    assert "Alles is beoordeeld" in (await open_desk.get("/")).text
    assert "Uitgesteld tot" in readable(await open_desk.get("/meldingen/1"))
    open_desk.office.clock.advance(days=3)
    await open_desk.log_in()
    assert "WB-2026-00001" in (await open_desk.get("/")).text


async def test_a_message_in_own_words_shows_way_length_and_warnings_and_is_sent_exactly_so(open_desk: DeskAtWork) -> None:
    text = "Betreffende uw melding: bel mij op 06-12345678."
    page = await open_desk.post("/meldingen/1/bericht/bekijken", tekst=text)
    seen = readable(page)
    assert "Schrijf liever 'over'" in seen
    assert "In de tekst staat een telefoonnummer" in seen
    assert "Privé," in seen
    open_desk.page = page.text
    await open_desk.follow(await open_desk.post("/meldingen/1/bericht", tekst=text))
    assert " ".join(open_desk.reply().text.split()) in seen
    assert open_desk.melding().status is Status.TE_BEOORDELEN


async def test_a_second_public_reply_is_prepared_for_a_colleague(database: Database) -> None:
    public = a_message("lamp stuk", channel="x", visibility=Visibility.PUBLIC)
    desk = await a_desk_for(database, public)
    page = readable(await desk.get("/meldingen/1"))
    assert "X: openbaar" in page
    assert "met de hand" in page


async def test_a_building_block_is_put_into_the_message_without_scripts(open_desk: DeskAtWork) -> None:
    block = blocks()[0]
    page = await open_desk.post("/meldingen/1/bericht/bouwsteen", bouwsteen=block.code, tekst="Dag,")
    assert f"Dag, {block.text}</textarea>" in page.text


def test_the_texts_that_are_shipped_raise_no_concern() -> None:
    assert [concern for block in blocks() for concern in concerns(block.text, is_public=True)] == []


async def test_who_does_what_names_duties_limits_and_contacts(desk: DeskAtWork) -> None:
    text = readable(await desk.get("/wie-doet-wat"))
    for part in ("Stadswerken", "Volle container", "3 werkdagen", "Hoort niet hier", "Vergunningen, Toezicht en Handhaving"):
        assert part in text


async def test_similar_ones_far_away_or_long_ago_are_not_shown(database: Database) -> None:
    desk = await a_desk_with_two(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE meldingen SET lat = 52.2 WHERE id = 1")
    assert "Lijkt op deze" not in (await desk.get("/meldingen/2")).text
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE meldingen SET lat = NULL WHERE id = 1")
    assert "zelfde straat" in (await desk.get("/meldingen/2")).text
    desk.office.clock.advance(days=40)
    desk.office.receive(a_message("weer een lamp", sender=Person(external_id="cem"), thread="c"))
    assert desk.office.clock() - desk.office.meldingen()[0].created_at > timedelta(days=30)
    await desk.log_in()
    assert "Lijkt op deze" not in (await desk.get("/meldingen/3")).text
