"""Exportify's CSV, in both dialects, with all the ways in which commas, languages and spreadsheets bend it."""

import csv
import gzip
import io
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import EmptyProfile, ProfileTooLarge, UnreadableSource
from features.profile import Track
from features.sources import read_profiles, read_upload

NEW_NET = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,"
    "Genres,Record Label,Danceability"
)
OLD_NET = "Spotify ID,Artist IDs,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Added By,Genres"
WATSONBOX = (
    '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album URI","Album Name","Album Artist URI(s)",'
    '"Album Artist Name(s)","Album Release Date","Album Image URL","Added By","Artist Genres","Album Genres"'
)
GERMAN = (
    '"Track-URI","Track-Name","Künstler-URI(s)","Künstlername(n)","Album-URI","Album-Name","Album-Künstler-URI(s)",'
    '"Album-Künstlername(n)","Veröffentlichungsdatum des Albums","Album-Bild-URL","Hinzugefügt von","Künstler-Genres"'
)
NEW_ROW = 'spotify:track:1,Sunflower,Low,{artists},{date},1,2,False,PRIVATE,2020-01-01,"{genres}",Label,0.5'
WATSONBOX_ROW = (
    '"spotify:track:1","Sunflower","{uris}","{artists}","spotify:album:1","Things","spotify:artist:9","Various",'
    '"2001-02","https://i","PRIVATE","slowcore,indie","pop"'
)


def new_net(artists="Low", date="2001-02-05", genres="slowcore,indie"):
    return f"{NEW_NET}\n" + NEW_ROW.format(artists=artists, date=date, genres=genres) + "\n"


def watsonbox(artists="Low", uris="spotify:artist:1", header=WATSONBOX):
    return f"{header}\n" + WATSONBOX_ROW.format(artists=artists, uris=uris) + "\n"


@pytest.fixture
def read(limits):
    def upload(text, name="Road_Trip.csv", limits=limits):
        return read_upload(text.encode() if isinstance(text, str) else text, name, limits)

    return upload


def tracks(profile):
    return [track for playlist in profile.playlists for track in playlist.tracks]


def artists(profile):
    return [track.artist for track in tracks(profile)]


def test_a_row_gives_artist_title_year_and_genres_and_the_file_name_the_playlist(read):
    profile = read(new_net())
    (track,) = tracks(profile)

    assert (profile.source, profile.user_id, profile.playlists[0].name) == ("exportify", None, "Road Trip")
    assert track == Track(artist="Low", title="Sunflower", release_year=2001, genres=("slowcore", "indie"))
    assert "PRIVATE" not in profile.model_dump_json()


def test_a_track_by_several_artists_becomes_a_row_for_each(read):
    found = tracks(read(new_net(artists="Low;Dirty Three")))

    assert [(track.artist, track.title) for track in found] == [("Low", "Sunflower"), ("Dirty Three", "Sunflower")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Low,Can", ["Low", "Can"]),
        ("Tyler, The Creator,Can", ["Tyler, The Creator", "Can"]),
        ("10,000 Maniacs", ["10,000 Maniacs"]),
        ("Low,2Pac", ["Low", "2Pac"]),
    ],
)
def test_the_older_exportify_net_joins_artists_with_a_bare_comma(read, cell, expected):
    row = f'abc,"1,2",Sunflower,Things,"{cell}",2001,1,me,slowcore'

    assert artists(read(f"{OLD_NET}\n{row}\n")) == expected


def test_an_artist_with_a_comma_is_one_where_the_row_counts_one_id(read):
    assert artists(read(f'{OLD_NET}\nabc,"7",Song,Things,"Crosby,Stills",2001,1,me,folk\n')) == ["Crosby,Stills"]
    assert artists(read(watsonbox(artists="Tyler, The Creator"))) == ["Tyler, The Creator"]


def test_a_semicolon_anywhere_in_the_file_makes_every_comma_part_of_a_name(read):
    rows = new_net(artists='"Crosby,Stills"') + NEW_ROW.format(artists="Low;Can", date="", genres="") + "\n"

    assert artists(read(rows)) == ["Crosby,Stills", "Low", "Can"]


def test_watsonbox_escapes_commas_within_names(read):
    two = watsonbox(artists=r"Tyler\, The Creator, Kali Uchis", uris="spotify:artist:1, spotify:artist:2")

    assert artists(read(two)) == ["Tyler, The Creator", "Kali Uchis"]


@pytest.mark.parametrize("header", [GERMAN, GERMAN.replace("Künstler-Genres", "アーティストジャンル")])
def test_translated_labels_are_understood_by_position(read, header):
    (track,) = tracks(read(watsonbox(header=header)))

    assert track == Track(artist="Low", title="Sunflower", release_year=2001, genres=("slowcore", "indie"))


def test_a_leading_column_with_the_playlists_name_does_not_shift_the_others(read):
    lines = [f'"x",{line}' for line in watsonbox(header=GERMAN).splitlines()]

    assert artists(read("\n".join(lines))) == ["Low"]


@pytest.mark.parametrize(
    ("date", "year"),
    [("1971", 1971), ("1971-06", 1971), ("1971-06-22", 1971), ("22/06/1971", 1971), ("0000", None), ("", None),
     ("undefined", None), ("19711", None), ("11971", None), ("9999", None)],
)  # fmt: skip
def test_the_release_year_is_read_from_any_precision(read, date, year):
    assert tracks(read(new_net(date=date)))[0].release_year == year


@pytest.mark.parametrize("missing", ["", "undefined", " , ,", "null"])
def test_missing_genres_are_none(read, missing):
    assert tracks(read(new_net(genres=missing)))[0].genres == ()


def test_endless_and_repeated_genres_are_cut(read):
    genres = tracks(read(new_net(genres=",".join(["pop"] * 50 + [f"g{n}" for n in range(200)]))))[0].genres

    assert genres[:2] == ("pop", "g0")
    assert len(genres) == 100


@pytest.mark.parametrize("nobody", ["", "undefined", "null"])
def test_rows_without_an_artist_are_skipped(read, nobody):
    with pytest.raises(EmptyProfile):
        read(new_net(artists=nobody))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_that_spreadsheets_save_in_are_read(read, encoding):
    assert artists(read(new_net(artists="Björk").encode(encoding))) == ["Björk"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_delimiters_that_spreadsheets_save_with_are_read(read, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(csv.reader(io.StringIO(new_net(artists="Low;Can"))))

    assert artists(read(text.getvalue())) == ["Low", "Can"]


def test_a_zip_of_csvs_gives_a_playlist_each_and_leaves_other_csvs_alone(make_zip, limits):
    packed = make_zip(**{
        "a/slow_songs.csv": new_net().encode(), "fast.CSV": watsonbox(artists="Fugazi").encode(),
        "bank.csv": b"date,amount\n2020,5\n", "__MACOSX/._fast.csv": b"junk",
    })  # fmt: skip

    profile = read_upload(packed, "spotify_playlists.zip", limits)

    assert {playlist.name: playlist.tracks[0].artist for playlist in profile.playlists} == {
        "slow songs": "Low", "fast": "Fugazi",
    }  # fmt: skip


def test_a_zip_of_other_csvs_is_of_no_known_format(make_zip, limits):
    with pytest.raises(UnreadableSource, match="Download your data"):
        read_upload(make_zip(**{"bank.csv": b"date,amount\n2020,5\n"}), "bank.zip", limits)


def test_a_csv_is_also_read_from_disk(tmp_path, limits):
    path = tmp_path / "Road_Trip.csv"
    path.write_text(new_net(), encoding="utf-8")

    (profile,) = read_profiles(path, limits)

    assert profile.playlists[0].name == "Road Trip"


@pytest.mark.parametrize("text", ["date,amount\n1,5\n", "hello", "Track Name\nLow\n", "\x00\x01", '"' + "x" * 300_000])
def test_any_other_text_is_of_no_known_format(read, text):
    with pytest.raises(UnreadableSource, match="of no known format"):
        read(text)


def test_a_cell_that_never_ends_is_an_error(read):
    with pytest.raises(UnreadableSource, match="broken CSV"):
        read(new_net() + 'spotify:track:2,"' + "x" * 200_000)


def test_a_packed_csv_may_not_fill_the_memory(read, limits):
    packed = gzip.compress(new_net(genres="pop" + " " * 100_000).encode())

    assert artists(read(packed)) == ["Low"]
    with pytest.raises(ProfileTooLarge, match="MB"):
        read(packed, limits=replace(limits, max_unpacked_bytes=50_000))


def test_short_rows_are_tolerated(read):
    assert artists(read(new_net() + "spotify:track:2,Half\n\n")) == ["Low"]


def test_more_tracks_than_allowed_are_refused(read, limits):
    three = replace(limits, max_profile_tracks=3)

    assert len(tracks(read(new_net(artists="a;b;c"), limits=three))) == 3
    with pytest.raises(ProfileTooLarge):
        read(new_net(artists="a;b;c;d"), limits=three)
    with pytest.raises(ProfileTooLarge):
        read(new_net() + (NEW_ROW.format(artists="", date="", genres="") + "\n") * 3, limits=three)


_NAMES = st.text(st.characters(codec="utf-8", exclude_characters=";"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(rows=st.lists(st.tuples(_NAMES, st.lists(_NAMES, max_size=3), _NAMES, _NAMES), max_size=5))
def test_whatever_is_in_the_cells_a_csv_becomes_a_profile_or_is_empty(read, rows):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["Track URI", "Track Name", "Artist Name(s)", "Release Date", "Genres"])
    writer.writerows(["uri", title, ";".join(names), date, genres] for title, names, date, genres in rows)

    with suppress(EmptyProfile):
        assert tracks(read(text.getvalue()))
