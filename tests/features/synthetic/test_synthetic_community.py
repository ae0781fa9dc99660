"""The synthetic community: the same for a seed, valid, plainly invented, and worth learning from."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from features.profile import TasteProfile
from features.synthetic.community import Community
from features.synthetic.scenes import SCENES

PEOPLE = 400


@pytest.fixture(scope="module")
def profiles() -> list[TasteProfile]:
    return list(Community(people=PEOPLE, seed=7).profiles())


@pytest.fixture(scope="module")
def artists(profiles) -> dict[str, set[str]]:
    return {
        profile.user_id: {track.artist for playlist in profile.playlists for track in playlist.tracks}
        for profile in profiles
    }


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


def test_the_same_seed_gives_the_same_people_however_many_there_are(profiles):
    few = list(Community(people=5, seed=7).profiles())
    assert few == profiles[:5]


def test_another_seed_gives_other_people(profiles):
    assert next(Community(people=1, seed=8).profiles()) != profiles[0]


def test_every_profile_is_valid_as_it_would_be_read_back(profiles):
    for profile in profiles:
        assert TasteProfile.model_validate_json(profile.model_dump_json(exclude_none=True)) == profile


def test_everybody_says_that_they_are_synthetic(profiles):
    assert [profile.user_id for profile in profiles] == [f"synthetic-{number:06d}" for number in range(PEOPLE)]
    assert {(profile.source, profile.profile_url) for profile in profiles} == {("synthetic", None)}


def test_everybody_plays_something(artists):
    assert min(map(len, artists.values())) >= 3


def test_most_artists_of_most_people_are_rare(artists):
    people = Counter(artist for own in artists.values() for artist in own)
    shares = [sum(people[artist] <= PEOPLE * 0.05 for artist in own) / len(own) for own in artists.values()]
    assert np.median(shares) > 0.9


def test_some_accounts_tell_little(profiles):
    def tells(profile: TasteProfile, what: str) -> bool:
        return any(getattr(track, what) for playlist in profile.playlists for track in playlist.tracks)

    assert any(not tells(profile, "genres") for profile in profiles)
    assert any(not tells(profile, "release_year") for profile in profiles)
    assert any(len(profile.playlists) == 1 for profile in profiles)
    assert any(not any(playlist.name for playlist in profile.playlists) for profile in profiles)


def test_friends_are_more_alike_than_chance(artists):
    friends = Community(people=PEOPLE, seed=7).friendships()
    rng = np.random.default_rng(0)
    strangers = [rng.choice(list(artists), size=2, replace=False) for _ in range(2_000)]
    alike = np.mean([_likeness(artists[one], artists[other]) for one, other in friends])
    by_chance = np.mean([_likeness(artists[one], artists[other]) for one, other in strangers])
    assert alike > 1.7 * by_chance


def test_friendships_are_between_different_people_and_stand_once():
    friends = Community(people=50, seed=3).friendships()
    assert all(one < other for one, other in friends)
    assert len(set(friends)) == len(friends)


@pytest.mark.parametrize("people", [1, 2])
def test_a_tiny_community_has_as_many_friendships_as_it_can(people):
    community = Community(people=people, seed=1)
    assert len(community.friendships()) == people - 1
    assert len(list(community.profiles())) == people


def test_a_million_people_need_no_memory():
    assert len(list(islice(Community(people=1_000_000, seed=7).profiles(), 3))) == 3


def test_scenes_are_distinct_and_their_periods_run_forwards():
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert all(scene.first_year < scene.last_year for scene in SCENES)
