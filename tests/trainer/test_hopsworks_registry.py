"""What the contract of ModelRegistry does not ask: verdicts as tags, what breaks off, provenance, and no pickle."""

import json
import logging
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.hopsworks.session import Session
from tests.cluster import Cluster, settings_of
from trainer.errors import BrokenModel, NoModel, RegistryUnavailable
from trainer.hopsworks.registry import HopsworksModelRegistry
from trainer.hopsworks.versions import TAG, VIEW, Versions
from trainer.ports import ModelCard, ModelParts

PARTS = ModelParts(
    {"weights": np.arange(12, dtype=np.float32).reshape(3, 4)}, {"words": ["é", "b"]}, {"report.md": b"# good"}
)
CARD = ModelCard(
    0,
    datetime(2026, 11, 24, tzinfo=UTC),
    "word-encoder",
    {"shape": {"parts": [8, 4], "width": 16}},
    {"halves_hit_at_10": 0.25, "halves_mrr": 0.5},
    {"people": 3},
    True,
    "As good as the live one.",
)
SAVE = r"PUT .*modelregistries/\d+/models/"


@pytest.fixture
def cluster(cluster: Cluster) -> Cluster:
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    return cluster


@pytest.fixture
def registry(cluster: Cluster, tmp_path: Path) -> HopsworksModelRegistry:
    return cluster.registry(tmp_path / "here")


@pytest.fixture
def another(cluster: Cluster, tmp_path: Path) -> HopsworksModelRegistry:
    """The registry as another machine has it."""
    return cluster.registry(tmp_path / "there")


def model_of(cluster: Cluster, version: int = 1) -> object:
    return cluster.session.call(
        "looking", lambda project: project.get_model_registry().get_model(cluster.name, version)
    )


def versions_of(cluster: Cluster) -> list[int]:
    return cluster.session.call(
        "looking", lambda project: sorted(m.version for m in project.get_model_registry().get_models(cluster.name))
    )


def files_of(cluster: Cluster, version: int = 1) -> dict[str, Path]:
    folder = cluster.fake.files() / "Projects" / cluster.settings.project / "Models" / cluster.name / str(version)
    return {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}


def say(cluster: Cluster, version: int, **verdict: object) -> None:
    def set_tag(project):
        project.get_model_registry().get_model(cluster.name, version).set_tag(TAG, verdict)

    cluster.session.call("tagging", set_tag)


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


def test_the_model_tells_the_features_that_it_came_from(
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path
):
    from features.hopsworks.group import FeatureGroup
    from features.hopsworks.ledger import Ledger
    from features.hopsworks.people import RemotePeople
    from tests.builders import a_playlist, a_profile, features_of

    people = RemotePeople(FeatureGroup(cluster.session), Ledger(tmp_path / "ledger.db"))
    people.upsert(features_of(a_profile("ann", a_playlist("mix", "Air"))))
    people.close()
    registry.save(CARD, PARTS)
    links = cluster.session.call(
        "looking",
        lambda project: (
            project.get_model_registry().get_model(cluster.name, 1).get_feature_view_provenance().accessible
        ),
    )
    assert [(link.name, link.version) for link in links] == [(VIEW, 3)]


def test_without_features_in_hopsworks_a_model_has_no_provenance_and_is_saved(registry: HopsworksModelRegistry):
    assert registry.save(CARD, PARTS) == 1


def test_the_verdict_is_a_tag_and_an_operator_may_change_it(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry
):
    registry.save(CARD, PARTS)
    registry.save(replace(CARD, accepted=False, verdict="Worse."), PARTS)
    assert [card.accepted for card in another.cards()] == [True, False]
    say(cluster, 2, accepted=True, verdict="Promoted by hand.")
    assert another.latest() == registry.latest() == 2
    assert another.load(2)[0].accepted
    say(cluster, 1, accepted=False)
    say(cluster, 2, accepted=False)
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


@pytest.mark.parametrize("fault", ["fail", "fail after", "cut", "cut after", "poll", "upload", "middle of an upload"])
def test_a_save_that_breaks_off_is_done_again_and_the_model_is_there_once_and_whole(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry, fault: str
):
    order: dict[str, Callable[[], None]] = {
        "fail": lambda: cluster.fake.fail(SAVE, status=500),
        "fail after": lambda: cluster.fake.fail(SAVE, status=500, after=True),
        "cut": lambda: cluster.fake.cut(SAVE),
        "cut after": lambda: cluster.fake.cut(SAVE, after=True),
        "poll": lambda: cluster.fake.fail(r"GET .*modelregistries/\d+/models/test_\w+_1$", status=500, times=2),
        "upload": lambda: cluster.fake.fail("POST .*dataset/upload", status=503, times=3),
        "middle of an upload": lambda: cluster.fake.cut("POST .*dataset/upload", times=2, after_bytes=100),
    }
    order[fault]()
    version = registry.save(CARD, PARTS)
    assert versions_of(cluster) == [version]
    card, parts = another.load(version)
    assert card == replace(CARD, version=version)
    np.testing.assert_array_equal(parts.tensors["weights"], PARTS.tensors["weights"])


@pytest.mark.parametrize("broken", [False, True])
def test_a_large_model_goes_in_pieces_and_comes_back_the_same(
    cluster: Cluster, registry: HopsworksModelRegistry, another: HopsworksModelRegistry, broken: bool
):
    large = {"weights": np.random.default_rng(0).standard_normal((2500, 2500)).astype(np.float32)}  # 25 MB
    if broken:
        cluster.fake.cut("POST .*dataset/upload", after_bytes=5_000_000)
    version = registry.save(CARD, replace(PARTS, tensors=large))
    pieces = [request for request in cluster.fake.requests if "dataset/upload" in str(request)]
    assert len(pieces) >= 3
    np.testing.assert_array_equal(another.load(version)[1].tensors["weights"], large["weights"])


def test_a_save_that_cannot_be_done_says_so_and_leaves_nothing(cluster: Cluster, registry: HopsworksModelRegistry):
    cluster.fake.fail("POST .*dataset/upload", status=503, times=1000)
    with pytest.raises(RegistryUnavailable, match="answered 503"):
        registry.save(CARD, PARTS)
    assert versions_of(cluster) == []
    assert registry.cards() == []


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
    cluster: Cluster, registry: HopsworksModelRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.rmtree("/tmp/hopsworks", ignore_errors=True)  # noqa: S108 - where the SDK would keep models
    monkeypatch.chdir(tmp_path)
    registry.save(CARD, PARTS)
    registry.load(1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here"]
    assert not Path("/tmp/hopsworks").exists()  # noqa: S108
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


def test_two_that_save_at_once_both_come_through(cluster: Cluster, tmp_path: Path):
    """One after another in this process, as the SDK is one: the second finds a folder that the first has just made."""
    cluster.registry(tmp_path / "one").save(CARD, PARTS)
    cluster.fake.fail("POST .*dataset/.*", status=400, code=110047, times=1)
    assert cluster.registry(tmp_path / "other").save(CARD, PARTS) == 2


def test_a_key_that_may_not_see_models_is_said_so(cluster: Cluster, tmp_path: Path):
    cluster.fake.add_key("little", {"PROJECT", "FEATURESTORE"})
    little = Cluster(settings_of(cluster.fake, api_key="little"), cluster.fake)
    with pytest.raises(RegistryUnavailable, match="no dataset Models in the project soundalike that this key may see"):
        little.registry(tmp_path).cards()
    little.session.close()


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
