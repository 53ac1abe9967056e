"""Ridge regression over many sparse rows, for many questions at once. Needs SciPy.

Conjugate gradients on the dual problem, so that time and memory grow with the number of rows and not with its square or cube.
The largest directions of the rows are found beforehand and set right at once (a randomised Nyström preconditioner: Frangella,
Tropp and Udell 2023, SIAM J. Matrix Anal. Appl. 44(2)), after which some ten steps are enough. Deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigh, qr, solve_triangular

Matrix = NDArray[np.float32]
DIRECTIONS = 400
CLOSE_ENOUGH = 1e-2  # of the size of what was asked: much less than what rounding the weights to whole numbers changes
MOST_STEPS = 200
_MANY = 1500  # terms that so many rows share that multiplying them densely is faster
_SEED = 20260101


def fit_ridge(rows: sp.csr_matrix, targets: Matrix, ridge: float) -> Matrix:
    """A weight per term (column of `rows`) and target: least squared error plus `ridge` times the squares of the weights.

    `ridge` is more than 0. Raises ArithmeticError when the steps do not come close enough.
    """
    table = _Table.of(rows)
    ahead = _Preconditioner.of(table, ridge)
    found = np.zeros_like(targets)
    left = targets.copy()
    better = ahead.apply(left)
    step, gain = better.copy(), _inner(left, better)
    goal = CLOSE_ENOUGH * np.sqrt(_inner(targets, targets))
    for _ in range(MOST_STEPS):
        if np.all(np.sqrt(_inner(left, left)) <= goal):
            return np.asarray(rows.T @ found, dtype=np.float32)
        turned = table.alike(step) + np.float32(ridge) * step
        size = _ratio(gain, _inner(step, turned))
        found += size * step
        left -= size * turned
        better = ahead.apply(left)
        before, gain = gain, _inner(left, better)
        step = better + _ratio(gain, before) * step
    raise ArithmeticError(f"ridge regression did not converge in {MOST_STEPS} steps")


def _inner(one: Matrix, other: Matrix) -> Matrix:
    return np.asarray(np.einsum("ij,ij->j", one, other))


def _ratio(above: Matrix, below: Matrix) -> Matrix:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows as two tables side by side: the terms that many rows share, densely, and the others."""

    common: Matrix
    rare: sp.csr_matrix
    rare_turned: sp.csr_matrix

    @classmethod
    def of(cls, rows: sp.csr_matrix) -> Self:
        sharing = np.bincount(rows.indices, minlength=rows.shape[1])
        order = np.argsort(-sharing, kind="stable")
        rare = rows[:, np.sort(order[_MANY:])].tocsr()
        return cls(rows[:, order[:_MANY]].toarray(), rare, rare.T.tocsr())

    def alike(self, weights: NDArray[Any]) -> NDArray[Any]:
        """The inner products of all rows with each other, times `weights`: a row per row, a column per column of `weights`."""
        return np.asarray(self.common @ (self.common.T @ weights) + self.rare @ (self.rare_turned @ weights))


@dataclass(frozen=True, slots=True)
class _Preconditioner:
    """Roughly what undoes `alike` plus ridge: exact in the largest directions, which are the columns of `directions`."""

    directions: Matrix
    shrink: Matrix

    @classmethod
    def of(cls, table: _Table, ridge: float) -> Self:
        number = table.common.shape[0]
        drawn = np.random.default_rng(_SEED).standard_normal((number, min(DIRECTIONS, number)))
        probes = qr(drawn, mode="economic", overwrite_a=True)[0].astype(np.float32)
        seen = table.alike(probes).astype(np.float64)
        shift = np.finfo(np.float32).eps * (ridge + np.sqrt(number) * np.linalg.norm(seen))
        seen += shift * probes
        corner = cholesky(probes.T.astype(np.float64) @ seen)
        half = solve_triangular(corner, seen.T, trans="T").T
        squares, turn = eigh(half.T @ half)
        sizes = np.maximum(squares - shift, 0.0)
        directions = half @ turn / np.sqrt(np.maximum(squares, np.finfo(np.float64).tiny))
        shrink = (sizes.min() + ridge) / (sizes + ridge) - 1.0
        return cls(directions.astype(np.float32), shrink.astype(np.float32))

    def apply(self, residue: Matrix) -> Matrix:
        return residue + self.directions @ (self.shrink[:, None] * (self.directions.T @ residue))
