from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from retriever.access.door import Door, Locks
from retriever.access.keyfile import FollowedKeys, KeyFile
from retriever.access.memory import BoundedMemory
from retriever.access.rates import Throttle
from retriever.access.roles import Role
from retriever.access.rules import Rules
from retriever.observe.metrics import Metrics
from retriever.observe.observed import Observed
from tests.builders import NOW
from tests.retriever.access.toy import ROUTES, Clock, a_key, a_toy, bearer, client_of
from tests.retriever.observe.logbook import a_logbook
from tests.retriever.observe.scrape import samples

FAILURES = 4


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def api(file: KeyFile, clock: Clock, metrics: Metrics) -> Iterator[TestClient]:
    app = a_toy()
    failures = Throttle("failures", f"{FAILURES}/minute", BoundedMemory(clock=clock.seconds))
    app.add_middleware(Door, locks=Locks(FollowedKeys(file), Rules(), failures, metrics.refused, clock))
    app.add_middleware(Observed, metrics=metrics)
    with client_of(app) as client:
        yield client


def test_who_shows_no_key_is_asked_for_one(api: TestClient) -> None:
    answer = api.get("/v1/users/ann")

    assert (answer.status_code, answer.json()["code"]) == (401, "key-needed")
    assert answer.headers["www-authenticate"] == 'Bearer realm="soundalike"'
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("wrong", ["soundalike_" + "A" * 43, "x", "é", "a b"])
def test_an_unknown_key_is_refused(api: TestClient, file: KeyFile, wrong: str) -> None:
    a_key(file)
    answer = api.get("/v1/users/ann", headers={"Authorization": f"Bearer {wrong}".encode()})

    assert (answer.status_code, answer.json()["code"]) == (401, "key-refused")
    assert answer.headers["www-authenticate"] == 'Bearer realm="soundalike", error="invalid_token"'


@pytest.mark.parametrize(
    "header",
    [
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer {}"),
        ("Authorization", "Bearer   {} "),
        ("X-API-Key", "{}"),
        ("x-api-key", " {} "),
    ],
)
def test_a_key_is_taken_from_either_header(api: TestClient, file: KeyFile, header: tuple[str, str]) -> None:
    key, key_id = a_key(file)
    answer = api.get("/v1/users/ann", headers={header[0]: header[1].format(key)})

    assert (answer.status_code, answer.json()) == (200, key_id)


@pytest.mark.parametrize("header", ["Basic {}", "{}", "Bearer", "Bearer ", "Token {}"])
def test_another_scheme_is_no_key(api: TestClient, file: KeyFile, header: str) -> None:
    key, _ = a_key(file)

    assert api.get("/v1/users/ann", headers={"Authorization": header.format(key)}).json()["code"] == "key-needed"


def test_a_key_in_the_address_is_no_key(api: TestClient, file: KeyFile) -> None:
    key, _ = a_key(file)

    assert api.get(f"/v1/users/ann?key={key}&api_key={key}&access_token={key}").status_code == 401


def test_both_keys_are_let_in_while_one_takes_over_and_the_old_one_no_more_once_it_is_revoked(
    api: TestClient, file: KeyFile
) -> None:
    (old, _), (new, _) = a_key(file), a_key(file)
    assert [api.get("/", headers=bearer(key)).status_code for key in (old, new)] == [200, 200]

    file.change(lambda ring: ring.without(ring.keys[0]))
    assert [api.get("/", headers=bearer(key)).status_code for key in (old, new)] == [401, 200]


def test_an_expired_key_is_refused(api: TestClient, file: KeyFile, clock: Clock) -> None:
    key, _ = a_key(file, expires_at=NOW + timedelta(minutes=1))
    assert api.get("/", headers=bearer(key)).status_code == 200

    clock.move(60)
    assert api.get("/", headers=bearer(key)).json()["code"] == "key-refused"


ROLES = {
    ("GET", "/"): Role.READ,
    ("GET", "/healthz"): None,
    ("GET", "/readyz"): None,
    ("GET", "/metrics"): Role.ADMIN,
    ("GET", "/v1/users/{user_id}"): Role.READ,
    ("GET", "/v1/users/{user_id}/export"): Role.ADMIN,
    ("DELETE", "/v1/users/{user_id}"): Role.WRITE,
    ("POST", "/v1/recommendations"): Role.WRITE,
    ("GET", "/v1/forgotten"): Role.ADMIN,
    ("GET", "/v1/users/ann%2Fexport"): Role.ADMIN,
}


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(("method", "path"), ROLES)
def test_each_role_gets_to_its_routes_and_to_no_other(
    api: TestClient, file: KeyFile, method: str, path: str, role: Role | None
) -> None:
    headers = bearer(a_key(file, role)[0]) if role else {}
    needed = ROLES[method, path]
    expected = 200 if needed is None or (role and role.covers(needed)) else 403 if role else 401

    assert api.request(method, path.replace("{user_id}", "ann"), headers=headers).status_code == expected


def test_all_routes_of_the_toy_are_in_that_table() -> None:
    assert set(ROUTES) <= ROLES.keys()


def test_who_may_not_do_a_thing_is_told_what_it_takes(api: TestClient, file: KeyFile) -> None:
    answer = api.post("/v1/recommendations", headers=bearer(a_key(file, Role.READ)[0]))

    assert answer.json()["code"] == "role-too-low"
    assert answer.json()["detail"] == "The API key has the role read; this needs write."
    assert answer.headers["www-authenticate"].endswith('error="insufficient_scope", scope="write"')


def test_what_does_not_exist_is_404_for_an_admin_and_nothing_at_all_for_others(api: TestClient, file: KeyFile) -> None:
    admin, reader = (bearer(a_key(file, role)[0]) for role in (Role.ADMIN, Role.READ))

    assert [api.get("/nowhere", headers=headers).status_code for headers in (admin, reader, {})] == [404, 403, 401]


def test_addresses_that_keep_coming_without_a_valid_key_are_slowed_down_and_nobody_else(
    api: TestClient, file: KeyFile, clock: Clock
) -> None:
    key, _ = a_key(file)
    tries = [api.get("/", headers=headers) for headers in (bearer("x"), {}, bearer("y"), {}, bearer("z"))]
    assert [answer.status_code for answer in tries] == [401] * FAILURES + [429]
    assert tries[-1].headers["retry-after"] == "60"
    assert tries[-1].headers["ratelimit-policy"] == f'"failures";q={FAILURES};w=60'

    assert api.get("/", headers=bearer(key)).status_code == 200
    assert api.get("/healthz").status_code == 200
    with client_of(api.app, "10.0.0.2") as elsewhere:
        assert elsewhere.get("/").status_code == 401

    clock.move(61)
    assert api.get("/").status_code == 401


def test_valid_keys_never_count_as_failures(api: TestClient, file: KeyFile) -> None:
    key, _ = a_key(file)
    for _ in range(3 * FAILURES):
        assert api.get("/", headers=bearer(key)).status_code == 200
        assert api.post("/v1/recommendations", headers=bearer(key)).status_code == 403

    assert api.get("/").status_code == 401


def test_refusals_are_counted_by_why(api: TestClient, file: KeyFile, metrics: Metrics) -> None:
    key, _ = a_key(file)
    api.delete("/v1/users/ann", headers=bearer(key))
    for _ in range(FAILURES + 1):
        api.get("/")

    found = samples(metrics)
    assert [found["refused_requests_total", why] for why in ("forbidden", "unauthenticated", "rate")] == [
        1,
        FAILURES,
        1,
    ]


def test_the_log_knows_whose_key_it_was_and_where_it_knocked_but_no_key(api: TestClient, file: KeyFile) -> None:
    key, key_id = a_key(file, name="app")
    with a_logbook() as book:
        api.get("/v1/users/ann", headers=bearer(key))
        api.delete("/v1/users/ann", headers=bearer(key))
        api.delete("/v1/users/ann", headers={"X-API-Key": "soundalike_wrong"})
        api.get("/nowhere", headers=bearer(key))

    requests = [line for line in book.lines if line["event"] == "request"]
    assert [(line["route"], line.get("caller"), line.get("code")) for line in requests] == [
        ("/v1/users/{user_id}", f"app ({key_id})", None),
        ("/v1/users/{user_id}", f"app ({key_id})", "role-too-low"),
        ("/v1/users/{user_id}", None, "key-refused"),
        ("unmatched", f"app ({key_id})", "role-too-low"),
    ]
    assert "soundalike_" not in book.getvalue()
    assert key not in book.getvalue()
