"""How long the queue of answers lasts: told at the pace of what platforms really took."""

from __future__ import annotations

from datetime import timedelta

from bot.wellbeing import judge_health
from routing.messages import Person
from routing.vakafdelingen import load_municipality
from storage import queries
from storage.database import Database
from tests.bot.office import Office, an_office
from tests.builders import a_message


def concerns(office: Office) -> str:
    with office.database.reading() as connection:
        return " ".join(judge_health(queries.health(connection, office.clock()), load_municipality(), office.clock()))


def claim(office: Office, *, is_taken: bool) -> None:
    with office.database.work() as work:
        reply = work.outbox.claim_due("telegram", office.clock(), lease=timedelta(minutes=1))
        assert reply is not None
        if is_taken:
            work.outbox.record_sent(reply, f"m{reply.id}", office.clock())
        else:
            work.outbox.record_retry(reply, "later", office.clock(), due_at=office.clock())
        work.commit()


def test_the_forecast_counts_what_was_taken_and_not_what_was_tried(database: Database) -> None:
    office = an_office(database)
    for number in range(5):
        office.receive(a_message(f"lamp {number}", thread=f"t{number}", sender=Person(external_id=f"p{number}")))
    office.clock.advance(minutes=11)
    claim(office, is_taken=False)
    assert "5 antwoorden wachten" in concerns(office)
    assert "In dit tempo" not in concerns(office)
    claim(office, is_taken=True)
    assert "In dit tempo zijn ze over ongeveer 40 minuten weg." in concerns(office)


def test_moments_are_told_by_the_clock_of_the_office(database: Database) -> None:
    office = an_office(database)
    office.receive(a_message())
    office.clock.advance(minutes=11)
    assert "het oudste sinds 23-11 11:00" in concerns(office)  # 10:00 UTC
