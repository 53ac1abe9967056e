"""Learning: the short ways to the ridge regression give what the long way gives, and no message vouches for itself."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from routing.model.corpus import Example
from routing.model.training import Labels, cross_fitted, fit_ridge, similarities

LEADS = ("stadswerken", "vth")


def some_messages(number: int, terms: int) -> sp.csr_matrix:
    return sp.random(number, terms, density=0.05, format="csr", dtype=np.float32, random_state=7)


def some_labels(number: int) -> Labels:
    leads = [LEADS[at % 2] for at in range(number)]
    return Labels.of([Example(id=f"x-{at}", channel="x", text="", lead=lead, topic=lead) for at, lead in enumerate(leads)], LEADS)


@pytest.mark.parametrize("terms", [40, 500, 3000])
def test_similarities_are_the_inner_products_of_the_messages(terms: int) -> None:
    matrix = some_messages(2100, terms)
    assert np.allclose(similarities(matrix), (matrix @ matrix.T).toarray(), atol=1e-4)


def test_the_weights_are_those_of_the_normal_equations() -> None:
    matrix, targets = some_messages(300, 80), np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32)
    weights = matrix.T @ fit_ridge(similarities(matrix), targets, 2.0)
    terms = matrix.toarray().astype(np.float64)
    assert np.allclose(weights, np.linalg.solve(terms.T @ terms + 2.0 * np.eye(80), terms.T @ targets), atol=1e-3)


def test_a_message_does_not_vouch_for_itself() -> None:
    """With nothing in common, only a message's own label could tell its margin: cross-fitted it is zero."""
    assert not cross_fitted(np.eye(40, dtype=np.float32), some_labels(40), 1.0).any()
