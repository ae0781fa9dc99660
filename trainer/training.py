"""Training: views of people in, a trained model out. Deterministic for a seed, resumable, stopped early by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import cos, pi

import numpy as np
import torch

from features.user_features import UserFeatures
from features.vectors import TextVectors, view_of
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.colistening import CoListening
from trainer.inputs import Inputs, inputs_of
from trainer.losses import CosinePairs, InfoNCE
from trainer.metrics import reciprocal_ranks
from trainer.model import Batch, ModelShape, ThreeTowers
from trainer.settings import TrainerSettings
from trainer.trained import embed_inputs
from trainer.views import Pair, draw, halves

WARM_UP = 0.1
"""Share of the steps over which the learning rate rises."""


@dataclass(frozen=True)
class Views:
    """Inputs of pairs of views: ``left`` and ``right`` of one entry belong to the same people, row by row."""

    left: Inputs
    right: Inputs


@dataclass
class Progress:
    """What a training run reports: an epoch done, its mean loss, and the validation MRR where it was checked."""

    on_epoch: Callable[[int, float, float | None], None] = field(default=lambda _epoch, _loss, _mrr: None)


def draw_views(
    people: Sequence[UserFeatures],
    vectors: TextVectors,
    co_listening: CoListening,
    *,
    rng: np.random.Generator,
    how: Callable[..., Pair] = draw,
) -> Views:
    """One pair of views of everybody who gives two views that are not empty, stored as float16."""
    sides: tuple[list[UserFeatures], list[UserFeatures]] = ([], [])
    for person in people:
        left, right = how(person.listening, rng)
        if left.playlists and right.playlists:
            sides[0].append(view_of(person, left, vectors))
            sides[1].append(view_of(person, right, vectors))
    width = vectors.matrix.shape[1]
    return Views(*(_compact(inputs_of(side, co_listening, width)) for side in sides))


def _compact(inputs: Inputs) -> Inputs:
    return Inputs(
        inputs.text.astype(np.float16),
        inputs.years.astype(np.float16),
        inputs.co_listening.astype(np.float16),
        inputs.present,
    )


class Trainer:
    """One training run over drawn views."""

    def __init__(self, settings: TrainerSettings, views: Sequence[Views], co_listening: CoListening) -> None:
        self.settings, self.views = settings, views
        torch.manual_seed(settings.seed)
        self.device = pick_device(settings.device)
        shape = ModelShape(
            views[0].left.text.shape[2], co_listening.width, settings.tower_width, settings.hidden_width, settings.width
        )
        self.network = ThreeTowers(shape, settings.dropout, settings.co_listening_dropout).to(self.device)
        loss = InfoNCE(settings.temperature) if settings.loss == "infonce" else CosinePairs(settings.margin)
        self.loss = loss.to(self.device)
        parameters = [*self.network.parameters(), *self.loss.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=1e-2)

    def fit(
        self, validation: Views | None, progress: Progress, checkpoint: Checkpoint | NoCheckpoint
    ) -> tuple[ThreeTowers, int]:
        """Train until the last epoch, or until validation stops improving; the best network and its epoch."""
        state = checkpoint.restore(self.network, self.loss, self.optimizer)
        for epoch in range(state.epoch, self.settings.epochs):
            loss = self._epoch(epoch)
            checked = validation is not None and (epoch + 1) % self.settings.check_every == 0
            mrr = self._validate(validation) if checked and validation is not None else None
            state = state.after(epoch + 1, mrr, self.network)
            checkpoint.save(state, self.network, self.loss, self.optimizer)
            progress.on_epoch(epoch + 1, loss, mrr)
            if state.checks_without_gain >= self.settings.patience:
                break
        if state.best is not None:
            self.network.load_state_dict(state.best)
        return self.network, state.best_epoch or state.epoch

    def _epoch(self, epoch: int) -> float:
        """One pass; everything random in it follows from the seed and the epoch, so that a resumed run is the same."""
        torch.manual_seed(self.settings.seed * 100_003 + epoch)
        views = self.views[epoch % len(self.views)]
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(views.left.present))
        steps = max(1, len(order) // self.settings.batch_size)
        self.network.train()
        losses = []
        for step, rows in enumerate(np.array_split(order, steps)):
            self._set_rate((epoch + step / steps) / self.settings.epochs)
            left, _ = self.network(Batch.of(views.left.take(rows), self.device))
            right, _ = self.network(Batch.of(views.right.take(rows), self.device))
            loss = self.loss(left, right)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    def _set_rate(self, done: float) -> None:
        factor = done / WARM_UP if done < WARM_UP else (1 + cos(pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * max(factor, 1e-3)

    def _validate(self, views: Views) -> float:
        left, right = (embed_inputs(self.network, side).joint for side in (views.left, views.right))
        return float(reciprocal_ranks(left @ right.T, np.arange(len(left))).mean())


def validation_views(
    people: Sequence[UserFeatures], vectors: TextVectors, co_listening: CoListening, seed: int
) -> Views | None:
    """The halves of people who are not trained on; None where there are too few to tell anything."""
    if len(people) < 2:
        return None
    views = draw_views(people, vectors, co_listening, rng=np.random.default_rng([seed, 1]), how=halves)
    return views if len(views.left.present) >= 2 else None


def pick_device(wish: str) -> torch.device:
    """The device wished for, or the fastest that is there."""
    if wish != "auto":
        return torch.device(wish)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
