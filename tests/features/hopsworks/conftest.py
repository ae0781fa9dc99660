"""Stores of machines that share one feature group, in a cluster that may be harmed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from features.hopsworks.store import HopsworksFeatureStore
from tests.cluster import Cluster
from tests.features.hopsworks.machines import Machine


@pytest.fixture
def machine(cluster: Cluster, tmp_path: Path) -> Iterator[Machine]:
    """Stores of machines by name: one feature group, each with a disk of its own."""
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    made: list[HopsworksFeatureStore] = []

    def named(name: str) -> HopsworksFeatureStore:
        made.append(cluster.store(tmp_path / name))
        return made[-1]

    yield named
    for store in made:
        store.close()


@pytest.fixture
def here(machine: Machine) -> HopsworksFeatureStore:
    return machine("here")


@pytest.fixture
def there(machine: Machine) -> HopsworksFeatureStore:
    return machine("there")
