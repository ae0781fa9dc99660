"""Settings of the trainer room: what the model is, how it is trained and what it is proven on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from features.settings import FeatureSettings

Positive = Annotated[int, Field(ge=1)]


class TrainerSettings(FeatureSettings):
    """What training can be told; the defaults are what the evaluation showed to be best."""

    width: Annotated[int, Field(ge=8, le=256)] = 128
    """Length of a user embedding."""
    tower_width: Annotated[int, Field(ge=8, le=256)] = 128
    """Length of a tower's output."""
    hidden_width: Annotated[int, Field(ge=8, le=4096)] = 256
    """Width of the hidden layers."""
    co_listening_width: Annotated[int, Field(ge=0, le=512)] = 64
    """Length of each of the two co-listening vectors of an artist; 0 leaves them out."""
    loss: Literal["infonce", "cosine"] = "infonce"
    """``infonce``: the other people of the batch are the negatives; ``cosine``: CosineEmbeddingLoss with labels ±1."""
    temperature: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Temperature of InfoNCE at the start; it is learnt from there."""
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Margin of the cosine loss: negatives closer than this are pushed apart."""
    epochs: Positive = 120
    """Most passes over the people; early stopping may end sooner."""
    patience: Positive = 3
    """Checks on validation people without a better result before training stops."""
    check_every: Positive = 10
    """Epochs between two checks."""
    batch_size: Annotated[int, Field(ge=2)] = 256
    """People in a step; each is the others' negative."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Peak learning rate of AdamW, warmed up over a tenth of the steps, then a cosine down to zero."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout on the towers' inputs."""
    co_listening_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """How often a person's co-listening vector is hidden in training, since it was learnt from these very people."""
    views: Positive = 12
    """Pairs of views drawn of each person; the epochs take turns over them."""
    seed: int = 0
    """Seed of everything random."""
    test_share: Annotated[float, Field(gt=0, lt=0.9)] = 0.2
    """Share of the people that training never sees; ``evaluate`` asks about them."""
    validation_share: Annotated[float, Field(ge=0, lt=0.9)] = 0.08
    """Share of the people that early stopping looks at; never trained on, never in the test."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train; ``auto`` takes CUDA, then MPS, then the CPU."""
