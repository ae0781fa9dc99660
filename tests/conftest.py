"""For all tests: how long hypothesis may take, and the Hopsworks cluster that several rooms talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.cluster import Cluster, a_cluster

settings.register_profile("any machine", deadline=None)  # as machines are not equally fast
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with a_cluster(tmp_path_factory.mktemp("hopsworks")) as cluster:
        yield cluster


@pytest.fixture
def cluster(_cluster: Cluster) -> Iterator[Cluster]:
    """A Hopsworks cluster, as new."""
    with _cluster.lent() as lent:
        yield lent
