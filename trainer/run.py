"""A whole training run: people in, a proven and registered model out.

Pure orchestration over the seams; what is run with lives in ``trainer.compose``, the proof in ``trainer.proving``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.identity import point_id
from features.ports import TextEncoder
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.errors import TooFewPeople
from trainer.lessons import prepare
from trainer.ports import ModelCard, ModelParts, ModelRegistry
from trainer.proof import Proof
from trainer.ranks import Ranks
from trainer.settings import TrainerSettings
from trainer.split import is_test
from trainer.trained import TrainedModel
from trainer.training import Losses, Progress, Trainer

MIN_TRAIN = 20
"""People that it takes to train anything at all."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Workshop:
    """What a run works with."""

    encoder: TextEncoder
    registry: ModelRegistry
    settings: TrainerSettings
    checkpoint: Path
    say: Say
    progress: Progress


@dataclass(frozen=True)
class Trained:
    """A trained model that is not registered yet: with what, on how many, and how the losses fell."""

    model: TrainedModel
    settings: TrainerSettings
    training: dict[str, Any]
    curve: list[Losses]


def train(
    people: Sequence[UserFeatures],
    workshop: Workshop,
    checkpoint: Checkpoint | NoCheckpoint,
    ranks: Ranks | None = None,
) -> Trained:
    """Train on ``people``, those kept back left out; in this process, or together with all ``ranks``.

    Raises:
        TooFewPeople: fewer than ``MIN_TRAIN`` are left to train on.
    """
    settings = workshop.settings
    mine = [person for person in people if not is_test(person.user_id, settings.test_share)]
    if len(mine) < MIN_TRAIN:
        raise TooFewPeople(
            f"{len(mine)} people are left to train on; it takes {MIN_TRAIN}.",
            "Import more with: python -m features import PATH",
        )
    if sum(len(person.listening.artists) > 1 for person in mine) < 2:
        raise TooFewPeople("Nobody to train on has two artists or more.", "Import larger profiles.")
    lessons = prepare(mine, text_vectors(mine, workshop.encoder), settings, workshop.say)
    workshop.say("training")
    network, curve = Trainer(settings, lessons, ranks).fit(workshop.progress, checkpoint)
    model = TrainedModel(network.cpu(), lessons.co_listening, workshop.encoder.name)
    training = {"people": len(mine), "epochs": len(curve), "fingerprint": fingerprint(mine)}
    return Trained(model, settings, training, curve)


def checkpoint_of(people: Sequence[UserFeatures], workshop: Workshop) -> Checkpoint:
    """The checkpoint of a run over these people with these settings."""
    key = hashlib.blake2b(repr((_config(workshop.settings), fingerprint(people))).encode(), digest_size=16).hexdigest()
    return Checkpoint(workshop.checkpoint, key)


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


def fingerprint(people: Sequence[UserFeatures]) -> str:
    """A digest of who was trained on and with what; it tells nobody's id."""
    digest = hashlib.blake2b(digest_size=16)
    for person in sorted(people, key=lambda person: person.user_id):
        digest.update(point_id(person.user_id).bytes)
        for part in (person.genre, person.artist, person.playlist):
            digest.update(b"-" if part is None else part.tobytes())
    return digest.hexdigest()


def _config(settings: TrainerSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in TrainerSettings.__annotations__ if name != "device"}
