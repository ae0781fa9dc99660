"""Leave codes: given once, known by a digest, and void when their owner has left or joined again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from features.identity import point_id
from features.profile import UserId
from retriever.access.leave_codes import FILE_NAME, LeaveCodes
from retriever.app import create_app
from retriever.errors import WrongLeaveCode
from retriever.schemas import Ask
from tests.builders import NOW
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

ANN, BO = UserId("ann.with.dots"), UserId("bo")
PROFILE = {"user_id": ANN, "playlists": [{"name": "p", "tracks": [{"artist": "Scene 0 artist 1"}]}]}


@pytest.fixture
def codes(tmp_path: Path) -> Iterator[LeaveCodes]:
    codes = LeaveCodes(tmp_path, clock=lambda: NOW)
    yield codes
    codes.close()


def is_void(codes: LeaveCodes, code: str) -> bool:
    try:
        codes.whose(code)
    except WrongLeaveCode:
        return True
    return False


def test_a_code_says_whose_it_is_and_only_the_last_one_counts(codes: LeaveCodes) -> None:
    first, of_bo = codes.give(ANN), codes.give(BO)
    assert codes.whose(first) == (ANN, NOW)
    second = codes.give(ANN)
    assert (codes.whose(second)[0], is_void(codes, first), codes.whose(of_bo)[0]) == (ANN, True, BO)


def test_a_code_of_who_is_gone_is_void_and_leaves_nothing(codes: LeaveCodes) -> None:
    ann, bo = codes.give(ANN), codes.give(BO)
    assert codes.oldest() == NOW
    codes.void([point_id(ANN)])
    assert is_void(codes, ann)
    assert codes.whose(bo)[0] == BO
    codes.void([point_id(BO)])
    assert codes.oldest() is None


def test_neither_a_code_nor_an_id_is_on_the_disk(codes: LeaveCodes, tmp_path: Path) -> None:
    code = codes.give(ANN)
    written = b"".join(file.read_bytes() for file in tmp_path.glob(f"{FILE_NAME}*"))
    assert point_id(ANN).bytes in written
    assert ANN.encode() not in written
    assert code.rpartition(".")[2].encode() not in written


@given(st.text(max_size=60))
def test_what_was_never_given_out_is_nobodys(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    codes = LeaveCodes(tmp_path_factory.getbasetemp() / "guessed")
    code = codes.give(ANN)
    assert all(
        is_void(codes, guess) for guess in (text, f"{ANN}.{text}", f"{text}.{code.rpartition('.')[2]}", code[:-1])
    )
    codes.close()


def joins(api: TestClient, **more: object) -> str | None:
    answer = api.post("/v1/recommendations", json={"profile": PROFILE, "leave_code": True, **more})
    assert answer.status_code == 200
    code: str | None = answer.json()["leave_code"]
    return code


def exported(api: TestClient, code: str | None) -> tuple[int, str]:
    answer = api.post("/v1/mine/export", json={"leave_code": code})
    return answer.status_code, answer.json().get("user_id") or answer.json()["code"]


VOID = (404, "wrong-leave-code")


def test_who_joins_may_ask_for_a_code_and_has_their_data_by_it(api: TestClient) -> None:
    code = joins(api)
    assert exported(api, code) == (200, ANN)
    assert exported(api, f"{ANN}.guessed") == VOID
    upload = {"file": ("p.csv", b"Artist Name(s),Track Name\nScene 0 artist 1,t\n")}
    by_file = api.post("/v1/profiles", files=upload, data={"leave_code": "true"}).json()
    assert exported(api, by_file["leave_code"]) == (200, by_file["user_id"])


def test_nobody_is_given_a_code_who_did_not_ask_or_did_not_join(api: TestClient) -> None:
    assert joins(api, leave_code=False) is None
    assert joins(api, remember=False) is None


@pytest.mark.parametrize(
    ("asked", "is_given"),
    [
        ('"spotify_login": true', True),
        ('"spotify_url": "https://open.spotify.com/user/ann"', False),
        ('"listenbrainz": "ann"', False),
        ('"user_id": "ann"', False),
    ],
)
def test_a_profile_that_anybody_can_name_gives_nobody_a_code(asked: str, is_given: bool) -> None:
    ask = Ask.parse(f'{{{asked}, "remember": true, "leave_code": true}}'.encode())
    assert ask.options().leave_code is is_given


def test_a_code_is_void_when_its_owner_left_or_somebody_joined_again_under_the_id(api: TestClient) -> None:
    code = joins(api)
    joins(api, leave_code=False)
    assert exported(api, code) == VOID
    code = joins(api)
    assert api.delete(f"/v1/users/{ANN}").status_code == 204
    assert exported(api, code) == VOID


def test_a_code_is_void_when_another_server_has_taken_somebody_in_under_the_id(
    world: SmallWorld, api: TestClient
) -> None:
    code = joins(api)
    until(lambda: world.store.get([ANN]))
    (person,) = world.store.get([ANN]).values()
    later = datetime.now(UTC) + timedelta(minutes=1)
    world.store.upsert([replace(person, display_name="Another Ann", consented_at=later)])
    assert exported(api, code) == VOID


def test_a_code_goes_with_its_owner_and_with_who_joins_again_without_one(world: SmallWorld) -> None:
    parts = world.parts()
    with TestClient(create_app(lambda _metrics: parts, SETTINGS)) as api:
        joins(api)
        joins(api, leave_code=False)
        assert parts.codes.oldest() is None
        joins(api)
        assert parts.codes.oldest() is not None
        api.delete(f"/v1/users/{ANN}")
        assert parts.codes.oldest() is None


def test_a_code_is_void_when_its_owner_was_deleted_by_command_while_no_server_ran(world: SmallWorld) -> None:
    with TestClient(create_app(world.parts, SETTINGS)) as api:
        code = joins(api)
        until(lambda: ANN in world.store.get([ANN]))
    world.store.delete([ANN])
    parts = world.parts()
    assert parts.codes.oldest() is None
    with TestClient(create_app(lambda _metrics: parts, SETTINGS)) as api:
        assert exported(api, code) == VOID
