"""A whole training run: people in, a registered model out; and the evaluation of any registered model.

Pure orchestration over the seams; what is run with lives in ``trainer.compose``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from features.identity import point_id
from features.ports import TextEncoder
from features.profile import UserId
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of
from trainer.checkpoint import Checkpoint
from trainer.colistening import learn
from trainer.errors import TooFewPeople
from trainer.evaluation import ask, evaluate
from trainer.friends import Friendships
from trainer.methods import ArtistTfIdf, Method, RandomVectors, model_method, raw_features
from trainer.ports import Embedder, ModelCard, ModelRegistry
from trainer.settings import TrainerSettings
from trainer.split import is_test, split
from trainer.trained import TrainedModel
from trainer.training import Progress, Trainer, draw_views, validation_views

MIN_TRAIN = 20
"""People that it takes to train anything at all."""

Pairs = Sequence[tuple[str, str]]
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


def train(people: Sequence[UserFeatures], workshop: Workshop, friends: Pairs | None) -> ModelCard:
    """Train on ``people``, evaluate on those kept back, register the model.

    Raises:
        TooFewPeople: fewer than ``MIN_TRAIN`` are left to train on.
    """
    settings = workshop.settings
    groups = split(people, test_share=settings.test_share, validation_share=settings.validation_share)
    if len(groups.train) < MIN_TRAIN:
        raise TooFewPeople(
            f"{len(groups.train)} people are left to train on; it takes {MIN_TRAIN}.",
            "Import more with: python -m features import PATH",
        )
    vectors = text_vectors(people, workshop.encoder)
    workshop.say(f"co-listening of {len(groups.train):,} people")
    co_listening = learn([person.listening for person in groups.train], settings.co_listening_width, settings.seed)
    workshop.say(f"{settings.views} pairs of views a person")
    views = [
        draw_views(groups.train, vectors, co_listening, rng=np.random.default_rng([settings.seed, 0, index]))
        for index in range(settings.views)
    ]
    if len(views[0].left.present) < 2:
        raise TooFewPeople("Nobody to train on has two artists or more.", "Import larger profiles.")
    workshop.say("training")
    data = fingerprint(groups.train)
    checkpoint = Checkpoint(workshop.checkpoint, _run_key(settings, data))
    validation = validation_views(groups.validation, vectors, co_listening, settings.seed)
    network, epochs = Trainer(settings, views, co_listening).fit(validation, workshop.progress, checkpoint)
    model = TrainedModel(network.cpu(), co_listening, workshop.encoder.name)
    metrics = figures({"model": model_method(model)}, people, workshop, friends=friends)["model"]
    card = _card(model, settings, metrics, {"people": len(groups.train), "epochs": epochs, "fingerprint": data})
    version = workshop.registry.save(card, model.tensors(), model.texts())
    checkpoint.clear()
    return workshop.registry.load(version)[0]


def figures(
    methods: Mapping[str, Method],
    people: Sequence[UserFeatures],
    workshop: Workshop,
    *,
    asked: set[UserId] | None = None,
    friends: Pairs | None = None,
) -> dict[str, dict[str, float]]:
    """Evaluate methods on the same questions.

    Args:
        methods: by the name to show.
        people: everybody.
        workshop: encoder, settings and where to say what is going on.
        asked: user ids never trained on; None means the test group among ``people``.
        friends: friendships by user id, if known.

    Raises:
        TooFewPeople: nobody is left to ask about.
    """
    share, seed = workshop.settings.test_share, workshop.settings.seed
    asked = {person.user_id for person in people if is_test(person.user_id, share)} if asked is None else asked
    if not asked:
        raise TooFewPeople("Nobody was kept from training to evaluate on.", "Import more people.")
    questions = ask(people, asked, text_vectors(people, workshop.encoder), seed)
    row_of = {person.user_id: row for row, person in enumerate(questions.people)}
    known = None if friends is None else Friendships(friends, row_of, seed)
    found = {}
    for name, method in methods.items():
        workshop.say(f"asking about {len(asked):,} people among {len(people):,}: {name}")
        found[name] = evaluate(method, questions, known)
    return found


def methods_with_rivals(
    embedder: Embedder, train_people: Sequence[UserFeatures], settings: TrainerSettings
) -> dict[str, Method]:
    """The model, and the baselines that are always printed beside it."""
    return {
        f"model v{embedder.version}": model_method(embedder),
        "raw features, cosine": raw_features,
        "artist tf-idf, cosine": ArtistTfIdf(train_people),
        "random": RandomVectors(settings.seed),
    }


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


def _run_key(settings: TrainerSettings, data: str) -> str:
    return hashlib.blake2b(repr((_config(settings), data)).encode(), digest_size=16).hexdigest()


def _config(settings: TrainerSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in TrainerSettings.__annotations__ if name != "device"}


def _card(
    model: TrainedModel, settings: TrainerSettings, metrics: dict[str, float], training: dict[str, Any]
) -> ModelCard:
    config = {**_config(settings), "shape": model.shape()}
    return ModelCard(0, datetime.now(UTC), model.text_model, config, metrics, training)
