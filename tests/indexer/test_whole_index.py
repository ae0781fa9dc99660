import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.identity import artist_key, point_id
from features.listener import listener_of
from features.profile import UserId
from indexer.build import BuildOptions, build_index
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.errors import BadVector, IndexRejected, IndexUnavailable, NoIndex
from indexer.follow import catch_up
from indexer.payload import pack, towers_of, unpack
from indexer.ports import PersonVector
from indexer.settings import IndexSettings
from indexer.terms import artist_id, genre_id
from tests.builders import NOW, a_community, a_playlist, a_profile, features_of
from tests.small_world import SmallWorld, a_small_world


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return a_small_world(tmp_path)


def test_a_published_version_holds_everybody_and_finds_the_nearest_as_exact_search_does(world: SmallWorld) -> None:
    name = world.publish()
    version = world.catalog.live()
    index = world.catalog.open(name)

    assert (version.name, version.count, version.model_version) == ("users-v3-b1", 40, 3)
    assert version.recall_at_10 >= 0.98
    assert len(version.similarity_quantiles) == 1001
    assert list(version.similarity_quantiles) == sorted(version.similarity_quantiles)
    me = index.get([UserId("person-0")])[UserId("person-0")]
    found = index.search(me.vector, 5, exclude=[me.user_id])
    everybody = index.get([UserId(f"person-{i}") for i in range(1, 40)]).values()
    brute = sorted(everybody, key=lambda p: (-float(p.vector @ me.vector), p.user_id))[:5]
    assert [n.user_id for n in found] == [p.user_id for p in brute]
    assert [n.similarity for n in found] == pytest.approx([float(p.vector @ me.vector) for p in brute], abs=1e-3)
    index.close()


def test_a_second_build_has_its_own_number_and_rollback_goes_back(world: SmallWorld) -> None:
    first, second = world.publish(), world.publish()

    assert (first, second) == ("users-v3-b1", "users-v3-b2")
    assert world.catalog.live().name == second
    assert world.catalog.rollback().name == first
    assert world.catalog.live().name == first


def test_only_the_live_version_and_the_one_before_are_kept(world: SmallWorld) -> None:
    names = [world.publish() for _ in range(3)]

    assert [version.name for version in world.catalog.versions()] == names[1:]


def test_without_an_index_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    catalog = EdgeIndexCatalog(tmp_path / "none", IndexSettings())

    for question in (catalog.live, catalog.rollback):
        with pytest.raises(NoIndex):
            question()
    assert catalog.versions() == []


def test_nobody_to_index_is_refused_and_nothing_is_left(world: SmallWorld, tmp_path: Path) -> None:
    world.store.delete([UserId(f"person-{i}") for i in range(40)])

    with pytest.raises(IndexRejected, match="nobody"):
        world.publish()
    assert list((tmp_path / "index" / "versions").iterdir()) == []


def test_a_version_below_the_recall_asked_for_is_not_published(world: SmallWorld, tmp_path: Path) -> None:
    name = world.publish()

    with pytest.raises(IndexRejected, match="Recall"):
        build_index(world.store, world.embedder, world.catalog, BuildOptions(min_recall=1.1))
    assert world.catalog.live().name == name
    assert [folder.name for folder in (tmp_path / "index" / "versions").iterdir()] == [name]


def test_vectors_that_are_not_finite_stop_the_build(world: SmallWorld) -> None:
    with world_of_nan(world), pytest.raises(IndexRejected, match="not finite"):
        world.publish()


class world_of_nan:  # noqa: N801
    """The model gives NaN inside the block."""

    def __init__(self, world: SmallWorld) -> None:
        self._bias = world.embedder.network.bend[-1].bias

    def __enter__(self) -> None:
        self._bias.data.fill_(float("nan"))

    def __exit__(self, *_: object) -> None:
        self._bias.data.zero_()


def test_a_version_is_open_in_one_place_at_a_time(world: SmallWorld) -> None:
    name = world.publish()
    index = world.catalog.open(name)

    with pytest.raises(IndexUnavailable, match="Another process"):
        world.catalog.open(name)
    index.close()
    world.catalog.open(name).close()
    with pytest.raises(IndexUnavailable):
        index.count()


@pytest.mark.parametrize("vector", [np.full(16, np.nan), np.zeros(16), np.ones(15)])
def test_bad_vectors_are_refused(world: SmallWorld, vector: np.ndarray) -> None:
    index = world.catalog.open(world.publish())

    with pytest.raises(BadVector):
        index.upsert([PersonVector(UserId("x"), vector.astype(np.float32), {"source": "test"})])
    with pytest.raises(BadVector):
        index.search(vector.astype(np.float32), 3)
    assert index.count() == 40
    index.close()


def test_states_that_were_replaced_do_not_pile_up_on_the_disk(
    world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grown(flush_every: int) -> int:
        monkeypatch.setattr("indexer.edge_index._FLUSH_EVERY", flush_every)
        name = world.publish()
        index = world.catalog.open(name)
        (point,) = index.get([UserId("person-0")]).values()
        for number in range(1500):
            index.upsert([replace(point, payload={**point.payload, "display_name": f"{number} " * 1000})])
        files = [path for path in (tmp_path / "index" / "versions" / name).rglob("*") if "wal" not in path.parts]
        taken = sum(file.stat().st_blocks for file in files)  # the files themselves are made larger than they need be
        index.close()
        return taken

    assert grown(100) < grown(10_000) / 2


def test_who_comes_and_who_goes_is_caught_up_with_and_a_deleted_person_stays_gone(world: SmallWorld) -> None:
    name = world.publish()
    since = datetime.now(UTC)
    index = world.catalog.open(name)
    newcomer = listener_of(a_community(1)[0].model_copy(update={"user_id": "newcomer"}))
    world.store.upsert(world.builder.build([newcomer], now=NOW, consent=True))
    world.store.delete([UserId("person-5")])

    first = catch_up(index, world.store, world.embedder, since=since)
    again = catch_up(index, world.store, world.embedder, since=since)

    assert (first.upserted, again.upserted) == (1, 0)
    assert first.deleted == again.deleted == (point_id(UserId("person-5")),)
    assert index.get([UserId("newcomer"), UserId("person-5")]).keys() == {"newcomer"}
    assert index.count() == 40
    index.close()


def test_a_version_written_in_another_format_is_refused_with_the_mend(world: SmallWorld, tmp_path: Path) -> None:
    name = world.publish()
    manifest = tmp_path / "index" / "versions" / name / "manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**facts, "format": 1}))

    with pytest.raises(IndexUnavailable, match=f"{name} was written in format 1, not {facts['format']}") as refused:
        world.catalog.open(name)
    assert refused.value.mend == "Build a new one with: python -m indexer"


def test_a_damaged_alias_or_manifest_is_said_with_the_mend(world: SmallWorld, tmp_path: Path) -> None:
    name = world.publish()
    manifest, alias = tmp_path / "index" / "versions" / name / "manifest.json", tmp_path / "index" / "CURRENT"

    manifest.write_text("{")
    with pytest.raises(IndexUnavailable, match="python -m indexer"):
        world.catalog.live()
    alias.write_text('{"name": "../../etc", "seq": 1, "previous": null}')
    with pytest.raises(IndexUnavailable, match="python -m indexer"):
        world.catalog.live()


def test_deleting_is_by_point_and_unknown_points_are_no_error(world: SmallWorld) -> None:
    index = world.catalog.open(world.publish())

    index.delete([point_id(UserId("person-1")), point_id(UserId("nobody"))])

    assert index.count() == 39
    index.close()


def test_a_payload_comes_back_as_it_was_packed(world: SmallWorld) -> None:
    (person,) = world.store.get([UserId("person-2")]).values()
    person = replace(person, display_name="Ann", profile_url=None)
    towers = world.embedder.embed([person]).towers[0]

    card = unpack(pack(person, towers))

    assert (card.display_name, card.profile_url) == ("Ann", None)
    assert list(card.artists) == list(person.listening.artist_weights())
    assert list(card.genres) == list(person.listening.genre_weights())
    assert card.ids == "".join([*map(artist_id, map(artist_key, card.artists)), *map(genre_id, card.genres)])
    (unpacked,) = towers_of([card])
    assert np.linalg.norm(towers, axis=1) == pytest.approx(1, abs=1e-5)
    assert ((unpacked * towers).sum(axis=1) / np.linalg.norm(unpacked, axis=1)).min() > 0.999


def test_two_spellings_of_an_artist_are_packed_once() -> None:
    (person,) = features_of(a_profile("ann", a_playlist("one", "Björk"), a_playlist("two", "BJÖRK", "Air")))

    assert unpack(pack(person, np.eye(3, 4, dtype=np.float32))).artists == ["Björk", "Air"]
