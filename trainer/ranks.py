"""Who trains: this process alone, or one of several that torchrun started, each with its share of every batch.

What is computed of the rows lives in ``trainer.steps``. Every rank sees the same rows in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn

from trainer.device import pick_device
from trainer.errors import RankLost, RanksDisagree

Rows = npt.NDArray[np.intp]
_STEP, _DRAWING = timedelta(minutes=10), timedelta(days=2)
"""How long one rank waits for another: in a step of training, and while rank 0 reads people and draws for all."""


class Ranks(Protocol):
    """Processes that train one network together.

    Attributes:
        rank: which of them this is; 0 does what only one can do.
        run: a name that they have in common, and no other run on this machine has.
        machines: on how many they are.
        is_first_here: whether this is the one that does what is done once on each machine.
    """

    rank: int
    run: str
    machines: int
    is_first_here: bool

    def share(self, rows: Rows) -> Rows:
        """The part of ``rows`` that this rank embeds; the ranks' parts, one after another, are ``rows``."""
        ...

    def gathered(self, mine: Tensor, count: int) -> Tensor:
        """All ranks' rows [count, width] out of the share of each, in order; gradients find their way back."""
        ...

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module with its parameters as rank 0 has them, and with the mean of all ranks' gradients."""
        ...

    def agree_on(self, number: int) -> None:
        """Raises RanksDisagree where another rank has another number."""
        ...


class Alone:
    """One process, which does everything."""

    rank, machines, is_first_here = 0, 1, True

    def __init__(self) -> None:
        self.run = str(os.getpid())

    def share(self, rows: Rows) -> Rows:
        """All of them."""
        return rows

    def gathered(self, mine: Tensor, count: int) -> Tensor:  # noqa: ARG002 - of which there are as many
        """What there is."""
        return mine

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module itself."""
        return module

    def agree_on(self, number: int) -> None:
        """With oneself, always."""


class Together:
    """One of the processes of a process group."""

    def __init__(self) -> None:
        self.rank, self._count = distributed.get_rank(), distributed.get_world_size()
        self.run = f"run-{os.environ['TORCHELASTIC_RUN_ID']}"
        self.machines = int(os.environ["GROUP_WORLD_SIZE"])
        self.is_first_here = os.environ["LOCAL_RANK"] == "0"
        self._patient = distributed.new_group(backend="gloo", timeout=_DRAWING)

    def share(self, rows: Rows) -> Rows:
        """One of as many parts as there are ranks, which differ by one row at most."""
        return np.array_split(rows, self._count)[self.rank]

    def gathered(self, mine: Tensor, count: int) -> Tensor:
        """All rows; shares are filled up to one length for the way, since only tensors of one shape can be gathered.

        Every rank computes the whole loss, so the gradient of a share is the same on all: nobody else has to be asked.
        """
        sizes = [len(part) for part in np.array_split(np.arange(count), self._count)]
        filled = nn.functional.pad(mine, (0, 0, 0, sizes[0] - len(mine)))
        parts = [torch.empty_like(filled) for _ in sizes]
        distributed.all_gather(parts, filled.detach())
        parts[self.rank] = filled
        # As DistributedDataParallel takes the mean of what one rank alone has:
        filled.register_hook(lambda gradient: gradient * self._count)  # type: ignore[no-untyped-call]
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    def parallel(self, module: nn.Module) -> nn.Module:
        """DistributedDataParallel; every rank computes the whole loss, so the mean of their gradients is its gradient.

        (Of an embedding only one rank has the gradient: it is multiplied on its way back through ``gathered``.)
        """
        for parameter in module.parameters():
            distributed.broadcast(parameter.data, src=0)
        parallel = nn.parallel.DistributedDataParallel(module, init_sync=False)
        # Parameters alone: no buffer ever changes, and that of the votes is sparse, which cannot be sent. (As an
        # argument it is deprecated from torch 2.13 on, and what takes its place is unknown before.)
        parallel.broadcast_buffers = False
        return parallel

    def agree_on(self, number: int) -> None:
        """Ask all of them."""
        seen = torch.tensor([number, -number])
        distributed.all_reduce(seen, distributed.ReduceOp.MAX, group=self._patient)
        if seen[0] != -seen[1]:
            raise RanksDisagree


@contextmanager
def ranks_here(wish: str) -> Iterator[Ranks]:
    """The ranks that torchrun started, or this process alone where it did not.

    Args:
        wish: the device to train on, as for :func:`trainer.device.pick_device`.

    Raises:
        NoDevice: it is not there for each of them.
        RankLost: another of them ended early, so that this one cannot go on.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield Alone()
        return
    has_gpu = pick_device(wish).type == "cuda"
    if has_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if has_gpu else "gloo", timeout=_STEP)
    try:
        yield Together()
    except RuntimeError as error:
        if isinstance(error, distributed.DistError) or "gloo/transport" in str(error):  # gloo has no type of its own
            raise RankLost(str(error).partition("\n")[0].rstrip(".")) from error
        raise
    finally:
        distributed.destroy_process_group()
