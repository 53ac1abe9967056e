"""What was kept long enough is emptied: who wrote, what they wrote, what we answered. The case, the log and the figures stay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.config import RetentionTable
from bot.retention import RetentionKeeper
from routing.errors import NotFoundError
from routing.melding import Event
from routing.messages import Attachment, AttachmentKind, InboundMessage
from storage.database import Database
from storage.journal import newest_lines
from storage.meldingen import Melding
from storage.retention import EMPTIED
from storage.search import search
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message

PERIODS = RetentionTable().as_periods()
LATER = {"days": PERIODS.content.days + 1}
_ADDRESS = (
    "INSERT INTO people (channel, external_id, display_name, first_seen_at, is_bot, wish, speaks_for_id) "
    "SELECT 'mail', 'ada@bewoner.example', '', first_seen_at, is_bot, wish, id FROM people"
)
PHOTO = Attachment(kind=AttachmentKind.PHOTO, reference="https://platform.example/foto", size=1)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database, ScriptedRouter(a_decision(), hoi=a_decision(lead="geen_actie", topic="praatje")))


@pytest.fixture
def keeper(office: Office) -> RetentionKeeper:
    return RetentionKeeper(database=office.database, periods=PERIODS, now=office.clock)


def everything(database: Database) -> str:
    """Every word in every table."""
    with database.reading() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()]
    return repr(rows)


def solved(office: Office, *messages: InboundMessage, told: str = "") -> Melding:
    office.receive(*messages)
    melding = office.meldingen()[-1]
    melding = office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    melding = office.handling.carry_out(melding, office.handling.solve(melding, explanation=told), account="samira")
    send_everything(office)
    return melding


def send_everything(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE replies SET state = 'verzonden', sent_at = created_at"))


def a_letter(text: str = "lamp stuk bij Ottoline, bel 06-12345678", **changes: object) -> InboundMessage:
    return a_message(text, **{"raw": '{"naam": "Ada"}', "attachments": (PHOTO,), **changes})


def test_the_payload_goes_first_and_only_of_what_was_handled(office: Office, keeper: RetentionKeeper) -> None:
    solved(office, a_letter())
    office.clock.advance(days=PERIODS.raw.days - 1)
    assert keeper.run() == 0
    office.clock.advance(days=2)
    assert keeper.run() == 1
    assert '"naam"' not in everything(office.database)
    assert "Ottoline" in everything(office.database)
    assert keeper.run() == 0


def test_of_a_closed_melding_the_case_stays_and_the_person_goes(office: Office, keeper: RetentionKeeper) -> None:
    letter = a_letter()
    melding = solved(office, letter, told="Ada Ottoline, uw lamp is gemaakt")
    with office.database.work() as work:
        work.notes.add(melding.id, "samira", "Ada Ottoline belde zelf", office.clock())
        work.commit()
    with office.database.engine.begin() as connection:  # as somebody who left an e-mail address and never proved it
        connection.execute(sa.text(_ADDRESS))
    office.clock.advance(**LATER)
    while keeper.run():
        pass
    left = everything(office.database)
    for word in ("ada@bewoner.example", "Ottoline", "06-12345678", "Ada", "'ada'", "platform.example", "'chat'"):
        assert word not in left, word
    [after] = office.meldingen()
    assert (after.summary, after.topic, after.lead, after.status) == (EMPTIED, melding.topic, melding.lead, melding.status)
    assert after.created_at == melding.created_at
    assert office.has_event(melding.id, Event.OPGERUIMD)
    with office.database.work() as work:
        assert work.meldingen.verify_chain(melding.id)
        assert [one.sha256 for one in work.attachments.orphans()] == []
    with office.database.reading() as connection:
        assert search(connection, "Ottoline", limit=5, sees_contacts=True).meldingen == ()
        assert "1 meldingen" in newest_lines(connection, limit=1)[0].detail
    assert keeper.run() == 0
    office.receive(letter)  # a platform that hands over an old message again brings nothing back
    assert len(office.meldingen()) == 1
    assert "Ottoline" not in everything(office.database)


def test_who_has_something_else_with_us_stays_known(office: Office, keeper: RetentionKeeper) -> None:
    solved(office, a_letter())
    office.clock.advance(**LATER)
    office.receive(a_letter("de boom bij de buren valt om"))
    send_everything(office)
    with office.database.engine.begin() as connection:
        connection.execute(sa.text(_ADDRESS))
    while keeper.run():
        pass
    left = everything(office.database)
    assert "Ottoline" not in left
    assert "Ada" in left
    assert "ada@bewoner.example" in left
    assert "de boom bij de buren" in left


def test_an_open_melding_is_never_emptied(office: Office, keeper: RetentionKeeper) -> None:
    office.receive(a_letter(raw="{}"))
    send_everything(office)
    office.clock.advance(days=4000)
    assert keeper.run() == 0
    assert "Ottoline" in everything(office.database)


def test_a_greeting_and_what_asked_for_nothing_go_sooner(office: Office, keeper: RetentionKeeper) -> None:
    office.receive(a_message("hoi allemaal, mooi weer Ottoline"))
    send_everything(office)
    office.clock.advance(days=PERIODS.chatter.days + 1)
    for melding in office.meldingen():
        if not melding.is_closed:
            office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    send_everything(office)
    office.clock.advance(days=PERIODS.chatter.days + 1)
    assert keeper.run() > 0
    assert "Ottoline" not in everything(office.database)


def test_what_is_merged_waits_for_the_melding_it_is_part_of(office: Office, keeper: RetentionKeeper) -> None:
    office.receive(a_letter("de boom bij Ottoline valt om", sender=None))
    root = office.meldingen()[-1]
    office.receive(a_letter("lamp stuk bij Zwaantje"))
    part = office.meldingen()[-1]
    office.handling.carry_out(part, office.handling.merge(part, into=root), account="samira")
    send_everything(office)
    office.clock.advance(**LATER)
    keeper.run()
    assert "Zwaantje" in everything(office.database)
    root = next(melding for melding in office.meldingen() if melding.id == root.id)
    root = office.handling.carry_out(root, office.handling.confirm(root), account="samira")
    office.handling.carry_out(root, office.handling.solve(root), account="samira")
    send_everything(office)
    office.clock.advance(**LATER)
    while keeper.run():
        pass
    assert "Zwaantje" not in everything(office.database)


def test_what_staff_still_have_to_send_is_kept_and_said(office: Office, keeper: RetentionKeeper) -> None:
    solved(office, a_letter())
    with office.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE replies SET state = 'onzeker'"))
    office.clock.advance(**LATER)
    keeper.run()
    assert "Ottoline" in everything(office.database)
    assert keeper.overview().waiting == 1


def test_the_archivist_holds_a_melding_and_lets_it_go(office: Office, keeper: RetentionKeeper) -> None:
    melding = solved(office, a_letter())
    assert keeper.hold(melding.id, is_held=True, actor="arie", why="Woo-verzoek 12")
    assert not keeper.hold(melding.id, is_held=True, actor="arie", why="Woo-verzoek 12")
    office.clock.advance(**LATER)
    keeper.run()
    assert "Ottoline" in everything(office.database)
    assert keeper.overview().held == 1
    assert keeper.hold(melding.id, is_held=False, actor="arie", why="beantwoord")
    office.clock.advance(**LATER)
    while keeper.run():
        pass
    assert "Ottoline" not in everything(office.database)
    with pytest.raises(NotFoundError):
        keeper.hold(999, is_held=True, actor="arie", why="?")


def test_what_comes_after_it_was_emptied_is_told_to_nobody_forgotten_and_emptied_in_its_turn(
    office: Office, keeper: RetentionKeeper
) -> None:
    melding = solved(office, a_letter())
    office.clock.advance(**LATER)
    keeper.run()
    before = len(office.replies())
    melding = office.handling.get(melding.id)
    melding = office.handling.carry_out(melding, office.handling.reopen(melding), account="samira")
    assert len(office.replies()) == before
    with office.database.work() as work:
        work.notes.add(melding.id, "samira", "Ottoline belde alsnog", office.clock())
        work.commit()
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    office.clock.advance(**LATER)
    while keeper.run():
        pass
    assert "Ottoline" not in everything(office.database)


def test_a_step_at_the_same_moment_wins(office: Office, keeper: RetentionKeeper) -> None:
    melding = solved(office, a_letter())
    office.clock.advance(**LATER)
    with office.database.work() as work:
        [due] = work.retention.due(PERIODS, office.clock(), 10)
    office.handling.carry_out(melding, office.handling.reopen(melding), account="samira")
    with office.database.work() as work, pytest.raises(Exception, match="intussen"):
        work.retention.empty(due, office.clock())
    assert "Ottoline" in everything(office.database)


def test_no_more_than_asked_at_a_time(office: Office, keeper: RetentionKeeper) -> None:
    for number in range(5):
        solved(office, a_letter(f"lamp {number} stuk", sender=None, thread=f"t{number}"))
    office.clock.advance(**LATER)
    assert keeper.overview().meldingen == 5
    assert keeper.run(limit=2) == 2 + 2
    assert keeper.overview().meldingen == 3
