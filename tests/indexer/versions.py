"""The catalogues that keep the contract, and versions of an index for tests in a few words."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from features.profile import UserId
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.ports import IndexCatalog, IndexVersion, PersonVector, RewritableCatalog, UserIndex
from indexer.settings import IndexSettings
from tests.builders import NOW
from tests.fakes.index import MemoryIndexCatalog
from tests.indexer.qdrant_servers import NO_SERVER, URL, a_fake_catalog, a_real_catalog

CATALOGS: dict[str, Callable[[Path], AbstractContextManager[RewritableCatalog]]] = {
    "edge": lambda folder: closing(EdgeIndexCatalog(folder / "index", IndexSettings())),
    "memory": lambda folder: closing(MemoryIndexCatalog()),
    "qdrant-local": lambda folder: a_fake_catalog(),
    "qdrant-server": lambda folder: a_real_catalog(),
}
"""Another engine joins by a line."""
KINDS = [*list(CATALOGS)[:-1], pytest.param("qdrant-server", marks=pytest.mark.skipif(not URL, reason=NO_SERVER))]
"""Of all engines, for tests that run against each."""
WIDTH = 4
EAST, NORTH, UP = np.eye(WIDTH, dtype=np.float32)[:3]


def a_person(user_id: str, vector: Sequence[float] | np.ndarray = EAST, **payload: str | int | float) -> PersonVector:
    return PersonVector(UserId(user_id), np.asarray(vector, np.float32), payload or {"source": "test"})


def a_version(catalog: IndexCatalog, *people: PersonVector, model: int = 1, age: int = 0, publish: bool = True) -> str:
    builder = catalog.create(model, WIDTH)
    builder.add(people or [a_person("ann")])
    version = sealed_as(builder.finish().version, age)
    builder.seal(version)
    if publish:
        catalog.publish(version.name)
    return version.name


def sealed_as(version: IndexVersion, age: int = 0) -> IndexVersion:
    """The facts of a version that was made ``age`` minutes ago."""
    made = NOW - timedelta(minutes=age)
    return replace(version, count=1, watermark=made - timedelta(seconds=1), created_at=made, recall_at_10=0.99)


def names(catalog: IndexCatalog) -> list[str]:
    return [version.name for version in catalog.versions()]


def ids(index: UserIndex, vector: np.ndarray, limit: int, **more: object) -> list[str]:
    return [neighbour.user_id for neighbour in index.search(vector, limit, **more)]
