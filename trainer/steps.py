"""A step of training as one module: inputs in, losses out. Which rows, and what becomes of the losses: ``training``.

In one process or in several: each embeds its share of the rows, and all see everybody's embeddings, so that every
other person of the batch is a negative wherever they were embedded.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from trainer.model import Batch, ThreeTowers
from trainer.ranks import Ranks


@dataclass(frozen=True)
class Part:
    """Inputs of this rank's share of ``count`` rows."""

    mine: Batch
    count: int


@dataclass(frozen=True)
class Question:
    """What is asked of neighbours; see ``NeighbourLoss`` for the last two."""

    asking: Part
    voters: Part
    own: Tensor
    artists: tuple[Tensor, Tensor]


class Step(nn.Module):
    """The losses of one step."""

    def __init__(self, network: ThreeTowers, losses: nn.ModuleDict, ranks: Ranks) -> None:
        super().__init__()
        self.network, self.losses = network, losses
        self._ranks = ranks

    def forward(self, left: Part, right: Part, question: Question | None) -> dict[str, Tensor]:
        """Losses by name; the neighbours' only where something is asked of them."""
        losses: dict[str, Tensor] = {"pairs": self.losses["pairs"](self._embed(left), self._embed(right))}
        if question is not None:
            asking, voters = self._embed(question.asking), self._embed(question.voters)
            losses["neighbours"] = self.losses["neighbours"](asking, voters, question.own, question.artists)
        return losses

    def _embed(self, part: Part) -> Tensor:
        """Everybody's embeddings, float32 [count, width]; the losses, too, are made of these, in float32."""
        device = part.mine.values.device.type
        with torch.autocast(device, torch.bfloat16, enabled=is_fast_at_bfloat16(device)):
            joint: Tensor = self.network(part.mine)[0]
        return self._ranks.gathered(joint.float(), part.count)


def is_fast_at_bfloat16(device: str) -> bool:
    """Whether it computes in bfloat16 itself, as GPUs do from NVIDIA's Ampere on; those before only emulate it."""
    return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
