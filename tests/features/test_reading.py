import json
import pickle
from pathlib import Path

import pytest

from features.errors import UnreadableSource
from features.listener import Listener
from features.profile import UserId
from features.reading import read_listeners
from features.sources import Rejection, SourceLimits
from retriever.errors import Finding, InvalidRequest

LIMITS = SourceLimits(max_profile_tracks=100, max_file_bytes=10**6, max_unpacked_bytes=10**6)


def a_file(folder: Path, *profiles: object) -> Path:
    path = folder / "people.jsonl"
    path.write_text("\n".join(json.dumps(profile) for profile in profiles))
    return path


def a_profile(artist: str, **more: object) -> dict[str, object]:
    return {"playlists": [{"name": "p", "tracks": [{"artist": artist}]}], **more}


def test_everybody_comes_compacted_and_what_is_wrong_comes_as_a_rejection(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_profile("Air", user_id="ann"), {"user_id": 3}, a_profile(" ", user_id="bob"))

    ann, broken, blank = read_listeners(path, LIMITS)

    assert isinstance(ann, Listener)
    assert (ann.user_id, ann.listening.artists) == ("ann", {"Air"})
    assert isinstance(broken, Rejection)
    assert broken.where == "people.jsonl:2"
    assert isinstance(blank, Rejection)
    assert (blank.where, "no track with an artist" in blank.reason) == ("user bob", True)


def test_who_has_no_id_gets_one_that_follows_from_the_content(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_profile("Air"), a_profile("Air"), a_profile("Moby"))

    one, same, other = [listener.user_id for listener in read_listeners(path, LIMITS)]

    assert one == same != other


def test_a_given_id_goes_with_one_person_only(tmp_path: Path) -> None:
    (only,) = read_listeners(a_file(tmp_path, a_profile("Air", user_id="ann")), LIMITS, UserId("me"))
    assert only.user_id == "me"

    with pytest.raises(UnreadableSource, match="several"):
        list(read_listeners(a_file(tmp_path, a_profile("Air"), a_profile("Can")), LIMITS, UserId("me")))


def test_every_error_survives_being_pickled() -> None:
    error = pickle.loads(pickle.dumps(InvalidRequest([Finding("limit", "too small")])))  # noqa: S301

    assert (error.findings, error.mend) == ((Finding("limit", "too small"),), "See /docs for what each field may be.")
    assert str(error) == str(InvalidRequest([Finding("limit", "too small")]))
