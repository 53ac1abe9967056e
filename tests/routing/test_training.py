"""Learning: the short way to the ridge regression gives what the long way gives, and no message vouches for itself."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from routing.model.corpus import Example
from routing.model.ridge import fit_ridge
from routing.model.training import Labels, cross_fitted

LEADS = ("stadswerken", "vth")


def some_messages(number: int, terms: int) -> sp.csr_matrix:
    return sp.random(number, terms, density=0.05, format="csr", dtype=np.float32, random_state=7)


def some_labels(number: int) -> Labels:
    leads = [LEADS[at % 2] for at in range(number)]
    return Labels.of([Example(id=f"x-{at}", channel="x", text="", lead=lead, topic=lead) for at, lead in enumerate(leads)], LEADS)


@pytest.mark.parametrize(("number", "terms"), [(300, 80), (900, 3000), (1, 5)])
def test_the_weights_are_those_of_the_normal_equations(number: int, terms: int) -> None:
    matrix, targets = some_messages(number, terms), np.random.default_rng(1).normal(size=(number, 3)).astype(np.float32)
    long = matrix.toarray().astype(np.float64)
    exact = np.linalg.solve(long.T @ long + 2.0 * np.eye(terms), long.T @ targets)
    assert np.linalg.norm(fit_ridge(matrix, targets, 2.0) - exact) <= 0.02 * np.linalg.norm(exact)


def test_what_many_rows_share_does_not_keep_it_from_coming_close() -> None:
    """A few directions a thousand times as large as the others, as words like 'de' and 'het' make them."""
    terms = some_messages(1200, 900).toarray()
    terms[:, :3] += 5.0
    targets = np.where(np.arange(1200)[:, None] % 2, 1.0, -1.0).astype(np.float32)
    exact = np.linalg.solve(terms.T @ terms + 2.0 * np.eye(900), terms.T @ targets)
    assert np.linalg.norm(fit_ridge(sp.csr_matrix(terms), targets, 2.0) - exact) <= 0.05 * np.linalg.norm(exact)


def test_messages_without_a_known_word_weigh_nothing() -> None:
    assert not fit_ridge(sp.csr_matrix((4, 6), dtype=np.float32), np.ones((4, 2), dtype=np.float32), 1.0).any()


def test_a_message_does_not_vouch_for_itself() -> None:
    """With nothing in common, only a message's own label could tell its margin: cross-fitted it is zero."""
    assert not cross_fitted(sp.eye(40, format="csr", dtype=np.float32), some_labels(40), 1.0).any()
