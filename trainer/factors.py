"""Factoring sparse matrices: the closed-form half of what the trainer learns. Pure numpy and scipy, deterministic.

Memory grows with the entries of a matrix, never with the square of its sides. What the factors mean lives in
``trainer.colistening``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import svds

CONTEXT_POWER = 0.75
"""Smoothing of context frequencies (Levy, Goldberg & Dagan, TACL 2015)."""
TOLERANCE = 1e-3
"""Relative accuracy of singular values; more takes a third longer and changes no result."""
_KMEANS_ROUNDS = 15

Matrix = npt.NDArray[np.float32]


def unit(rows: Matrix) -> Matrix:
    """Rows [n, width] brought to unit length; zero rows stay zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, np.maximum(norms, 1e-9), dtype=np.float32)


def unit_sparse(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same for a sparse matrix."""
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(norms, 1e-9)) @ rows).tocsr()


def idf(containing: npt.NDArray[np.floating], total: int) -> Matrix:
    """Inverse document frequency, ``log((1 + total) / (1 + containing))``."""
    return np.log((1 + total) / (1 + containing)).astype(np.float32)


def item_factors(rows: sparse.csr_matrix, width: int) -> Matrix:
    """Right singular vectors [columns, width] of a truncated SVD (PureSVD: Cremonesi, Koren, Turrin, RecSys 2010)."""
    return _svd(rows.T.tocsr(), width)[0]


def ppmi_factors(together: sparse.csr_matrix, width: int) -> Matrix:
    """Unit rows [items, width] of factored positive pointwise mutual information.

    It is what skip-gram with negative sampling factors implicitly (Levy & Goldberg, NIPS 2014).

    Args:
        together: how often two items occur together, [items, items], symmetric; the diagonal is not looked at.
        width: of the rows.
    """
    counts = together.tocoo()
    apart = counts.row != counts.col
    rows, columns, pairs = counts.row[apart], counts.col[apart], counts.data[apart]
    totals = np.bincount(rows, pairs, together.shape[0])
    context = totals**CONTEXT_POWER
    context /= max(context.sum(), 1e-9)
    positive = np.maximum(np.log(pairs / (totals[rows] * context[columns])), 0).astype(np.float32)
    factors, scales = _svd(sparse.csr_matrix((positive, (rows, columns)), shape=together.shape), width)
    return unit(factors * np.sqrt(scales))


def ridge(inputs: sparse.csr_matrix, targets: Matrix, strength: float) -> Matrix:
    """Weights [columns, width] of ridge regression from ``inputs`` [rows, columns] to ``targets`` [rows, width]."""
    gram = (inputs.T @ inputs).toarray() + strength * np.eye(inputs.shape[1], dtype=np.float32)
    return np.linalg.solve(gram, inputs.T @ targets).astype(np.float32)


def spherical_kmeans(rows: Matrix, count: int) -> Matrix:
    """Unit centres [count, width] of unit rows (Dhillon & Modha 2001), begun at evenly spaced rows; fewer for few."""
    count = min(count, len(rows))
    centers = rows[np.linspace(0, len(rows) - 1, count).astype(np.intp)].copy()
    for _ in range(_KMEANS_ROUNDS):
        nearest = (rows @ centers.T).argmax(axis=1)
        sums = sparse.csr_matrix(
            (np.ones(len(rows), np.float32), (nearest, np.arange(len(rows)))), shape=(count, len(rows))
        )
        moved = np.asarray(sums @ rows)
        filled = np.linalg.norm(moved, axis=1) > 0
        centers[filled] = unit(moved[filled])
    return centers


def rotation(moving: Matrix, fixed: Matrix) -> Matrix:
    """The orthogonal matrix that best turns ``moving`` [rows, width] onto ``fixed`` (Schönemann 1966)."""
    left, _, right = np.linalg.svd(moving.T @ fixed)
    turned: Matrix = (left @ right).astype(np.float32)
    return turned


def _svd(matrix: sparse.csr_matrix, width: int) -> tuple[Matrix, Matrix]:
    """Left factors [rows, width] and singular values, the largest first; one matrix gives one result.

    What a matrix of a lower rank, or an empty one, cannot give is zero.
    """
    asked, width = width, min(width, min(matrix.shape) - 1)
    if width < 1 or not matrix.nnz:
        return np.zeros((matrix.shape[0], max(asked, 0)), np.float32), np.zeros(max(asked, 0), np.float32)
    start = np.random.default_rng(0).standard_normal(min(matrix.shape))
    left, scales, _ = svds(matrix.astype(np.float64), k=width, v0=start, tol=TOLERANCE)
    order = np.argsort(-scales)
    left, scales = left[:, order], scales[order]
    # The solver is free to flip a factor; the largest entry decides.
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(width)])
    found, lacking = (left * signs).astype(np.float32), asked - width
    return np.pad(found, ((0, 0), (0, lacking))), np.pad(scales.astype(np.float32), (0, lacking))
