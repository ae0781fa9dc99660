"""The contract of FeatureStore, run against every implementation: another one joins by a line in ``STORES``."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.identity import point_id
from features.listening import Listening, PlaylistListening
from features.ports import FeatureStore, Upserted
from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from tests.builders import a_playlist, a_profile, a_track, features_of
from tests.fakes.stores import MemoryFeatureStore

Make = Callable[[Path, pytest.FixtureRequest], FeatureStore]
STORES: dict[str, Make] = {
    "sqlite": lambda folder, _request: SqliteFeatureStore(folder / "features.db"),
    "memory": lambda _folder, _request: MemoryFeatureStore(),
    "hopsworks": lambda folder, request: request.getfixturevalue("cluster").store(folder),
}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FeatureStore]:
    made = STORES[request.param](tmp_path, request)
    yield made
    close = getattr(made, "close", None)
    if close is not None:
        close()


def a_person(user_id: str = "ann", *artists: str) -> UserFeatures:
    tracks = [a_track(artist, genres=["rock", "pop"], release_year=1994, plays=7) for artist in artists or ("Air",)]
    return features_of(a_profile(user_id, a_playlist("mix", *tracks)))[0]


def assert_same(one: UserFeatures, other: UserFeatures) -> None:
    for name in ("genre", "artist", "playlist"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name) is None or getattr(one, name).dtype == np.float32
    assert (one.years is None) == (other.years is None)
    if one.years is not None and other.years is not None:
        assert (one.years.mean, one.years.std) == (other.years.mean, other.years.std)
        np.testing.assert_array_equal(one.years.decades, other.years.decades)
    blank = {"genre": None, "artist": None, "playlist": None, "years": None}
    assert replace(one, **blank) == replace(other, **blank)


def ids_of(batches: Iterator[list[UserFeatures]]) -> list[list[str]]:
    return [[person.user_id for person in batch] for batch in batches]


def now() -> datetime:
    return datetime.now(UTC)


def test_a_new_store_is_empty(store: FeatureStore):
    assert store.count() == 0
    assert list(store.scan()) == []
    assert store.get([UserId("ann")]) == {}
    assert store.deleted(since=LONG_AGO) == []


def test_what_was_put_in_comes_out_the_same(store: FeatureStore):
    ann = replace(a_person(), display_name="Ann Ü. 🎧", profile_url="https://example.org/ann", consented_at=None)
    store.upsert([ann])
    assert_same(store.get([ann.user_id])[ann.user_id], ann)


def test_what_is_not_known_of_a_person_stays_unknown(store: FeatureStore):
    listening = Listening((PlaylistListening("", ("Air",), (1.0,), (None,)),))
    bare = replace(a_person(), genre=None, artist=None, playlist=None, years=None, listening=listening)
    store.upsert([bare])
    assert_same(store.get([bare.user_id])[bare.user_id], bare)


def test_what_was_filled_in_is_remembered_as_filled_in(store: FeatureStore):
    ann = a_person()
    filled = replace(ann.listening, filled_genres=frozenset({"Air"}), filled_years=frozenset({"Air"}))
    ann = replace(ann, listening=filled)
    store.upsert([ann])
    assert store.get([ann.user_id])[ann.user_id].listening == ann.listening


def test_get_leaves_out_who_is_unknown(store: FeatureStore):
    store.upsert([a_person("ann"), a_person("bob")])
    assert store.get([UserId("bob"), UserId("nobody")]).keys() == {"bob"}


def test_an_upsert_tells_the_new_from_the_changed_from_the_same(store: FeatureStore):
    assert store.upsert([a_person("ann"), a_person("bob")]) == Upserted(added=2, updated=0, unchanged=0)
    people = [a_person("ann"), a_person("bob", "Moby"), a_person("cleo")]
    assert store.upsert(people) == Upserted(added=1, updated=1, unchanged=1)
    assert store.count() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"consented_at": None},
        {"display_name": "Ann"},
        {"source": "other"},
        {"text_model": "other"},
        {"genre": None},
        {"years": None},
        {"profile_url": "https://example.org"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_change_of_content_is_written(store: FeatureStore, change: dict[str, object]):
    store.upsert([a_person()])
    changed = replace(a_person(), **change)
    assert store.upsert([changed]) == Upserted(added=0, updated=1, unchanged=0)
    assert_same(store.get([changed.user_id])[changed.user_id], changed)


def test_a_newer_date_alone_is_no_change(store: FeatureStore):
    ann = a_person()
    store.upsert([ann])
    later = replace(ann, updated_at=ann.updated_at + timedelta(days=1))
    assert store.upsert([later]) == Upserted(added=0, updated=0, unchanged=1)
    assert store.get([ann.user_id])[ann.user_id].updated_at == ann.updated_at


def test_the_last_one_wins_where_an_id_stands_twice(store: FeatureStore):
    assert store.upsert([a_person("ann", "Air"), a_person("ann", "Moby")]) == Upserted(added=1, updated=0, unchanged=0)
    assert list(store.get([UserId("ann")])[UserId("ann")].listening.artist_weights()) == ["Moby"]


def test_an_upsert_of_nobody_does_nothing(store: FeatureStore):
    assert store.upsert([]) == Upserted(added=0, updated=0, unchanged=0)


@pytest.mark.parametrize("batch_size", [1, 2, 4, 5, 100])
def test_a_scan_goes_by_user_id_and_meets_everybody_once(store: FeatureStore, batch_size: int):
    store.upsert([a_person(user_id) for user_id in ("dan", "Ann", "eve", "ünal", "bob")])
    batches = ids_of(store.scan(batch_size=batch_size))
    assert [user_id for batch in batches for user_id in batch] == ["Ann", "bob", "dan", "eve", "ünal"]
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_a_scan_since_meets_just_who_was_written_since(store: FeatureStore):
    store.upsert([a_person("ann"), a_person("bob"), a_person("cleo")])
    before = now()
    store.upsert([a_person("ann"), a_person("bob", "Moby"), a_person("dan")])
    assert ids_of(store.scan(since=before)) == [["bob", "dan"]]
    assert ids_of(store.scan(since=now() + timedelta(hours=1))) == []


def test_people_may_be_written_and_deleted_while_a_scan_runs(store: FeatureStore):
    store.upsert([a_person(user_id) for user_id in ("ann", "bob", "cleo")])
    scan = store.scan(batch_size=1)
    assert [person.user_id for person in next(scan)] == ["ann"]
    store.delete([UserId("ann"), UserId("cleo")])
    store.upsert([a_person("bob", "Moby")])
    assert [user_id for batch in ids_of(scan) for user_id in batch] == ["bob"]


def test_the_time_of_the_last_change_is_told(store: FeatureStore):
    assert store.last_change() is None
    before = now()
    store.upsert([a_person("ann")])
    written = store.last_change()
    assert before <= written <= now()
    store.get([UserId("ann")])
    store.upsert([a_person("ann")])
    store.delete([])
    assert store.last_change() == written
    store.delete([UserId("ann")])
    assert written <= store.last_change() <= now()


def test_what_is_written_anew_counts_as_a_change_although_nothing_changed(store: FeatureStore):
    store.upsert([a_person("ann"), a_person("bob")])
    written = store.last_change()
    assert store.upsert([a_person("ann"), a_person("cleo")], anew=True) == Upserted(1, 0, 1)
    assert store.last_change() > written
    assert ids_of(store.scan(since=store.last_change())) == [["ann", "cleo"]]


def test_every_change_is_later_than_the_one_before(store: FeatureStore):
    moments = []
    for number in range(20):
        store.upsert([a_person(f"p{number}")])
        moments.append(store.last_change())
        store.delete([UserId(f"p{number}")])
        moments.append(store.last_change())
    assert moments == sorted(set(moments))


def test_who_was_not_known_leaves_a_tombstone_too_since_an_index_may_know_them(store: FeatureStore):
    store.upsert([a_person("bob")])
    before = now()
    assert store.delete([UserId("nobody")]) == 0
    assert store.deleted(since=before) == [point_id(UserId("nobody"))]
    assert store.count() == 1


def test_a_deleted_person_is_gone_and_leaves_just_a_tombstone(store: FeatureStore):
    store.upsert([a_person("ann"), a_person("bob")])
    before = now()
    assert store.delete([UserId("ann")]) == 1
    assert store.count() == 1
    assert store.get([UserId("ann")]) == {}
    assert ids_of(store.scan()) == [["bob"]]
    assert store.deleted(since=before) == [point_id(UserId("ann"))]
    assert store.deleted(since=now() + timedelta(hours=1)) == []


def test_a_person_named_twice_is_deleted_once(store: FeatureStore):
    store.upsert([a_person("ann")])
    assert store.delete(iter([UserId("ann"), UserId("ann")])) == 1
    assert store.delete([UserId("ann")]) == 0
    assert store.delete([]) == 0


def test_a_person_who_comes_back_is_not_deleted_any_more(store: FeatureStore):
    store.upsert([a_person("ann"), a_person("bob")])
    store.delete([UserId("ann"), UserId("bob")])
    assert store.upsert([a_person("ann")]) == Upserted(added=1, updated=0, unchanged=0)
    assert store.deleted(since=LONG_AGO) == [point_id(UserId("bob"))]
    store.delete([UserId("ann")])
    assert set(store.deleted(since=LONG_AGO)) == {point_id(UserId("ann")), point_id(UserId("bob"))}


def test_who_left_has_departed_for_ever_whether_they_came_back_or_not(store: FeatureStore):
    store.upsert([a_person("ann"), a_person("bob")])
    before = now()
    store.delete([UserId("ann"), UserId("bob")])
    between = now()
    store.upsert([a_person("ann")])

    assert set(store.departed(since=before)) == {point_id(UserId("ann")), point_id(UserId("bob"))}
    assert store.departed(since=now() + timedelta(hours=1)) == []
    store.delete([UserId("ann")])
    assert store.departed(since=between) == [point_id(UserId("ann"))]
    assert store.deleted(since=between) == [point_id(UserId("ann"))]
    store.upsert([a_person("ann", "Moby")])
    assert store.departed(since=between) == [point_id(UserId("ann"))]
    assert store.deleted(since=between) == []


def test_who_never_left_has_not_departed_and_who_came_back_is_not_deleted_however_far_one_looks_back(
    store: FeatureStore,
):
    long_before = datetime(1900, 1, 1, tzinfo=UTC)
    store.upsert([a_person("ann"), a_person("bob")])
    store.upsert([a_person("bob", "Moby")])
    assert store.departed(since=long_before) == []

    store.delete([UserId("ann")])
    store.upsert([a_person("ann")])
    assert store.departed(since=long_before) == [point_id(UserId("ann"))]
    assert store.deleted(since=long_before) == []


def test_a_person_who_came_back_is_seen_by_a_scan_since(store: FeatureStore):
    store.upsert([a_person("ann")])
    store.delete([UserId("ann")])
    before = now()
    store.upsert([a_person("ann")])
    assert ids_of(store.scan(since=before)) == [["ann"]]


def test_strange_ids_are_just_ids(store: FeatureStore):
    strange = ["'; DROP TABLE people; --", "%", 'a"b', "ann ", "null", "😀", "\\u0000"]
    store.upsert([replace(a_person(), user_id=UserId(user_id)) for user_id in strange])
    assert store.get([UserId(user_id) for user_id in strange]).keys() == set(strange)
    assert store.delete(map(UserId, strange)) == len(strange)
