"""Where the problem is: names as people write them, which of several places counts, and what is no place at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.gazetteer import Gazetteer, load_gazetteer
from routing.place import Place, find_place, place_of_point

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
OFFICIAL_WIJKEN = {
    *("Binnenstad", "Oost", "Noordoost", "Noordwest", "West"),
    *("Zuid", "Zuidwest", "Overvecht", "Leidsche Rijn", "Vleuten-De Meern"),
}


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return load_gazetteer()


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("De lantaarn in de Zadelstraat is uit", "Zadelstraat"),
        ("troep bij oude gracht thv nummer 12", "Oudegracht"),
        ("glas op de hoek lange nieuwstr", "Lange Nieuwstraat"),
        ("Vuilnis in de Burg. Reigerstraat", "Burgemeester Reigerstraat"),
        ("losse tegel voor de deur, hudson dreef", "Hudsondreef"),
        ("kuil in het fietspad Amsterdmsestraatweg", "Amsterdamsestraatweg"),
        ("op de ASW rijden ze te hard", "Amsterdamsestraatweg"),
        ("stank op de nobeldwarstraat", "Nobeldwarsstraat"),
        ("vol! #oudegracht", "Oudegracht"),
        ("Zadelstraat'ta çöp var", "Zadelstraat"),
        ("śmieci na Oudegrachcie od tygodnia", "Oudegracht"),
        ("Müll in der Biltstraße", "Biltstraat"),
        ("Voorstraat附近的路灯坏了", "Voorstraat"),
        ("herrie op t wed", "Wed"),
        ("bankje op de Drift kapot", "Drift"),
        ("fiets tegen de Domtoren", "Domtoren"),
        ("de bomen langs de st jacobsstraat", "St.-Jacobsstraat"),
        ("paal om, 2e daalsedijk", "2e Daalsedijk"),
        ("lamp uit in de Lange Elisabeth", "Lange Elisabethstraat"),
        ("container vol op 't Goylaan", "'t Goylaan"),
        ("roltrap stuk op utrecht cs", "Station Utrecht Centraal"),
        ("trap naar de werf kapot bij Oudegracht 99", "Oudegracht aan de Werf"),
    ],
)
def test_a_street_is_recognised_however_it_is_written(text: str, street: str, gazetteer: Gazetteer) -> None:
    assert find_place(text, gazetteer).street == street


@pytest.mark.parametrize(
    "text",
    [
        "Hoe vraag ik een nieuw paspoort aan?",
        "De markt was gezellig dit jaar",
        "In de winter is het glad op het fietspad",
        "Mijn zoon is op drift geraakt",
        "Wij gaan in de zomer naar Texel",
        "Er is iets mis bij de kerk weg met die rommel",
        "Zijn er nog plekken in het park of bij de brug?",
        "Mevrouw Van den Brink heeft niet teruggebeld",
        "Een lamp voor straat en stoep graag",
        "Mail naar j.heemskerk@example.nl",
        "de waterpomp bij de speelplek is stuk",
    ],
)
def test_an_ordinary_word_a_name_or_a_mail_address_invents_no_street(text: str, gazetteer: Gazetteer) -> None:
    assert find_place(text, gazetteer).street is None


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("Ik woon in de Zadelstraat maar op de Neude ligt alles vol glas", "Neude"),
        ("Zuilenstraat hoek Springweg staat blank", "Zuilenstraat"),
        ("De bus rijdt niet meer langs Voorstraat tussen Neude en Biltstraat", "Voorstraat"),
    ],
)
def test_the_place_of_the_problem_counts_not_the_home_of_the_sender(text: str, street: str, gazetteer: Gazetteer) -> None:
    assert find_place(text, gazetteer).street == street


def test_a_home_is_the_place_when_no_other_is_named(gazetteer: Gazetteer) -> None:
    assert find_place("Wij wonen aan de Ramstraat, de lantaarn voor de deur is uit", gazetteer).street == "Ramstraat"


def test_the_other_street_of_a_corner_is_an_alternative(gazetteer: Gazetteer) -> None:
    place = find_place("Op de hoek Draaiweg/Adelaarstraat ligt een bank", gazetteer)
    assert (place.street, place.alternatives) == ("Draaiweg", ("Adelaarstraat",))


def test_the_house_number_and_the_words_of_the_text_are_kept(gazetteer: Gazetteer) -> None:
    place = find_place("Glas voor springweg 14b, graag vegen", gazetteer)
    assert (place.street_in_text, place.house_number) == ("springweg", "14b")


@pytest.mark.parametrize("text", ["Springweg 14 dagen geleden gemeld", "Neude 18.00 uur vol", "2x gemeld Zadelstraat 3 keer"])
def test_a_count_or_a_time_is_no_house_number(text: str, gazetteer: Gazetteer) -> None:
    assert find_place(text, gazetteer).house_number is None


@pytest.mark.parametrize(
    ("text", "wijk"),
    [
        ("Overal ratten in Lombok", "West"),
        ("in kanalen eiland is het onveilig", "Zuidwest"),
        ("afval in wittevrouwen", "Noordoost"),
        ("drukte in de binnestad", "Binnenstad"),
        ("Wijk Oost krijgt een plein", "Oost"),
        ("Overvecht'te çok gürültü var", "Overvecht"),
        ("te weinig groen in de Meern", "Vleuten-De Meern"),
        ("Maliesingel staat blank", "Oost"),
        ("світло не горить в центрі міста", "Binnenstad"),
    ],
)
def test_the_wijk_follows_from_a_buurt_a_nickname_or_the_street(text: str, wijk: str, gazetteer: Gazetteer) -> None:
    assert find_place(text, gazetteer).wijk == wijk


@pytest.mark.parametrize("text", ["Bij ons in Nieuwegein is de kliko niet geleegd", "Kerkstraat 4 in Zeist staat blank"])
def test_a_problem_in_another_town_is_outside_the_gemeente(text: str, gazetteer: Gazetteer) -> None:
    place = find_place(text, gazetteer)
    assert (place.in_gemeente, place.street) == (False, None)


def test_coming_from_another_town_does_not_move_the_problem(gazetteer: Gazetteer) -> None:
    assert find_place("Ik kom uit Houten en parkeer op de Croeselaan", gazetteer).street == "Croeselaan"


def test_every_street_is_found_by_its_own_name_after_a_preposition(gazetteer: Gazetteer) -> None:
    lost = [spot.name for spot in gazetteer.spots if find_place(f"Iets aan de {spot.name} 12", gazetteer).street != spot.name]
    assert len(lost) <= 0.01 * len(gazetteer.spots), lost


def test_the_gazetteer_knows_only_the_ten_official_wijken(gazetteer: Gazetteer) -> None:
    assert {spot.wijk for spot in gazetteer.spots} <= OFFICIAL_WIJKEN
    assert {wijk.name for wijk in gazetteer.wijken} == OFFICIAL_WIJKEN


def test_a_point_on_the_neude_lies_in_the_binnenstad(gazetteer: Gazetteer) -> None:
    place = place_of_point(52.09306, 5.11861, gazetteer)
    assert (place.street, place.wijk, place.in_gemeente) == ("Neude", "Binnenstad", True)


@pytest.mark.parametrize(("lat", "lon"), [(52.3702, 4.8952), (0.0, 0.0), (90.0, 180.0)])
def test_a_point_elsewhere_is_said_to_be_outside_the_gemeente(lat: float, lon: float, gazetteer: Gazetteer) -> None:
    place = place_of_point(lat, lon, gazetteer)
    assert (place.in_gemeente, place.street, place.wijk) == (False, None, None)


def test_nearly_every_street_lies_within_the_border_of_its_wijk(gazetteer: Gazetteer) -> None:
    streets = [spot for spot in gazetteer.spots if spot.lat is not None and spot.lon is not None][::7]
    right = sum(place_of_point(spot.lat or 0, spot.lon or 0, gazetteer).wijk == spot.wijk for spot in streets)
    assert right >= 0.95 * len(streets)


@given(ANY_TEXT)
@settings(deadline=None, max_examples=200)
def test_any_text_gives_the_same_known_place_twice(text: str) -> None:
    gazetteer = load_gazetteer()
    place = find_place(text, gazetteer)
    assert place == find_place(text, gazetteer)
    assert place.wijk is None or place.wijk in OFFICIAL_WIJKEN
    assert place.street_in_text is None or place.street_in_text in text


@given(st.floats(-90, 90), st.floats(-180, 180))
@settings(deadline=None, max_examples=50)
def test_any_point_has_an_answer(lat: float, lon: float) -> None:
    assert place_of_point(lat, lon, load_gazetteer()).in_gemeente is not None


@pytest.mark.parametrize("word", ["oudegracht ", "straat 12 ", "x", "\ud800", "hoek Neude / "])
def test_a_text_of_a_hundred_thousand_characters_is_read(word: str, gazetteer: Gazetteer) -> None:
    text = word * (100_000 // len(word))
    assert isinstance(find_place(text, gazetteer), Place)
