"""A community moves from the embedded index to a Qdrant server and back, as it is, and an interrupted move goes on."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.build import BuildOptions
from indexer.copy import copy_live
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.errors import IndexRejected, NoIndex
from indexer.ports import IndexCatalog, PersonVector
from indexer.qdrant.builder import QdrantVersionBuilder
from indexer.qdrant.catalog import QdrantIndexCatalog
from indexer.settings import IndexSettings
from tests.fakes.qdrant import FakeQdrant, FakeQdrantSite
from tests.indexer.qdrant_servers import a_fake_catalog
from tests.indexer.versions import a_person, a_version, ids, names
from tests.whole.programs import command, done

PEOPLE = 40


@pytest.fixture
def source(tmp_path: Path) -> EdgeIndexCatalog:
    catalog = EdgeIndexCatalog(tmp_path / "index", IndexSettings())
    a_version(catalog, *everybody(), model=3)
    return catalog


@pytest.fixture
def target() -> Iterator[QdrantIndexCatalog]:
    with a_fake_catalog(qdrant_upload_batch=5, qdrant_upload_streams=1) as catalog:
        yield catalog


def everybody() -> list[PersonVector]:
    return [
        a_person(f"p-{number:02}", [1, number, number % 7, 1], source="csv", content=f"c{number}", artist_count=number)
        for number in range(PEOPLE)
    ]


def people(catalog: IndexCatalog) -> list[PersonVector]:
    with closing(catalog.open(catalog.live().name)) as index:
        return [person for batch in index.walk(None) for person in batch]


def nearest(catalog: IndexCatalog) -> list[str]:
    """Those ten whom a search finds for somebody who is in nobody's direction exactly."""
    with closing(catalog.open(catalog.live().name)) as index:
        return ids(index, np.array([1, 17.4, 3, 1], np.float32), 10)


def must_be_the_same(one: IndexCatalog, other: IndexCatalog) -> None:
    """But for the last bit of a float32, which a vector's length is made one with each time it is written."""
    here, there = people(one), people(other)
    assert [(person.user_id, person.payload) for person in here] == [(p.user_id, p.payload) for p in there]
    np.testing.assert_allclose([p.vector for p in here], [p.vector for p in there], atol=1e-6)


def test_a_copy_holds_the_same_people_and_facts_and_is_live(source: EdgeIndexCatalog, target: QdrantIndexCatalog):
    shown = []
    copied = copy_live(source, target, BuildOptions(on_people=shown.append))
    must_be_the_same(target, source)
    was, now = source.live(), target.live()
    assert (copied.version, copied.written, sum(shown)) == (now, PEOPLE, PEOPLE)
    assert (now.model_version, now.width, now.count) == (was.model_version, was.width, PEOPLE)
    assert (now.watermark, now.cleared) == (was.watermark, was.cleared)
    assert now.similarity_quantiles == was.similarity_quantiles


def test_there_and_back_again_nothing_has_changed(source: EdgeIndexCatalog, target: QdrantIndexCatalog, tmp_path: Path):
    back = EdgeIndexCatalog(tmp_path / "back", IndexSettings())
    copy_live(source, target, BuildOptions())
    copy_live(target, back, BuildOptions())
    must_be_the_same(back, source)


def test_a_copy_that_was_broken_off_goes_on_where_it_stopped(source: EdgeIndexCatalog, target: QdrantIndexCatalog):
    def interrupt(what: str) -> None:
        if what == "building the graph":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_live(source, target, BuildOptions(say=interrupt))
    with pytest.raises(NoIndex):
        target.live()
    copied = copy_live(source, target, BuildOptions())
    assert copied.written < PEOPLE
    assert copied.version.name == "users-v3-b1"
    must_be_the_same(target, source)


def test_a_copy_that_does_not_hold_everybody_is_not_published_and_leaves_nothing(
    source: EdgeIndexCatalog, target: QdrantIndexCatalog, monkeypatch: pytest.MonkeyPatch
):
    add = QdrantVersionBuilder.add
    monkeypatch.setattr(QdrantVersionBuilder, "add", lambda self, some: add(self, some[1:]))
    with pytest.raises(IndexRejected, match="39 people instead of 40"):
        copy_live(source, target, BuildOptions())
    assert names(target) == []


def test_where_nothing_was_published_there_is_nothing_to_copy(target: QdrantIndexCatalog):
    with a_fake_catalog(FakeQdrant()) as empty, pytest.raises(NoIndex):
        copy_live(empty, target, BuildOptions())


# As it is typed


def test_a_community_moves_to_a_server_and_on_into_another_home_by_a_command_each(
    source: EdgeIndexCatalog, tmp_path: Path
):
    name, other = source.live().name, tmp_path / "other"
    with FakeQdrantSite() as fake:
        there = {"SOUNDALIKE_QDRANT_URL": fake.url}
        run = command(tmp_path, "indexer", "copy", "--from", "embedded", "--to", "qdrant", **there)
        assert run.returncode == 0, run.stderr
        assert run.stderr == f"copied {PEOPLE} people of {name} (embedded) to users-v3-b1 (qdrant)\n"
        assert "users-v3-b1" in done(tmp_path, "indexer", "--list", SOUNDALIKE_VECTOR_INDEX="qdrant", **there)
        run = command(other, "indexer", "copy", "--from", "qdrant", "--to", "embedded", **there)
    assert run.returncode == 0, run.stderr
    assert run.stderr == f"copied {PEOPLE} people of users-v3-b1 (qdrant) to users-v3-b1 (embedded)\n"
    assert re.search(rf"users-v3-b1 +│ v3 +│ {PEOPLE} +│ .+ │ live │", run.stdout)
    arrived = EdgeIndexCatalog(other / "index", IndexSettings())
    must_be_the_same(arrived, source)
    assert nearest(arrived) == nearest(source)


def test_a_server_where_nothing_was_published_is_told_in_one_line_and_leaves_the_home_as_it_is(tmp_path: Path):
    with FakeQdrantSite() as empty:
        there = {"SOUNDALIKE_QDRANT_URL": empty.url}
        run = command(tmp_path, "indexer", "copy", "--from", "qdrant", "--to", "embedded", **there)
    assert (run.returncode, run.stdout, list(tmp_path.iterdir())) == (5, "", [])
    assert run.stderr == "error: No index was published yet. Build one with: python -m indexer\n"


def test_it_is_said_what_is_missing_or_cannot_be_meant(tmp_path: Path):
    run = command(tmp_path, "indexer", "copy", "--from", "embedded", "--to", "qdrant", SOUNDALIKE_QDRANT_URL="")
    assert (run.returncode, "SOUNDALIKE_QDRANT_URL" in run.stderr) == (2, True)
    run = command(tmp_path, "indexer", "copy", "--from", "qdrant", "--to", "qdrant")
    assert (run.returncode, "same index" in run.stderr) == (2, True)
