"""The distributed engine on a cluster of this machine: whoever embeds, the version is the same."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.errors import SettingsError
from features.own_folder import own_folder
from features.profile import UserId
from indexer.build import BuildOptions, build_index
from indexer.distributed.engine import RayEngine
from indexer.distributed.settings import RaySettings
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.errors import IndexRejected, IndexUnavailable, NoIndex
from indexer.ports import IndexCatalog, IndexVersion, PersonVector
from indexer.qdrant.builder import QdrantVersionBuilder
from indexer.qdrant.catalog import QdrantIndexCatalog
from indexer.settings import IndexSettings
from tests.fakes.index import FoldingEmbedder, MemoryIndexCatalog
from tests.fakes.qdrant import FakeQdrantSite
from tests.indexer.qdrant_servers import settings_of
from tests.ports import a_free_port
from tests.small_world import SmallWorld, a_small_world
from trainer.ports import Embeddings

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves sockets and files to the end of the process
]
FACTS = ("model_version", "width", "count", "recall_at_10")


class GivesNothing(FoldingEmbedder):
    """A model that has gone wrong."""

    text_model = "word-encoder"

    def embed(self, people: object) -> Embeddings:
        found = super().embed(people)  # type: ignore[arg-type]
        return replace(found, joint=found.joint * np.nan)


class DiesOfIt(FoldingEmbedder):
    """A model that ends its process, as where memory runs out."""

    def embed(self, people: object) -> Embeddings:
        os._exit(1)


# The command line "ray", which Ctrl-C ends, whatever a shell in the background had us ignore.
RAY = """
import signal
from ray.scripts.scripts import main

signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of one machine with two cores to embed and one to read."""
    port = a_free_port()
    begin = ["start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={port}", "--num-cpus=3"]
    quiet = ["--include-dashboard=false", "--disable-usage-stats"]
    ray = subprocess.Popen(
        [sys.executable, "-c", RAY, *begin, *quiet], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert ray.stdout is not None
        assert any(b"Ray runtime started" in line for line in ray.stdout)
        yield f"127.0.0.1:{port}"
    finally:
        ray.send_signal(signal.SIGINT)
        ray.communicate(timeout=60)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SmallWorld:
    return a_small_world(tmp_path_factory.mktemp("world"), people=90)


@pytest.fixture
def engine(cluster: str, tmp_path: Path) -> RayEngine:
    return RayEngine(settings(tmp_path, ray_address=cluster))


def settings(home: Path, **changes: object) -> RaySettings:
    return RaySettings(**{"home": home, "ray_actors": 2, "ray_shards": 4, **changes}, _env_file=None)  # type: ignore[arg-type]


def built(world: SmallWorld, catalog: IndexCatalog, engine: RayEngine | None = None) -> IndexVersion:
    options = BuildOptions() if engine is None else BuildOptions(engine=engine)
    return build_index(world.store, world.embedder, catalog, options)


def everybody(catalog: IndexCatalog) -> dict[UserId, PersonVector]:
    with closing(catalog.open(catalog.live().name)) as index:
        return {person.user_id: person for batch in index.walk(None) for person in batch}


def uploaded(site: FakeQdrantSite) -> int:
    """How many people were written, each time."""
    writes = (request for request in site.asked if request.method == "PUT" and request.url.path.endswith("/points"))
    points = (point for request in writes for point in json.loads(request.content)["points"])
    return sum("content" in point["payload"] for point in points)


def assert_same(one: IndexCatalog, other: IndexCatalog) -> None:
    these, those = everybody(one), everybody(other)
    assert these.keys() == those.keys()
    for user_id, person in these.items():
        np.testing.assert_allclose(person.vector, those[user_id].vector, atol=1e-6)
        assert person.payload == those[user_id].payload
    this, that = one.live(), other.live()
    assert [getattr(this, fact) for fact in FACTS] == [getattr(that, fact) for fact in FACTS]
    np.testing.assert_allclose(this.similarity_quantiles, that.similarity_quantiles, atol=1e-5)
    assert this.axes is not None
    assert that.axes is not None
    np.testing.assert_allclose(this.axes.components, that.axes.components, atol=1e-4)


def test_two_processes_of_this_machine_build_what_one_does(world: SmallWorld, tmp_path: Path):
    alone, together = (EdgeIndexCatalog(tmp_path / name, IndexSettings()) for name in ("alone", "together"))
    built(world, alone)
    built(world, together, RayEngine(settings(tmp_path)))
    assert_same(alone, together)
    assert list((tmp_path / "ray").iterdir()) == []  # people's listening does not stay in files


def test_on_a_cluster_they_write_to_the_qdrant_server_themselves(
    world: SmallWorld, engine: RayEngine, monkeypatch: pytest.MonkeyPatch
):
    with FakeQdrantSite() as one, FakeQdrantSite() as other:
        alone = QdrantIndexCatalog(settings_of(qdrant_url=one.url))
        together = QdrantIndexCatalog(settings_of(qdrant_url=other.url))
        with closing(alone), closing(together):
            built(world, alone)
            monkeypatch.delattr(QdrantVersionBuilder, "add")
            built(world, together, engine)
            assert_same(alone, together)
            assert uploaded(other) == 90


def test_broken_off_it_goes_on_and_writes_only_who_is_missing(world: SmallWorld, engine: RayEngine):
    with FakeQdrantSite() as site, closing(QdrantIndexCatalog(settings_of(qdrant_url=site.url))) as catalog:
        builder = catalog.create(world.embedder.version, world.embedder.width)
        batches = engine.fill(builder, world.store, world.embedder)
        first = next(batches)
        batches.close()
        builder.pause()
        site.asked.clear()
        version = built(world, catalog, engine)
        assert version.count == 90
        assert uploaded(site) <= 90 - len(first.user_ids)


def test_a_model_that_gives_nothing_usable_is_told_and_nothing_is_published(world: SmallWorld, engine: RayEngine):
    with FakeQdrantSite() as site, closing(QdrantIndexCatalog(settings_of(qdrant_url=site.url))) as catalog:
        with pytest.raises(IndexRejected, match="a vector that is zero or not finite"):
            build_index(world.store, GivesNothing(), catalog, BuildOptions(engine=engine))
        with pytest.raises(NoIndex):
            catalog.live()


def test_processes_that_die_again_and_again_are_told_of(world: SmallWorld, cluster: str, tmp_path: Path):
    engine = RayEngine(settings(tmp_path, ray_address=cluster, ray_shards=1), tries=1)
    with pytest.raises(IndexUnavailable, match="died over the same ones again and again"):
        build_index(world.store, DiesOfIt(), MemoryIndexCatalog(), BuildOptions(engine=engine))


def test_files_of_a_build_that_was_killed_are_swept_and_those_of_one_that_lives_are_not(
    world: SmallWorld, engine: RayEngine, tmp_path: Path
):
    killed, alive = (tmp_path / "ray" / f"soundalike-shards-{name}" for name in ("killed", "alive"))
    killed.mkdir(parents=True)
    (killed / "lock").touch()
    with own_folder(alive, siblings="soundalike-shards-alive"):
        built(world, MemoryIndexCatalog(), engine)
        assert [each.name for each in (tmp_path / "ray").iterdir()] == [alive.name]
    assert logging.getLogRecordFactory() is logging.LogRecord  # what is logged here is as it was before Ray came


def test_where_no_cluster_answers_that_is_said(world: SmallWorld, tmp_path: Path):
    nowhere = RayEngine(settings(tmp_path, ray_address="127.0.0.1:9"))
    with pytest.raises(IndexUnavailable, match=r"no Ray cluster 127\.0\.0\.1:9"):
        built(world, MemoryIndexCatalog(), nowhere)


def test_a_token_that_ray_refuses_is_said_and_the_version_is_gone_on_with(
    world: SmallWorld, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    records = logging.getLogRecordFactory()
    import ray
    from ray.exceptions import AuthenticationError

    logging.setLogRecordFactory(records)  # which Ray, where it comes first, would change for all tests

    def refused(*_arguments: object, **_more: object) -> None:
        raise AuthenticationError("The token file is empty")

    monkeypatch.setattr(ray, "init", refused)
    with FakeQdrantSite() as site, closing(QdrantIndexCatalog(settings_of(qdrant_url=site.url))) as catalog:
        with pytest.raises(IndexUnavailable, match="The token file is empty"):
            built(world, catalog, RayEngine(settings(tmp_path, ray_address=cluster)))
        assert not any(request.method == "DELETE" for request in site.asked)


def test_without_ray_the_line_that_installs_it_is_given(
    world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"pip install 'soundalike\[distributed\]'"):
        built(world, MemoryIndexCatalog(), RayEngine(settings(tmp_path)))
