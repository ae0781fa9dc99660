import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from features import profile as bounds
from features.profile import Playlist, TasteProfile, Track


def test_optional_parts_may_be_missing_or_null() -> None:
    profile = TasteProfile.model_validate_json(
        '{"user_id": null, "playlists": [{"name": null, "tracks": [{"artist": "Air", "genres": null, "plays": null}]}]}'
    )

    assert profile.playlists[0].name == ""
    assert profile.playlists[0].tracks[0].genres == ()
    assert profile.track_count == 1


@pytest.mark.parametrize(
    "track",
    [
        '{"artist": 7}',
        '{"artist": ""}',
        '{"artist": "A", "plays": "12"}',
        '{"artist": "A", "plays": -1}',
        '{"artist": "A", "plays": 1.5}',
        '{"artist": "A", "release_year": 99999}',
        '{"artist": "A", "genres": "rock"}',
        '{"artist": "A", "mood": "blue"}',
        '{"artist": "bell\\u0007"}',
        '{"title": "no artist"}',
    ],
)
def test_wrong_types_values_and_unknown_fields_are_refused(track: str) -> None:
    with pytest.raises(ValidationError):
        TasteProfile.model_validate_json(f'{{"playlists": [{{"name": "p", "tracks": [{track}]}}]}}')


@pytest.mark.parametrize(
    "lists",
    [
        '{"playlists": [%s]}',
        '{"playlists": [{"tracks": [%s]}]}',
        '{"playlists": [{"tracks": [{"artist": "A", "genres": [%s]}]}]}',
    ],
)
def test_a_list_is_refused_at_its_first_wrong_part(lists: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TasteProfile.model_validate_json(lists % ",".join(["0"] * 1000))

    assert refused.value.error_count() == 1
    assert refused.value.errors()[0]["loc"][-1] == 0


def test_a_playlist_may_hold_the_largest_profile_and_no_more() -> None:
    tracks = [Track(artist="Air")] * bounds.MAX_TRACKS

    assert len(Playlist(tracks=tracks).tracks) == bounds.MAX_TRACKS
    with pytest.raises(ValidationError, match="at most 1000000 items"):
        Playlist(tracks=[*tracks, tracks[0]])


def test_a_profile_holds_no_more_playlists_than_spotify_lists() -> None:
    with pytest.raises(ValidationError, match="at most 100000 items"):
        TasteProfile(playlists=[Playlist()] * (bounds.MAX_PLAYLISTS + 1))


@pytest.mark.parametrize(
    ("kind", "field", "most"),
    [
        (TasteProfile, "playlists", bounds.MAX_PLAYLISTS),
        (Playlist, "tracks", bounds.MAX_TRACKS),
        (Track, "genres", 100),
    ],
)
def test_schemas_tell_how_much_a_list_may_hold(kind: type[BaseModel], field: str, most: int) -> None:
    as_a_list, as_null = kind.model_json_schema()["properties"][field]["anyOf"]

    assert (as_a_list["maxItems"], as_null) == (most, {"type": "null"})


@pytest.mark.parametrize("user_id", ["", ".", "..", "...", "a/b", " a", "a\n", "x" * 129])
def test_ids_that_would_change_a_path_are_refused(user_id: str) -> None:
    with pytest.raises(ValidationError):
        TasteProfile(user_id=user_id)


@pytest.mark.parametrize("user_id", ["ann", "é#+_.", ".a", "..a", "spotify:user:x", "日本", "x" * 128])
def test_ids_as_spotify_has_them_are_accepted(user_id: str) -> None:
    assert TasteProfile(user_id=user_id).user_id == user_id


@given(st.text(max_size=40))
def test_an_accepted_name_never_holds_a_control_character(name: str) -> None:
    try:
        profile = TasteProfile(display_name=name)
    except ValidationError:
        return
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in profile.display_name or "")
