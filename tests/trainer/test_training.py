from pathlib import Path

import numpy as np
import pytest

from features.vectors import TextVectors, mixtures_of
from tests.builders import WordEncoder, a_community, features_of
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.colistening import CoListening, learn
from trainer.metrics import reciprocal_ranks
from trainer.settings import TrainerSettings
from trainer.trained import embed_inputs
from trainer.training import Progress, Trainer, Views, draw_views, pick_device, validation_views

SMALL = TrainerSettings(
    width=16, tower_width=8, hidden_width=16, co_listening_width=4, epochs=6, batch_size=16, check_every=2, views=2
)


@pytest.fixture(scope="module")
def drawn() -> tuple[list[Views], Views, CoListening]:
    people = features_of(*a_community(80))
    vectors = TextVectors({t for p in people for t in mixtures_of(p.listening).texts()}, WordEncoder())
    co_listening = learn([p.listening for p in people[:60]], 4, 0)
    views = [draw_views(people[:60], vectors, co_listening, rng=np.random.default_rng(i)) for i in range(2)]
    validation = validation_views(people[60:], vectors, co_listening, 0)
    assert validation is not None
    return views, validation, co_listening


def _weights(trainer: Trainer) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in trainer.network.state_dict().items()}


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("loss", ["infonce", "cosine"])
def test_training_brings_a_persons_views_together(drawn: tuple[list[Views], Views, CoListening], loss: str) -> None:
    views, _, co_listening = drawn
    trainer = Trainer(SMALL.model_copy(update={"loss": loss, "epochs": 60}), views, co_listening)

    def mrr() -> float:
        left, right = (embed_inputs(trainer.network, side).joint for side in (views[0].left, views[0].right))
        return float(reciprocal_ranks(left @ right.T, np.arange(len(left))).mean())

    before = mrr()
    trainer.fit(None, Progress(), NoCheckpoint())

    assert mrr() > before + 0.15


def test_the_same_seed_gives_the_same_model_and_another_seed_another(
    drawn: tuple[list[Views], Views, CoListening],
) -> None:
    views, validation, co_listening = drawn
    weights = []
    for seed in (0, 0, 1):
        trainer = Trainer(SMALL.model_copy(update={"seed": seed}), views, co_listening)
        trainer.fit(validation, Progress(), NoCheckpoint())
        weights.append(_weights(trainer))

    assert _same(weights[0], weights[1])
    assert not _same(weights[0], weights[2])


class _Cut(Exception):
    """The power goes."""


@pytest.mark.parametrize("cut_after", [1, 3, 5])
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(
    drawn: tuple[list[Views], Views, CoListening], tmp_path: Path, cut_after: int
) -> None:
    views, validation, co_listening = drawn
    whole = Trainer(SMALL, views, co_listening)
    whole.fit(validation, Progress(), NoCheckpoint())

    def cut(epoch: int, _loss: float, _mrr: float | None) -> None:
        if epoch == cut_after:
            raise _Cut

    with pytest.raises(_Cut):
        Trainer(SMALL, views, co_listening).fit(validation, Progress(cut), Checkpoint(tmp_path / "c", "key"))
    epochs: list[int] = []
    resumed = Trainer(SMALL, views, co_listening)
    resumed.fit(validation, Progress(lambda epoch, _l, _m: epochs.append(epoch)), Checkpoint(tmp_path / "c", "key"))

    assert epochs[0] == cut_after + 1
    assert _same(_weights(whole), _weights(resumed))


@pytest.mark.parametrize("harm", ["another key", "damage"])
def test_a_foreign_or_damaged_checkpoint_is_a_new_start(
    drawn: tuple[list[Views], Views, CoListening], tmp_path: Path, harm: str
) -> None:
    views, validation, co_listening = drawn
    path = tmp_path / "c"
    Trainer(SMALL, views, co_listening).fit(validation, Progress(), Checkpoint(path, "key"))
    if harm == "damage":
        path.write_bytes(path.read_bytes()[:100])

    epochs: list[int] = []
    checkpoint = Checkpoint(path, "other" if harm == "another key" else "key")
    progress = Progress(lambda epoch, _l, _m: epochs.append(epoch))
    Trainer(SMALL, views, co_listening).fit(validation, progress, checkpoint)

    assert epochs[0] == 1


def test_training_stops_when_validation_no_longer_improves_and_keeps_the_best(
    drawn: tuple[list[Views], Views, CoListening],
) -> None:
    views, validation, co_listening = drawn
    settings = SMALL.model_copy(update={"epochs": 200, "check_every": 1, "patience": 2})
    seen: list[float] = []
    trainer = Trainer(settings, views, co_listening)

    _, best_epoch = trainer.fit(validation, Progress(lambda _e, _l, mrr: seen.append(mrr or 0)), NoCheckpoint())

    assert len(seen) < 200
    assert best_epoch == int(np.argmax(seen)) + 1
    assert len(seen) == best_epoch + 2
    left, right = (embed_inputs(trainer.network, side).joint for side in (validation.left, validation.right))
    assert float(reciprocal_ranks(left @ right.T, np.arange(len(left))).mean()) == pytest.approx(max(seen))


@pytest.mark.parametrize(
    ("there", "wish", "picked"),
    [
        ({"cuda", "mps"}, "auto", "cuda"),
        ({"mps"}, "auto", "mps"),
        (set(), "auto", "cpu"),
        ({"cuda", "mps"}, "cpu", "cpu"),
    ],
)
def test_the_fastest_device_there_is_trains_unless_another_is_wished_for(
    there: set[str], wish: str, picked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: "cuda" in there)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: "mps" in there)

    assert pick_device(wish).type == picked
