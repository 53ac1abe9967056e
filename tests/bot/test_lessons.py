"""What colleagues teach is kept with their decision: masked, once, and gone when the text goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.lessons import Choice, as_example, keep_lesson
from routing.decision import Decision, Zone
from routing.melding import Event
from routing.messages import InboundMessage, Person
from storage.corrections import Correction, lessons, overrides
from storage.database import Database
from storage.points import Commit, before
from tests.bot.office import Office, an_office
from tests.builders import MONDAY, ScriptedRouter, a_decision, a_message

DECISION = a_decision(zone=Zone.SUGGEST, versions="model abc, onderwerpen def")


@pytest.fixture
def office(database: Database) -> Office:
    office = an_office(database, ScriptedRouter(DECISION))
    office.receive(a_message("de lamp is stuk, bel 06-12345678"))
    return office


def from_somebody(text: str) -> InboundMessage:
    return a_message(text, thread=text, sender=Person(external_id=text, display_name="Iemand"))


def kept(office: Office) -> tuple[Correction, ...]:
    with office.database.reading() as connection:
        return lessons(connection)


def correct(office: Office, lead: str = "vth", topic: str = "terras") -> None:
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.assign(melding, lead=lead, topic=topic), account="samira")


def test_a_correction_is_kept_with_what_was_proposed_and_what_was_chosen(office: Office) -> None:
    correct(office)
    (lesson,) = kept(office)
    assert (lesson.proposed_lead, lesson.proposed_topic, lesson.probability) == ("stadswerken", "straatverlichting", 0.95)
    assert (lesson.chosen_lead, lesson.chosen_topic) == ("vth", "terras")
    assert (lesson.language, lesson.channel, lesson.zone) == ("nl", "telegram", "suggest")
    assert lesson.versions == "model abc, onderwerpen def"
    assert lesson.made_at == MONDAY


def test_only_masked_text_is_kept(office: Office) -> None:
    correct(office)
    (lesson,) = kept(office)
    assert "06-12345678" not in lesson.text
    assert lesson.text.startswith("de lamp is stuk, bel ")


@pytest.mark.parametrize(
    ("decision", "chosen"),
    [
        (DECISION, ("stadswerken", "straatverlichting")),
        (a_decision(lead="extern", topic="u_ov", partner="u_ov", zone=Zone.SUGGEST), ("extern", "u_ov")),
        (a_decision(lead="geen_actie", topic="compliment", zone=Zone.SUGGEST), ("geen_actie", "compliment")),
    ],
)
def test_a_confirmed_proposal_is_a_lesson_too(database: Database, decision: Decision, chosen: tuple[str, str]) -> None:
    office = an_office(database, ScriptedRouter(decision))
    office.receive(a_message())
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    (lesson,) = kept(office)
    assert (lesson.chosen_lead, lesson.chosen_topic) == chosen


def test_an_onderwerp_of_another_vakafdeling_is_not_taken_for_the_chosen_one(office: Office) -> None:
    correct(office, topic="")
    (lesson,) = kept(office)
    assert lesson.chosen_topic is None
    example = as_example(lesson, lambda _text, lead: f"een onderwerp van {lead}")
    assert (example.lead, example.topic, example.share) == ("vth", "een onderwerp van vth", "correctie")


def test_a_step_that_says_nothing_about_routing_teaches_nothing(office: Office) -> None:
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    assert kept(office) == ()


def test_the_last_word_about_a_melding_counts(office: Office) -> None:
    correct(office)
    correct(office, lead="remo", topic="")
    (lesson,) = kept(office)
    assert lesson.chosen_lead == "remo"


def test_keeping_the_same_event_twice_keeps_it_once(office: Office) -> None:
    correct(office)
    melding, (lesson,) = office.meldingen()[0], kept(office)
    choice = Choice(event=Event.DOORGEZET, columns={}, event_id=lesson.event_id, after=melding)
    with office.database.work() as work:
        assert keep_lesson(work, choice, office.handling.replies.municipality, MONDAY) is False
        work.commit()
    assert kept(office) == (lesson,)


def test_a_decision_that_was_not_committed_teaches_nothing(office: Office) -> None:
    class PulledPlugError(Exception):
        pass

    def pull(point: str) -> None:
        if point == before(Commit.DESK):
            raise PulledPlugError

    office.database.watch = pull
    with pytest.raises(PulledPlugError):
        correct(office)
    assert kept(office) == ()
    assert not office.has_event(office.meldingen()[0].id, Event.DOORGEZET)


def test_what_was_taught_goes_when_the_text_of_the_melding_goes(office: Office) -> None:
    correct(office)
    with office.database.work() as work:
        assert work.corrections.forget([office.meldingen()[0].id]) == 1
        assert work.corrections.forget([office.meldingen()[0].id]) == 0
        work.commit()
    assert kept(office) == ()


def test_the_weekly_picture_counts_each_melding_once_and_names_where_it_went(database: Database) -> None:
    router = ScriptedRouter(DECISION, vanzelf=a_decision(), terras=a_decision(lead="vth", topic="terras", zone=Zone.SUGGEST))
    office = an_office(database, router)
    office.receive(*(from_somebody(text) for text in ("vanzelf een", "vanzelf twee", "een lamp", "nog een lamp", "terras")))
    by_itself, _, first, second, terrace = office.meldingen()
    for melding, lead in ((by_itself, "remo"), (first, "vth"), (first, "remo"), (second, "stadswerken"), (terrace, "vth")):
        now = office.handling.get(melding.id)
        office.handling.carry_out(now, office.handling.assign(now, lead=lead), account="samira")
    with database.reading() as connection:
        found = overrides(connection, MONDAY - timedelta(days=1))
    of_stadswerken, of_vth = found
    assert (of_stadswerken.week, of_stadswerken.lead, of_vth.lead) == ("2026-W48", "stadswerken", "vth")
    assert (of_stadswerken.decided, of_stadswerken.by_itself, of_stadswerken.overruled) == (4, 2, 2)
    assert (of_stadswerken.rate, of_stadswerken.most_to, of_vth.rate, of_vth.most_to) == (0.5, "remo", 0.0, "")


def test_the_newest_week_comes_first(office: Office) -> None:
    correct(office)
    office.clock.advance(days=7)
    office.receive(from_somebody("een andere lamp"))
    later = office.meldingen()[-1]
    office.handling.carry_out(later, office.handling.confirm(later), account="samira")
    with office.database.reading() as connection:
        assert [line.week for line in overrides(connection, MONDAY - timedelta(days=1))] == ["2026-W49", "2026-W48"]
        assert [line.week for line in overrides(connection, MONDAY + timedelta(days=1))] == ["2026-W49"]
