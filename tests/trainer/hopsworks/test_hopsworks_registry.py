"""What the contract of ModelRegistry does not ask: verdicts as tags, other programs' models, no pickle."""

import json
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.cluster import Cluster, settings_of
from tests.trainer.hopsworks.models import CARD, PARTS, files_of, model_of, say
from trainer.errors import NoModel, RegistryUnavailable
from trainer.hopsworks.registry import HopsworksModelRegistry
from trainer.hopsworks.versions import Versions


def test_another_machine_has_the_same_model(registry: HopsworksModelRegistry, another: HopsworksModelRegistry):
    version = registry.save(CARD, PARTS)
    card, parts = another.load(version)
    assert card == replace(CARD, version=1)
    np.testing.assert_array_equal(parts.tensors["weights"], PARTS.tensors["weights"])
    assert (parts.texts, another.documents(version)) == (PARTS.texts, PARTS.documents)


def test_figures_stand_in_the_registry_by_names_of_letters(cluster: Cluster, registry: HopsworksModelRegistry):
    registry.save(CARD, PARTS)
    assert model_of(cluster).training_metrics == {"halves_hit_at_onezero": 0.25, "halves_mrr": 0.5}
    assert registry.cards()[0].metrics == CARD.metrics


def test_the_report_and_an_input_example_lie_with_the_model_and_nothing_is_pickled(
    cluster: Cluster, registry: HopsworksModelRegistry
):
    registry.save(CARD, PARTS)
    files = files_of(cluster)
    assert set(files) == {
        "Files/model.json",
        "Files/model.safetensors",
        "Files/texts.json",
        "Files/report/report.md",
        "input_example.json",
    }
    example = json.loads(files["input_example.json"].read_text())
    assert len(example["artist_embedding"]) == 8
    assert example["artists"] == ["Nina Simone", "Air"]


def test_the_verdict_is_a_tag_and_an_operator_may_change_it(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry
):
    registry.save(CARD, PARTS)
    registry.save(replace(CARD, accepted=False, verdict="Worse."), PARTS)
    assert [card.accepted for card in another.cards()] == [True, False]
    say(cluster, 2, {"accepted": True, "verdict": "Promoted by hand."})
    assert another.latest() == registry.latest() == 2
    assert another.load(2)[0].accepted
    say(cluster, 1, {"accepted": False})
    say(cluster, 2, {"accepted": False})
    with pytest.raises(NoModel):
        another.latest()


def test_in_a_cluster_without_the_tag_the_card_carries_the_verdict_and_it_is_said_how_to_add_it(
    cluster: Cluster, registry: HopsworksModelRegistry, caplog: pytest.LogCaptureFixture
):
    cluster.fake.tag_schemas.clear()
    with caplog.at_level(logging.WARNING):
        registry.save(replace(CARD, accepted=False, verdict="Worse."), PARTS)
        registry.save(CARD, PARTS)
    assert "no tag soundalike_gate" in caplog.text
    assert "Tag schemas" in caplog.text
    assert [(card.accepted, card.verdict) for card in registry.cards()] == [(False, "Worse."), (True, CARD.verdict)]


@pytest.mark.parametrize("said", ["yes", ["accepted"], {"verdict": "Fine."}, 1])
def test_a_tag_that_tells_no_verdict_leaves_it_to_the_card(
    cluster: Cluster, registry: HopsworksModelRegistry, said: object
):
    registry.save(replace(CARD, accepted=False), PARTS)
    registry.save(CARD, PARTS)
    for version in (1, 2):
        say(cluster, version, said)
    assert [card.accepted for card in registry.cards()] == [False, True]


@pytest.mark.parametrize("status", [403, 500])
def test_a_tag_that_is_refused_is_not_taken_for_one_that_there_is_not(
    cluster: Cluster, registry: HopsworksModelRegistry, caplog: pytest.LogCaptureFixture, status: int
):
    cluster.fake.fail("PUT .*tags/soundalike_gate", status=status, times=9)
    with caplog.at_level(logging.WARNING):
        assert registry.save(CARD, PARTS) == 1
    assert "model 1 is registered, and its verdict is only in its card" in caplog.text
    assert "Tag schemas" not in caplog.text
    assert registry.latest() == 1


def test_a_version_that_is_gone_already_can_be_dropped(cluster: Cluster):
    cluster.session.call("dropping", partial(Versions(cluster.name).drop, number=9))


def test_a_version_of_another_program_is_passed_over_unread(
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path
):
    folder = tmp_path / "pickled"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")

    def save(project):
        project.get_model_registry().torch.create_model(cluster.name).save(str(folder), await_registration=5)

    cluster.session.call("registering a pickle", save)
    assert registry.cards() == []
    with pytest.raises(NoModel):
        registry.latest()
    with pytest.raises(NoModel):
        registry.load(1)
    assert registry.save(CARD, PARTS) == registry.latest() == 2
    assert not list((tmp_path / "here").rglob("*.pkl"))


def test_a_key_that_may_not_see_models_is_said_so(cluster: Cluster, tmp_path: Path):
    cluster.fake.add_key("little", {"PROJECT", "FEATURESTORE"})
    little = Cluster(settings_of(cluster.fake, api_key="little"), cluster.fake)
    with pytest.raises(RegistryUnavailable, match="no dataset Models in the project soundalike that this key may see"):
        little.registry(tmp_path).cards()
    little.session.close()
