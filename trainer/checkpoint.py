"""Checkpoints of a training run: safetensors and JSON, written after every epoch, gone when the run is finished.

A run that was cut off goes on from its last epoch and ends with the same model as one that was not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

Weights = dict[str, Tensor]
Curve = list[Mapping[str, float]]
"""The losses of each epoch that is done."""


class NoCheckpoint:
    """Keeps nothing: every run starts anew."""

    def restore(self, _network: nn.Module, _losses: nn.Module, _optimizer: torch.optim.Optimizer) -> Curve:
        """A run at its beginning."""
        return []

    def save(
        self,
        _curve: Sequence[Mapping[str, float]],
        _network: nn.Module,
        _losses: nn.Module,
        _opt: torch.optim.Optimizer,
    ) -> None:
        """Nothing."""

    def clear(self) -> None:
        """Nothing."""


class Checkpoint:
    """Keeps a run in one file; ``key`` names the data and the settings, another key starts anew."""

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key

    def restore(self, network: nn.Module, losses: nn.Module, optimizer: torch.optim.Optimizer) -> Curve:
        """Load a run's state into its parts; a missing, foreign or damaged file is a run at its beginning."""
        try:
            with self._path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                meta = orjson.loads(file.read(size))["__metadata__"]
            if meta["key"] != self._key:
                return []
            tensors = load_file(self._path)
        except (OSError, SafetensorError, orjson.JSONDecodeError, KeyError, OverflowError):
            return []
        network.load_state_dict(_part(tensors, "network."))
        losses.load_state_dict(_part(tensors, "losses."))
        _restore_optimizer(optimizer, _part(tensors, "optimizer."))
        curve: Curve = orjson.loads(meta["curve"])
        return curve

    def save(
        self,
        curve: Sequence[Mapping[str, float]],
        network: nn.Module,
        losses: nn.Module,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """Replace the file in one step."""
        moments = {
            f"{index}.{name}": value
            for index, kept in optimizer.state_dict()["state"].items()
            for name, value in kept.items()
        }
        parts = {"network": network.state_dict(), "losses": losses.state_dict(), "optimizer": moments}
        tensors = {
            f"{part}.{name}": value.detach().cpu().clone()
            for part, values in parts.items()
            for name, value in values.items()
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        staging = self._path.with_suffix(f".{os.getpid()}.tmp")
        save_file(tensors, staging, {"key": self._key, "curve": orjson.dumps(list(curve)).decode()})
        staging.replace(self._path)

    def clear(self) -> None:
        """The run is finished: forget it."""
        self._path.unlink(missing_ok=True)


def _part(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _restore_optimizer(optimizer: torch.optim.Optimizer, moments: Weights) -> None:
    state: dict[int, Weights] = {}
    for name, value in moments.items():
        index, _, moment = name.partition(".")
        state.setdefault(int(index), {})[moment] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
