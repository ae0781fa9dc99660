"""Which route needs which role: one table. What it does not list needs ``admin``, so nothing is open by mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.routing import compile_path
from starlette.types import Scope

from retriever.access.roles import Role
from retriever.observe.seen import seen


@dataclass(frozen=True, slots=True)
class Rule:
    """What one route asks of a caller.

    Attributes:
        method: GET stands for HEAD as well.
        template: of the path, as the route has it.
        role: None lets everybody in.
        is_limited: whether its requests count towards the rate limits.
    """

    method: str
    template: str
    role: Role | None
    is_limited: bool = True

    @property
    def writes(self) -> bool:
        """Whether it may change what is kept of people."""
        return self.role is Role.WRITE


RULES = (
    Rule("GET", "/healthz", None, is_limited=False),
    Rule("GET", "/readyz", None),
    Rule("GET", "/", Role.READ),
    Rule("GET", "/docs", Role.READ),
    Rule("GET", "/docs/oauth2-redirect", Role.READ),
    Rule("GET", "/redoc", Role.READ),
    Rule("GET", "/openapi.json", Role.READ),
    Rule("GET", "/v1/status", Role.READ),
    Rule("GET", "/v1/status/history", Role.READ),
    Rule("GET", "/v1/map", Role.READ),
    Rule("GET", "/v1/models", Role.READ),
    Rule("GET", "/v1/models/{version}/report", Role.READ),
    # A browser follows links without a key; all that these tell is of its own session.
    Rule("GET", "/v1/spotify/login", None),
    Rule("GET", "/v1/spotify/callback", None),
    Rule("GET", "/v1/spotify/me", None),
    Rule("POST", "/v1/spotify/disconnect", None),
    Rule("GET", "/v1/users/{user_id}", Role.READ),
    Rule("GET", "/v1/users/{user_id}/similar", Role.READ),
    Rule("GET", "/v1/users/{a}/compatibility/{b}", Role.READ),
    # Whether one is to be remembered stands in the body, which is not read here: who may ask with a profile may write.
    Rule("POST", "/v1/recommendations", Role.WRITE),
    Rule("POST", "/v1/recommendations:batch", Role.WRITE),
    Rule("POST", "/v1/profiles", Role.WRITE),
    Rule("DELETE", "/v1/users/{user_id}", Role.WRITE),
    # It takes a code that only one person has; as a write it can be tried less often.
    Rule("POST", "/v1/mine/export", Role.WRITE),
    # All of somebody's listening, and numbers on the whole service.
    Rule("GET", "/v1/users/{user_id}/export", Role.ADMIN),
    Rule("GET", "/metrics", Role.ADMIN),
    # Hours of the machine's work, and which model and index are live.
    Rule("GET", "/v1/admin/jobs", Role.ADMIN),
    Rule("POST", "/v1/admin/jobs", Role.ADMIN),
)

UNLISTED = Rule("", "", Role.ADMIN)
"""Holds for every request that no rule is for."""

_IN_SCOPE = "soundalike.rule"


class Rules:
    """Finds the rule for a request, before it is routed and just as it will be."""

    def __init__(self, rules: Iterable[Rule] = RULES) -> None:
        self._exact: dict[tuple[str, str], Rule] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Rule]] = []
        for rule in rules:
            if "{" in rule.template:
                self._patterns.append((rule.method, compile_path(rule.template)[0], rule))
            else:
                self._exact[rule.method, rule.template] = rule

    def of(self, scope: Scope) -> Rule:
        """The rule for the request of ``scope``; noted there, and its template for the log."""
        rule: Rule | None = scope.get(_IN_SCOPE)
        if rule is None:
            rule = scope[_IN_SCOPE] = self.find(scope["method"], scope["path"])
            seen(scope).route = rule.template or None
        return rule

    def find(self, method: str, path: str) -> Rule:
        """The rule for a request; ``path`` is decoded, as ASGI gives it."""
        method = "GET" if method == "HEAD" else method
        exact = self._exact.get((method, path))
        if exact is not None:
            return exact
        for of_method, pattern, rule in self._patterns:
            if of_method == method and pattern.match(path):
                return rule
        return UNLISTED
