"""The sample export: shaped like Spotify's, filled with the community's artists, private members and all."""

import io
import json
import zipfile
from itertools import islice

import numpy as np
import pytest

from features.compact import listening_of
from features.listening import Listening, PlaylistListening
from features.synthetic.community import Community
from features.synthetic.export_zip import export_zip
from features.synthetic.sample import Sample, invent_listener


@pytest.fixture(scope="module")
def community() -> list[Listening]:
    return [listening_of(profile) for profile in islice(Community(people=60, seed=7).profiles(), 60)]


@pytest.fixture(scope="module")
def sample(community) -> Sample:
    return invent_listener(community, np.random.default_rng(7))


@pytest.fixture(scope="module")
def export(sample) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(export_zip(sample, np.random.default_rng(7)))) as archive:
        return {name.split("/")[-1]: json.loads(archive.read(name)) for name in archive.namelist()}


def test_the_listener_plays_artists_of_the_community_and_each_once(community, sample):
    known = {artist for listening in community for artist in listening.artist_weights()}
    assert len(sample.artists) >= 10
    assert set(sample.artists) <= known
    assert len(set(sample.artists)) == len(sample.artists)


def test_the_listener_is_nobody_of_the_community(community, sample):
    assert all(set(sample.artists) != set(listening.artist_weights()) for listening in community)


def test_the_same_seed_gives_the_same_bytes(community, sample):
    assert invent_listener(community, np.random.default_rng(7)) == sample
    assert export_zip(sample, np.random.default_rng(7)) == export_zip(sample, np.random.default_rng(7))


def test_a_community_without_genres_still_gives_a_listener():
    plain = Listening((PlaylistListening("mine", ("Copper Heron",), (3,), (None,)),))
    assert invent_listener([plain], np.random.default_rng(1)).artists == ["Copper Heron"]


def test_an_empty_community_gives_nobody():
    assert invent_listener([], np.random.default_rng(1)).artists == []


def test_the_export_holds_the_members_that_spotify_sends(export):
    assert {
        "Playlist1.json", "YourLibrary.json", "StreamingHistory_music_0.json",
        "Streaming_History_Audio_2022-2024_0.json", "Streaming_History_Video_2024.json",
        "Identity.json", "Userdata.json", "Payments.json",
    } <= export.keys()  # fmt: skip


def test_playlists_hold_the_sample_and_rows_without_a_track(export, sample):
    items = [item for playlist in export["Playlist1.json"]["playlists"] for item in playlist["items"]]
    assert {item["track"]["artistName"] for item in items if item["track"]} == set(sample.artists)
    assert any(item["track"] is None for item in items)


def test_the_extended_history_has_private_fields_skips_incognito_and_a_podcast(export):
    rows = export["Streaming_History_Audio_2022-2024_0.json"]
    assert all({"ip_addr", "conn_country", "platform"} <= row.keys() for row in rows)
    assert {row["incognito_mode"] for row in rows} == {True, False}
    assert {row["skipped"] for row in rows} == {True, False}
    assert any(row["episode_name"] and row["master_metadata_track_name"] is None for row in rows)


def test_favourites_are_played_far_more_than_the_rest(export):
    artists = [row["artistName"] for row in export["StreamingHistory_music_0.json"]]
    counts = sorted((artists.count(artist) for artist in set(artists)), reverse=True)
    assert counts[0] > 5 * counts[-1]


def test_private_values_belong_to_nobody(export):
    assert export["Userdata.json"]["email"].endswith(".invalid")
    assert {row["ip_addr"] for row in export["Streaming_History_Audio_2022-2024_0.json"]} == {"203.0.113.7"}


def test_our_own_reader_reads_it_and_nothing_private(sample):
    from features.sources import SourceLimits, read_upload

    limits = SourceLimits(max_profile_tracks=50_000, max_file_bytes=10**8, max_unpacked_bytes=10**8)
    profile = read_upload(export_zip(sample, np.random.default_rng(7)), filename="my_spotify_data.zip", limits=limits)
    assert {track.artist for playlist in profile.playlists for track in playlist.tracks} == set(sample.artists)
    text = profile.model_dump_json()
    assert not any(secret in text for secret in ("Inparticular", "example.invalid", "203.0.113", "nobody"))
