"""Every test of the contract runs against every catalogue; those of erasing begin with a home full of people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.ports import IndexCatalog, RewritableCatalog, UserIndex
from tests.indexer.erasing import Home, everybody
from tests.indexer.versions import CATALOGS, EAST, KINDS, NORTH, a_person, a_version


@pytest.fixture(params=KINDS)
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RewritableCatalog]:
    with CATALOGS[request.param](tmp_path) as catalog:
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
