"""What is taken out of an untrusted payload is always of its type, and can always be stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import payloads

from channels.payload import carries_token, id_of, moment_of, raw_of, size_of, text_of, unreadable

TOKEN = "WB-2026-00042/2"


@pytest.mark.parametrize(
    ("value", "identifier"),
    [
        ("104", "104"),
        (104, "104"),
        (" m_1 ", "m_1"),
        (10**30, "1" + "0" * 30),
        pytest.param(10**5000, None, id="absurd"),
        (True, None),
        (1.5, None),
        ("", None),
        ("x" * 256, None),
        (None, None),
        ({"id": 1}, None),
    ],
)
def test_an_id_may_come_as_text_or_number_and_is_text(value: object, identifier: str | None) -> None:
    assert id_of(value) == identifier


@pytest.mark.parametrize(
    "text", ["2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000Z", "2026-11-24T10:00:00+0000", "2026-11-24T11:00:00+01:00"]
)
def test_every_form_of_a_moment_is_the_same_moment(text: str) -> None:
    assert moment_of(text) == datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize("value", ["toen", "", 5, None, [], "9999-12-31T23:59:59-23:59", "2026-13-01T00:00:00Z"])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert moment_of(value) is None


@pytest.mark.parametrize("value", [-1, 2**60, True, "12", 1.0, None])
def test_what_is_no_size_is_none(value: object) -> None:
    assert size_of(value) is None


def test_what_cannot_be_written_down_is_kept_as_such() -> None:
    assert "onleesbaar" in raw_of({"id": 10**5000})


@settings(deadline=None)  # the machine may be busy
@given(payloads("id", "text"))
def test_nothing_breaks_the_helpers_and_all_they_give_can_be_stored(value: object) -> None:
    text, raw, item = text_of(value), raw_of(value), unreadable("x", value, "kapot")

    assert "\x00" not in text
    text.encode()
    assert raw.isascii()
    assert "\x00" not in raw
    assert item == unreadable("x", value, "kapot")
    id_of(value)
    moment_of(value)
    size_of(value)


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        (f"Dank u. {TOKEN}", True),
        (f"{TOKEN}.", True),
        (f"({TOKEN})", True),
        (f"{TOKEN}1", False),
        (f"{TOKEN}/3", False),
        (f"X{TOKEN}", False),
        ("WB-2026-00042", False),
        (None, False),
    ],
)
def test_a_token_is_recognised_whole(text: object, is_there: bool) -> None:
    assert carries_token(text, TOKEN) is is_there


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_an_empty_token_is_nowhere(text: str) -> None:
    assert not carries_token(text, "")
