"""What the OpenAPI document says beyond the routes: descriptions, problems, and what is read raw."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from retriever.problems import MEDIA_TYPE, Problem
from retriever.schemas import Ask, Batch, JobAsk, Mine
from retriever.schemas_near import NearQuery

VERSION = version("soundalike")
DESCRIPTION = (
    "Finds the people who listen as you do, and says why.\n\n"
    "Errors are `application/problem+json` (RFC 9457); `mend` says what to do about them.\n\n"
    "A POST or DELETE with the header `Idempotency-Key`, such as a UUID, can be repeated without harm: the same key "
    "and request are carried out once, and answered alike for a day. Answers with an `ETag` are not sent again to who "
    "asks with `If-None-Match`. Where the server asks for an API key, send it as `Authorization: Bearer <key>`."
)
_SOMEBODY = "Id of somebody in the community."
_IN_PATHS: dict[str, tuple[str, str | int]] = {
    "user_id": (_SOMEBODY, "ada"),
    "a": (_SOMEBODY, "ada"),
    "b": (_SOMEBODY, "grace"),
    "version": ("Version of a model.", 1),
}
"""Parameters of paths, with an example each."""
UPLOADED_AS = ("application/zip", "text/csv", "application/json")
"""Media types of files that are read; which of them it is, is told by content."""
_REF = "#/components/schemas/{model}"
_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, **_PROBLEM}
    for status, description in {
        400: "The body or a header is not well-formed.",
        404: "Nobody, or nothing, is there.",
        408: "The body takes too long.",
        409: "The same request, or another job, is still being worked on; or what is kept is somebody's own.",
        410: "What it was about is gone: a page of an older index, or a person.",
        413: "The body or the profile is too large.",
        415: "The body's media type is not supported.",
        422: "The request does not fit.",
        503: "A part of the service is not available.",
    }.items()
}
_OF_BODIES, _OF_PAGES, _OF_PARAMETERS = ("408", "409", "413", "415"), ("410",), ("400", "404", "422")


def _body(model: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}
    return {"requestBody": {"required": True, "content": content}}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter of a path or a query as its field has it; what may be null there may be left out."""
    place = {"in": "query", "required": False} if "default" in schema else {"in": "path", "required": True}
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    described: dict[str, Any] = {word: schema[word] for word in ("description", "example") if word in schema}
    rest = {word: value for word, value in schema.items() if word not in {"anyOf", *described}}
    if rest.get("default", ...) is None:
        del rest["default"]
    return {"name": name, **place, **described, "schema": rest | (kinds[0] if kinds else {})}


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


_VERSIONS = {
    "Soundalike-Model": _header("Version of the model that gave the answer.", "integer"),
    "Soundalike-Index": _header("Version of the index that was searched."),
}
_ETAG = {"ETag": _header("Changes with the answer; ask again with If-None-Match.")}
OF_INDEX: dict[int | str, dict[str, Any]] = {200: {"headers": _VERSIONS}}
OF_SOMEBODY: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": _VERSIONS,
        "links": {
            name: {
                "operationRef": f"#/paths/{path.replace('/', '~1')}/{method}",
                "parameters": {"user_id": "$response.body#/user_id"},
                "description": "Of who was remembered.",
            }
            for name, path, method in (
                ("person", "/v1/users/{user_id}", "get"),
                ("similar", "/v1/users/{user_id}/similar", "get"),
                ("export", "/v1/users/{user_id}/export", "get"),
                ("forget", "/v1/users/{user_id}", "delete"),
            )
        },
    }
}
_FORBIDDEN: dict[int | str, dict[str, Any]] = {
    403: {"description": "Spotify does not let this server read that, or is not set up here.", **_PROBLEM}
}
_ELSEWHERE: dict[int | str, dict[str, Any]] = {
    401: {"description": "Nobody is logged in with Spotify in this browser.", **_PROBLEM},
    **_FORBIDDEN,
    502: {"description": "What Spotify answered cannot be read.", **_PROBLEM},
}
ASKED = {**OF_SOMEBODY, **_ELSEWHERE}
_AWAY = {"Location": _header("Where the browser goes on.")}
AWAY: dict[int | str, dict[str, Any]] = {
    303: {"description": "The browser goes on to Spotify.", "headers": _AWAY},
    **_FORBIDDEN,
}
BACK: dict[int | str, dict[str, Any]] = {
    303: {"description": "The browser goes on to the dashboard.", "headers": _AWAY},
    **_ELSEWHERE,
    401: {"description": "The login was declined, is over, or is none of this browser's.", **_PROBLEM},
}
TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": _ETAG},
    304: {"description": "Who asks has this answer already.", "headers": _ETAG},
}
TAGGED_OF_INDEX = {status: {**told, "headers": {**_VERSIONS, **_ETAG}} for status, told in TAGGED.items()}

ASK, BATCH, JOB, MINE = _body("Ask"), _body("Batch"), _body("JobAsk"), _body("Mine")
NEAR: dict[str, Any] = {
    "parameters": [_parameter(*named) for named in NearQuery.model_json_schema()["properties"].items()]
}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "content": {"multipart/form-data": {"encoding": {"file": {"contentType": ", ".join(UPLOADED_AS)}}}},
    }
}


def _trim(method: str, operation: dict[str, Any]) -> None:
    """Give the parameters of a path their examples, and take away what an operation cannot answer."""
    parameters = operation.get("parameters", ())
    for parameter in parameters:
        if parameter["in"] == "path":
            description, example = _IN_PATHS[parameter["name"]]
            parameter |= {"description": description, "example": example}
    if method != "get":
        return
    has_pages = any(parameter["name"] == "cursor" for parameter in parameters)
    for status in (*_OF_BODIES, *(() if has_pages else _OF_PAGES), *(() if parameters else _OF_PARAMETERS)):
        del operation["responses"][status]


def describe_bodies(app: FastAPI) -> None:
    """Add the schemas that no route names to the document."""
    generate = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = generate()
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            for name, schema in (
                ("Ask", Ask.model_json_schema(ref_template=_REF)),
                ("Batch", Batch.model_json_schema(ref_template=_REF)),
                ("JobAsk", JobAsk.model_json_schema(ref_template=_REF)),
                ("Mine", Mine.model_json_schema(ref_template=_REF)),
                ("Problem", TypeAdapter(Problem).json_schema(ref_template=_REF)),
            ):
                schemas.update(schema.pop("$defs", {}))
                schemas[name] = schema
            for operations in found["paths"].values():
                for method, operation in operations.items():
                    _trim(method, operation)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
