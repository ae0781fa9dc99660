"""A sparse matrix in the making, row after row, in little memory."""

from __future__ import annotations

from array import array

import numpy as np
from scipy import sparse


class SparseRows:
    """Takes the entries of one row after another."""

    def __init__(self) -> None:
        self._starts, self._columns, self._values = array("q", [0]), array("i"), array("f")

    def add(self, column: int, value: float) -> None:
        """Put a value into the row under way."""
        self._columns.append(column)
        self._values.append(value)

    def end(self) -> None:
        """End the row."""
        self._starts.append(len(self._columns))

    def matrix(self, width: int) -> sparse.csr_matrix:
        """What was put together, float32 [rows, width]; entries that stand twice in a row both stay."""
        values, columns = np.array(self._values, np.float32), np.array(self._columns, np.int32)
        starts = np.array(self._starts, np.int64 if len(columns) > np.iinfo(np.int32).max else np.int32)
        return sparse.csr_matrix((values, columns, starts), shape=(len(starts) - 1, width))
