"""What a model is trained on: a GPU where there is one for each of this machine's processes, the CPU otherwise."""

from __future__ import annotations

import os

import torch

from trainer.errors import NoDevice

_FASTEST_FIRST = ("cuda", "mps", "cpu")


def pick_device(wish: str) -> torch.device:
    """The device wished for, or the fastest that is there.

    Each of the processes that torchrun starts needs a GPU of its own, or none has one; Apple's cannot be trained on
    together.

    Args:
        wish: one of ``TrainerSettings.device``.

    Raises:
        NoDevice: the one wished for is not there, or there are too few GPUs for all processes.
    """
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "0"))  # of torchrun
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    there = {"cpu": True, "cuda": gpus >= max(processes, 1), "mps": not processes and torch.backends.mps.is_available()}
    if wish == "auto" and not 0 < gpus < processes:
        return torch.device(next(kind for kind in _FASTEST_FIRST if there[kind]))
    if not there.get(wish):
        raise NoDevice(wish, gpus, processes)
    return torch.device(wish)
