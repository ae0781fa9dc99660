"""The registry as two machines have it, in a cluster that may be harmed."""

from pathlib import Path

import pytest

from tests.cluster import Cluster
from trainer.hopsworks.registry import HopsworksModelRegistry


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
