import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match

from retriever.access.roles import Role
from retriever.access.rules import RULES, UNLISTED, Rule, Rules
from retriever.observe.seen import seen


def needs(method: str, path: str) -> Role | None:
    return Rules().find(method, path).role


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_watches_the_server_needs_no_key(path: str) -> None:
    assert needs("GET", path) is None


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/openapi.json", "/v1/status", "/v1/users/ann", "/v1/users/ann/similar",
     "/v1/users/ann/compatibility/bob", "/v1/map", "/v1/models", "/v1/models/3/report", "/v1/status/history"],
)  # fmt: skip
def test_looking_needs_read(path: str) -> None:
    assert needs("GET", path) is needs("HEAD", path) is Role.READ


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/recommendations"),
        ("POST", "/v1/recommendations:batch"),
        ("POST", "/v1/profiles"),
        ("DELETE", "/v1/users/ann"),
        ("POST", "/v1/mine/export"),
    ],
)
def test_what_may_change_something_needs_write(method: str, path: str) -> None:
    rule = Rules().find(method, path)
    assert rule.role is Role.WRITE
    assert rule.writes


@pytest.mark.parametrize("path", ["/v1/users/ann/export", "/metrics", "/v1/admin/rollback", "/v1/admin/jobs"])
def test_what_tells_all_needs_admin(path: str) -> None:
    assert needs("GET", path) is Role.ADMIN


def test_what_makes_the_machine_work_needs_admin() -> None:
    assert Rules().find("POST", "/v1/admin/jobs").role is Role.ADMIN


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("PUT", "/v1/users/ann"),
        ("POST", "/healthz"),
        ("DELETE", "/v1/recommendations"),
        ("GET", "/v1/users/ann/"),
        ("GET", "/v1/users/"),
        ("GET", "/v1/users/ann/similar/more"),
        ("GET", "/healthz/../metrics"),
        ("GET", "//healthz"),
        ("GET", "/HEALTHZ"),
        ("OPTIONS", "/v1/users/ann"),
        ("FOO", "/"),
    ],
)
def test_what_the_table_does_not_list_needs_admin(method: str, path: str) -> None:
    assert Rules().find(method, path) is UNLISTED


def test_only_the_sign_of_life_is_never_limited() -> None:
    assert [rule.template for rule in RULES if not rule.is_limited] == ["/healthz"]


@given(st.text("ab/%.:\n {}", max_size=12).map("/v1/users/{}".format))
def test_a_request_goes_by_the_rule_of_the_route_that_will_answer_it(path: str) -> None:
    app = FastAPI(openapi_url=None)
    for rule in RULES:
        app.add_api_route(rule.template, lambda: None, methods=[rule.method])

    found = Rules().find("GET", path)
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    routed = [route for route in app.routes if route.matches(scope)[0] is Match.FULL]
    assert ([route.path for route in routed] or [""])[0] == found.template


def test_a_rule_is_found_once_and_its_template_noted() -> None:
    class Once(Rules):
        found = 0

        def find(self, method: str, path: str) -> Rule:
            self.found += 1
            return super().find(method, path)

    rules, scope = Once(), {"method": "GET", "path": "/v1/users/ann"}
    assert rules.of(scope) is rules.of(scope)
    assert rules.found == 1
    assert seen(scope).route == "/v1/users/{user_id}"

    elsewhere = {"method": "GET", "path": "/v1/secret"}
    rules.of(elsewhere)
    assert seen(elsewhere).route is None
