from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.profile import UserId
from features.user_features import UserFeatures
from tests.builders import a_community, a_playlist, a_profile, features_of
from tests.fakes.stores import MemoryFeatureStore
from trainer import roll
from trainer.errors import TooFewPeople
from trainer.people import Kept, Stored, sampled, some_of
from trainer.roll import Roll, call_roll

PEOPLE = features_of(*a_community(60))


def call(people: list[UserFeatures], seed: int = 0) -> Roll:
    return call_roll(people, folds=5, seed=seed)


def test_everybody_has_a_row_in_the_order_they_came():
    found = call(PEOPLE)
    assert list(found.row_of) == [person.user_id for person in PEOPLE]
    assert list(found.row_of.values()) == list(range(60))
    assert len(found) == len(found.folds) == len(found.census) == 60
    assert set(found.folds) == set(range(5))


@given(st.permutations(range(60)))
def test_who_votes_and_the_fingerprint_do_not_depend_on_the_order(order: list[int]):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roll, "GALLERY", 25)
        found, again = call(PEOPLE), call([PEOPLE[at] for at in order])
    assert found.fingerprint == again.fingerprint
    assert {each.user_id for each in found.voters.values()} == {each.user_id for each in again.voters.values()}
    assert len(found.voters) == 25
    assert list(found.voters) == sorted(found.voters)
    assert all(found.row_of[each.user_id] == row for row, each in found.voters.items())


def test_the_fingerprint_tells_other_people_and_others_features():
    found = call(PEOPLE).fingerprint
    assert call(PEOPLE[1:]).fingerprint != found
    assert call([replace(PEOPLE[0], genre=None), *PEOPLE[1:]]).fingerprint != found
    assert call([replace(PEOPLE[0], display_name="Ann"), *PEOPLE[1:]]).fingerprint == found


def test_another_seed_has_others_vote(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(roll, "GALLERY", 25)
    assert call(PEOPLE, seed=0).voters.keys() != call(PEOPLE, seed=1).voters.keys()


def test_it_takes_a_few_people_with_something_to_learn_from():
    with pytest.raises(TooFewPeople, match="19 people are left to train on"):
        call(PEOPLE[:19])
    poor = features_of(*(a_profile(f"p{number}", a_playlist("p", "Air")) for number in range(30)))
    with pytest.raises(TooFewPeople, match="two artists or more"):
        call(poor)


def test_people_are_gone_through_again_and_again_as_the_store_has_them_then():
    store = MemoryFeatureStore()
    store.upsert(PEOPLE[:3])
    people = Stored(store, with_spotify_api=False)
    some = Kept(people, lambda person: person.user_id != "person-1")
    assert [person.user_id for person in some] == ["person-0", "person-2"]
    store.upsert([replace(PEOPLE[2], source="spotify-api"), PEOPLE[3]])
    assert [person.user_id for person in some] == ["person-0", "person-3"]
    assert len(list(Stored(store, with_spotify_api=True))) == 4


@given(st.permutations(range(60)), st.integers(1, 70))
def test_a_sample_is_the_same_in_any_order_and_all_where_there_is_room(order: list[int], most: int):
    found = [person.user_id for person in sampled((PEOPLE[at] for at in order), most)]
    assert found == [person.user_id for person in sampled(PEOPLE, most)] == sorted(found)
    assert len(found) == min(most, 60)


@given(st.permutations(range(60)), st.floats(0, 1.5))
def test_some_are_always_the_same_and_those_of_a_smaller_share_or_sample_are_among_them(order: list[int], share: float):
    found = {person.user_id for person in some_of((PEOPLE[at] for at in order), share)}
    assert found == {person.user_id for person in sampled(PEOPLE, max(len(found), 1))} or not found
    assert {person.user_id for person in some_of(PEOPLE, share / 2)} <= found
    assert len(found) == 60 or share < 1


def test_a_share_of_very_many_people_is_about_that_share_of_them():
    somebody = PEOPLE[0]
    very_many = [replace(somebody, user_id=UserId(f"p{number}")) for number in range(5000)]
    assert 1100 < len(list(some_of(very_many, 0.25))) < 1400
