"""Whatever Spotify answers becomes rows that a profile can be made of."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.profile import MAX_NAME_LENGTH, TasteProfile, UserId
from features.spotify.assemble import ReadPlaylist, artist_ids, of_artists, profile_of
from features.spotify.shapes import (
    Heard,
    artists_in,
    display_name_in,
    genres_in,
    heard_in,
    listed_playlists,
    user_id_in,
    year_of,
)


def a_row(**content: Any) -> dict[str, Any]:
    track = {"type": "track", "name": "Song", "uri": "spotify:track:1", "artists": [{"id": "A1", "name": "Nico"}]}
    return {"item": {**track, **content}}


def test_a_track_is_its_first_artists_with_title_and_year():
    row = a_row(artists=[{"id": "A1", "name": "Nico"}, {"id": "B2", "name": "Can"}], album={"release_date": "1967-10"})
    assert heard_in([row]) == [Heard("Nico", "A1", "Song", 1967)]


@pytest.mark.parametrize("row", [{"track": a_row()["item"]}, {"item": None, "track": a_row()["item"]}])
def test_rows_of_both_api_versions_are_read(row: dict[str, Any]):
    assert heard_in([row]) == [Heard("Nico", "A1", "Song")]


def test_removed_tracks_and_podcasts_are_left_out():
    rows = [
        None,
        {},
        {"item": None, "track": None},
        {"track": True},
        a_row(type="episode", artists=None),
        a_row(type=None, uri="spotify:episode:1"),
        a_row(type="chapter"),
        a_row(artists=[]),
        a_row(artists=[None, {"name": " "}, {"name": None}]),
    ]
    assert heard_in(rows) == []


def test_a_local_file_is_counted_by_its_artist():
    uri = "spotify:local:Halsey:Manic+%28Deluxe%29:929:174"
    tagged = a_row(uri=uri, name="929", artists=[{"id": None, "name": "Halsey"}], album={"release_date": None})
    untagged = a_row(uri=uri, name="", artists=[])
    nameless = a_row(uri="spotify:local::::174", name="929", artists=[{"id": None, "name": ""}])
    assert heard_in([tagged, untagged, nameless]) == [Heard("Halsey", None, "929")] * 2


@pytest.mark.parametrize(
    ("date", "year"),
    [
        *(("1971-06-22", 1971), ("1981-12", 1981), ("1981", 1981), ("2016-02-29", 2016)),
        *(("0000", None), ("0000-00-00", None), (None, None), (1981, None), ("19811", None), ("", None)),
        *(("9999", None), ("1981-", None), ("\u0661981", None)),
    ],
)
def test_a_release_date_has_a_year_or_none(date: object, year: int | None):
    assert year_of(date) == year


def test_names_are_unescaped_stripped_of_control_characters_and_cut():
    (heard,) = heard_in([a_row(name="A\x00 &lt;b&gt;\n" + "x" * 600, artists=[{"name": "Simon &amp; Garfunkel"}])])
    assert heard.artist == "Simon & Garfunkel"
    assert heard.title is not None
    assert heard.title.startswith("A <b> x")
    assert len(heard.title) == MAX_NAME_LENGTH


def test_null_playlists_and_repeated_ones_are_left_out_and_lengths_may_be_unknown():
    rows = [
        None,
        {"id": "p1", "name": "One", "snapshot_id": "s", "items": {"total": 3}},
        {"id": "p2", "name": None, "tracks": {"total": None}},
        {"id": "p3", "items": None, "tracks": {"total": 0}},
        {"id": "p1", "name": "Again"},
        {"id": "../x"},
        {"id": None},
    ]
    found = list(listed_playlists(rows))
    assert [(each.id, each.name, each.total) for each in found] == [("p1", "One", 3), ("p2", "", None), ("p3", "", 0)]


def test_genres_may_be_absent_null_or_odd():
    assert [genres_in(artist) for artist in ({}, {"genres": None}, {"genres": []}, {"genres": "pop"})] == [()] * 4
    assert genres_in({"genres": ["Pop", None, "Pop", " ", "r&amp;b"]}) == ("Pop", "r&b")


def test_a_deleted_person_has_no_name_and_an_id_is_one_of_ours_or_none():
    assert display_name_in({"display_name": None}) is None
    assert user_id_in({"id": "o.d+d_#é"}) == "o.d+d_#é"
    assert [user_id_in({"id": odd}) for odd in (None, 7, "", "a/b", "..", "a" * 129)] == [None] * 6


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TEXT = (
    st.text(st.characters()) | st.sampled_from(["1967", "spotify:local:A:B:C:1", "track", "&#55357;", "\ud83d"]) | JSON
)
ARTIST = st.fixed_dictionaries({}, optional={"id": TEXT, "name": TEXT, "genres": st.lists(TEXT) | JSON}) | JSON
TRACK = (
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("track") | TEXT,
            "name": TEXT,
            "uri": TEXT,
            "artists": st.lists(ARTIST, max_size=3) | JSON,
            "album": st.fixed_dictionaries({}, optional={"release_date": TEXT}) | JSON,
        },
    )
    | JSON
)
ROW = st.fixed_dictionaries({}, optional={"item": TRACK, "track": TRACK, "is_local": JSON}) | JSON
LISTED = (
    st.fixed_dictionaries(
        {}, optional={"id": TEXT, "name": TEXT, "snapshot_id": TEXT, "tracks": JSON, "items": JSON | st.builds(dict)}
    )
    | JSON
)


@given(st.lists(LISTED, max_size=4), st.lists(ROW, max_size=6), st.lists(ARTIST, max_size=4), TEXT)
def test_whatever_comes_makes_a_valid_profile(
    listed: list[object], rows: list[object], artists: list[object], name: object
):
    heard = heard_in(rows)
    playlists = [ReadPlaylist(each.name, heard) for each in listed_playlists(listed)]
    found = artists_in(artists)
    genres = dict.fromkeys(artist_ids(playlists), ("pop",))
    ranked = [of_artists("top", found, genres, weights=[1] * len(found))]
    shown = display_name_in({"display_name": name})
    profile = profile_of(UserId("ann"), shown, "spotify-api", playlists, ranked, genres=genres)
    assert TasteProfile.model_validate(profile.model_dump()) == profile
    profile.model_dump_json().encode()
