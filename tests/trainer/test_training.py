from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from features.user_features import UserFeatures
from tests.builders import WordEncoder, a_community, a_playlist, a_profile, features_of
from trainer.checkpoint import Checkpoint, NoCheckpoint
from trainer.colistening import CoListening
from trainer.community import fold_of
from trainer.inputs import PARTS
from trainer.lesson_files import Lessons, open_lessons
from trainer.lessons import prepare
from trainer.metrics import reciprocal_ranks
from trainer.settings import TrainerSettings
from trainer.trained import embed_inputs
from trainer.training import Losses, Progress, Trainer

SMALL = TrainerSettings(
    width=16,
    co_listening_width=4,
    rotation_width=4,
    genre_width=4,
    clusters=4,
    folds=2,
    epochs=6,
    batch_size=32,
    asking=8,
    views=2,
)


def drawn(people: Iterable[UserFeatures], folder: Path) -> tuple[CoListening, Lessons]:
    learnt = prepare(people, WordEncoder(), SMALL, folder, lambda _what: None)
    return learnt, open_lessons(folder)


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    return drawn(features_of(*a_community(60)), tmp_path_factory.mktemp("lessons"))[1]


def _weights(trainer: Trainer) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in trainer.network.state_dict().items()}


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_everybody_is_in_every_part_of_the_lessons(lessons: Lessons) -> None:
    assert len(lessons.views) == len(lessons.hidden) == 2
    for views, hidden in zip(lessons.views, lessons.hidden, strict=True):
        assert len(views.left) == len(views.right) == len(hidden.inputs) == 60
        assert not (hidden.left.multiply(hidden.hidden)).nnz
        assert (np.diff(hidden.hidden.indptr) > 0).all()


def test_nobody_is_shown_what_was_learnt_from_their_own_fold(tmp_path: Path) -> None:
    own = [user_id for user_id in map("own-{}".format, range(50)) if fold_of(user_id, SMALL.folds) == 1][:2]
    odd = [a_profile(user_id, a_playlist("p", "Only Ours", "Ours Too")) for user_id in own]
    people = features_of(*a_community(40), *odd)

    learnt, lessons = drawn(people, tmp_path)

    assert "only ours" in learnt.artists
    assert (~lessons.gallery.inputs.present[:, PARTS.index("co_listening")]).sum() == 2


@pytest.mark.parametrize("loss", ["infonce", "cosine"])
def test_training_lowers_the_loss_over_pairs(lessons: Lessons, loss: str) -> None:
    settings = SMALL.model_copy(update={"loss": loss, "epochs": 60, "dropout": 0.0, "neighbour_weight": 0.0})

    _, curve = Trainer(settings, lessons).fit(Progress(), NoCheckpoint())

    assert np.mean([each["pairs"] for each in curve[-4:]]) < 0.95 * np.mean([each["pairs"] for each in curve[:4]])


def test_training_lowers_the_loss_over_neighbours(lessons: Lessons) -> None:
    _, curve = Trainer(SMALL.model_copy(update={"epochs": 40}), lessons).fit(Progress(), NoCheckpoint())

    assert np.mean([each["neighbours"] for each in curve[-4:]]) < np.mean([each["neighbours"] for each in curve[:4]])


def test_training_begins_where_views_of_a_person_are_already_near(lessons: Lessons) -> None:
    trainer = Trainer(SMALL.model_copy(update={"epochs": 0}), lessons)
    network, curve = trainer.fit(Progress(), NoCheckpoint())

    everybody, views = np.arange(60), lessons.views[0]
    left, right = (embed_inputs(network, side.take(everybody)).joint for side in (views.left, views.right))

    assert curve == []
    assert float(reciprocal_ranks(left @ right.T, np.arange(len(left))).mean()) > 0.2


def test_the_neighbour_loss_can_be_left_out(lessons: Lessons) -> None:
    _, curve = Trainer(SMALL.model_copy(update={"neighbour_weight": 0.0}), lessons).fit(Progress(), NoCheckpoint())

    assert {name for each in curve for name in each} == {"pairs"}


def test_the_same_seed_gives_the_same_model_and_another_seed_another(lessons: Lessons) -> None:
    weights = []
    for seed in (0, 0, 1):
        trainer = Trainer(SMALL.model_copy(update={"seed": seed}), lessons)
        trainer.fit(Progress(), NoCheckpoint())
        weights.append(_weights(trainer))

    assert _same(weights[0], weights[1])
    assert not _same(weights[0], weights[2])


class _Cut(Exception):
    """The power goes."""


@pytest.mark.parametrize("cut_after", [1, 3, 5])
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(lessons: Lessons, tmp_path: Path, cut_after: int) -> None:
    whole = Trainer(SMALL, lessons)
    _, curve = whole.fit(Progress(), NoCheckpoint())

    def cut(epoch: int, _losses: Losses) -> None:
        if epoch == cut_after:
            raise _Cut

    with pytest.raises(_Cut):
        Trainer(SMALL, lessons).fit(Progress(cut), Checkpoint(tmp_path / "c", "key"))
    epochs: list[int] = []
    resumed = Trainer(SMALL, lessons)
    progress = Progress(lambda epoch, _losses: epochs.append(epoch))
    _, resumed_curve = resumed.fit(progress, Checkpoint(tmp_path / "c", "key"))

    assert epochs[0] == cut_after + 1
    assert resumed_curve == curve
    assert _same(_weights(whole), _weights(resumed))


@pytest.mark.parametrize("harm", ["another key", "damage"])
def test_a_foreign_or_damaged_checkpoint_is_a_new_start(lessons: Lessons, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "c"
    Trainer(SMALL, lessons).fit(Progress(), Checkpoint(path, "key"))
    if harm == "damage":
        path.write_bytes(path.read_bytes()[:100])

    epochs: list[int] = []
    checkpoint = Checkpoint(path, "other" if harm == "another key" else "key")
    Trainer(SMALL, lessons).fit(Progress(lambda epoch, _losses: epochs.append(epoch)), checkpoint)

    assert epochs[0] == 1
