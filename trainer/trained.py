"""A trained model as one thing: network, co-listening and settings; to tensors and back, and people to embeddings.

Implements the ``Embedder`` seam. Where models are kept lives in ``trainer.registry``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from features.user_features import UserFeatures
from trainer.colistening import CoListening
from trainer.errors import BrokenModel, ModelMismatch
from trainer.inputs import Inputs, inputs_of
from trainer.model import Batch, ModelShape, ThreeTowers
from trainer.ports import Embeddings

BATCH = 4096
"""People embedded at once; bounds memory, changes no result."""

_CO_VECTORS, _CO_IDF, _CO_ARTISTS = "co_listening.vectors", "co_listening.idf", "co_listening_artists"


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
        width = self.network.shape.text_width
        parts = [
            embed_inputs(self.network, inputs_of(people[start : start + BATCH], self.co_listening, width))
            for start in range(0, max(len(people), 1), BATCH)
        ]
        return Embeddings(np.concatenate([p.joint for p in parts]), np.concatenate([p.towers for p in parts]))

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers of the model, by name."""
        network = {f"network.{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        return {**network, _CO_VECTORS: self.co_listening.vectors, _CO_IDF: self.co_listening.idf}

    def texts(self) -> dict[str, list[str]]:
        """All words of the model, by name."""
        return {_CO_ARTISTS: self.co_listening.artists}

    def shape(self) -> dict[str, int]:
        """What :func:`restore` needs besides tensors and texts."""
        return asdict(self.network.shape)


def embed_inputs(network: ThreeTowers, inputs: Inputs) -> Embeddings:
    """Embed people whose inputs are at hand."""
    device = next(network.parameters()).device
    network.eval()
    with torch.inference_mode():
        joint, towers = network(Batch.of(inputs, device))
    return Embeddings(joint.cpu().numpy(), towers.cpu().numpy())


def restore(
    shape: dict[str, int],
    tensors: dict[str, npt.NDArray[Any]],
    texts: dict[str, list[str]],
    *,
    text_model: str,
    version: int,
) -> TrainedModel:
    """The inverse of a model's ``shape``, ``tensors`` and ``texts``.

    Raises:
        BrokenModel: the parts do not fit together.
    """
    try:
        co_listening = CoListening(texts[_CO_ARTISTS], tensors[_CO_VECTORS], tensors[_CO_IDF])
        network = ThreeTowers(ModelShape(**shape))
        state = {
            name.removeprefix("network."): torch.from_numpy(value)
            for name, value in tensors.items()
            if name.startswith("network.")
        }
        network.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError) as error:
        raise BrokenModel(
            f"Model {version} does not fit its description ({str(error).splitlines()[0]}).",
            "Train a new one with: python -m trainer train",
        ) from error
    if not len(co_listening.artists) == len(co_listening.vectors) == len(co_listening.idf):
        raise BrokenModel(
            f"Model {version} has {len(co_listening.artists)} artists but {len(co_listening.vectors)} vectors of them.",
            "Train a new one with: python -m trainer train",
        )
    return TrainedModel(network, co_listening, text_model, version)
