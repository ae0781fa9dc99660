"""In which precision a step is computed; of a GPU only what torch says of it is played, as none is at hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.trainer.training_together import SETTINGS, lessons
from trainer.checkpoint import NoCheckpoint
from trainer.lesson_files import Lessons
from trainer.ranks import Alone
from trainer.steps import is_fast_at_bfloat16
from trainer.training import Losses, Progress, Trainer

Types = set[torch.dtype]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    return lessons(tmp_path_factory.mktemp("lessons"), Alone())


def trained(lessons: Lessons, loss: str = "infonce") -> tuple[list[Losses], Types, Types]:
    """The losses of each epoch; the types that towers gave; and the types that losses were given and gave."""
    trainer = Trainer(SETTINGS.model_copy(update={"loss": loss}), lessons)
    towers: Types = set()
    losses: Types = set()
    for tower in trainer.network.towers.values():
        tower.register_forward_hook(lambda _tower, _given, output: towers.add(output.dtype))
    for each in trainer.losses.values():
        each.register_forward_hook(lambda _loss, given, output: losses.update({given[0].dtype, output.dtype}))
    network, curve = trainer.fit(Progress(), NoCheckpoint())
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}
    return curve, towers, losses


def numbers(curve: list[Losses]) -> np.ndarray:
    return np.array([list(losses.values()) for losses in curve])


@pytest.mark.parametrize(
    ("device", "computed", "emulated", "is_fast"),
    [
        ("cuda", True, True, True),
        ("cuda", False, True, False),
        ("cuda", False, False, False),
        ("cpu", True, True, False),
        ("mps", True, True, False),
    ],
    ids=["a GPU", "a GPU that only emulates it", "a GPU that knows nothing of it", "a CPU beside a GPU", "a Mac"],
)
def test_only_a_gpu_that_computes_in_bfloat16_itself_is_fast_at_it(
    device: str, computed: bool, emulated: bool, is_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_bf16_supported(including_emulation: bool = True) -> bool:
        return emulated if including_emulation else computed

    monkeypatch.setattr("torch.cuda.is_bf16_supported", is_bf16_supported)

    assert is_fast_at_bfloat16(device) is is_fast


def test_on_a_cpu_all_is_float32(drawn: Lessons) -> None:
    _, towers, losses = trained(drawn)

    assert towers == losses == {torch.float32}


@pytest.mark.parametrize("loss", ["infonce", "cosine"])
def test_with_towers_in_bfloat16_the_losses_are_float32_and_nearly_the_same(
    drawn: Lessons, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, *_ = trained(drawn, loss)
    monkeypatch.setattr("trainer.steps.is_fast_at_bfloat16", lambda device: device == "cpu")

    rounded, towers, losses = trained(drawn, loss)

    assert (towers, losses) == ({torch.bfloat16}, {torch.float32})
    assert not np.array_equal(numbers(rounded), numbers(exact))
    np.testing.assert_allclose(numbers(rounded), numbers(exact), rtol=0.01)
