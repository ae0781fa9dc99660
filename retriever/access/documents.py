"""What the OpenAPI document says of keys and limits: the same table that the door goes by."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from retriever.access.rules import Rule, Rules
from retriever.problems import MEDIA_TYPE

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: Authorization: Bearer KEY."},
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same in a header of its own.",
    },
}
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_METHODS = ("get", "post", "delete", "put", "patch")


def describe_access(app: FastAPI, rules: Rules, *, has_keys: bool, has_limits: bool) -> None:
    """Add to the document of ``app`` what a caller meets at the door."""
    generate = app.openapi

    def document() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        found = generate()
        if is_new:
            _describe(found, rules, has_keys=has_keys, has_limits=has_limits)
        return found

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _describe(document: dict[str, Any], rules: Rules, *, has_keys: bool, has_limits: bool) -> None:
    if has_keys:
        document.setdefault("components", {})["securitySchemes"] = _SCHEMES
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                rule, operation = rules.find(method.upper(), path), operations[method]
                if has_keys and rule.role is not None:
                    _add_keys(operation, rule)
                if has_limits and rule.is_limited:
                    _add_problem(operation, "429", "Too many requests; Retry-After tells when to come back.")


def _add_keys(operation: dict[str, Any], rule: Rule) -> None:
    operation["security"] = [{scheme: []} for scheme in _SCHEMES]
    _add_problem(operation, "401", "An API key is missing, or is not valid.")
    _add_problem(operation, "403", f"The API key may not do this; it takes the role {rule.role}.")


def _add_problem(operation: dict[str, Any], status: str, description: str) -> None:
    headers = {"Retry-After": {"schema": {"type": "integer"}}} if status == "429" else {}
    operation["responses"][status] = {"description": description, "content": _PROBLEM, "headers": headers}
