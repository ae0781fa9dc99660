"""What is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.user_features import UserFeatures
from tests.builders import WordEncoder
from trainer.device import pick_device
from trainer.errors import NoDevice
from trainer.ranks import ranks_here
from trainer.registry import LocalModelRegistry
from trainer.run import Workshop, train
from trainer.settings import TrainerSettings
from trainer.training import Progress


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


@pytest.mark.parametrize(("gpus", "mps", "picked"), [(2, False, "cuda"), (3, True, "cuda"), (0, True, "cpu")])
def test_processes_that_train_together_have_a_gpu_each_or_none_has(
    gpus: int, mps: bool, picked: str, monkeypatch: pytest.MonkeyPatch
):
    there_are(monkeypatch, gpus=gpus, mps=mps, processes=2)
    assert pick_device("auto").type == picked


@pytest.mark.parametrize("wish", ["auto", "cuda"])
def test_fewer_gpus_than_processes_are_said_to_be_too_few(wish: str, monkeypatch: pytest.MonkeyPatch):
    there_are(monkeypatch, gpus=1, processes=2)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "run")
    with pytest.raises(NoDevice, match="1 GPUs for 2 processes"), ranks_here(wish):
        pytest.fail("it was let in")
    assert pick_device("cpu").type == "cpu"


@pytest.mark.parametrize("wish", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_said_so_before_anybody_is_read(
    wish: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def nobody() -> Iterator[UserFeatures]:
        pytest.fail("somebody was read")
        yield

    there_are(monkeypatch)
    settings = TrainerSettings(device=wish)
    shop = Workshop(WordEncoder(), LocalModelRegistry(tmp_path), settings, tmp_path, lambda _what: None, Progress())
    with pytest.raises(NoDevice, match=f"SOUNDALIKE_DEVICE is {wish}, but there is none"):
        train(nobody(), shop)
