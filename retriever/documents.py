"""What the OpenAPI document says beyond the routes: descriptions, problems, and what is read raw."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from retriever.problems import MEDIA_TYPE, Problem
from retriever.schemas import Ask, Batch
from retriever.schemas_near import NearQuery

VERSION = version("soundalike")
DESCRIPTION = (
    "Finds the people who listen as you do, and says why.\n\n"
    "Errors are `application/problem+json` (RFC 9457); `mend` says what to do about them."
)
_REF = "#/components/schemas/{model}"
_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, **_PROBLEM}
    for status, description in {
        400: "The body or a header is not well-formed.",
        404: "Nobody, or nothing, is there.",
        408: "The body takes too long.",
        409: "The same request is still being worked on.",
        410: "What it was about is gone: a page of an older index, or a person.",
        413: "The body or the profile is too large.",
        415: "The body's media type is not supported.",
        422: "The request does not fit.",
        503: "A part of the service is not available.",
    }.items()
}


def _body(model: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}
    return {"requestBody": {"required": True, "content": content}}


ASK, BATCH = _body("Ask"), _body("Batch")
NEAR: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "query" if "default" in schema else "path",
            "required": "default" not in schema,
            "schema": schema,
        }
        for name, schema in NearQuery.model_json_schema()["properties"].items()
    ]
}


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
                ("Problem", TypeAdapter(Problem).json_schema(ref_template=_REF)),
            ):
                schemas.update(schema.pop("$defs", {}))
                schemas[name] = schema
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
