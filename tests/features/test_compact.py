from hypothesis import given
from hypothesis import strategies as st

from features.compact import Limits, filled_from, gaps_of, listening_of, only_artists
from features.ports import ArtistFacts
from tests.builders import a_playlist, a_profile, a_track


def test_an_artist_counts_once_a_playlist_under_the_first_spelling() -> None:
    listening = listening_of(a_profile("ann", a_playlist("p", "Daft Punk", "DAFT  PUNK"), a_playlist("q", "daft punk")))

    assert [list(playlist.artists) for playlist in listening.playlists] == [
        ["Daft Punk"],
        ["Daft Punk"],
    ]
    assert listening.artist_weights() == {"Daft Punk": 3.0}


def test_plays_weigh_where_known_and_tracks_count_where_not() -> None:
    tracks = (
        a_track("Air", plays=40),
        a_track("Moby", title="a"),
        a_track("Moby", title="b"),
        a_track("Zero", plays=0),
    )

    assert listening_of(a_profile("ann", a_playlist("p", *tracks))).artist_weights() == {
        "Air": 40,
        "Moby": 2,
        "Zero": 1,
    }


def test_the_same_titled_track_twice_counts_once() -> None:
    track = a_track("Air", title="La femme d'argent", plays=5)

    assert listening_of(a_profile("ann", a_playlist("p", track, track))).artist_weights() == {"Air": 5.0}


def test_years_are_the_median_and_genres_are_lower_case() -> None:
    tracks = [
        a_track("Air", title=str(year), release_year=year, genres=["Trip Hop", "trip hop"])
        for year in (1998, 2001, 2004)
    ]

    listening = listening_of(a_profile("ann", a_playlist("p", *tracks)))

    assert listening.playlists[0].years[0] == 2001
    assert listening.genres == {"Air": ("trip hop",)}


def test_limits_keep_the_first_playlists_and_the_heaviest_artists() -> None:
    profile = a_profile(
        "ann", a_playlist("p", a_track("Low", plays=1), a_track("High", plays=9)), a_playlist("q", "Other")
    )

    listening = listening_of(profile, Limits(top_artists=1, playlists=1))

    assert listening.artist_weights() == {"High": 9.0}


def test_playlists_without_tracks_and_blank_artists_are_dropped() -> None:
    assert listening_of(a_profile("ann", a_playlist("empty"), a_playlist("blank", "  "))).playlists == ()


def test_the_catalogue_fills_only_what_the_source_left_out_and_says_so() -> None:
    listening = listening_of(
        a_profile(
            "ann", a_playlist("p", a_track("Known", genres=["own"], release_year=1990), a_track("Bare"), "Nobody knows")
        )
    )
    facts = {"Known": ArtistFacts(9, ("other",), 2000), "Bare": ArtistFacts(9, ("filled",), 2001)}

    filled = filled_from(listening, gaps_of(listening), facts)

    assert filled.genres == {"Known": ("own",), "Bare": ("filled",)}
    assert {artist: year for artist, _, year in filled.playlists[0].rows()} == {
        "Known": 1990,
        "Bare": 2001,
        "Nobody knows": None,
    }
    assert (filled.filled_genres, filled.filled_years) == (frozenset({"Bare"}), frozenset({"Bare"}))


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=4), st.sets(st.sampled_from("abcdefgh")))
def test_a_part_and_the_rest_make_up_the_whole(playlists: list[list[str]], some: set[str]) -> None:
    whole = listening_of(a_profile("ann", *(a_playlist(str(i), *names) for i, names in enumerate(playlists))))
    artists = frozenset(whole.artist_weights())

    part, rest = only_artists(whole, artists & some), only_artists(whole, artists - some)

    assert part.artist_weights() | rest.artist_weights() == whole.artist_weights()
    assert not part.artist_weights().keys() & rest.artist_weights().keys()
