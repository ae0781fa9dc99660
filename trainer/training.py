"""Training: lessons in, a network out. Deterministic for a seed, resumable.

It begins at the discriminant (``trainer.discriminant``) and bends it in few steps towards two things at once: two
views of a person are nearest to each other (InfoNCE), and the nearest people have what was hidden (neighbour loss).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, cos, pi

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor, nn

from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.device import pick_device
from trainer.discriminant import discriminant
from trainer.inputs import Inputs
from trainer.lesson_files import Lessons
from trainer.losses import CosinePairs, InfoNCE
from trainer.model import Batch, ModelShape, ThreeTowers
from trainer.neighbours import Hidden, NeighbourLoss
from trainer.ranks import Alone, Ranks, Rows
from trainer.settings import TrainerSettings
from trainer.steps import Part, Question, Step

WARM_UP = 0.1
"""Share of the steps over which the learning rate rises."""

Losses = Mapping[str, float]


@dataclass
class Progress:
    """What a training run reports: an epoch done, and its mean losses by name."""

    on_epoch: Callable[[int, Losses], None] = field(default=lambda _epoch, _losses: None)


class Trainer:
    """One training run, or one rank's part in it."""

    def __init__(self, settings: TrainerSettings, lessons: Lessons, ranks: Ranks | None = None) -> None:
        self.settings, self.lessons, self._ranks = settings, lessons, ranks or Alone()
        torch.manual_seed(settings.seed)
        self.device = pick_device(settings.device)
        self.network = ThreeTowers(ModelShape(lessons.widths, settings.width), settings.dropout)
        self.network.start_at(*map(torch.from_numpy, self._start()))
        self.network.to(self.device)
        pairs = InfoNCE(settings.temperature) if settings.loss == "infonce" else CosinePairs(settings.margin)
        self.losses = nn.ModuleDict({"pairs": pairs})
        if settings.neighbour_weight:
            self.losses["neighbours"] = NeighbourLoss(lessons.gallery, settings.neighbour_temperature)
        self.losses.to(self.device)
        parameters = [*self.network.parameters(), *self.losses.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)

    def fit(self, progress: Progress, checkpoint: Checkpoint | NoCheckpoint) -> tuple[ThreeTowers, list[Losses]]:
        """Train through all epochs; the network and the losses of each epoch."""
        curve = checkpoint.restore(self.network, self.losses, self.optimizer)
        self._ranks.agree_on(len(curve))
        step = self._ranks.parallel(Step(self.network, self.losses, self._ranks))
        for epoch in range(len(curve), self.settings.epochs):
            curve = [*curve, self._epoch(epoch, step)]
            if self._ranks.rank == 0:
                checkpoint.save(curve, self.network, self.losses, self.optimizer)
            progress.on_epoch(epoch + 1, curve[-1])
        return self.network, curve

    def _start(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        return discriminant(
            lambda: (
                (each.left.take(rows), each.right.take(rows))
                for each in self.lessons.views
                for rows in _usable(each.usable)
            ),
            self.lessons.widths,
            self.settings.width,
            self.settings.ridge,
        )

    def _epoch(self, epoch: int, step: nn.Module) -> Losses:
        """One pass; everything random in it follows from the seed and the epoch, so that a resumed run is the same."""
        torch.manual_seed(self.settings.seed * 100_003 + epoch + 1_000_000_007 * self._ranks.rank)
        drawing = epoch % len(self.lessons.views)
        views, hidden = self.lessons.views[drawing], self.lessons.hidden[drawing]
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(np.flatnonzero(views.usable))
        steps = ceil(len(order) / self.settings.batch_size)
        self.network.train()
        seen: list[dict[str, float]] = []
        for number, rows in enumerate(np.array_split(order, steps)):
            self._set_rate((epoch + number / steps) / self.settings.epochs)
            question = self._question(hidden, rows[: self.settings.asking]) if self.settings.neighbour_weight else None
            losses = step(self._part(views.left, rows), self._part(views.right, rows), question)
            total = losses["pairs"]
            if question is not None:
                total = total + self.settings.neighbour_weight * losses["neighbours"]
            self.optimizer.zero_grad()
            total.backward()
            self.optimizer.step()
            seen.append({name: loss.item() for name, loss in losses.items()})
        return {name: float(np.mean([each[name] for each in seen])) for name in seen[0]}

    def _question(self, hidden: Hidden, rows: Rows) -> Question:
        gallery = self.lessons.gallery
        return Question(
            self._part(hidden.inputs, rows),
            self._part(gallery.inputs, np.arange(len(gallery.inputs))),
            torch.from_numpy(gallery.place[rows]).to(self.device),
            (self._asked(hidden.left, rows), self._asked(hidden.hidden, rows)),
        )

    def _asked(self, artists: sparse.csr_matrix, rows: Rows) -> Tensor:
        return torch.from_numpy(artists[rows].toarray()).to(self.device)

    def _part(self, inputs: Inputs, rows: Rows) -> Part:
        return Part(Batch.of(inputs.take(self._ranks.share(rows)), self.device), len(rows))

    def _set_rate(self, done: float) -> None:
        factor = done / WARM_UP if done < WARM_UP else (1 + cos(pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * max(factor, 1e-3)


def _usable(usable: npt.NDArray[np.bool_], chunk: int = 4096) -> list[Rows]:
    """The usable rows, in chunks that bound memory."""
    rows = np.flatnonzero(usable)
    return np.array_split(rows, max(1, ceil(len(rows) / chunk)))
