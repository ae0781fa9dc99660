import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.profile import TasteProfile


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
