"""Saves that break off or meet another: the model is there once and whole, or it is said that it is not."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest

from tests.cluster import Cluster
from tests.trainer.hopsworks.models import CARD, LATER, PARTS, SAVE, save_in_a_process, versions_of
from tests.waiting import until
from trainer.errors import RegistryUnavailable
from trainer.hopsworks.registry import HopsworksModelRegistry
from trainer.ports import ModelCard


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


def test_a_save_that_finds_a_folder_which_another_has_just_made_is_done_again(cluster: Cluster, tmp_path: Path):
    cluster.registry(tmp_path / "one").save(CARD, PARTS)
    cluster.fake.fail("POST .*dataset/.*", status=400, code=110047, times=1)
    assert cluster.registry(tmp_path / "other").save(CARD, PARTS) == 2


@pytest.fixture
def elsewhere(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[[ModelCard], Future[int]]]:
    """Begins to save the model on another machine, which has an SDK of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        yield lambda card: process.submit(
            save_in_a_process, cluster.settings, cluster.name, card, tmp_path / "elsewhere"
        )


def test_two_that_register_at_once_each_have_a_version_of_their_own(
    cluster: Cluster, registry: HopsworksModelRegistry, elsewhere: Callable[[ModelCard], Future[int]]
):
    both, one_is_there = Barrier(2, timeout=60), Event()

    def meet() -> None:
        one_is_there.set()
        both.wait()

    cluster.fake.meanwhile(SAVE, meet, times=2)
    other = elsewhere(LATER)
    assert one_is_there.wait(60)
    versions = {CARD.created_at: registry.save(CARD, PARTS), LATER.created_at: other.result(60)}
    assert {card.created_at: card.version for card in registry.cards()} == versions
    assert sorted(versions.values()) == [1, 2]


def test_two_that_make_the_same_folder_at_once_both_come_through(
    cluster: Cluster, registry: HopsworksModelRegistry, elsewhere: Callable[[ModelCard], Future[int]]
):
    """The SDK deletes the folder of the one that was quicker when it tells the other that there is one already."""
    both = Barrier(2, timeout=60)
    folder = cluster.fake.files() / "Projects" / cluster.settings.project / "Models" / cluster.name / "1"
    cluster.fake.meanwhile(f"POST .*Models/{cluster.name}/1$", both.wait, times=2)
    cluster.fake.meanwhile(f"POST .*Models/{cluster.name}/1/Files$", lambda: until(lambda: not folder.exists(), 60))
    other = elsewhere(LATER)
    versions = {CARD.created_at: registry.save(CARD, PARTS), LATER.created_at: other.result(60)}
    assert {card.created_at: card.version for card in registry.cards()} == versions
    assert len(set(versions.values())) == 2
