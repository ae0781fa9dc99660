"""Spotify's "Download your data": what is taken from it, and what never is."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import EmptyProfile, ProfileTooLarge, UnreadableSource
from features.profile import MAX_NAME_LENGTH
from features.sources import SourceLimits, read_upload
from features.sources.spotify_export import MEMBERS

_PRIVATE = {
    "username": "PRIVATE-name", "platform": "PRIVATE-phone", "conn_country": "PRIVATE-land", "ip_addr": "PRIVATE-ip",
    "ip_addr_decrypted": "PRIVATE-ip", "user_agent_decrypted": "PRIVATE-agent", "offline_timestamp": 1,
}  # fmt: skip


def a_playlist(name, *items, **more):
    return {"name": name, "items": list(items), **more}


def an_item(artist, title, **more):
    return {"track": {"artistName": artist, "trackName": title}, "episode": None, "localTrack": None, **more}


def playlists(*found):
    return {"playlists": list(found)}


def a_play(artist, title, *, at="2024-01-01T10:00:00Z", ms=180_000, **more):
    names = {"master_metadata_album_artist_name": artist, "master_metadata_track_name": title}
    return {"ts": at, "ms_played": ms, "incognito_mode": False, "episode_name": None, **names, **_PRIVATE, **more}


def plays(artist, title, times):
    return [a_play(artist, title, at=f"2024-01-01T10:{minute:02}:00Z") for minute in range(times)]


def an_account_play(artist, title, *, ms=180_000, at="2024-01-01 10:00"):
    return {"endTime": at, "artistName": artist, "trackName": title, "msPlayed": ms}


def test_each_own_playlist_is_kept_by_its_name(export, rows):
    profile = export(**{
        "Spotify Account Data/Playlist1.json": playlists(a_playlist("Slow", an_item("Low", "Sunflower"))),
        "Spotify Account Data/Playlist2.json": playlists(a_playlist("Fast", an_item("Fugazi", "Repeater"))),
    })  # fmt: skip

    assert profile.source == "spotify-export"
    assert rows(profile) == {"Slow": [("Low", "Sunflower", None)], "Fast": [("Fugazi", "Repeater", None)]}


def test_liked_songs_come_from_the_library(export, rows):
    library = {"tracks": [{"artist": "Taylor Swift", "album": 1989, "track": 1989, "uri": "x"}], "shows": []}

    assert rows(export(**{"MyData/YourLibrary.json": library})) == {"Liked Songs": [("Taylor Swift", "1989", None)]}


def test_extended_history_counts_plays_the_most_played_first(export, rows):
    first, second = plays("Low", "Sunflower", 1), plays("Can", "Halleluwah", 3)
    profile = export(**{
        "Spotify Extended Streaming History/Streaming_History_Audio_2019-2021_0.json": first + second[:1],
        "Spotify Extended Streaming History/Streaming_History_Audio_2021_1.json": second[1:],
    })  # fmt: skip

    assert rows(profile) == {"Listening history": [("Can", "Halleluwah", 3), ("Low", "Sunflower", 1)]}


@pytest.mark.parametrize("name", ["endsong_0.json", "Endsong.json", "Streaming_History_Audio_2020_2 (1).json"])
def test_older_and_copied_names_of_the_extended_history_are_known(export, rows, name):
    assert rows(export(**{name: [a_play("Low", "Sunflower")]})) == {"Listening history": [("Low", "Sunflower", 1)]}


@pytest.mark.parametrize("name", ["StreamingHistory_music_0.json", "StreamingHistory0.json", "streaminghistory.JSON"])
def test_the_last_years_history_is_read_where_there_is_no_other(export, rows, name):
    profile = export(**{name: [an_account_play("Low", "Sunflower"), an_account_play("Low", "Short", ms=29_999)]})

    assert rows(profile) == {"Listening history": [("Low", "Sunflower", 1)]}


def test_the_last_year_is_not_counted_twice_beside_the_extended_history(export, rows):
    profile = export(**{
        "StreamingHistory_music_0.json": [an_account_play("Low", "Sunflower")],
        "Streaming_History_Audio_2024_0.json": [a_play("Low", "Sunflower")],
    })  # fmt: skip

    assert rows(profile) == {"Listening history": [("Low", "Sunflower", 1)]}


def test_a_play_met_in_two_exports_counts_once(export, rows):
    profile = export(**{
        "old/endsong_0.json": [a_play("Low", "Sunflower")],
        "new/Streaming_History_Audio_2024_0.json": [a_play("Low", "Sunflower"), a_play("Low", "Violence")],
    })  # fmt: skip

    assert rows(profile) == {"Listening history": [("Low", "Sunflower", 1), ("Low", "Violence", 1)]}


@pytest.mark.parametrize("flag", [True, 1, "true"])
def test_incognito_plays_never_reach_the_profile(export, rows, flag):
    profile = export(**{"endsong_1.json": [a_play("Secret", "Tune", incognito_mode=flag), a_play("Low", "Sunflower")]})

    assert rows(profile) == {"Listening history": [("Low", "Sunflower", 1)]}


def test_incognito_plays_do_not_come_back_through_the_last_years_history(export):
    with pytest.raises(EmptyProfile):
        export(**{
            "StreamingHistory_music_0.json": [an_account_play("Secret", "Tune")],
            "Streaming_History_Audio_2024_0.json": [a_play("Secret", "Tune", incognito_mode=True)],
        })  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"ms": 29_999}, {"ms": None}, {"ms": "180000"}, {"episode_name": "Talk"}, {"spotify_episode_uri": "x"},
        {"audiobook_title": "Dune"}, {"audiobook_uri": "x"}, {"master_metadata_album_artist_name": None},
    ],
)  # fmt: skip
def test_short_plays_and_spoken_word_do_not_count(export, rows, other):
    profile = export(**{"endsong_0.json": [a_play("Other", "Thing", **other), a_play("Low", "Sunflower", ms=30_000)]})

    assert rows(profile) == {"Listening history": [("Low", "Sunflower", 1)]}


def test_the_least_played_tracks_are_dropped_so_that_the_profile_fits(export, rows, limits):
    profile = export(replace(limits, max_profile_tracks=3), **{
        "Playlist1.json": playlists(a_playlist("Slow", an_item("Low", "Sunflower"))),
        "endsong_0.json": plays("a", "rare", 1) + plays("b", "often", 9) + plays("c", "sometimes", 5),
    })  # fmt: skip

    assert rows(profile)["Listening history"] == [("b", "often", 9), ("c", "sometimes", 5)]
    assert profile.track_count == 3


def test_playlists_that_do_not_fit_are_refused(export, limits):
    with pytest.raises(ProfileTooLarge, match="more than 2 tracks"):
        export(replace(limits, max_profile_tracks=2), **{
            "Playlist1.json": playlists(a_playlist("Slow", *[an_item("Low", "Sunflower")] * 3)),
        })  # fmt: skip


def test_local_files_are_read_from_their_uri(export, rows):
    local = {"track": None, "localTrack": {"uri": "spotify:local:Sigur+R%C3%B3s:Manic+%28Deluxe%29:9%3A29:174"}}
    nobody = {"localTrack": {"uri": "spotify:local:::demo:10"}}

    profile = export(**{"Playlist1.json": playlists(a_playlist("Mine", local, nobody))})

    assert rows(profile) == {"Mine": [("Sigur Rós", "9:29", None)]}


def test_episodes_audiobooks_and_removed_tracks_are_skipped(export, rows):
    items = [
        {"track": None, "episode": {"episodeName": "Talk", "showName": "Show"}}, {"audiobook": {"name": "Dune"}},
        {"track": None}, None, an_item(None, "Nameless"), an_item("Low", "Sunflower"),
        {"track": {"artistName": "Show", "trackName": "Talk", "trackUri": "spotify:episode:1"}},
    ]  # fmt: skip

    assert rows(export(**{"Playlist1.json": playlists(a_playlist("Mine", *items))})) == {
        "Mine": [("Low", "Sunflower", None)]
    }


@pytest.mark.parametrize("uri", ["{}", "7", "[" * 1000 + "]" * 1000], ids=["object", "number", "deep list"])
def test_a_track_whose_uri_is_no_text_is_music(export, rows, uri):
    found = json.dumps(playlists(a_playlist("Mine", {"track": {"artistName": "Low", "trackUri": "URI"}})))

    profile = export(**{"Playlist1.json": found.replace('"URI"', uri).encode()})

    assert rows(profile) == {"Mine": [("Low", None, None)]}


def test_names_are_cleaned(export, rows):
    playlist = a_playlist("Rock &amp; Roll  R&B", an_item("Sigur\u0000 Ro\u0301s\n", "x" * 900))

    ((name, ((artist, title, _),)),) = rows(export(**{"Playlist1.json": playlists(playlist)})).items()

    assert (name, artist) == ("Rock & Roll R&B", "Sigur Rós")
    assert len(title) == MAX_NAME_LENGTH


def test_half_an_emoji_at_the_end_of_a_name_is_dropped(export, rows):
    content = b'{"playlists": [{"name": "Party \\ud83c", "items": [{"track": {"artistName": "Abba"}}]}]}'

    assert rows(export(**{"Playlist1.json": content})) == {"Party": [("Abba", None, None)]}


def test_a_byte_order_mark_is_tolerated(export, rows):
    content = b"\xef\xbb\xbf" + json.dumps(playlists(a_playlist("Mine", an_item("Low", "Sunflower")))).encode()

    assert rows(export(**{"Playlist1.json": content})) == {"Mine": [("Low", "Sunflower", None)]}


def test_nothing_private_reaches_the_profile(export):
    profile = export(**{
        "Userdata.json": {"email": "PRIVATE@example.org", "username": "PRIVATE-name"},
        "Playlist1.json": playlists(
            a_playlist("Mine", an_item("Low", "Sunflower", addedBy="PRIVATE"), collaborators=["PRIVATE-friend"],
                       description="PRIVATE-note")
        ),
        "YourLibrary.json": {"tracks": [{"artist": "Can", "track": "Yoo Doo", "by": "PRIVATE"}], "other": ["PRIVATE"]},
        "endsong_0.json": [a_play("Low", "Violence")],
    })  # fmt: skip

    assert "PRIVATE" not in profile.model_dump_json()
    assert (profile.user_id, profile.display_name, profile.profile_url) == (None, None, None)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_KEYS = st.sampled_from([
    "playlists", "items", "track", "tracks", "artist", "name", "artistName", "trackName", "localTrack", "uri",
    "trackUri", "ts", "ms_played", "msPlayed", "endTime", "master_metadata_album_artist_name",
    "master_metadata_track_name", "incognito_mode", "episode_name",
])  # fmt: skip
_DOCUMENTS = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5)
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_DOCUMENTS, second=_DOCUMENTS, third=_DOCUMENTS)
def test_values_of_any_type_are_skipped_never_a_failure(make_zip, first, second, third):
    packed = make_zip(**{"Playlist1.json": first, "YourLibrary.json": second, "endsong_0.json": third})

    with suppress(EmptyProfile):
        assert read_upload(packed, "export.zip", SourceLimits(50, 10**6, 10**7)).track_count > 0


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"", b"\x80"])
def test_a_broken_member_is_named(export, content):
    with pytest.raises(UnreadableSource, match=r"Playlist1\.json in my_spotify_data\.zip is not valid JSON"):
        export(**{"MyData/Playlist1.json": content})


@pytest.mark.parametrize(
    "name",
    [
        "StreamingHistory_podcast_0.json", "Streaming_History_Video_2024.json", "Userdata.json", "Inferences.json",
        "StreamingHistory_audiobook_0.json", "Identity.json", "SearchQueries.json", "Payments.json", "xPlaylist1.json",
        "Playlist1.json.bak", "Follow.json",
    ],
)  # fmt: skip
def test_other_members_are_never_read(export, name):
    assert not MEMBERS.fullmatch(name)
    with pytest.raises(UnreadableSource, match="Download your data"):
        export(**{name: [a_play("Low", "Sunflower")]})


def test_an_export_without_a_single_track_is_an_empty_profile(export):
    with pytest.raises(EmptyProfile):
        export(**{"Playlist1.json": playlists(a_playlist("Nothing here"))})
