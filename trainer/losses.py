"""Losses over pairs of views. Row i of both sides is the same person (a positive pair); every other row a negative."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class InfoNCE(nn.Module):
    """Symmetric in-batch InfoNCE with a learnt temperature (van den Oord 2018; symmetric as in CLIP, Radford 2021)."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(1 / temperature).log())

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Mean loss of two [n, width] sides of unit rows."""
        logits = left @ right.T * self.log_scale.exp().clamp(max=100.0)
        same = torch.arange(len(left), device=left.device)
        return (functional.cross_entropy(logits, same) + functional.cross_entropy(logits.T, same)) / 2


class CosinePairs(nn.Module):
    """``CosineEmbeddingLoss`` with labels +1 for two views of one person and −1 for every two people of the batch.

    Positive and negative pairs weigh the same, however many there are of each. (Labelling pairs of different people
    +1 collapses all vectors to one point.)
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Mean loss of two [n, width] sides of unit rows."""
        people = len(left)
        positive = functional.cosine_embedding_loss(left, right, left.new_ones(people))
        rows, columns = torch.nonzero(~torch.eye(people, dtype=torch.bool, device=left.device), as_tuple=True)
        negative = functional.cosine_embedding_loss(
            left[rows], right[columns], left.new_full((len(rows),), -1.0), margin=self.margin
        )
        return positive + negative
