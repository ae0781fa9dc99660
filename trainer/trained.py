"""A trained model as one thing: network, co-listening and settings; to tensors and back, and people to embeddings.

Implements the ``Embedder`` seam. Where models are kept lives in ``trainer.registry``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from features.user_features import UserFeatures
from trainer.colistening import CoListening
from trainer.errors import BrokenModel, ModelMismatch
from trainer.inputs import PARTS, Inputs, inputs_of, widths_of
from trainer.model import Batch, ModelShape, ThreeTowers
from trainer.ports import Embeddings, ModelParts

BATCH = 4096
"""People embedded at once; bounds memory, changes no result."""

_TABLES = ("heard", "vectors", "rotation", "genre_rarity", "genre_vectors", "genre_map", "centers")


@dataclass(frozen=True)
class TrainedModel:
    """A model that is ready to embed people; ``version`` is 0 until it is registered."""

    network: ThreeTowers
    co_listening: CoListening
    text_model: str
    version: int = 0

    @property
    def width(self) -> int:
        """Length of a user embedding."""
        return self.network.shape.width

    def embed(self, people: Sequence[UserFeatures]) -> Embeddings:
        """Embed people; see ``Embedder.embed``."""
        strangers = {person.text_model for person in people} - {self.text_model}
        if strangers:
            raise ModelMismatch(
                f"Features made with the text model {sorted(strangers)[0]!r} do not fit this model, "
                f"which was trained on {self.text_model!r}.",
                "Import the profiles again with SOUNDALIKE_TEXT_MODEL set to the latter, or train a new model.",
            )
        text_width = self.network.shape.parts[PARTS.index("artist_text")]
        parts = [
            embed_inputs(self.network, inputs_of(people[start : start + BATCH], self.co_listening, text_width))
            for start in range(0, max(len(people), 1), BATCH)
        ]
        return Embeddings(np.concatenate([p.joint for p in parts]), np.concatenate([p.towers for p in parts]))

    def parts(self) -> ModelParts:
        """All that :func:`restore` needs besides the shape."""
        network = {f"network.{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        learnt = {f"co_listening.{name}": getattr(self.co_listening, name) for name in _TABLES}
        people = np.array([self.co_listening.people], np.int64)
        texts = {"artists": self.co_listening.artists, "genres": self.co_listening.genres}
        return ModelParts({**network, **learnt, "co_listening.people": people}, texts)

    def shape(self) -> dict[str, Any]:
        """What :func:`restore` needs besides the parts."""
        return {"parts": list(self.network.shape.parts), "width": self.network.shape.width}


def embed_inputs(network: ThreeTowers, inputs: Inputs) -> Embeddings:
    """Embed people whose inputs are at hand."""
    device = next(network.parameters()).device
    network.eval()
    with torch.inference_mode():
        joint, towers = network(Batch.of(inputs, device))
    return Embeddings(joint.cpu().numpy(), towers.cpu().numpy())


def restore(shape: dict[str, Any], parts: ModelParts, *, text_model: str, version: int) -> TrainedModel:
    """The inverse of a model's ``shape`` and ``parts``.

    Raises:
        BrokenModel: the parts do not fit together.
    """
    tensors, texts = parts.tensors, parts.texts
    try:
        co_listening = CoListening(
            int(tensors["co_listening.people"][0]),
            texts["artists"],
            texts["genres"],
            **{name: tensors[f"co_listening.{name}"] for name in _TABLES},
        )
        network = ThreeTowers(ModelShape(tuple(shape["parts"]), shape["width"]))
        state = {
            name.removeprefix("network."): torch.from_numpy(value)
            for name, value in tensors.items()
            if name.startswith("network.")
        }
        network.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError, IndexError, ValueError) as error:
        raise BrokenModel(
            f"Model {version} does not fit its description ({str(error).splitlines()[0]}).",
            "Train a new one with: python -m trainer train",
        ) from error
    learnt = widths_of(co_listening, shape["parts"][PARTS.index("artist_text")])
    if len(co_listening.artists) != len(co_listening.vectors) or learnt != network.shape.parts:
        raise BrokenModel(
            f"Model {version} has {len(co_listening.artists)} artists, {len(co_listening.vectors)} vectors of them, "
            f"and inputs of the widths {learnt} where it says {network.shape.parts}.",
            "Train a new one with: python -m trainer train",
        )
    return TrainedModel(network, co_listening, text_model, version)
