"""ZIP files that mean harm, or came to harm."""

import io
import struct
import tracemalloc
import zipfile
from dataclasses import replace

import pytest

from features.errors import ProfileTooLarge, UnreadableSource
from features.sources import archive as archives
from features.sources import read_upload

PLAYLIST = {"playlists": [{"name": "Mine", "items": [{"track": {"artistName": "Low", "trackName": "Sunflower"}}]}]}


@pytest.fixture
def read(limits):
    return lambda packed, limits=limits: read_upload(packed, "export.zip", limits)


def packed_with(compression, content=b"[]"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        archive.writestr("endsong_0.json", content)
    return packed.getvalue()


@pytest.mark.parametrize("folder", ["", "MyData/", "../../etc/", "/absolute/", "C:\\Users\\me\\"])
def test_members_are_found_in_any_folder_and_no_path_does_harm(make_zip, read, folder):
    assert read(make_zip(**{f"{folder}Playlist1.json": PLAYLIST})).track_count == 1


def test_the_same_file_in_two_folders_counts_once(make_zip, read):
    assert read(make_zip(**{"MyData/Playlist1.json": PLAYLIST, "MyData 2/playlist1.json": PLAYLIST})).track_count == 1


def test_different_files_of_one_name_both_count(make_zip, read):
    other = {"playlists": [{"name": "Other", "items": [{"track": {"artistName": "Can"}}]}]}

    assert read(make_zip(**{"a/Playlist1.json": PLAYLIST, "b/Playlist1.json": other})).track_count == 2


def test_what_macos_adds_is_ignored(make_zip, read):
    junk = {"__MACOSX/MyData/Playlist2.json": b"\x00\x05", "MyData/._Playlist1.json": b"\x00\x05"}

    assert read(make_zip(**{"MyData/Playlist1.json": PLAYLIST}, **junk)).track_count == 1


def test_a_zip_within_a_zip_is_ignored(make_zip, read):
    with pytest.raises(UnreadableSource, match="no export"):
        read(make_zip(**{"inner.zip": make_zip(**{"Playlist1.json": PLAYLIST})}))


@pytest.mark.parametrize("keep", [10, 100, -10])
def test_a_truncated_zip_is_an_error(make_zip, read, keep):
    with pytest.raises(UnreadableSource, match="broken ZIP"):
        read(make_zip(**{"Playlist1.json": PLAYLIST})[:keep])


def test_a_damaged_member_is_an_error(make_zip, read):
    packed = bytearray(make_zip(**{"Playlist1.json": PLAYLIST}))
    packed[50] ^= 0xFF

    with pytest.raises(UnreadableSource, match="broken ZIP"):
        read(bytes(packed))


def test_a_member_without_a_name_is_ignored(make_zip, read):
    packed = bytearray(make_zip(**{"Playlist1.json": PLAYLIST}))
    packed[packed.index(b"PK\x01\x02") + 28] = 0  # the length of its name, which then counts as an extra field
    packed[packed.index(b"PK\x01\x02") + 30] = len("Playlist1.json")

    with pytest.raises(UnreadableSource, match="ZIP"):
        read(bytes(packed))


def test_an_empty_zip_holds_no_export(make_zip, read):
    with pytest.raises(UnreadableSource, match="no export"):
        read(make_zip())


def test_an_encrypted_member_is_an_error_that_says_so(make_zip, read):
    packed = bytearray(make_zip(**{"Playlist1.json": PLAYLIST}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UnreadableSource, match="password"):
        read(bytes(packed))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(read, compression):
    with pytest.raises(UnreadableSource, match="unusual"):
        read(packed_with(compression))


def test_a_bomb_is_refused_by_its_ratio_without_being_held_in_memory(read, limits):
    bomb = packed_with(zipfile.ZIP_DEFLATED, b" " * 60_000_000)
    tracemalloc.start()

    with pytest.raises(UnreadableSource, match="far more than an export"):
        read(bomb, replace(limits, max_unpacked_bytes=10**9))

    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def test_unpacked_bytes_are_counted_over_all_members(make_zip, read, limits):
    members = {f"a{n}/endsong_{n}.json": b" " * 400 + b"[]" for n in range(5)}

    with pytest.raises(ProfileTooLarge, match="unpacked"):
        read(make_zip(**members), replace(limits, max_unpacked_bytes=2_000))


def test_unpacked_bytes_are_counted_whatever_the_header_claims(read, limits):
    packed = bytearray(packed_with(zipfile.ZIP_DEFLATED, b"[" + b" " * 100_000 + b"]"))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", packed, packed.index(signature) + offset, 0xFFFFFFF)

    with pytest.raises(ProfileTooLarge):
        read(bytes(packed), replace(limits, max_unpacked_bytes=50_000))


def test_one_member_may_not_fill_the_memory(read, monkeypatch):
    monkeypatch.setattr(archives, "MAX_PART_BYTES", 1_000)

    with pytest.raises(ProfileTooLarge, match=r"A file in export\.zip"):
        read(packed_with(zipfile.ZIP_DEFLATED, b" " * 2_000))


def test_too_many_members_are_refused(make_zip, read, monkeypatch):
    monkeypatch.setattr(archives, "_MAX_MEMBERS", 3)

    with pytest.raises(ProfileTooLarge, match="more than 3 files"):
        read(make_zip(**{f"{n}.txt": b"" for n in range(4)}))


def test_a_directory_of_absurd_size_is_refused_before_it_is_read(make_zip, read, monkeypatch):
    monkeypatch.setattr(archives, "_MAX_READ_BYTES", 10_000)

    with pytest.raises(ProfileTooLarge, match="far too many members"):
        read(make_zip(**{f"{n}.txt": b"" for n in range(300)}))
