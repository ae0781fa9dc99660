"""Tags of models: a name for which the cluster has a schema, and a JSON value, kept as text."""

from __future__ import annotations

from collections.abc import Callable

from .routing import Answer, Refused, Request, Route, route
from .state import Json, State


def accepted(state: State, name: str, value: str) -> str:
    """The value of a tag. Raises Refused where the cluster has no schema of that name."""
    if name not in state.tag_schemas:
        raise Refused(404, 370000, "No schema found for provided name", f"{name} schema is not defined.")
    return value


def kept_tags(path: str, owner_of: Callable[[State, str], Json], scope: str) -> tuple[Route, ...]:
    """Routes below ``path``; ``owner_of`` finds by the path's id what the tags belong to, or refuses."""

    def tags_of(state: State, request: Request) -> dict[str, str]:
        return state.tags.setdefault(owner_of(state, request.named["id"])["id"], {})

    def put(state: State, request: Request) -> Answer:
        tags, name = tags_of(state, request), request.named["name"]
        is_new = name not in tags
        tags[name] = accepted(state, name, request.body.decode())
        return Answer(_listed(tags), 201 if is_new else 200)

    def get(state: State, request: Request) -> Answer:
        tags, name = tags_of(state, request), request.named.get("name")
        if name is None:
            return Answer(_listed(tags))
        if name not in tags:
            raise Refused(404, 370002, "No tag found for provided name.", f"tag: {name}")
        return Answer(_listed({name: tags[name]}))

    def delete(state: State, request: Request) -> Answer:
        tags_of(state, request).pop(request.named["name"], None)
        return Answer(status=204)

    return (
        route(f"GET {path}", get, scope),
        route(f"GET {path}/{{name}}", get, scope),
        route(f"PUT {path}/{{name}}", put, scope),
        route(f"DELETE {path}/{{name}}", delete, scope),
    )


def _listed(tags: dict[str, str]) -> Json:
    return {"count": len(tags), "items": [{"name": name, "value": value} for name, value in tags.items()]}
