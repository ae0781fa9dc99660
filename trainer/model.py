"""The model: a tower each for genres, artists and playlists, then the joint tower. Only ``torch.nn`` lives here.

Numpy at the edges and torch inside: import this module only where a model is trained or run, torch takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.inputs import PARTS, PARTS_OF, Inputs
from trainer.ports import TOWERS


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Widths of a model's inputs, in the order of ``PARTS``, and of its output."""

    parts: tuple[int, ...]
    width: int

    def tower_widths(self) -> dict[str, int]:
        """Tower -> width of what it reads."""
        width_of = dict(zip(PARTS, self.parts, strict=True))
        return {tower: sum(width_of[part] for part in parts) for tower, parts in PARTS_OF.items()}


class ThreeTowers(nn.Module):
    """Genre, artist and playlist towers, a small one for release years, and the joint tower over their sum.

    Each tower maps what it reads into one common space; the joint tower adds them up, bends the sum a little and
    brings it to unit length. So every tower's share in a similarity can be told, and a part that is missing adds
    nothing: it is neither a zero taste nor an average one, the others are simply all there is.
    """

    center: Tensor

    def __init__(self, shape: ModelShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        widths = shape.tower_widths()
        self.towers = nn.ModuleDict({name: nn.Linear(width, shape.width, bias=False) for name, width in widths.items()})
        self.bend = nn.Sequential(nn.Linear(shape.width, shape.width), nn.GELU(), nn.Linear(shape.width, shape.width))
        for parameter in self.bend[-1].parameters():
            nn.init.zeros_(parameter)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("center", torch.zeros(sum(shape.parts)))
        self._tower_slices = list(widths.values())
        self._part_widths = torch.tensor(shape.parts)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """User embeddings [n, width] and tower outputs [n, 3, width], unit rows (a missing tower's is zero)."""
        seen = batch.present.repeat_interleave(self._part_widths.to(batch.present.device), dim=1)
        values = self.dropout(torch.where(seen, batch.values - self.center, 0.0))
        pieces = torch.split(values, self._tower_slices, dim=1)
        outputs = {name: self.towers[name](piece) for name, piece in zip(PARTS_OF, pieces, strict=True)}
        total = torch.stack(list(outputs.values())).sum(dim=0)
        shown = torch.stack([outputs[name] for name in TOWERS], dim=1)
        return functional.normalize(total + self.bend(total), dim=-1), functional.normalize(shown, dim=-1)

    @torch.no_grad()
    def start_at(self, center: Tensor, projection: Tensor) -> None:
        """Begin at a linear projection [input width, width] of inputs less their ``center`` [input width]."""
        self.center.copy_(center)
        for name, piece in zip(PARTS_OF, torch.split(projection, self._tower_slices), strict=True):
            self.towers[name].get_parameter("weight").copy_(piece.T)


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs as tensors on one device; see ``Inputs`` for the shapes."""

    values: Tensor
    present: Tensor

    @classmethod
    def of(cls, inputs: Inputs, device: torch.device) -> Batch:
        """Move inputs to a device, as float32."""
        values = torch.from_numpy(inputs.values).to(device, torch.float32)
        return cls(values, torch.from_numpy(inputs.present).to(device))
