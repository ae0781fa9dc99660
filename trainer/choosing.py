"""Which of the registered models is meant: the latest, or the best by a metric; rejected ones are passed over. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.errors import NoModel
from trainer.ports import ModelCard


def latest_of(cards: Sequence[ModelCard]) -> int:
    """The newest accepted version of ``cards``, in whatever order they are. Raises NoModel."""
    accepted = [card.version for card in cards if card.accepted]
    if not accepted:
        raise NoModel("No model has been trained yet.", "Train one with: python -m trainer train")
    return max(accepted)


def best_of(cards: Sequence[ModelCard], metric: str) -> int:
    """The accepted version with the highest value of ``metric``, the newest of equals. Raises NoModel."""
    rated = [(card.metrics[metric], card.version) for card in cards if card.accepted and metric in card.metrics]
    if not rated:
        raise NoModel(f"No model has the metric {metric!r}.", "See what there is with: python -m trainer list")
    return max(rated)[1]
