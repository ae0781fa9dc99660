"""The model: a tower each for genres, artists and playlists, then the joint tower. Only ``torch.nn`` lives here.

Numpy at the edges and torch inside: import this module only where a model is trained or run, torch takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.inputs import PARTS, YEARS_WIDTH, Inputs
from trainer.ports import TOWERS


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Widths of a model; with the tensors, all that is needed to build it again."""

    text_width: int
    co_listening_width: int
    tower_width: int
    hidden_width: int
    width: int


class ThreeTowers(nn.Module):
    """Genre, artist and playlist towers, release years and co-listening as small further inputs, one unit vector out.

    The artist tower reads the artists' text and their co-listening. An input that is missing is masked: the tower's
    output is replaced by a learnt vector that says "unknown", so zero never poses as a taste.
    """

    def __init__(self, shape: ModelShape, dropout: float = 0.0, co_listening_dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.co_listening_dropout = co_listening_dropout
        tower, hidden = shape.tower_width, shape.hidden_width
        self.towers = nn.ModuleDict({name: _mlp(shape.text_width, hidden, tower, dropout) for name in TOWERS})
        self.years = _mlp(YEARS_WIDTH, 32, tower, 0.0)
        self.co_listening = _mlp(max(shape.co_listening_width, 1), hidden, tower, dropout)
        self.unknown = nn.Parameter(torch.randn(len(PARTS), tower) / tower**0.5)
        self.joint = _mlp(len(PARTS) * tower, 2 * hidden, shape.width, 0.0)
        self.skip = nn.Linear(len(PARTS) * tower, shape.width)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """User embeddings [n, width] and tower outputs [n, 3, tower_width], unit rows (a missing tower's is zero)."""
        present = self._hide_co_listening(batch.present)
        outputs = [self.towers[name](batch.text[:, index]) for index, name in enumerate(TOWERS)]
        outputs += [self.years(batch.years), self.co_listening(batch.co_listening)]
        parts = functional.normalize(torch.stack(outputs, dim=1), dim=-1)
        seen = torch.where(present[..., None], parts, functional.normalize(self.unknown, dim=-1))
        flat = seen.flatten(1)
        joint = functional.normalize(self.skip(flat) + self.joint(flat), dim=-1)
        return joint, self._tower_outputs(parts, batch.present)

    def _tower_outputs(self, parts: Tensor, present: Tensor) -> Tensor:
        """Genre, artist (text and co-listening together) and playlist, masked by zero for whoever shows them."""
        masked = parts * present[..., None]
        artist = functional.normalize(masked[:, 1] + masked[:, 4], dim=-1)
        return torch.stack([masked[:, 0], artist, masked[:, 2]], dim=1)

    def _hide_co_listening(self, present: Tensor) -> Tensor:
        if not self.training or not self.co_listening_dropout:
            return present
        kept = torch.rand(len(present), device=present.device) >= self.co_listening_dropout
        return torch.cat([present[:, :-1], present[:, -1:] & kept[:, None]], dim=1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs as tensors on one device; see ``Inputs`` for the shapes."""

    text: Tensor
    years: Tensor
    co_listening: Tensor
    present: Tensor

    @classmethod
    def of(cls, inputs: Inputs, device: torch.device) -> Batch:
        """Move inputs to a device, as float32."""
        floats = (inputs.text, inputs.years, inputs.co_listening)
        text, years, co_listening = (torch.from_numpy(part).to(device, torch.float32) for part in floats)
        if not co_listening.shape[1]:
            co_listening = text.new_zeros(len(text), 1)
        return cls(text, years, co_listening, torch.from_numpy(inputs.present).to(device))


def _mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))
