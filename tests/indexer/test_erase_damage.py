"""Erasing where something is damaged, fails its checks, or was left by the dead: a version is whole or told of."""

import json
from typing import Any

import pytest
from qdrant_edge import EdgeShard, Record, ScrollRequest

from indexer.build import BuildOptions, build_index
from indexer.edge_shard import load_shard
from indexer.erase import Erased, EraseOptions, erase
from indexer.errors import IndexRejected, IndexUnavailable
from tests.fakes.index import FoldingEmbedder, MemoryIndexCatalog, MemoryUserIndex
from tests.fakes.stores import MemoryFeatureStore
from tests.indexer.erasing import GONE, PEOPLE, Home, everybody


def inside(home: Home, name: str) -> list[str]:
    return sorted(path.name for path in (home.folder / "index" / "versions" / name).iterdir())


def test_a_version_that_loses_recall_is_left_as_it_was(home: Home):
    name = home.publish()
    version = home.catalog.live()
    home.delete(7)

    with pytest.raises(IndexRejected):
        home.erase(min_recall=1.1)

    assert home.catalog.live() == version
    assert inside(home, name) == ["manifest.json", "shard", "use.lock"]
    with home.opened(name) as index:
        assert index.get([GONE])
    home.erase()
    assert home.left_of(7) == []


class CountsOneTooFew(MemoryUserIndex):
    def count(self) -> int:
        return super().count() - 1


def test_a_version_that_does_not_hold_everybody_who_was_copied_is_left_as_it_was():
    store, catalog = MemoryFeatureStore(), MemoryIndexCatalog()
    store.upsert(everybody())
    version = build_index(store, FoldingEmbedder(), catalog, BuildOptions())
    store.delete([GONE])
    catalog.opens = CountsOneTooFew

    with pytest.raises(IndexRejected, match="22 people instead of 23"):
        erase(store, catalog, FoldingEmbedder, EraseOptions())
    assert catalog.live() == version


class EndsEarly:
    """A shard of which only the first people can be read."""

    def __init__(self, shard: EdgeShard) -> None:
        self._shard = shard

    def scroll(self, request: ScrollRequest) -> tuple[list[Record], None]:
        return self._shard.scroll(request)[0][:3], None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shard, name)


def test_a_version_of_which_not_everybody_can_be_read_is_left_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch):
    name = home.publish()
    home.delete(7)
    monkeypatch.setattr("indexer.edge_rewrite.load_shard", lambda folder: EndsEarly(load_shard(folder)))

    with pytest.raises(IndexUnavailable, match="Only 3 of 24"):
        home.erase()

    assert inside(home, name) == ["manifest.json", "shard", "use.lock"]
    with home.opened() as index:
        assert index.count() == PEOPLE


@pytest.mark.parametrize("shard", ["", "..", "shard/../..", "shard-0", 7, None])
def test_facts_that_lead_out_of_the_folder_are_damaged(home: Home, shard: object):
    manifest = home.folder / "index" / "versions" / home.publish() / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "shard": shard}))
    with pytest.raises(IndexUnavailable, match="damaged"):
        home.catalog.live()


def test_one_version_that_cannot_be_opened_is_told_and_keeps_no_other_from_being_freed(home: Home):
    broken, live = home.publish(), home.publish()
    home.delete(7)
    (home.folder / "index" / "versions" / broken / "shard" / "edge_config.json").write_text("{")

    with pytest.raises(IndexUnavailable, match="opened"):
        home.erase()

    assert not [found for found in home.left_of(7) if broken not in found]
    assert inside(home, broken) == ["manifest.json", "shard", "use.lock"]
    home.publish()
    home.erase()
    assert home.left_of(7) == []
    assert live in [version.name for version in home.catalog.versions()]


def test_a_version_that_nobody_can_read_is_dropped_unless_it_is_live(home: Home):
    older, live = home.publish(), home.publish()
    home.delete(7)
    for name in (live, older):
        (home.folder / "index" / "versions" / name / "manifest.json").write_text("{")
        if name == live:
            with pytest.raises(IndexUnavailable, match="python -m indexer"):
                home.erase()
    assert sorted(path.name for path in (home.folder / "index" / "versions").iterdir()) == [older, live]

    home.publish()
    assert home.left_of(7) == []


def test_what_a_dead_process_left_behind_is_swept_away(home: Home):
    name = home.publish()
    home.delete(7)
    home.erase()
    versions = home.folder / "index" / "versions"
    for rubbish in (versions / name / "shard-9", versions / ".staging-users-v3-b7"):
        rubbish.mkdir()
        (rubbish / "some file").write_text(GONE)
    assert len(home.left_of(7)) == 2

    assert home.erase() == Erased()
    assert home.left_of(7) == []


def test_what_is_being_rewritten_by_another_eraser_is_left_to_it(home: Home):
    home.publish()
    home.delete(7)
    rewriter = home.catalog.rewrite(home.catalog.live().name, without=[])

    with pytest.raises(IndexUnavailable, match="Try again"):
        home.erase()

    rewriter.abort()
    home.erase()
    assert home.left_of(7) == []
