import numpy as np
import pytest
import torch

from tests.builders import a_community, a_playlist, a_profile, features_of
from trainer.census import census_of
from trainer.community import Widths, learn
from trainer.errors import ModelMismatch
from trainer.inputs import PARTS, PARTS_OF, Inputs, inputs_of, widths_of
from trainer.losses import CosinePairs, InfoNCE
from trainer.model import Batch, ModelShape, ThreeTowers
from trainer.trained import TrainedModel, restore

CPU = torch.device("cpu")


def _model(width: int = 16) -> TrainedModel:
    torch.manual_seed(0)
    people = features_of(*a_community(40))
    co_listening = learn(census_of(person.listening for person in people), Widths(4, 4, 4, 4))
    network = ThreeTowers(ModelShape(widths_of(co_listening, 384), width), dropout=0.2)
    return TrainedModel(network, co_listening, "word-encoder", version=1)


def test_embeddings_are_finite_unit_float32_vectors_of_the_width_asked_for() -> None:
    embeddings = _model(24).embed(features_of(*a_community(7)))

    assert embeddings.joint.dtype == np.float32
    assert embeddings.joint.shape == (7, 24)
    np.testing.assert_allclose(np.linalg.norm(embeddings.joint, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embeddings.towers, axis=2), 1, atol=1e-5)


def test_alone_or_in_a_batch_a_person_has_the_same_vector() -> None:
    model, people = _model(), features_of(*a_community(9))

    alone = np.concatenate([model.embed([person]).joint for person in people])

    np.testing.assert_allclose(model.embed(people).joint, alone, atol=1e-6)


def test_nobody_gives_no_rows() -> None:
    assert _model().embed([]).joint.shape == (0, 16)


def test_a_missing_input_is_masked_whatever_its_values_are() -> None:
    model = _model()
    (person,) = features_of(a_profile("ann", a_playlist("", "Scene 0 artist 1")))
    inputs = inputs_of([person], model.co_listening, 384)
    missing = [PARTS.index(part) for part in ("genre_text", "genre_mix", "years")]
    assert not inputs.present[0, missing].any()

    garbage = inputs_of([person], model.co_listening, 384)
    seen = np.repeat(inputs.present[0], model.network.shape.parts)
    garbage.values[0, ~seen] = 7.0
    model.network.eval()
    with torch.inference_mode():
        clean, towers = model.network(Batch.of(inputs, CPU))
        dirty, _ = model.network(Batch.of(garbage, CPU))

    assert torch.equal(clean, dirty)
    assert not towers[0, 0].any()


def test_unknown_is_not_the_same_as_a_zero_vector() -> None:
    model = _model()
    (person,) = features_of(a_community(1)[0])
    inputs = inputs_of([person], model.co_listening, 384)
    zero = Inputs(inputs.values.copy(), inputs.present)
    zero.values[0, :384] = 0.0
    unknown = Inputs(inputs.values, inputs.present.copy())
    unknown.present[0, 0] = False
    model.network.center[:384] = 0.1
    model.network.eval()
    with torch.inference_mode():
        results = [model.network(Batch.of(each, CPU))[0] for each in (inputs, zero, unknown)]

    assert not torch.allclose(results[1], results[2])
    assert not torch.allclose(results[0], results[2])


def test_before_training_the_towers_add_up_to_the_embedding() -> None:
    model, people = _model(), features_of(*a_community(5))
    towers = model.network.towers
    inputs = inputs_of(people, model.co_listening, 384)
    model.network.eval()
    with torch.inference_mode():
        joint, shown = model.network(Batch.of(inputs, CPU))
        widths = list(model.network.shape.tower_widths().values())
        total = sum(
            towers[name](piece)
            for name, piece in zip(PARTS_OF, torch.split(torch.from_numpy(inputs.values), widths, dim=1), strict=True)
        )

    torch.testing.assert_close(joint, torch.nn.functional.normalize(total, dim=1))
    assert shown.shape == (5, 3, 16)


def test_features_of_another_text_model_are_refused() -> None:
    model = TrainedModel(_model().network, _model().co_listening, "another-model", 1)

    with pytest.raises(ModelMismatch, match="another-model"):
        model.embed(features_of(a_community(1)[0]))


def test_a_model_survives_tensors_and_texts() -> None:
    model, people = _model(), features_of(*a_community(3))

    again = restore(model.shape(), model.parts(), text_model="word-encoder", version=5)

    assert again.version == 5
    np.testing.assert_array_equal(again.embed(people).joint, model.embed(people).joint)


@pytest.mark.parametrize("loss", [InfoNCE(0.1), CosinePairs(0.3)])
def test_losses_reward_own_views_being_near_and_others_far(loss: torch.nn.Module) -> None:
    apart = torch.eye(4)
    collapsed = torch.nn.functional.normalize(torch.ones(4, 4), dim=1)

    assert loss(apart, apart) < loss(collapsed, collapsed)
    assert loss(apart, apart) < loss(apart, apart.roll(1, 0))


def test_infonce_is_the_same_from_both_sides() -> None:
    torch.manual_seed(0)
    left, right = (torch.nn.functional.normalize(torch.randn(5, 8), dim=1) for _ in range(2))

    assert torch.isclose(InfoNCE(0.1)(left, right), InfoNCE(0.1)(right, left))


def test_cosine_labels_other_people_as_unlike() -> None:
    collapsed = torch.nn.functional.normalize(torch.ones(3, 4), dim=1)

    assert torch.isclose(CosinePairs(0.25)(collapsed, collapsed), torch.tensor(0.75))
