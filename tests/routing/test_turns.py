"""What one text says by itself: its signs, its words, and where it begins about another matter."""

from __future__ import annotations

import pytest

from routing.turns import Sign, read_turn, second_matter_at


@pytest.mark.parametrize(
    "piece", ["a ", "is er ", "oh wacht al ", "wat is er met ", "en ", "1 ", "hoi ", "x", "?", "ik heb ook nog "]
)
def test_a_very_long_message_is_read_in_no_time(piece: str) -> None:
    assert read_turn(piece * 20_000).words <= 1_000


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("De lamp is stuk. Iets anders: de stoep ligt los", "Iets anders: de stoep ligt los"),
        (
            "De lamp hier is stuk\nNog een vraag, wanneer is het loket open?",
            "Nog een vraag, wanneer is het loket open?",
        ),
        ("Iets anders: de stoep ligt los", None),
        ("De lamp is stuk en de stoep ligt los", None),
        ("", None),
    ],
)
def test_where_a_text_says_that_it_begins_about_another_matter(text: str, second: str | None) -> None:
    start = second_matter_at(text)
    assert (None if start is None else text[start:]) == second


def test_not_solved_is_not_solved() -> None:
    assert read_turn("De lamp is gemaakt").has(Sign.SOLVED)
    for text in (
        "De lamp is nog niet gemaakt",
        "Is de lamp al gemaakt?",
        "wordt de lamp nog gemaakt",
        "misschien is hij al gemaakt",
    ):
        assert not read_turn(text).has(Sign.SOLVED)


def test_the_name_of_an_account_is_no_word_of_the_message() -> None:
    assert "gemeente" not in read_turn("@gemeente @wijkbureau er ligt glas").content
    assert read_turn("@bedankt er ligt glas").has(Sign.THANKS) is False


def test_saying_goodbye_is_not_saying_that_it_is_still_broken() -> None:
    assert not read_turn("tot ziens").has(Sign.STILL)
