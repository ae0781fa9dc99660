"""A small application behind the middlewares, and a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from retriever.access.caller import caller_id
from retriever.access.keyfile import KeyFile
from retriever.access.keys import new_key
from retriever.access.roles import Role
from tests.builders import NOW

ROUTES = (
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/v1/users/{user_id}"),
    ("GET", "/v1/users/{user_id}/export"),
    ("DELETE", "/v1/users/{user_id}"),
    ("POST", "/v1/recommendations"),
    ("GET", "/v1/forgotten"),
)


class Clock:
    """Stands still until it is moved; speaks both as a datetime and as seconds since 1970."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_toy() -> FastAPI:
    """Answers every route with the caller's id."""

    async def answer(request: Request) -> str:
        return caller_id(request.scope)

    app = FastAPI()
    for method, path in ROUTES:
        app.add_api_route(path, answer, methods=[method])
    return app


def a_key(file: KeyFile, role: Role = Role.READ, name: str = "web", **more: Any) -> tuple[str, str]:
    """Put a key into the file; the key and its id."""
    key, entry = new_key(name, role, now=NOW, **more)
    file.change(lambda ring: ring.with_key(entry))
    return key.get_secret_value(), entry.id


@contextmanager
def client_of(app: FastAPI, address: str = "10.0.0.1") -> Iterator[TestClient]:
    with TestClient(app, client=(address, 50_000)) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
