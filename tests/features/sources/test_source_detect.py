"""The two ways in: whatever comes, either a profile or an error that a person can act on."""

import gzip
import io
import json
import tempfile
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from features.errors import EmptyProfile, InvalidProfile, ProfileTooLarge, SoundalikeError, UnreadableSource
from features.profile import TasteProfile
from features.settings import FeatureSettings
from features.sources import SourceLimits, read_profiles, read_upload

PROFILE = {"user_id": "ann", "playlists": [{"name": "Mine", "tracks": [{"artist": "Low"}]}]}
MAGIC = [b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"{", b"\xff\xfe", b"\xef\xbb\xbf", b"Track Name,"]
LINE = json.dumps(PROFILE).encode()
PLAYLIST = {"playlists": [{"name": "Mine", "items": [{"track": {"artistName": "Low", "trackName": "Sunflower"}}]}]}


@pytest.mark.parametrize(
    "content",
    [LINE, LINE + b"\n\n", json.dumps(PROFILE, indent=2).encode(), gzip.compress(LINE)],
    ids=["a line", "blank lines after it", "a document", "packed"],
)
def test_one_json_profile_may_be_uploaded(content, limits):
    assert read_upload(content, "me.json", limits).user_id == "ann"


def test_an_upload_may_be_a_stream_and_stays_open(limits):
    with tempfile.SpooledTemporaryFile() as stream:
        stream.write(LINE)

        assert read_upload(stream, "me.json", limits).user_id == "ann"
        assert not stream.closed


@pytest.mark.parametrize("second", [LINE, b"broken"])
def test_several_profiles_in_one_upload_are_refused(second, limits):
    with pytest.raises(UnreadableSource, match="several profiles"):
        read_upload(LINE + b"\n" + second, "all.jsonl", limits)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'{"user_id": 7}', InvalidProfile),
        (b'{"user_id": "ann"}', EmptyProfile),
        (b"", EmptyProfile),
        (json.dumps({"playlists": [{"tracks": [{"artist": "a"}] * 4}]}).encode(), ProfileTooLarge),
    ],
)
def test_an_uploaded_profile_that_is_no_good_raises_the_fitting_error(content, error, limits):
    with pytest.raises(error) as raised:
        read_upload(content, "me.json", replace(limits, max_profile_tracks=3))

    assert type(raised.value) is error
    assert raised.value.what.startswith("me.json")


def test_a_file_larger_than_allowed_is_refused_before_it_is_read(tmp_path, limits):
    path = tmp_path / "profiles.jsonl"
    path.write_bytes(LINE)
    small = replace(limits, max_file_bytes=len(LINE) - 1)

    with pytest.raises(ProfileTooLarge, match="SOUNDALIKE_MAX_UPLOAD_MB"):
        list(read_profiles(path, small))
    with pytest.raises(ProfileTooLarge):
        read_upload(LINE, "me.json", small)
    assert read_upload(LINE, "me.json", replace(limits, max_file_bytes=len(LINE))).user_id == "ann"


def test_a_missing_file_and_a_folder_are_errors_with_advice(tmp_path, limits):
    with pytest.raises(UnreadableSource, match="Check that it is there"):
        list(read_profiles(tmp_path / "nowhere.jsonl", limits))
    with pytest.raises(UnreadableSource, match="is not a file"):
        list(read_profiles(tmp_path, limits))


def test_the_format_is_told_by_content_not_by_name(tmp_path, make_zip, limits):
    path = tmp_path / "export.csv"
    path.write_bytes(make_zip(**{"Playlist1.json": PLAYLIST}))

    assert [profile.source for profile in read_profiles(path, limits)] == ["spotify-export"]
    assert read_upload(LINE, "me.zip", limits).user_id == "ann"


def test_a_hostile_file_name_reaches_neither_the_message_nor_the_profile(limits):
    with pytest.raises(UnreadableSource) as raised:
        read_upload(b"?", "../../etc/\x1b[31m" + "x" * 500, limits)
    profile = read_upload(b"Track Name,Artist Name(s)\nSunflower,Low\n", "../..\\etc\\My_\x00List.csv", limits)

    assert "etc" not in raised.value.what
    assert "\x1b" not in raised.value.what
    assert len(raised.value.what) < 150
    assert profile.playlists[0].name == "My List"


def test_limits_come_from_the_settings():
    chosen = FeatureSettings(max_profile_tracks=7, max_upload_mb=2, max_unpacked_mb=3)

    assert SourceLimits.from_settings(chosen) == SourceLimits(7, 2_000_000, 3_000_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(head=st.sampled_from(MAGIC), tail=st.binary(max_size=200), name=st.text(max_size=20))
@example(head=b"\x1f\x8b\x08", tail=b"\x00" * 30, name="x")
def test_any_bytes_give_a_profile_or_one_of_our_errors(head, tail, name, limits):
    with suppress(SoundalikeError):
        assert isinstance(read_upload(head + tail, name, limits), TasteProfile)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_a_good_file_with_some_bytes_changed_gives_a_profile_or_one_of_our_errors(data, make_zip, limits):
    good = data.draw(st.sampled_from([
        make_zip(**{"Playlist1.json": PLAYLIST}), LINE, gzip.compress(LINE),
        b"Track URI,Track Name,Artist Name(s),Genres\nuri,Sunflower,Low;Can,slowcore\n",
    ]))  # fmt: skip
    broken = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=6)):
        broken[place] = data.draw(st.integers(0, 255))

    with suppress(SoundalikeError):
        assert read_upload(io.BytesIO(bytes(broken)), "file", limits).track_count
