"""What a client asks while something is wrong, and how it is told."""

import httpx
from fastapi.testclient import TestClient

PROFILE = {"playlists": [{"name": "p", "tracks": [{"artist": "Scene 0 artist 1", "plays": 9}]}]}


def join(api: TestClient, user_id: str) -> httpx.Response:
    return api.post("/v1/recommendations", json={"profile": {**PROFILE, "user_id": user_id}})


def must_be_unavailable(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
