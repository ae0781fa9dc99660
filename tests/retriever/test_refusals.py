"""Questions that cannot be answered, and what is said about them."""

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 422),
        ("", 422),
        ("[]", 422),
        ("{}", 422),
        ('{"user_id": "a", "profile": {}}', 422),
        ('{"user_id": "person-0", "limit": 0}', 422),
        ('{"user_id": "person-0", "limit": 101}', 422),
        ('{"user_id": "person-0", "limit": NaN}', 422),
        ('{"user_id": "person-0", "colour": "blue"}', 422),
        ('{"profile": {}}', 422),
        ('{"profile": {"playlists": [{"tracks": [{"artist": "a\\u0000"}]}]}}', 422),
        ('{"user_id": "nobody"}', 404),
        ('{"profile": {"playlists": [{"tracks": [' + ",".join(['{"artist": "a"}'] * 1001) + "]}]}}", 413),
        ('{"profile": "' + "x" * 2**20 + '"}', 413),
    ],
)
def test_bad_questions_get_a_problem_that_says_how_to_mend_it(api: TestClient, body: str, status: int) -> None:
    answer = api.post("/v1/recommendations", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "mend", "code"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/users/nobody/similar", 404),
        ("GET", "/v1/users/person-0/similar?limit=x", 422),
        ("GET", "/v1/users/%2e%2e/similar", 404),
        ("GET", "/v1/users/a%00b", 422),
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/recommendations", 405),
        ("POST", "/v1/profiles", 422),
    ],
)
def test_bad_paths_get_a_problem(api: TestClient, method: str, path: str, status: int) -> None:
    answer = api.request(method, path)

    assert answer.status_code in {status, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_path_tells_all_the_methods_that_it_knows(api: TestClient) -> None:
    for method, path, known in (
        ("OPTIONS", "/v1/users/person-0", "DELETE, GET"),
        ("PUT", "/v1/users/person-0/similar", "GET"),
        ("GET", "/v1/recommendations", "POST"),
    ):
        answer = api.request(method, path)
        assert (answer.status_code, answer.headers.get_list("allow")) == (405, [known]), path


def test_uploads_that_are_nothing_are_refused(api: TestClient) -> None:
    for name, content in (("a.zip", b"PK\x03\x04garbage"), ("a.bin", b"\x00\x01"), ("a.csv", b""), ("a.json", b"{}")):
        answer = api.post("/v1/profiles", files={"file": (name, content)})
        assert 400 <= answer.status_code < 500, name
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["limit", "playlists"])
@pytest.mark.parametrize(
    ("given", "what"),
    [(["1", "2"], "is given more than once"), ([""], "is empty; leave it out")]
    + [([value], "write a number in plain digits") for value in ("1_0", " 5", "5\n", "\u0665")],
)
def test_a_field_that_an_upload_does_not_give_plainly_is_refused_by_name(
    api: TestClient, name: str, given: list[str], what: str
) -> None:
    file = ("file", ("a.csv", b"Track Name,Artist Name(s)\nt,Air\n"))

    answer = api.post("/v1/profiles", files=[file, *[(name, (None, value)) for value in given]])

    assert answer.status_code == 422
    (found,) = answer.json()["errors"]
    assert (found["where"].removeprefix("body."), found["what"]) == (name, what)
    assert api.post("/v1/profiles", files=[file, (name, (None, "5"))]).status_code == 200


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ('{"profile": {"playlists": [{"tracks": [%s]}]}}', "profile.playlists.0.tracks.0"),
        ('{"limit": 5.0, "profile": {"playlists": [%s]}}', "profile.playlists.0"),
        ('{"like": {"artists": [%s]}}', "like.artists.0"),
        ('{"like": {"users": [%s]}}', "like.users.0"),
        ('{"user_id": "person-0", "exclude": [%s]}', "exclude.0"),
        ('{"user_id": "person-0", "source": [%s]}', "source.0"),
    ],
)
def test_of_a_list_of_wrong_parts_the_first_is_told(api: TestClient, body: str, where: str) -> None:
    answer = api.post("/v1/recommendations", content=body % ",".join(["0"] * 2000))

    assert answer.status_code == 422
    assert [found["where"] for found in answer.json()["errors"]] == [where]


def test_thousands_of_unknown_fields_are_not_listed(api: TestClient) -> None:
    answer = api.post("/v1/recommendations", json={f"field {number}": 0 for number in range(2000)})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": "body", "what": "far too many unknown fields"}]


@pytest.mark.parametrize(
    ("remember", "status"), [("true", 200), ("false", 200), ("0", 422), ("yes", 422), ("True", 422)]
)
def test_an_upload_says_true_or_false(api: TestClient, remember: str, status: int) -> None:
    file = {"file": ("a.csv", b"Track Name,Artist Name(s)\nt,Air\n")}

    answer = api.post("/v1/profiles", files=file, data={"remember": remember})

    assert answer.status_code == status
    assert status != 200 or answer.json()["stored"] is (remember == "true")
