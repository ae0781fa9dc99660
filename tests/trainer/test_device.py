"""What is trained on."""

from __future__ import annotations

import pytest

from trainer.device import pick_device
from trainer.errors import NoDevice
from trainer.ranks import ranks_here


def there_are(monkeypatch: pytest.MonkeyPatch, *, gpus: int = 0, mps: bool = False, processes: int = 0) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpus > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)
    if processes:
        monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))


@pytest.mark.parametrize(
    ("gpus", "mps", "wish", "picked"),
    [
        (1, True, "auto", "cuda"),
        (0, True, "auto", "mps"),
        (0, False, "auto", "cpu"),
        (2, True, "cpu", "cpu"),
        (1, True, "mps", "mps"),
    ],
)
def test_the_fastest_device_there_is_trains_unless_another_is_wished_for(
    gpus: int, mps: bool, wish: str, picked: str, monkeypatch: pytest.MonkeyPatch
):
    there_are(monkeypatch, gpus=gpus, mps=mps)
    assert pick_device(wish).type == picked


@pytest.mark.parametrize(
    ("gpus", "mps", "processes", "picked"), [(2, False, 2, "cuda"), (1, False, 2, "cpu"), (0, True, 2, "cpu")]
)
def test_processes_that_train_together_have_a_gpu_each_or_none_has(
    gpus: int, mps: bool, processes: int, picked: str, monkeypatch: pytest.MonkeyPatch
):
    there_are(monkeypatch, gpus=gpus, mps=mps, processes=processes)
    assert pick_device("auto").type == picked


@pytest.mark.parametrize(
    ("wish", "gpus", "processes", "said"),
    [
        ("cuda", 0, 0, "SOUNDALIKE_DEVICE is cuda, but there is none\\."),
        ("cuda", 1, 2, "none for each of 2 processes, but 1 GPUs in all"),
        ("mps", 0, 0, "SOUNDALIKE_DEVICE is mps, but there is none\\."),
    ],
)
def test_a_device_that_is_not_there_is_said_so_before_anything_is_read(
    wish: str, gpus: int, processes: int, said: str, monkeypatch: pytest.MonkeyPatch
):
    there_are(monkeypatch, gpus=gpus, processes=processes)
    with pytest.raises(NoDevice, match=said), ranks_here(wish):
        pytest.fail("it was let in")
