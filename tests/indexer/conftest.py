"""Every test of the contract runs against every catalogue; those of erasing begin with a home full of people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.ports import IndexCatalog, RewritableCatalog, UserIndex
from tests.fakes.qdrant import FakeQdrant
from tests.fakes.qdrant_grpc import FakeQdrantGrpc
from tests.indexer.erasing import Home, everybody
from tests.indexer.qdrant_servers import a_fake_catalog
from tests.indexer.qdrant_site import Site
from tests.indexer.versions import CATALOGS, EAST, KINDS, NORTH, a_person, a_version


@contextmanager
def a_catalog_over_grpc(_folder: Path) -> Iterator[RewritableCatalog]:
    with FakeQdrantGrpc() as fake, a_fake_catalog(fake, **fake.address, qdrant_search_timeout_s=5.0) as catalog:
        yield catalog


ALL = {**CATALOGS, "qdrant-grpc": a_catalog_over_grpc}
"""With one that differs in its protocol only: what modules search at random, in a crowd of their own, says no more."""


@pytest.fixture(params=[*KINDS, "qdrant-grpc"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RewritableCatalog]:
    with ALL[request.param](tmp_path) as catalog:
        yield catalog


@pytest.fixture
def index(catalog: IndexCatalog) -> Iterator[UserIndex]:
    """Ann in the east, Bob in the north, Cleo between them."""
    name = a_version(catalog, a_person("ann", EAST), a_person("bob", NORTH), a_person("cleo", EAST + NORTH))
    opened = catalog.open(name)
    yield opened
    opened.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.store.upsert(everybody())
    return home


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(FakeQdrant(), [])
    yield site
    for catalog in site.processes:
        catalog.close()
    site.fake.close()
