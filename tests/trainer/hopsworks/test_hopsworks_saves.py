"""Saves that break off or meet another: the model is there once and whole, or it is said that it is not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cluster import Cluster
from tests.trainer.hopsworks.models import CARD, PARTS, SAVE, versions_of
from trainer.errors import RegistryUnavailable
from trainer.hopsworks.registry import HopsworksModelRegistry


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


def test_two_that_save_at_once_both_come_through(cluster: Cluster, tmp_path: Path):
    """One after another in this process, as the SDK is one: the second finds a folder that the first has just made."""
    cluster.registry(tmp_path / "one").save(CARD, PARTS)
    cluster.fake.fail("POST .*dataset/.*", status=400, code=110047, times=1)
    assert cluster.registry(tmp_path / "other").save(CARD, PARTS) == 2
