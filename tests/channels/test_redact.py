"""Secrets leave no channel, in whatever form an SDK writes them."""

from __future__ import annotations

import pytest

from channels.redact import ForeignError, foreign, redact

TOKEN = "70099:se/cret+token"


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://api.telegram.org/bot{TOKEN}/getMe",
        "GET /bot70099%3Ase%2Fcret%2Btoken/getMe",
        "GET /bot70099:se%2Fcret%2Btoken/getMe",
        f"{TOKEN}{TOKEN}",
    ],
)
def test_a_secret_is_hidden_also_in_an_address(text: str) -> None:
    assert "cret" not in redact(text, [TOKEN])


def test_an_empty_secret_changes_nothing() -> None:
    assert redact("gewone tekst", ["", TOKEN]) == "gewone tekst"


def test_of_two_secrets_the_longer_goes_first() -> None:
    assert redact("abcdef", ["abc", "abcdef"]) == "[verborgen]"


def test_the_stand_in_for_a_foreign_error_names_its_kind_and_no_secret() -> None:
    cause = foreign(ValueError(f"cannot reach {TOKEN}"), [TOKEN])

    assert isinstance(cause, ForeignError)
    assert str(cause) == "builtins.ValueError: cannot reach [verborgen]"
