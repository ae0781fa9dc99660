"""profiles.jsonl: streamed, one broken line costs that line only."""

import gzip
import json
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import EmptyProfile, ProfileTooLarge, UnreadableSource
from features.profile import Playlist, TasteProfile, Track
from features.sources import Rejection, json_lines, read_profiles
from features.sources import limits as source_limits

_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
_TRACKS = st.builds(
    Track, artist=_TEXT, title=st.none() | _TEXT, genres=st.lists(_TEXT, max_size=3).map(tuple),
    release_year=st.none() | st.integers(1000, 2100), plays=st.none() | st.integers(0, 10**9),
)  # fmt: skip
_PLAYLISTS = st.builds(Playlist, name=_TEXT, tracks=st.lists(_TRACKS, min_size=1, max_size=4).map(tuple))
_PROFILES = st.builds(TasteProfile, source=_TEXT, playlists=st.lists(_PLAYLISTS, min_size=1, max_size=3).map(tuple))


def a_profile(user_id="ann", artists=("Nick Drake",)):
    tracks = [{"artist": artist} for artist in artists]
    return {"user_id": user_id, "playlists": [{"name": "Mine", "tracks": tracks}]}


def a_line(*args, **kwargs):
    return json.dumps(a_profile(*args, **kwargs)).encode()


@pytest.fixture
def read(tmp_path, limits):
    def read_bytes(content, name="profiles.jsonl", limits=limits):
        path = tmp_path / name
        path.write_bytes(content)
        return list(read_profiles(path, limits))

    return read_bytes


def ids(found):
    return [item.where if isinstance(item, Rejection) else item.user_id for item in found]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(profiles=st.lists(_PROFILES, min_size=1, max_size=4), packed=st.booleans())
def test_profiles_written_as_lines_are_read_back_the_same(read, profiles, packed):
    lines = "\n".join(profile.model_dump_json() for profile in profiles).encode()

    assert read(gzip.compress(lines) if packed else lines) == profiles


def test_a_broken_line_is_rejected_with_its_place_and_the_others_are_read(read):
    found = read(b"\n".join([a_line("ann"), b"", b'{"user_id": "bo', a_line("cy")]))

    assert ids(found) == ["ann", "profiles.jsonl:3", "cy"]
    assert "EOF while parsing a string at column" in found[1].reason


@pytest.mark.parametrize("first", [b'{"user_id": "bo', b"no json at all", b"\xff\xff"])
def test_a_broken_first_line_does_not_cost_the_others(read, first):
    assert ids(read(first + b"\n" + a_line("ann"))) == ["profiles.jsonl:1", "ann"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"playlists": [{"tracks": [{"title": "Pink Moon"}]}]}', "playlists.0.tracks.0.artist: Field required."),
        (b'{"playlists": [{"tracks": [{"artist": "a\\u0007"}]}]}', "Must not hold control characters."),
        (b'{"playlists": [{"tracks": [{"artist": "Bj\xf6rk"}]}]}', "Not UTF-8 text."),
        (b'{"playlists": []}', "no track"),
        (b"[]", "object"),
        (b"[" * 5_000, "recursion"),
    ],
)
def test_a_reason_says_what_is_wrong(read, line, reason):
    _, rejection = read(a_line("ann") + b"\n" + line)

    assert reason in rejection.reason


def test_a_reason_never_repeats_the_content_at_length(read):
    line = json.dumps({"secret" * 200: "x" * 5_000}).encode()

    (rejection,) = read(line)

    assert "secretsecretsecret" in rejection.reason
    assert "Extra inputs are not permitted" in rejection.reason
    assert len(rejection.reason) < 100


def test_a_line_without_a_user_id_is_left_to_the_importer(read):
    assert ids(read(a_line(None))) == [None]


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated(read):
    assert ids(read(b"\xef\xbb\xbf" + a_line("ann") + b"\r\n" + a_line("bo") + b"\r\n")) == ["ann", "bo"]


def test_a_profile_of_too_many_tracks_is_rejected(read, limits):
    (rejection,) = read(a_line(artists=["a", "b", "c"]), limits=replace(limits, max_profile_tracks=2))

    assert rejection.kind is ProfileTooLarge
    assert "more than 2 tracks" in rejection.reason


def test_a_profile_of_exactly_the_most_tracks_is_read(read, limits):
    assert ids(read(a_line(artists=["a", "b"]), limits=replace(limits, max_profile_tracks=2))) == ["ann"]


@pytest.mark.parametrize("indent", [None, 0, 4])
def test_one_pretty_printed_profile_is_read(read, indent):
    assert ids(read(json.dumps(a_profile(), indent=indent).encode(), "me.json")) == ["ann"]


def test_a_pretty_printed_profile_that_is_broken_is_rejected_with_the_line_inside_it(read):
    (rejection,) = read(json.dumps(a_profile(), indent=1).encode()[:-4], "me.json")

    assert "line" in rejection.reason


@pytest.mark.parametrize("content", [b"", b" \n\n \n"])
def test_an_empty_file_is_an_empty_profile(read, content):
    with pytest.raises(EmptyProfile, match=r"profiles\.jsonl is empty"):
        read(content)


def test_a_list_of_profiles_is_refused_with_advice(read):
    with pytest.raises(UnreadableSource, match="one profile a line"):
        read(b"[" + a_line() + b"]")


def test_utf16_is_refused_with_advice(read):
    with pytest.raises(UnreadableSource, match="UTF-8"):
        read(json.dumps(a_profile()).encode("utf-16"))


def test_a_gzip_is_known_by_its_content_not_its_name(read):
    assert ids(read(gzip.compress(a_line()), "profiles.bin")) == ["ann"]


def test_a_gzip_that_breaks_off_gives_what_came_before_and_then_an_error(tmp_path, limits):
    path = tmp_path / "profiles.jsonl.gz"
    lines = b"\n".join(a_line(f"user-{n}", artists=[str(n * k * 7919) for k in range(50)]) for n in range(200))
    path.write_bytes(gzip.compress(lines)[:-2_000])
    found = read_profiles(path, limits)

    assert next(found).user_id == "user-0"
    with pytest.raises(UnreadableSource, match="cannot be read"):
        list(found)


def test_a_gzip_bomb_is_refused_without_being_held_in_memory(read, limits):
    bomb = gzip.compress(b" " * 30_000_000 + b"\n" + a_line())
    tracemalloc.start()

    with pytest.raises(ProfileTooLarge):
        read(bomb, limits=replace(limits, max_unpacked_bytes=1_000_000))

    assert tracemalloc.get_traced_memory()[1] < 90_000_000
    tracemalloc.stop()


def test_a_line_that_is_too_long_is_rejected_and_the_next_one_read(read, monkeypatch):
    monkeypatch.setattr(json_lines, "MAX_PART_BYTES", 2_000)
    monkeypatch.setattr(json_lines, "_SKIP_BYTES", 100)

    found = read(a_line("ann") + b"\n" + a_line("bo" * 5_000) + b"\n" + a_line("cy"))

    assert ids(found) == ["ann", "profiles.jsonl:2", "cy"]
    assert "longer than 2,000 bytes" in found[1].reason


def test_a_long_document_is_refused_before_it_is_held_in_memory(read, monkeypatch):
    monkeypatch.setattr(json_lines, "MAX_PART_BYTES", 2_000)

    with pytest.raises(ProfileTooLarge):
        read(json.dumps(a_profile(artists=["a"] * 500), indent=1).encode())


def test_a_file_is_streamed(tmp_path, limits):
    path = tmp_path / "profiles.jsonl"
    path.write_bytes(b"".join(a_line(f"user-{n}", artists=[f"artist {n}"] * 200) + b"\n" for n in range(1_000)))
    tracemalloc.start()

    count = sum(1 for _ in read_profiles(path, limits))

    assert count == 1_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_the_memory_limit_leaves_room_for_the_largest_profile_there_may_be():
    largest_row = len(json.dumps({"artist": "a" * 100, "title": "t" * 100, "genres": ["g" * 20] * 10, "plays": 10**9}))

    assert largest_row * 50_000 < source_limits.MAX_PART_BYTES


def test_thousands_of_unknown_fields_are_told_in_one_sentence(read):
    (rejection,) = read(json.dumps({f"field {number}": 0 for number in range(2000)}).encode())

    assert rejection.reason == "Far too many unknown fields."
