"""What staff decide, and what the melders hear of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from routing.decision import Zone
from routing.errors import InvalidTransitionError, NotFoundError, StaleError
from routing.melding import Event, Status
from routing.messages import Person, Removal, Visibility
from routing.office_hours import AMSTERDAM
from storage.corrections import lessons
from storage.database import Database
from storage.outbox import ReplyState
from storage.tables import events as events_table
from tests.bot.office import Office, an_office
from tests.builders import MONDAY, ScriptedRouter, a_decision, a_message


@pytest.fixture
def office(database: Database) -> Office:
    """An office with one melding that waits for a colleague."""
    office = an_office(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST)))
    office.receive(a_message())
    return office


def test_confirming_sends_the_melding_on_and_tells_the_melder(office: Office) -> None:
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.confirm(melding), account="samira", version=melding.event_count)
    assert office.meldingen()[0].status is Status.DOORGEZET
    assert "Stadswerken gaat ermee aan de slag" in office.replies()[-1].text


def test_who_hears_that_it_is_passed_on_hears_what_is_usually_done(office: Office) -> None:
    melding = office.meldingen()[0]
    plain = office.handling.preview(melding, office.handling.confirm(melding), account="samira")[0].text
    assert "Wij laten de verlichting nakijken en repareren." in plain
    step = office.handling.assign(melding, lead=melding.lead, explanation="De aannemer komt dinsdag.")
    assert "Wij laten" not in office.handling.preview(melding, step, account="samira")[0].text
    other = office.handling.assign(melding, lead="vth")
    assert "Wij laten" not in office.handling.preview(melding, other, account="samira")[0].text


def test_confirming_what_is_not_ours_refers_to_the_partner(database: Database) -> None:
    decision = a_decision(lead="extern", topic="u_ov", partner="u_ov", zone=Zone.SUGGEST)
    office = an_office(database, ScriptedRouter(decision))
    office.receive(a_message("de bus reed door"))
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    assert "U-OV" in office.replies()[-1].text


def test_correcting_records_that_the_proposal_was_wrong(office: Office) -> None:
    melding = office.meldingen()[0]
    step = office.handling.assign(melding, lead="vth", topic="terras")
    after = office.handling.carry_out(melding, step, account="samira")
    assert (after.lead, after.topic, after.proposal["lead"]) == ("vth", "terras", "stadswerken")
    assert step.why == "voorstel gecorrigeerd"


def test_a_colleague_who_looked_at_an_old_version_is_told_to_look_again(office: Office) -> None:
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    stale = office.handling.get(melding.id)
    with pytest.raises(StaleError, match="Bekijk de melding opnieuw"):
        office.handling.carry_out(stale, office.handling.take_up(stale), account="bram", version=melding.event_count)


def test_the_preview_is_exactly_what_is_sent(office: Office) -> None:
    melding = office.meldingen()[0]
    step = office.handling.solve(melding, explanation="De lamp is vervangen.")
    (preview,) = office.handling.preview(melding, step, account="samira")
    office.handling.carry_out(melding, step, account="samira")
    assert office.replies()[-1].text == preview.text
    assert "De lamp is vervangen." in preview.text


def test_closing_without_a_solution_needs_a_coded_reason_and_tells_it(office: Office) -> None:
    melding = office.meldingen()[0]
    with pytest.raises(InvalidTransitionError, match="Kies waarom"):
        office.handling.close_unsolved(melding, reason="zomaar")
    office.handling.carry_out(melding, office.handling.close_unsolved(melding, reason="niets_aangetroffen"), account="samira")
    assert "wij zijn gaan kijken en vonden niets" in office.replies()[-1].text
    assert office.meldingen()[0].promised_at is None


def test_a_question_waits_for_the_melder_and_the_answer_resumes(office: Office) -> None:
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.ask(melding, question="Welk huisnummer?"), account="samira")
    assert office.meldingen()[0].status is Status.WACHT_OP_MELDER
    office.receive(a_message("nummer 12", sent_at=MONDAY + timedelta(hours=1)))
    assert office.meldingen()[0].status is Status.TE_BEOORDELEN


def test_planning_names_the_day_and_promises_news_after_it(office: Office) -> None:
    melding = office.meldingen()[0]
    melding = office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    planned = office.handling.plan(melding, planned_for=MONDAY + timedelta(days=3))
    after = office.handling.carry_out(melding, planned, account="samira")
    assert "donderdag 26 november" in office.replies()[-1].text
    assert after.promised_at is not None
    assert after.promised_at > MONDAY + timedelta(days=3)
    with pytest.raises(InvalidTransitionError, match="verleden"):
        office.handling.plan(after, planned_for=MONDAY - timedelta(days=1))


@pytest.mark.parametrize(("lead", "error"), [("bestaat_niet", NotFoundError), ("extern", InvalidTransitionError)])
def test_a_melding_is_only_assigned_to_a_vakafdeling(office: Office, lead: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        office.handling.assign(office.meldingen()[0], lead=lead)


def test_referring_needs_a_known_partner(office: Office) -> None:
    with pytest.raises(NotFoundError, match="staat niet in de lijst"):
        office.handling.refer(office.meldingen()[0], partner="buurman")


def test_reopening_is_only_for_what_is_closed(office: Office) -> None:
    melding = office.meldingen()[0]
    with pytest.raises(InvalidTransitionError):
        office.handling.carry_out(melding, office.handling.reopen(melding), account="samira")
    melding = office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    office.handling.carry_out(melding, office.handling.reopen(melding, why="toch niet"), account="samira")
    assert office.meldingen()[0].status is Status.HEROPEND


def test_what_no_machine_may_send_is_marked_posted_by_a_colleague(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST)))
    office.receive(a_message(channel="x", visibility=Visibility.PUBLIC))
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    by_hand = office.replies()[-1]
    assert by_hand.state is ReplyState.BY_HAND
    with pytest.raises(InvalidTransitionError, match="met de hand"):
        office.handling.send_again(by_hand.id, account="samira")
    office.handling.mark_posted(by_hand.id, account="samira")
    assert office.replies()[-1].state is ReplyState.SENT
    with pytest.raises(InvalidTransitionError, match="niets te beslissen"):
        office.handling.mark_posted(by_hand.id, account="samira")


def test_every_step_of_a_melding_stands_in_its_unbroken_log(office: Office, database: Database) -> None:
    melding = office.meldingen()[0]
    for step in (office.handling.confirm, office.handling.take_up, office.handling.solve):
        melding = office.handling.carry_out(melding, step(melding), account="samira")
    assert office.events(melding.id) == [
        Event.ONTVANGEN,
        Event.TER_BEOORDELING,
        Event.DOORGEZET,
        Event.IN_BEHANDELING_GENOMEN,
        Event.AFGEHANDELD,
    ]
    with database.work() as work:
        assert work.meldingen.verify_chain(melding.id)


def test_two_colleagues_never_merge_two_meldingen_into_each_other(office: Office) -> None:
    office.receive(a_message("de boom is om", sender=Person(external_id="bo"), thread="bo"))
    one, other = office.meldingen()
    into_other, into_one = office.handling.merge(one, into=other), office.handling.merge(other, into=one)
    office.handling.carry_out(one, into_other, account="samira", version=one.event_count)
    with pytest.raises(InvalidTransitionError, match="niet open"):
        office.handling.carry_out(other, into_one, account="bram", version=other.event_count)
    assert [melding.status for melding in office.meldingen()] == [Status.DUBBEL, Status.TE_BEOORDELEN]


def test_taking_back_that_two_were_parted_makes_no_chain_of_merges(office: Office) -> None:
    for name in ("bo", "cem"):
        office.receive(a_message("de boom is om", sender=Person(external_id=name), thread=name))
    one, two, three = office.meldingen()
    handling = office.handling
    one = handling.carry_out(one, handling.merge(one, into=two), account="samira")
    one = handling.carry_out(one, handling.unmerge(one), account="samira")
    handling.carry_out(two, handling.merge(two, into=three), account="samira")
    with pytest.raises(InvalidTransitionError, match="niet open"):
        handling.undo(one.id, one.event_count, account="samira")
    assert office.meldingen()[0].merged_into_id is None


def test_a_merged_melding_that_is_opened_again_stands_by_itself_and_back(office: Office) -> None:
    office.receive(a_message("de boom is om", sender=Person(external_id="bo"), thread="bo"))
    one, two = office.meldingen()
    handling = office.handling
    one = handling.carry_out(one, handling.merge(one, into=two), account="samira")
    one = handling.carry_out(one, handling.reopen(one), account="samira")
    assert (one.status, one.merged_into_id) == (Status.HEROPEND, None)
    one = handling.undo(one.id, one.event_count, account="samira")
    assert (one.status, one.merged_into_id) == (Status.DUBBEL, two.id)


def test_a_day_is_past_when_it_is_past_in_the_office(office: Office) -> None:
    office.clock.moment = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    with pytest.raises(InvalidTransitionError, match="verleden"):
        office.handling.plan(office.meldingen()[0], planned_for=datetime(2026, 11, 23, 12, tzinfo=AMSTERDAM))


def test_what_a_melder_takes_back_is_not_kept_as_a_lesson(database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST)))
    office.receive(message := a_message())
    (melding,) = office.meldingen()
    office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    with database.work() as work:
        work.inbox.take_pushed("telegram", [Removal(channel="telegram", external_id=message.external_id)], office.clock())
        work.commit()
    with database.reading() as connection:
        assert lessons(connection) == ()


def test_a_message_in_own_words_greets_once(office: Office) -> None:
    (melding,) = office.meldingen()
    office.handling.carry_out(melding, office.handling.write(melding, text="Wij kijken morgen."), account="samira")
    assert office.replies()[-1].text.count("Groet,") == 1


def test_where_somebody_lives_never_enters_the_log_that_nobody_can_change(office: Office, database: Database) -> None:
    for place in ("Springweg 34", "Oudegracht 100"):
        melding = office.meldingen()[0]
        step = office.handling.appoint(melding, at=MONDAY + timedelta(days=2), place=place, guests="collega@gemeente.example")
        office.handling.carry_out(melding, step, account="samira")
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")

    with database.reading() as connection:
        rows = [str(tuple(row)) for row in connection.execute(events_table.select())]
    assert not any("Springweg" in row or "Oudegracht" in row or "collega@" in row for row in rows)


def test_a_changed_appointment_is_not_taken_back(office: Office) -> None:
    for place in ("Springweg 34", "Oudegracht 100"):
        melding = office.meldingen()[0]
        office.handling.carry_out(
            melding, office.handling.appoint(melding, at=MONDAY + timedelta(days=2), place=place), account="samira"
        )
    melding = office.meldingen()[0]
    with pytest.raises(InvalidTransitionError, match="geen besluit dat terug kan"):
        office.handling.undo(melding.id, melding.event_count, account="samira")
