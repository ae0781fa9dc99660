"""The neighbour loss: the people nearest to what is left of a profile must have the artists that were hidden from it.

A soft form of what recommendations through neighbours do (attention over people in place of the k nearest, as in
neighbourhood components analysis: Goldberger et al., NIPS 2004). It teaches the embedding who is kindred without ever
seeing a friendship. Memory: the gallery is a sample of bounded size, votes are sparse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor, nn

from features.identity import artist_key
from features.listening import Listening
from trainer.inputs import Inputs
from trainer.rows import SparseRows

GALLERY = 4096
"""Most people who vote."""
MIN_PEOPLE = 3
"""People of the gallery who must have an artist for it to be asked about."""
BACKGROUND = 0.03
"""Share of popularity in the vote, so that an artist that no neighbour has costs much but not endlessly."""

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Gallery:
    """Those who vote.

    Attributes:
        inputs: of the voters, whole profiles.
        place: [people trained on], a person's row in the gallery, -1 for those who are not in it.
        column: artist key -> column.
        votes: float32 [voters, columns], rows summing to 1: heavier artists count more.
    """

    inputs: Inputs
    place: Rows
    column: dict[str, int]
    votes: sparse.csr_matrix

    def columns_of(self, listenings: Sequence[Listening]) -> sparse.csr_matrix:
        """Which of the artists each listening has, bool [listenings, columns]."""
        rows = [
            sorted({self.column[key] for artist in each.artists if (key := artist_key(artist)) in self.column})
            for each in listenings
        ]
        starts = np.cumsum([0, *map(len, rows)])
        columns = np.array([column for row in rows for column in row], np.int32)
        return sparse.csr_matrix(
            (np.ones(len(columns), np.bool_), columns, starts), shape=(len(rows), len(self.column))
        )


@dataclass(frozen=True)
class Hidden:
    """What is asked: inputs of what is left of everybody's profile, and which artists are left and hidden."""

    inputs: Inputs
    left: sparse.csr_matrix
    hidden: sparse.csr_matrix


def gallery_of(voters: Mapping[int, Listening], inputs: Inputs, people: int) -> Gallery:
    """The gallery of ``people`` who are trained on.

    Args:
        voters: row -> whole listening of those who vote, in the order of the rows; at most ``GALLERY``.
        inputs: theirs, in the same order.
        people: how many are trained on.
    """
    place = np.full(people, -1, np.intp)
    place[[*voters]] = np.arange(len(voters))
    ranked = [list(dict.fromkeys(map(artist_key, listening.artist_weights()))) for listening in voters.values()]
    heard = Counter(artist for artists in ranked for artist in artists)
    column = {artist: at for at, artist in enumerate(sorted(a for a, count in heard.items() if count >= MIN_PEOPLE))}
    votes = SparseRows()
    for artists in ranked:
        for rank, artist in enumerate(artists):
            if artist in column:
                votes.add(column[artist], 1 / np.log2(rank + 2))
        votes.end()
    cast = votes.matrix(len(column))
    totals = np.maximum(np.asarray(cast.sum(axis=1)).ravel(), 1e-9)
    return Gallery(inputs, place, column, (sparse.diags(1 / totals) @ cast).tocsr().astype(np.float32))


class NeighbourLoss(nn.Module):
    """Negative log likelihood of hidden artists under the vote of the gallery, with a learnt temperature."""

    votes: Tensor
    popularity: Tensor

    def __init__(self, gallery: Gallery, temperature: float) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(1 / temperature).log())
        votes = gallery.votes.T.tocsr().tocoo()  # by artist, as a coalesced tensor must be
        where = torch.from_numpy(np.stack([votes.row, votes.col]).astype(np.int64))
        tensor = torch.sparse_coo_tensor(
            where, torch.from_numpy(votes.data), votes.shape, is_coalesced=True, check_invariants=False
        )
        popularity = np.asarray(gallery.votes.sum(axis=0), np.float32).ravel()
        self.register_buffer("votes", tensor, persistent=False)
        self.register_buffer("popularity", torch.from_numpy(popularity / max(popularity.sum(), 1e-9)), persistent=False)

    def forward(self, asking: Tensor, voters: Tensor, own: Tensor, artists: tuple[Tensor, Tensor]) -> Tensor:
        """Mean over those who ask of whom anything is hidden.

        Args:
            asking: [asking, width], unit rows of what is left of profiles.
            voters: [voters, width], unit rows of the gallery.
            own: int64 [asking], who asks, as a row of the gallery (-1: not in it); nobody votes on themselves.
            artists: bool [asking, columns] twice: those left in the profile, and those hidden.
        """
        left, hidden = artists
        near = asking @ voters.T * self.log_scale.exp().clamp(max=100.0)
        mine = own[:, None] == torch.arange(len(voters), device=own.device)
        attention = near.masked_fill(mine, -torch.inf).softmax(dim=1)
        vote = torch.sparse.mm(self.votes, attention.T).T
        likely = ((1 - BACKGROUND) * vote + BACKGROUND * self.popularity).masked_fill(left, 0.0)
        likely = likely / likely.sum(dim=1, keepdim=True).clamp_min(1e-9)
        each = -(likely.clamp_min(1e-9).log() * hidden).sum(dim=1) / hidden.sum(dim=1).clamp_min(1)
        return each.sum() / hidden.any(dim=1).sum().clamp_min(1)
