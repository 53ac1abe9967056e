"""Payloads as a hostile or broken platform could send them."""

from __future__ import annotations

from hypothesis import strategies as st

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "\ud800", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00+0000", "9999-12-31T23:59:59-23:59"]),
    st.sampled_from(["12", "104001200300400", "photo", "image/png", "replied_to", "retweeted"]),
)


def payloads(*keys: str) -> st.SearchStrategy[object]:
    """Any JSON value, most often objects with the platform's own keys."""
    return st.recursive(
        _VALUES,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(keys), inner, max_size=6)),
        max_leaves=25,
    )
