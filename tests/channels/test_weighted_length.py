"""The length of a text as X counts it. Expected numbers follow the public twitter-text rules, version 3."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.weighted_length import weighted_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Dank u wel", 10),
        ("“aanhaling” – ja", 16),
        ("é", 1),
        ("e\u0301", 1),
        ("漢字", 4),
        ("الإنارة", 7),
        ("…", 2),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇳🇱", 2),
        ("1️⃣", 2),
        ("https://www.utrecht.nl/een/heel/lang/pad?met=meer&van=alles", 23),
        ("zie https://utrecht.nl.", 28),
        ("zie utrecht.nl nu", 30),
        ("WB-2026-00042/2", 15),
    ],
)
def test_a_text_is_as_long_as_x_finds_it(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_a_domain_that_is_longer_than_a_link_counts_in_full() -> None:
    domain = f"{'a' * 40}.nl"

    assert weighted_length(domain) == len(domain)


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet=st.characters(max_codepoint=0x2FF, exclude_characters="."), max_size=300))
def test_western_text_without_links_counts_its_characters(text: str) -> None:
    assert weighted_length(text) <= len(text)


@pytest.mark.parametrize("text", ["a-" * 50_000, "https://" + "a-" * 50_000, "a." * 50_000, "👍\u200d" * 50_000])
def test_a_hostile_text_costs_no_time(text: str) -> None:
    started = time.perf_counter()

    weighted_length(text)

    assert time.perf_counter() - started < 3
