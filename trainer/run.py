"""A whole training run: people in, a proven and registered model out.

Pure orchestration over the seams; what is run with lives in ``trainer.compose``, the proof in ``trainer.proving``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.ports import TextEncoder
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.device import pick_device
from trainer.lesson_files import Lessons
from trainer.lesson_folder import lesson_folder, opened_together
from trainer.lessons import Say, prepare
from trainer.people import Kept
from trainer.ports import ModelCard, ModelParts, ModelRegistry
from trainer.proof import Proof
from trainer.ranks import Alone, Ranks
from trainer.settings import TrainerSettings
from trainer.split import is_test
from trainer.trained import TrainedModel
from trainer.training import Losses, Progress, Trainer

_NOT_OF_TRAINING = ("most_trained", "most_proven")  # who was trained on is in the fingerprint


@dataclass(frozen=True)
class Workshop:
    """What a run works with."""

    encoder: TextEncoder
    registry: ModelRegistry
    settings: TrainerSettings
    folder: Path
    say: Say
    progress: Progress


@dataclass(frozen=True)
class Trained:
    """A trained model that is not registered yet: how it came to be, and what is to be cleared when it is."""

    model: TrainedModel
    settings: TrainerSettings
    training: dict[str, Any]
    curve: list[Losses]
    checkpoint: Checkpoint | NoCheckpoint


def train(
    people: Iterable[UserFeatures], workshop: Workshop, ranks: Ranks | None = None, *, is_resumed: bool = False
) -> Trained:
    """Train on ``people``, those kept back left out; in this process, or as rank 0 of ``ranks``.

    Args:
        people: gone through twice; nobody is to come twice in one go.
        workshop: what to work with.
        ranks: who else trains, and does :func:`assist`.
        is_resumed: whether a run that was cut off is gone on with, as this one can be then.

    Raises:
        NoDevice: the device to train on is not there.
        TooFewPeople: fewer than ``MIN_TRAIN`` are left to train on.
        TrainingUnderWay: another run of these ranks is at work.
    """
    settings, ranks = workshop.settings, ranks or Alone()
    pick_device(settings.device)  # before people are read for hours
    mine = Kept(people, lambda person: not is_test(person.user_id, settings.test_share))
    with lesson_folder(workshop.folder, ranks) as folder:
        learnt = prepare(mine, workshop.encoder, settings, folder, workshop.say)
        lessons = opened_together(folder, ranks)
    checkpoint = _checkpoint_of(lessons, workshop) if is_resumed else NoCheckpoint()
    workshop.say("training")
    network, curve = Trainer(settings, lessons, ranks).fit(workshop.progress, checkpoint)
    model = TrainedModel(network.cpu(), learnt, workshop.encoder.name)
    training = {"people": len(lessons), "epochs": len(curve), "fingerprint": lessons.fingerprint}
    return Trained(model, settings, training, curve, checkpoint)


def assist(workshop: Workshop, ranks: Ranks) -> None:
    """What the other ranks do while rank 0 trains, resumed where that is."""
    with lesson_folder(workshop.folder, ranks) as folder:
        lessons = opened_together(folder, ranks)
    Trainer(workshop.settings, lessons, ranks).fit(workshop.progress, _checkpoint_of(lessons, workshop))


def register(trained: Trained, proof: Proof | None, workshop: Workshop, *, force: bool = False) -> ModelCard:
    """Put a model into the registry, accepted or rejected as the proof's verdict says; ``force`` accepts it anyway."""
    from trainer.documents import documents_of

    verdict = None if proof is None else proof.verdict
    accepted = verdict is None or verdict.accepted
    if verdict is not None:
        said = verdict.reason
    else:
        said = "Nobody was kept back to prove it on." if proof is None else "There is no live model to compare it with."
    model, config = trained.model, {**_config(trained.settings), "shape": trained.model.shape()}
    card = ModelCard(
        0,
        datetime.now(UTC),
        model.text_model,
        config,
        {} if proof is None else metrics_of(proof),
        trained.training,
        accepted or force,
        said if accepted or not force else f"Forced. {said}",
    )
    documents = {} if proof is None else documents_of(proof, "the new model")
    parts = model.parts()
    version = workshop.registry.save(card, ModelParts(parts.tensors, parts.texts, documents))
    return workshop.registry.load(version)[0]


def metrics_of(proof: Proof) -> dict[str, float]:
    """The figures of a proof's model, by names of letters, digits and underscores."""
    method = next(iter(proof.figures))
    found = {name: estimate.mean for name, estimate in proof.figures[method].items()}
    found |= proof.graph.get(method, {})
    return {name: round(value, 4) for name, value in found.items()}


def text_vectors(people: Sequence[UserFeatures], encoder: TextEncoder) -> TextVectors:
    """Vectors of every text in people's listening."""
    return TextVectors({text for person in people for text in mixtures_of(person.listening).texts()}, encoder)


def _checkpoint_of(lessons: Lessons, workshop: Workshop) -> Checkpoint:
    """The checkpoint of a run over these people with these settings."""
    config = {name: value for name, value in _config(workshop.settings).items() if name not in _NOT_OF_TRAINING}
    told = repr((config, lessons.fingerprint))
    key = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
    return Checkpoint(workshop.folder / "checkpoint.safetensors", key)


def _config(settings: TrainerSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in TrainerSettings.__annotations__ if name != "device"}
