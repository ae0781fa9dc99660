"""After a person was deleted and erased, no byte of them is in any file of the index, and all others are as before."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from features.identity import point_id
from features.profile import UserId
from features.user_features import UserFeatures
from indexer.build import BuildOptions, build_index
from indexer.check import check_recall
from indexer.erase import Erased
from indexer.follow import catch_up
from tests.fakes.index import FoldingEmbedder
from tests.indexer.erasing import GONE, PEOPLE, Home, Server, answers, everybody, user
from tests.indexer.versions import a_person
from trainer.ports import Embeddings


def files_of(home: Home) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (home.folder / "index" / "versions").rglob("*")}


# Versions that nobody has open


def test_before_an_erase_the_bytes_of_a_deleted_person_are_there(home: Home):
    """Or else looking for them would prove nothing."""
    name = home.publish()
    home.delete(7)
    with home.opened() as index:
        catch_up(index, home.store, home.embedder, since=index.version.watermark)
        assert index.get([GONE]) == {}

    assert {found.split()[0] for found in home.left_of(7)} == {"id", "name", "artist"}
    assert all(name in found for found in home.left_of(7))


def test_after_an_erase_no_byte_of_a_deleted_person_is_left_and_the_living_are_told_the_same(home: Home):
    name = home.publish()
    with home.opened() as index:
        before = answers(index, but=7)
    home.delete(7)

    assert home.erase() == Erased(rewritten=(name,))

    assert home.left_of(7) == []
    assert home.left_of(8) != []
    with home.opened() as index:
        assert answers(index, but=7) == before
        assert index.count() == home.catalog.live().count == PEOPLE - 1
    assert home.loaded == []


def test_all_versions_are_freed_and_going_back_brings_nobody_back(home: Home):
    names = (home.publish(), home.publish())
    home.delete(7, 8)

    assert home.erase().rewritten == names

    assert home.catalog.rollback().name == names[0]
    assert home.left_of(7, 8) == []
    with home.opened(names[0]) as index:
        assert index.get([GONE]) == {}


def test_what_a_server_wrote_and_deleted_since_the_build_is_erased(home: Home):
    name = home.publish()
    (late,) = everybody(PEOPLE + 1)[-1:]
    home.store.upsert([late])
    with home.opened() as index:
        catch_up(index, home.store, home.embedder, since=index.version.watermark)
    assert home.left_of(PEOPLE) != []
    home.delete(PEOPLE)

    assert home.erase().rewritten == (name,)

    assert home.left_of(PEOPLE) == []


def test_what_a_person_was_before_they_changed_is_erased_with_them(home: Home):
    home.publish()
    (person,) = home.store.get([GONE]).values()
    (other,) = home.store.get([user(8)]).values()
    home.store.upsert([replace(person, display_name="Somebody", listening=other.listening)])
    with home.opened() as index:
        catch_up(index, home.store, home.embedder, since=index.version.watermark)
    assert home.left_of(7) != []
    home.delete(7)

    home.erase()

    assert home.left_of(7) == []


def test_where_everybody_was_deleted_an_empty_version_is_left(home: Home):
    home.publish()
    home.delete(*range(PEOPLE))

    home.erase()

    assert home.left_of(*range(PEOPLE)) == []
    with home.opened() as index:
        assert index.count() == 0


def test_a_rewritten_version_that_is_walked_through_by_a_graph_finds_whom_exact_search_finds(home: Home):
    many, wide = 1_500, 2_048  # large enough for the engine to build a graph
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((many, 20)) @ rng.standard_normal((20, wide))
    builder = home.catalog.create(1, wide)
    builder.add([a_person(f"p-{number}", vector) for number, vector in enumerate(vectors)])
    builder.seal(builder.finish().version)

    rewriter = home.catalog.rewrite("users-v1-b1", without=[point_id(UserId(f"p-{number}")) for number in range(100)])
    index = rewriter.finish()

    living = [UserId(f"p-{number}") for number in range(100, 200)]
    assert index.count() == many - 100
    assert index.get([UserId("p-0")]) == {}
    check_recall(index, (living, vectors[100:200].astype(np.float32)), min_recall=0.98)  # or it raises
    rewriter.abort()


# What is not done


def test_where_nobody_was_deleted_nothing_is_touched(home: Home):
    assert home.erase() == Erased()
    home.publish()
    home.publish()
    manifest = home.folder / "index" / "versions" / "users-v3-b1" / "manifest.json"
    manifest.write_text("{")  # even what would be dropped, if somebody were
    before = files_of(home)

    assert home.erase() == Erased()
    assert files_of(home) == before


def test_an_erase_leaves_nothing_to_do_for_the_next_one(home: Home):
    home.publish()
    home.delete(7)
    home.erase()
    before = files_of(home)

    assert home.erase() == Erased()
    assert files_of(home) == before
    home.delete(8)
    assert home.erase() != Erased()
    assert home.left_of(8) == []


def test_a_version_that_was_built_after_a_deletion_needs_no_rewriting(home: Home):
    home.delete(7)
    home.publish()
    assert home.left_of(7) == []
    assert home.erase() == Erased()


class SomebodyLeaves(FoldingEmbedder):
    """Somebody is deleted when the first people are being embedded."""

    def __init__(self, home: Home, number: int) -> None:
        super().__init__()
        self._home, self._number = home, number

    def embed(self, people: Sequence[UserFeatures]) -> Embeddings:
        self._home.delete(self._number)
        return super().embed(people)


def test_who_was_deleted_while_a_version_was_built_is_erased_from_it(home: Home):
    name = build_index(home.store, SomebodyLeaves(home, 7), home.catalog, BuildOptions()).name
    with home.opened() as index:
        assert index.get([GONE]) == {}
    assert home.left_of(7) != []

    assert home.erase().rewritten == (name,)
    assert home.left_of(7) == []


# Versions that a server has open


def test_a_version_is_built_in_place_of_one_that_a_server_has_open_and_the_server_moves_over(home: Home):
    older, live = home.publish(2), home.publish(3)
    with home.opened() as index:
        before = answers(index, but=7)
    with Server(home) as server:
        home.delete(7)

        done = home.erase(wait_s=30)

        assert done == Erased(rewritten=(older,), built=("users-v3-b2",), dropped=(live,))
        assert server.index.version.name == home.catalog.live().name == "users-v3-b2"
        assert server.answers(but=7) == before
        assert home.left_of(7) == []
    assert home.loaded == [3]
    assert home.erase() == Erased()
    assert home.catalog.rollback().name == older


def test_a_version_that_is_not_let_go_of_is_told_and_freed_the_next_time(home: Home):
    live = home.publish()
    with Server(home, is_moving=False):
        home.delete(7)
        done = home.erase(wait_s=0.1)
        assert (done.in_use, done.built) == ((live,), ("users-v3-b2",))
        assert home.left_of(7) != []

        assert home.erase(wait_s=0.1) == Erased(in_use=(live,))

    assert home.erase() == Erased(rewritten=(live,))
    assert home.left_of(7) == []


def test_an_older_version_that_is_still_open_is_waited_for(home: Home):
    older = home.publish()
    with Server(home):
        newer = home.publish()
        home.delete(7)
        done = home.erase(wait_s=30)

    assert done.in_use == ()
    assert {older, newer} <= {*done.rewritten, *done.dropped}
    assert home.left_of(7) == []


def test_where_everybody_was_deleted_no_version_can_be_built_and_the_open_one_is_told(home: Home):
    live = home.publish()
    with Server(home):
        home.delete(*range(PEOPLE))
        assert home.erase() == Erased(in_use=(live,))
    assert home.erase() == Erased(rewritten=(live,))


@pytest.mark.parametrize("keep", [3, 2])
def test_a_version_that_was_published_meanwhile_stays_live(home: Home, keep: int, monkeypatch: pytest.MonkeyPatch):
    """Whether whoever published it has dropped the one that was built, too, or not."""
    live = home.publish()
    replace_now = home.catalog.replace

    def replace_too_late(name: str, fresh: str) -> bool:
        build_index(home.store, FoldingEmbedder(9), home.catalog, BuildOptions(keep_versions=keep))
        return replace_now(name, fresh)

    monkeypatch.setattr(home.catalog, "replace", replace_too_late)
    with Server(home):
        home.delete(7)
        done = home.erase(wait_s=30)

    assert home.catalog.live().name == "users-v9-b1"
    assert (done.built, done.rewritten, done.in_use) == ((), (live,), ())
    assert [version.name for version in home.catalog.versions()] == [live, "users-v9-b1"]
    assert home.left_of(7) == []
