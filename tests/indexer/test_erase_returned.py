"""Of people who left and came back, what was known of them before is erased, and what is known now is found."""

from dataclasses import replace

from indexer.erase import Erased
from indexer.follow import catch_up
from indexer.payload import unpack
from tests.indexer.erasing import GONE, PEOPLE, Home, Server, everybody, user


def come_back(home: Home) -> None:
    """The seventh, with a new name and the taste of the eighth."""
    (other,) = home.store.get([user(8)]).values()
    home.store.upsert([replace(other, user_id=GONE, display_name="Somebody new")])


def found(home: Home, name: str | None = None) -> str | None:
    """The name under which the seventh is found in a version, as whoever opens it does."""
    with home.opened(name) as index:
        catch_up(index, home.store, home.embedder, since=index.version.watermark)
        near = index.search(index.get([user(8)])[user(8)].vector, 1, exclude=[user(8)])
        assert index.count() == home.store.count()
        assert near[0].user_id == GONE
        return unpack(index.get([GONE])[GONE].payload).display_name


def old_traces(home: Home) -> list[str]:
    """What stands of the seventh as they were; their id has stayed the same."""
    return [trace for trace in home.left_of(7) if not trace.startswith("id")]


def test_of_somebody_who_came_back_no_byte_of_the_old_profile_is_left_and_the_new_one_is_found(home: Home):
    name = home.publish()
    home.delete(7)
    come_back(home)
    assert found(home) == "Somebody new"
    assert old_traces(home) != []

    assert home.erase().rewritten == (name,)

    assert old_traces(home) == []
    with home.opened() as index:
        assert unpack(index.get([GONE])[GONE].payload).display_name == "Somebody new"
    assert found(home) == "Somebody new"
    assert home.erase() == Erased()


def test_an_older_version_that_knew_only_the_old_profile_is_freed_and_brings_the_new_one_when_it_is_opened(home: Home):
    names = (home.publish(), home.publish())
    home.delete(7)
    come_back(home)

    assert home.erase().rewritten == names

    assert home.left_of(7) == []
    assert home.catalog.rollback().name == names[0]
    assert [found(home, name) for name in names] == ["Somebody new", "Somebody new"]


def test_who_came_back_before_a_version_was_built_stays_in_it(home: Home):
    older = home.publish()
    home.delete(7)
    come_back(home)
    newer = home.publish()
    assert home.erase().rewritten == (older,)
    home.delete(9)

    assert home.erase().rewritten == (older, newer)

    assert home.left_of(9) == []
    with home.opened(newer) as index:
        assert index.count() == index.version.count == PEOPLE - 1
        assert GONE in index.get([GONE])
    assert [found(home, name) for name in (older, newer)] == ["Somebody new", "Somebody new"]


def test_who_came_back_and_changed_after_a_version_was_built_is_not_lost(home: Home):
    home.delete(7)
    home.store.upsert([everybody()[7]])
    name = home.publish()
    come_back(home)
    home.delete(9)

    assert home.erase().rewritten == (name,)

    assert old_traces(home) == []
    assert found(home) == "Somebody new"


def test_who_came_back_as_they_were_stays(home: Home):
    name = home.publish()
    home.delete(7)
    home.store.upsert([everybody()[7]])

    assert home.erase().rewritten == (name,)

    with home.opened() as index:
        assert index.count() == PEOPLE
        assert GONE in index.get([GONE])


def test_who_left_again_after_coming_back_is_erased(home: Home):
    name = home.publish()
    home.delete(7)
    come_back(home)
    assert found(home) == "Somebody new"
    home.erase()
    home.delete(7)

    assert home.erase().rewritten == (name,)

    assert home.left_of(7) == []
    with home.opened() as index:
        assert index.get([GONE]) == {}


def test_a_version_that_a_server_has_open_is_freed_of_the_old_profile_of_somebody_who_came_back(home: Home):
    live = home.publish()
    with Server(home):
        home.delete(7)
        come_back(home)
        assert home.erase(wait_s=30) == Erased(built=("users-v3-b2",), dropped=(live,))
        assert old_traces(home) == []
    assert found(home) == "Somebody new"
