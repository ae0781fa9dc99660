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

YEARS_OUT = 32
_VECTORS = [PARTS.index(name) for name in (*TOWERS, "co_listening")]
_YEARS = [PARTS.index("years")]


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
        self.co_listening = _mlp(max(shape.co_listening_width, 1), hidden, tower, dropout)
        self.years = _mlp(YEARS_WIDTH, YEARS_OUT, YEARS_OUT, 0.0)
        self.unknown = nn.Parameter(torch.randn(len(TOWERS) + 1, tower) / tower**0.5)
        self.unknown_years = nn.Parameter(torch.zeros(YEARS_OUT))
        joined = (len(TOWERS) + 1) * tower + YEARS_OUT
        self.joint = _mlp(joined, 2 * hidden, shape.width, 0.0)
        self.skip = nn.Linear(joined, shape.width)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """User embeddings [n, width] and tower outputs [n, 3, tower_width], unit rows (a missing tower's is zero)."""
        present = self._hide_co_listening(batch.present)
        outputs = [self.towers[name](batch.text[:, index]) for index, name in enumerate(TOWERS)]
        parts = functional.normalize(torch.stack([*outputs, self.co_listening(batch.co_listening)], dim=1), dim=-1)
        seen = torch.where(present[:, _VECTORS, None], parts, self.unknown)
        years = torch.where(present[:, _YEARS], self.years(batch.years), self.unknown_years)
        joined = torch.cat([seen.flatten(1), years], dim=1)
        joint = functional.normalize(self.skip(joined) + self.joint(joined), dim=-1)
        return joint, self._tower_outputs(parts * batch.present[:, _VECTORS, None])

    @staticmethod
    def _tower_outputs(masked: Tensor) -> Tensor:
        """Genre, artist (text and co-listening together) and playlist; missing parts are zero here."""
        artist = functional.normalize(masked[:, 1] + masked[:, 3], dim=-1)
        return torch.stack([masked[:, 0], artist, masked[:, 2]], dim=1)

    def _hide_co_listening(self, present: Tensor) -> Tensor:
        if not self.training or not self.co_listening_dropout:
            return present
        hidden = torch.rand(len(present), device=present.device) < self.co_listening_dropout
        kept = present.clone()
        kept[hidden, PARTS.index("co_listening")] = False
        return kept


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
