"""What of the registry lies on this disk: used while Hopsworks is away, never in another's place, nowhere else."""

import logging
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.hopsworks.session import Session
from tests.cluster import Cluster, settings_of
from tests.trainer.hopsworks.models import CARD, PARTS, files_of
from trainer.errors import BrokenModel, RegistryUnavailable
from trainer.hopsworks.registry import HopsworksModelRegistry
from trainer.hopsworks.versions import Versions


def test_a_model_that_was_used_once_is_loaded_while_hopsworks_is_away(
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    registry.save(CARD, PARTS)
    away = Cluster(settings_of(cluster.fake, port=1), cluster.fake)
    away.name = cluster.name
    with caplog.at_level(logging.WARNING):
        card, parts = away.registry(tmp_path / "here").load(1)
    assert card == replace(CARD, version=1)
    np.testing.assert_array_equal(parts.tensors["weights"], PARTS.tensors["weights"])
    assert "comes from this disk" in caplog.text
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        away.registry(tmp_path / "empty").load(1)
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        away.registry(tmp_path / "here").latest()


def test_a_version_that_was_deleted_and_trained_anew_is_not_taken_from_this_disk(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry
):
    registry.save(CARD, PARTS)
    another.load(1)
    cluster.session.call("deleting", lambda project: project.get_model_registry().get_model(cluster.name, 1).delete())
    anew = replace(PARTS, tensors={"weights": np.zeros((3, 4), np.float32)})
    assert registry.save(CARD, anew) == 1
    assert not another.load(1)[1].tensors["weights"].any()


@pytest.mark.parametrize("name", ["model.safetensors", "texts.json"])
def test_a_model_that_is_damaged_there_is_refused_and_fetched_anew_once_it_is_mended(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry, name: str
):
    registry.save(CARD, PARTS)
    file = files_of(cluster)[f"Files/{name}"]
    right = file.read_bytes()
    file.write_bytes(right[:-3] + b"xyz")
    with pytest.raises(BrokenModel, match="not what was saved"):
        another.load(1)
    file.write_bytes(right)
    assert another.load(1)[0].version == 1


def test_what_is_damaged_on_this_disk_is_fetched_anew(
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path
):
    registry.save(CARD, PARTS)
    registry.load(1)
    for file in (tmp_path / "here").rglob("model.safetensors"):
        file.write_bytes(b"damaged")
    with pytest.raises(BrokenModel):
        registry.load(1)
    assert registry.load(1)[0].version == 1


def test_nothing_is_left_outside_the_given_folder(
    registry: HopsworksModelRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from hopsworks_common import constants

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    # Where the SDK would keep models: a folder of its own below /tmp.
    monkeypatch.setattr(constants.MODEL_REGISTRY, "MODEL_CACHE_DIR_DEFAULT", str(elsewhere / "models"))
    registry.save(CARD, PARTS)
    registry.load(1)
    assert list(elsewhere.iterdir()) == []
    assert {path.name.split("-")[0] for path in (tmp_path / "here").iterdir()} == {"v0001", "card"}


def test_a_card_that_cannot_be_fetched_for_the_moment_is_not_taken_for_another_program_s(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry
):
    registry.save(CARD, PARTS)
    registry.save(CARD, PARTS)
    cluster.fake.fail("GET .*dataset/.*model.json", status=503, times=50)
    with pytest.raises(RegistryUnavailable, match="answered 503"):
        another.latest()
    cluster.fake.mend()
    assert another.latest() == 2


def test_what_was_deleted_in_hopsworks_does_not_stay_on_this_disk(
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path
):
    first, second = registry.save(CARD, PARTS), registry.save(CARD, PARTS)
    registry.load(first)
    cluster.session.call("deleting", lambda project: Versions(cluster.name).drop(project, first))
    assert [card.version for card in registry.cards()] == [second]
    assert all(f"-{first:04d}-" not in folder.name for folder in (tmp_path / "here").iterdir())
    assert {folder.name.split("-")[0] for folder in (tmp_path / "here").iterdir()} == {"card", f"v{second:04d}"}


def test_a_model_that_is_on_this_disk_waits_only_shortly_for_hopsworks(
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    version = registry.save(CARD, PARTS)
    with closing(Session(settings_of(cluster.fake, timeout_s=5.0))) as session:
        hasty = HopsworksModelRegistry(session, tmp_path / "here", versions=Versions(cluster.name))
        hasty.load(version)
        cluster.fake.slow(r"GET .*modelregistries", 30)
        assert hasty.load(version)[0].version == version
    assert "within 0.5 s" in caplog.text
