"""Friendships: the ground truth that no method sees. Reading the file, and drawing degree-matched non-friends."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.profile import UserId
from trainer.errors import BadFriends

DEGREE_TOLERANCE = 0.2
NON_FRIENDS_PER_FRIEND = 20


class Friendships:
    """Undirected friendships among people known by their row."""

    def __init__(self, pairs: Iterable[tuple[str, str]], row_of: Mapping[UserId, int], seed: int) -> None:
        """Keep the ``pairs`` of which both are in ``row_of`` (user id -> row)."""
        self._friends: dict[int, set[int]] = {}
        self._people, self._seed = len(row_of), seed
        for one, other in pairs:
            a, b = row_of.get(UserId(one)), row_of.get(UserId(other))
            if a is not None and b is not None and a != b:
                self._friends.setdefault(a, set()).add(b)
                self._friends.setdefault(b, set()).add(a)
        self._degree = np.zeros(self._people, np.intp)
        for row, friends in self._friends.items():
            self._degree[row] = len(friends)

    @property
    def count(self) -> int:
        """Number of friendships."""
        return int(self._degree.sum()) // 2

    def of(self, row: int) -> set[int]:
        """Rows of a person's friends."""
        return self._friends.get(int(row), set())

    def mask(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """Bool [rows, people]: who is whose friend."""
        mask = np.zeros((len(rows), self._people), np.bool_)
        for line, row in zip(mask, rows, strict=True):
            line[sorted(self.of(row))] = True
        return mask

    def matched(self, row: int) -> Iterator[tuple[int, int]]:
        """Pairs (friend, non-friend with about as many friends), so that popularity does not help."""
        rng = np.random.default_rng([self._seed, row])
        stranger = np.ones(self._people, np.bool_)
        stranger[[row, *sorted(self.of(row))]] = False
        for friend in sorted(self.of(row)):
            near = np.abs(self._degree - self._degree[friend]) <= DEGREE_TOLERANCE * self._degree[friend]
            candidates = np.flatnonzero(stranger & near)
            count = min(NON_FRIENDS_PER_FRIEND, len(candidates))
            for other in rng.choice(candidates, count, replace=False):
                yield friend, int(other)


def read_friends(path: Path) -> list[tuple[str, str]]:
    """Pairs of user ids from a CSV (or CSV.gz) with two columns; a header ``user_a,user_b`` is skipped.

    Raises:
        BadFriends: the file is missing or not such a table.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadFriends(
            f"{path} cannot be read: {error}.", "Give a CSV file with the columns user_a,user_b."
        ) from error
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise BadFriends(f"{path}, row {number}: {len(row)} columns.", "Give two columns: user_a,user_b.")
    return [(row[0], row[1]) for row in rows if row != ["user_a", "user_b"]]
