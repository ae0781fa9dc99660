import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.compact import listening_of
from features.profile import UserId
from tests.builders import a_community, a_playlist, a_profile, features_of
from trainer.split import is_test, position
from trainer.views import artist_halves, halves, hide_artists

playlists = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.lists(st.sampled_from("abcdefghij"), min_size=1)),
    min_size=1,
    max_size=5,
)


def test_the_split_is_by_person_and_grows_with_the_share() -> None:
    people = [person.user_id for person in features_of(*a_community(200))]
    fifth = {user_id for user_id in people if is_test(user_id, 0.2)}

    assert 20 <= len(fifth) <= 60
    assert fifth < {user_id for user_id in people if is_test(user_id, 0.4)}
    assert not any(is_test(user_id, 0.0) for user_id in people)


def test_positions_are_spread_over_the_whole_line() -> None:
    where = [position(UserId(f"p{i}")) for i in range(2000)]

    assert 0.48 < np.mean(where) < 0.52
    assert min(where) < 0.01
    assert max(where) > 0.99


@given(playlists, st.integers(0, 99))
def test_halves_share_no_artist_and_no_playlist_and_lose_no_artist(
    lists: list[tuple[str, list[str]]], seed: int
) -> None:
    listening = listening_of(a_profile("ann", *(a_playlist(f"{n}{i}", *names) for i, (n, names) in enumerate(lists))))

    left, right = halves(listening, np.random.default_rng(seed))

    assert not left.artist_weights().keys() & right.artist_weights().keys()
    names = [{p.name for p in side.playlists if p.name} for side in (left, right)]
    assert not names[0] & names[1]
    if len(listening.playlists) == 1:
        assert left.artist_weights().keys() | right.artist_weights().keys() == listening.artist_weights().keys()


@given(playlists, st.integers(0, 99))
def test_artist_halves_share_no_artist_and_no_playlist_name(lists: list[tuple[str, list[str]]], seed: int) -> None:
    listening = listening_of(a_profile("ann", *(a_playlist(name, *names) for name, names in lists)))

    left, right = artist_halves(listening, np.random.default_rng(seed))

    assert not left.artist_weights().keys() & right.artist_weights().keys()
    assert left.artist_weights().keys() | right.artist_weights().keys() == listening.artist_weights().keys()
    assert not {p.name for p in left.playlists if p.name} & {p.name for p in right.playlists if p.name}


def test_a_single_playlist_loses_its_name_in_both_halves() -> None:
    listening = listening_of(a_profile("ann", a_playlist("my very own name", *"abcdef")))

    for side in halves(listening, np.random.default_rng(0)):
        assert [playlist.name for playlist in side.playlists] == [""]


def test_hidden_artists_are_gone_from_every_playlist() -> None:
    listening = listening_of(a_profile("ann", a_playlist("p", *"abcdefghij"), a_playlist("q", *"abcde")))

    kept, hidden = hide_artists(listening, 0.2, np.random.default_rng(0))

    assert len(hidden) == 2
    assert kept.artist_weights().keys() == set("abcdefghij") - hidden
