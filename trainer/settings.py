"""Settings of the trainer room: what the model is, how it is trained and what it is proven on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from features.settings import FeatureSettings

Positive = Annotated[int, Field(ge=1)]
Wide = Annotated[int, Field(ge=1, le=512)]


class TrainerSettings(FeatureSettings):
    """What training can be told; the defaults are what the evaluation showed to be best."""

    width: Annotated[int, Field(ge=8, le=256)] = 128
    """Length of a user embedding."""
    co_listening_width: Wide = 100
    """Length of an artist's co-listening vector."""
    rotation_width: Wide = 128
    """Length of an artist's heavy-rotation vector."""
    genre_width: Wide = 64
    """Length of a genre's vector."""
    clusters: Positive = 128
    """Clusters of artists that a person's listening is spread over."""
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    """Folds of people; each is trained on with co-listening vectors learnt from the others."""
    ridge: Annotated[float, Field(gt=0)] = 0.5
    """Ridge of the discriminant that training begins at, as a multiple of the mean within-person variance."""
    loss: Literal["infonce", "cosine"] = "infonce"
    """``infonce``: the other people of the batch are the negatives; ``cosine``: CosineEmbeddingLoss with labels ±1."""
    temperature: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Temperature of InfoNCE at the start; it is learnt from there."""
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Margin of the cosine loss: negatives closer than this are pushed apart."""
    neighbour_weight: Annotated[float, Field(ge=0)] = 3.0
    """Weight of the neighbour loss (the nearest people must have what was hidden); 0 leaves it out."""
    neighbour_temperature: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Temperature of the neighbours' vote at the start; it is learnt from there."""
    epochs: Annotated[int, Field(ge=0)] = 40
    """Passes over the people; 0 keeps the closed form that training begins at."""
    batch_size: Annotated[int, Field(ge=2)] = 1024
    """People in a step; each is the others' negative."""
    asking: Positive = 200
    """People of a step whose hidden artists are asked of their neighbours."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Peak learning rate of AdamW, warmed up over a tenth of the steps, then a cosine down to zero."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout on the towers' inputs."""
    views: Positive = 16
    """Pairs of views drawn of each person; the epochs take turns over them. Fewer are drawn of very many people."""
    seed: int = 0
    """Seed of everything random."""
    test_share: Annotated[float, Field(ge=0, lt=0.9)] = 0.2
    """Share of the people that training never sees; ``evaluate`` asks about them. 0 trains on everybody."""
    most_trained: Positive = 100_000
    """About how many people, a sample of everybody, a model is trained on at most; a training's time, memory and disk
    grow with them. With no more than are proven on, the rivals of a proof learn from as many."""
    most_proven: Positive = 100_000
    """Most people, a sample of everybody, that a proof is made among; they are in memory, some 10 kB each, and each is
    compared with all of them."""
    train_on_spotify_api: bool = False
    """Whether people whose listening was read from Spotify's Web API are trained and proven on. Spotify's terms forbid
    it; docs/privacy.md says more. They are embedded and matched either way."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to train; ``auto`` takes CUDA, then MPS, then the CPU, and with torchrun CUDA or the CPU."""
