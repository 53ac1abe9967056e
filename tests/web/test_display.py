"""Showing residents' text safely, and reading what a browser posts: also for input that nobody thought of."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from bot.web import display, words
from bot.web.forms import MAX_TEXT, Form, FormError, read_form
from routing.melding import Event, NotSolved, Status
from storage.outbox import ReplyState
from storage.queues import Queue

NOW = datetime(2026, 11, 23, 16, 43, tzinfo=UTC)
ANY_TEXT = st.text(alphabet=st.characters(), max_size=300)


@given(ANY_TEXT)
def test_no_control_that_deceives_or_commands_is_shown(text: str) -> None:
    shown = display.visible(text)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\x7f\x85")
    shown.encode()


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), max_size=300))
def test_ordinary_text_in_any_script_is_shown_as_it_is(text: str) -> None:
    assert display.visible(text) == text


@given(ANY_TEXT)
def test_an_excerpt_is_one_short_line(text: str) -> None:
    excerpt = display.excerpt(text * 3)
    assert len(excerpt) <= display.EXCERPT + 2
    assert "\n" not in excerpt


@given(st.text(alphabet="ab \n", max_size=12_000))
def test_the_two_parts_of_a_long_text_are_the_whole(text: str) -> None:
    parts = display.in_parts(text)
    assert parts.shown + parts.rest == text
    assert len(parts.shown) <= display.SHOWN_AT_ONCE


@given(st.text(alphabet=st.characters(), max_size=2_000))
def test_any_payload_can_be_shown(raw: str) -> None:
    display.raw_payload(raw).shown.encode()


async def _read(body: bytes) -> Form:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]
    return await read_form(Request({"type": "http", "method": "POST", "headers": headers}, receive))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_clean_form_or_a_form_error(body: bytes) -> None:
    try:
        form = asyncio.run(_read(body))
    except FormError:
        return
    for name in form.fields:
        assert "\x00" not in form.text(name)
        form.text(name).encode()


@given(st.text(alphabet=st.characters(categories=("L", "N", "P")), min_size=1, max_size=MAX_TEXT // 5))
def test_what_a_colleague_types_arrives_as_typed(text: str) -> None:
    form = asyncio.run(_read(urlencode({"vraag": text}).encode()))
    assert form.text("vraag") == text


def test_every_code_has_words_for_people() -> None:
    assert set(words.STATUSES) == set(Status)
    assert set(words.EVENTS) == set(Event)
    assert set(words.REASONS) == set(NotSolved)
    assert set(words.REPLY_STATES) == set(ReplyState)
    assert set(words.QUEUES) == set(words.QUEUE_HINTS) == set(words.EMPTY_QUEUES) == set(Queue)


@pytest.mark.parametrize(
    ("confidence", "sentence", "steps"),
    [
        (1.0, "vrijwel zeker (100%)", 4),
        (0.9, "vrijwel zeker (90%)", 4),
        (0.7, "waarschijnlijk (70%)", 3),
        (0.4, "twijfel (40%)", 2),
        (0.0, "onzeker (0%)", 1),
    ],
)
def test_confidence_is_told_in_words_and_a_number(confidence: float, sentence: str, steps: int) -> None:
    assert words.sureness(confidence) == sentence
    assert words.sure_steps(confidence) == steps


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(), "zojuist"),
        (timedelta(seconds=-5), "zojuist"),
        (timedelta(minutes=1), "1 minuut"),
        (timedelta(minutes=59), "59 minuten"),
        (timedelta(hours=1), "1 uur"),
        (timedelta(hours=25), "1 dag"),
        (timedelta(days=400), "400 dagen"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_says_enough(passed: timedelta, told: str) -> None:
    assert words.age(NOW - passed, NOW) == told


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (NOW, "vandaag 17:43"),
        (NOW + timedelta(days=1), "morgen 17:43"),
        (NOW - timedelta(days=1), "gisteren 17:43"),
        (NOW + timedelta(days=3), "do 26 nov 17:43"),
        (datetime(2027, 7, 1, 10, tzinfo=UTC), "1 jul 2027 12:00"),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "morgen 00:30"),
    ],
)
def test_a_moment_is_told_in_the_time_of_the_office(moment: datetime, told: str) -> None:
    assert words.day_and_time(moment, NOW) == told


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36", "Chrome op Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1",
            "Safari op iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge op Windows"),
        ("Telefoon", "Telefoon"),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_people_name_it(agent: str, said: str) -> None:
    assert words.browser(agent) == said
