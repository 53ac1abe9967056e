"""Somebody asks what we hold, or wants it gone: all of theirs, over every channel, and nothing of a neighbour."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from bot.persons import PersonKeeper
from routing.errors import ConfigError, InvalidTransitionError, NotFoundError
from routing.melding import Event
from routing.messages import Attachment, AttachmentKind, InboundMessage, Person, Visibility
from storage.database import Database
from storage.journal import is_journal_whole, newest_lines
from tests.bot.office import Office, an_office
from tests.builders import a_message

ADDRESS = "ada@bewoner.example"
BO = Person(external_id="bo-7", display_name="Bo Buurman")
PHOTO = Attachment(kind=AttachmentKind.PHOTO, reference="https://platform.example/foto", size=12)
PUBLIC = {"channel": "x", "visibility": Visibility.PUBLIC, "thread": "root"}
ADA_ON_X = Person(external_id="ada-x", display_name="Ada")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database, sends_mail=True)


@pytest.fixture
def keeper(office: Office) -> PersonKeeper:
    return PersonKeeper(database=office.database, now=office.clock)


def everything(office: Office) -> str:
    with office.database.reading() as connection:
        tables = sa.inspect(connection).get_table_names()
        return repr([row for table in tables for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()])


def send_everything(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE replies SET state = 'verzonden', sent_at = created_at WHERE state <> 'vervallen'"))


def solve(office: Office) -> None:
    for melding in office.meldingen():
        if not melding.is_closed:
            office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    send_everything(office)


def leave_address(office: Office, *, is_proven: bool) -> None:
    office.receive(a_message(ADDRESS))
    if is_proven:
        with office.database.work() as work:
            mail = next(melder for melder in work.meldingen.melders_of(1) if melder.channel == "web_form")
            work.inbox.record_proof(mail.person_id, office.clock())
            work.mail_ways.prefer(mail.person_id)
            work.commit()


def a_form(text: str) -> InboundMessage:
    """As the web form takes it in: anybody can have typed the address."""
    sender = Person(external_id=f"{ADDRESS}#formulier", is_proven=False)
    return a_message(text, channel="web_form", thread="formulier", sender=sender)


def a_shared_melding(office: Office) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk", sender=ADA_ON_X, **PUBLIC))
    office.receive(a_message("hier bij Zwaantje ook last van", sender=BO, **PUBLIC))
    with office.database.work() as work:
        work.notes.add(1, "samira", "Bo Buurman belde", office.clock())
        work.commit()


def test_an_export_holds_what_they_wrote_heard_and_left_over_every_channel(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk", attachments=(PHOTO,)))
    leave_address(office, is_proven=True)
    by_telegram = keeper.export("telegram:ada", actor="arie")
    assert keeper.export(f"web_form:{ADDRESS}", actor="arie") == by_telegram
    assert keeper.export("WB-2026-00001", actor="arie") == by_telegram
    assert [person["nummer"] for person in by_telegram["personen"]] == ["ada", f"{ADDRESS}#p1"]
    assert [message["tekst"] for message in by_telegram["berichten"]] == ["de lamp bij Ottoline is stuk", ADDRESS]
    assert by_telegram["berichten"][0]["bijlagen"][0]["soort"] == "foto"
    [melding] = by_telegram["meldingen"]
    assert (melding["kenmerk"], melding["straat"], melding["ook_van_anderen"]) == ("WB-2026-00001", "Voorstraat", False)
    assert melding["gebeurd"][0]["wat"] == Event.ONTVANGEN
    assert len(by_telegram["antwoorden"]) == len(office.replies())
    assert json.loads(json.dumps(by_telegram)) == by_telegram
    with office.database.reading() as connection:
        line = newest_lines(connection, limit=1)[0]
    assert (line.actor, line.action) == ("arie", "gegevens van een persoon uitgevoerd")
    assert line.object.startswith("persoon 1, ")


def test_an_export_holds_nothing_of_a_neighbour(office: Office, keeper: PersonKeeper) -> None:
    a_shared_melding(office)
    office.receive(a_message("nog steeds stuk\n\n(aangehaald bericht:) Bo Buurman zegt ook", sender=ADA_ON_X, **PUBLIC))
    exported = repr(keeper.export("x:ada-x", actor="arie"))
    assert "Ottoline" in exported
    assert "nog steeds stuk" in exported
    for word in ("Zwaantje", "bo-7", "Buurman"):
        assert word not in exported, word
    assert "Ottoline" not in repr(keeper.export("x:bo-7", actor="arie"))


def test_who_types_an_address_is_not_taken_for_whose_it_is(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk"))
    leave_address(office, is_proven=True)
    office.receive(a_form("de bank bij Zwaantje is stuk"))
    assert "Zwaantje" not in repr(keeper.export("telegram:ada", actor="arie"))
    assert "Zwaantje" not in repr(keeper.export(f"web_form:{ADDRESS}", actor="arie"))
    mere = repr(keeper.export(f"web_form:{ADDRESS}#formulier", actor="arie"))
    assert "Zwaantje" in mere
    assert "Ottoline" not in mere


def test_an_address_that_nobody_confirmed_is_asked_about(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_form("de bank is stuk"))
    with pytest.raises(ConfigError, match=f"nooit bevestigd.*web_form:{ADDRESS}#formulier"):
        keeper.export(f"web_form:{ADDRESS}", actor="arie")


@pytest.mark.parametrize(
    ("who", "problem"),
    [("onzin", "schrijf kanaal:nummer"), ("telegram:niemand", "niets bewaard"), ("WB-2026-00099", "niets bewaard")],
)
def test_who_cannot_be_found_is_said(keeper: PersonKeeper, who: str, problem: str) -> None:
    with pytest.raises((ConfigError, NotFoundError), match=problem):
        keeper.erase(who, actor="arie")


def test_a_melding_of_two_asks_which_of_them(office: Office, keeper: PersonKeeper) -> None:
    a_shared_melding(office)
    with pytest.raises(ConfigError, match="kies er een: x:ada-x, x:bo-7"):
        keeper.export("WB-2026-00001", actor="arie")


def test_nothing_is_erased_while_something_is_open_waits_or_is_held(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk"))
    before = everything(office)
    with pytest.raises(
        InvalidTransitionError, match="WB-2026-00001 is nog open: rond die eerst af; antwoord WB-2026-00001/1 is nog"
    ):
        keeper.erase("telegram:ada", actor="arie")
    assert everything(office) == before
    solve(office)
    with office.database.work() as work:
        work.retention.hold(1, is_held=True, actor="arie", why="Woo", now=office.clock())
        work.commit()
    with pytest.raises(InvalidTransitionError, match="retention release WB-2026-00001"):
        keeper.erase("telegram:ada", actor="arie")
    assert keeper.overview("telegram:ada", actor="arie").obstacles
    assert "Ottoline" in everything(office)


def test_what_waits_to_be_handled_keeps_it_from_going(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk"))
    solve(office)
    with office.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE messages SET state = 'onleesbaar'"))
    with pytest.raises(InvalidTransitionError, match="Niet leesbaar"):
        keeper.erase("telegram:ada", actor="arie")


def test_of_a_melding_of_their_own_the_case_stays_and_the_person_goes(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk", attachments=(PHOTO,), raw='{"naam": "Ada"}'))
    leave_address(office, is_proven=True)
    with office.database.work() as work:
        work.notes.add(1, "samira", "Ottoline belde zelf", office.clock())
        work.commit()
    solve(office)
    assert keeper.overview("telegram:ada", actor="arie").obstacles == ()
    erased = keeper.erase("telegram:ada", actor="arie")
    assert (erased.messages, erased.meldingen, erased.shared) == (2, ("WB-2026-00001",), ())
    left = everything(office)
    for word in ("Ottoline", ADDRESS, "'ada'", "Ada", "platform.example"):
        assert word not in left, word
    [melding] = office.meldingen()
    assert (melding.topic, melding.street) == ("straatverlichting", "Voorstraat")
    with office.database.work() as work:
        assert work.meldingen.verify_chain(1)
    with office.database.reading() as connection:
        line = newest_lines(connection, limit=1)[0]
        assert is_journal_whole(connection)
    assert (line.action, line.detail) == ("gegevens van een persoon gewist", "2 berichten, meldingen: WB-2026-00001")


def test_a_second_time_finds_nobody_and_changes_nothing(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp bij Ottoline is stuk"))
    solve(office)
    keeper.erase("telegram:ada", actor="arie")
    before = everything(office)
    for who in ("telegram:ada", "WB-2026-00001"):
        with pytest.raises(NotFoundError, match="niets bewaard"):
            keeper.erase(who, actor="arie")
    assert everything(office) == before


def test_of_a_shared_melding_only_their_part_goes(office: Office, keeper: PersonKeeper) -> None:
    a_shared_melding(office)
    solve(office)
    erased = keeper.erase("x:ada-x", actor="arie")
    assert erased.shared == ("WB-2026-00001",)
    left = everything(office)
    for word in ("Ottoline", "ada-x", "'Ada'"):
        assert word not in left, word
    for word in ("Zwaantje", "bo-7", "Bo Buurman", "Bo Buurman belde"):
        assert word in left, word
    with office.database.work() as work:
        assert work.meldingen.verify_chain(1)
        assert [melder.recipient for melder in work.meldingen.melders_of(1)] == ["bo-7"]
    assert keeper.export("x:bo-7", actor="arie")["meldingen"][0]["kenmerk"] == "WB-2026-00001"


def test_a_colleague_is_removed_as_one_first(office: Office, keeper: PersonKeeper) -> None:
    office.receive(a_message("de lamp is stuk"))
    solve(office)
    with office.database.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO colleagues (name, code_digest, invited_by, invited_at, person_id) "
                "SELECT 'Karim', 'x', 'samira', first_seen_at, id FROM people"
            )
        )
    with pytest.raises(InvalidTransitionError, match="colleague remove"):
        keeper.erase("telegram:ada", actor="arie")
