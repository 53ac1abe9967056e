"""The whole engine, with the shipped model: it answers every text, always the same, and only with what the tables know."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.decision import Decision, Zone
from routing.engine import Engine, load_engine
from routing.gazetteer import load_gazetteer
from routing.messages import GeoPoint
from routing.place import place_of_point
from routing.vakafdelingen import load_municipality

MUNICIPALITY = load_municipality()
ENGINE = load_engine(MUNICIPALITY)
GAZETTEER = load_gazetteer()
STREETS = {spot.name for spot in GAZETTEER.spots}
WIJKEN = {wijk.name for wijk in GAZETTEER.wijken}
KINDS = {"melding", "klacht", "vraag", "initiatief", "compliment", "spam", "overig"}
URGENCIES = {"noodgeval", "hoog", "normaal", "laag"}
PARTS = (
    *(
        "lantaarnpaal stuk",
        "er ligt iemand in de gracht",
        "bel 06-12345678",
        "ik woon op Springweg 12",
        "BSN 123456782",
        "@gemeente",
    ),
    *(
        "tussen de Neude en",
        "http://x.nl",
        "bezwaar maken",
        "والله",
        "着火了",
        "NL91ABNA0417164300",
        "jan@example.nl",
        "#Domplein",
        "😡",
    ),
)
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=400),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=12).map(" ".join),
)


def check(decision: Decision, text: str) -> None:
    assert decision.lead in MUNICIPALITY.vakafdelingen
    assert decision.topic in MUNICIPALITY.onderwerpen
    assert set(decision.involved) <= set(MUNICIPALITY.departments) - {decision.lead}
    assert (decision.kind in KINDS, decision.urgency in URGENCIES, decision.zone in Zone) == (True, True, True)
    assert 0.0 <= decision.confidence <= 1.0
    assert decision.top3[0] == (decision.lead, decision.confidence)
    assert len({code for code, _ in decision.top3}) == len(decision.top3) <= 3
    assert decision.located.street is None or decision.located.street in STREETS
    assert decision.located.wijk is None or decision.located.wijk in WIJKEN
    assert decision.language.isascii()
    assert len(decision.language) == 2
    assert (decision.partner is None) == (decision.lead != "extern")
    assert decision.partner is None or decision.partner in MUNICIPALITY.partners
    assert (decision.emergency is not None) == (decision.urgency == "noodgeval") == (decision.lead == "noodgeval")
    assert decision.lead != "noodgeval" or (decision.zone is Zone.PERSON and decision.needs_personal_contact)
    assert all(found and found in text for found in decision.personal_data)
    assert decision.reasons


@given(ANY_TEXT)
@settings(deadline=None)
def test_every_text_gets_an_answer_from_the_closed_lists(text: str) -> None:
    check(ENGINE.route(text), text)


@given(ANY_TEXT)
@settings(deadline=None, max_examples=40)
def test_the_same_text_gets_the_same_answer(text: str) -> None:
    first, second = ENGINE.route(text), ENGINE.route(text)
    assert first == second
    assert first.versions
    assert set(ENGINE.probabilities(text)) == set(MUNICIPALITY.vakafdelingen)


@given(ANY_TEXT, st.floats(-90, 90), st.floats(-180, 180))
@settings(deadline=None, max_examples=40)
def test_any_point_on_earth_is_placed(text: str, lat: float, lon: float) -> None:
    decision = ENGINE.route(text, point=GeoPoint(lat=lat, lon=lon))
    assert decision.located.lat == lat
    assert decision.located.in_gemeente is not None


def test_two_engines_agree() -> None:
    other: Engine = load_engine(MUNICIPALITY)
    for text in PARTS:
        assert other.route(text) == ENGINE.route(text)


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b"])
def test_nothing_said_goes_to_a_person(text: str) -> None:
    assert ENGINE.route(text).zone is Zone.PERSON


@pytest.mark.parametrize("word", ["lantaarnpaal ", "ik woon op Springweg 12 ", "06-12345678 ", "着火", "\ud800"])
def test_a_very_long_message_is_answered(word: str) -> None:
    text = word * (50_000 // len(word))
    check(ENGINE.route(text), text)


def test_a_point_in_the_city_has_a_buurt_and_the_nearest_street() -> None:
    located = ENGINE.route("hier ligt afval", point=GeoPoint(lat=52.0907, lon=5.1217)).located
    assert (located.wijk, located.in_gemeente) == ("Binnenstad", True)
    assert located.street in STREETS
    assert located.buurt is not None


def test_a_point_wins_over_a_street_in_the_text() -> None:
    point = GeoPoint(lat=52.0907, lon=5.1217)
    assert ENGINE.route("afval op de Amsterdamsestraatweg", point=point).located.wijk == "Binnenstad"


@pytest.mark.parametrize(("lat", "lon"), [(52.37, 4.89), (0.0, 0.0), (-52.09, 5.12)])
@pytest.mark.parametrize("text", ["hier ligt afval", ""])
def test_a_point_outside_the_gemeente_is_said_and_left_to_a_person(text: str, lat: float, lon: float) -> None:
    decision = ENGINE.route(text, point=GeoPoint(lat=lat, lon=lon))
    assert (decision.located.in_gemeente, decision.located.street, decision.zone) == (False, None, Zone.PERSON)
    assert "de plaats ligt buiten de gemeente" in decision.reasons


def test_every_street_lies_where_its_own_point_says() -> None:
    streets = [spot for spot in GAZETTEER.spots if spot.is_street and spot.lat is not None and spot.lon is not None][::40]
    placed = [(spot, place_of_point(spot.lat or 0.0, spot.lon or 0.0, GAZETTEER)) for spot in streets]
    wrong = [spot.name for spot, place in placed if place.wijk != spot.wijk]
    assert len(wrong) <= len(streets) // 50, wrong
