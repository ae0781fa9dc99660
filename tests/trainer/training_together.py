"""What each process that torchrun starts does in ``test_ranks``: train on a few people; rank 0 tells the outcome."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.builders import WordEncoder, a_community, features_of
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.lesson_files import Lessons
from trainer.lesson_folder import lesson_folder, opened_together
from trainer.lessons import prepare
from trainer.ranks import Alone, Ranks, ranks_here
from trainer.settings import TrainerSettings
from trainer.training import Progress, Trainer

SETTINGS = TrainerSettings(
    width=16,
    co_listening_width=4,
    rotation_width=4,
    genre_width=4,
    clusters=4,
    folds=2,
    epochs=6,
    batch_size=31,
    asking=7,
    views=2,
    device="cpu",
    dropout=0.0,  # or the ranks would draw other masks than one process does
)


def lessons(folder: Path, ranks: Ranks) -> Lessons:
    """Drawn by rank 0 for all."""
    with lesson_folder(folder, ranks) as drawn:
        if ranks.rank == 0:
            prepare(features_of(*a_community(61)), WordEncoder(), SETTINGS, drawn, lambda _what: None)
        return opened_together(drawn, ranks)


def trained(ranks: Ranks, checkpoint: Checkpoint | NoCheckpoint, folder: Path) -> dict[str, np.ndarray]:
    """The weights, the losses of all epochs, and the last gradients, of whose scale Adam leaves no trace in weights."""
    trainer = Trainer(SETTINGS, lessons(folder, ranks), ranks)
    network, curve = trainer.fit(Progress(), checkpoint)
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    learnt = [*network.named_parameters(), *trainer.losses.named_parameters()]
    gradients = {f"gradient of {name}": value.grad.numpy() for name, value in learnt}
    return {**weights, **gradients, "curve": np.array([list(losses.values()) for losses in curve])}


def main(folder: Path) -> None:
    with ranks_here(SETTINGS.device) as ranks:
        assert not isinstance(ranks, Alone)
        own = folder / f"checkpoint of rank {ranks.rank}"
        outcome = trained(ranks, Checkpoint(own if own.exists() else folder / "checkpoint", "key"), folder)
    if ranks.rank == 0:
        np.savez(folder / "outcome.npz", **outcome)
        (folder / "machines").write_text(str(ranks.machines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
