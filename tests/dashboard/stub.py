"""A stub of the HTTP API for the page: canned answers by method and path, and what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

NAMES = ("Ada Lindqvist", "Bo", "Cleo Marsh", "Dara", "Emil von Örn")


def towers(artist: float | None = 0.7) -> dict[str, Any]:
    return {"genre": 0.5, "artist": artist, "playlist": None}


def eras() -> dict[str, Any]:
    return {"overlap": 0.6, "decades": [{"decade": "1990s", "one": 0.4, "other": 1.0}]}


def recommendation(number: int, **more: Any) -> dict[str, Any]:
    return {
        "user_id": f"u{number}",
        "display_name": NAMES[number % len(NAMES)],
        "profile_url": f"https://open.spotify.com/user/u{number}",
        "similarity": 0.9 - number / 20,
        "percentile": 99.95 - number,
        "confidence": 0.8 - number / 10,
        "shared_artists": [f"Rare {each}" for each in range(10)],
        "shared_genres": ["dream pop", "dub"],
        "towers": towers(),
        "eras": eras(),
        **more,
    }


def recommendations(**more: Any) -> dict[str, Any]:
    return {
        "user_id": "me",
        "model_version": 3,
        "index": "users-v3-b1",
        "coverage": {"genres": 0.8, "years": 0.5},
        "stored": True,
        "recommendations": [recommendation(number) for number in range(3)],
        "discoveries": [{"artist": "New & Loved", "score": 3.0, "people": 4}],
        "leave_code": None,
        **more,
    }


def person(user_id: str = "me", **more: Any) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "display_name": "Me Myself",
        "profile_url": None,
        "source": "spotify-export",
        "updated_at": "2026-11-24T12:00:00Z",
        "coverage": {"genres": 0.8, "years": 0.5},
        "counts": {"playlists": 1, "artists": 20, "genres": 3},
        "top_artists": ["Portishead"],
        "top_genres": ["trip hop"],
        "decades": {"1990s": 0.75, "2000s": 0.25},
        **more,
    }


def compatibility(**more: Any) -> dict[str, Any]:
    def side(user_id: str, name: str) -> dict[str, Any]:
        return {"user_id": user_id, "display_name": name, "profile_url": None, "only": [f"Only {name}"]}

    return {
        "model_version": 3,
        "index": "users-v3-b1",
        "one": side("me", "Me"),
        "other": side("u1", "Bo"),
        "score": 81.6,
        "similarity": 0.816,
        "percentile": 98.0,
        "confidence": 0.7,
        "towers": towers(),
        "shared_artists": ["Rare 1"],
        "shared_genres": ["dub"],
        "eras": eras(),
        **more,
    }


def status(**more: Any) -> dict[str, Any]:
    return {
        "status": "ready",
        "reasons": [],
        "model": {"version": 3, "created_at": "2026-11-20T12:00:00Z", "age_s": 4000.0},
        "index": {
            "version": "users-v3-b1",
            "built_at": "2026-11-20T13:00:00Z",
            "age_s": 3700.0,
            "people": 142,
            "people_when_built": 140,
            "recall_at_10": 0.997,
        },
        "features": {"people": 142, "text_model": "mini", "changed_at": None, "age_s": 90000.0},
        "outbox": {"waiting": 2, "oldest_s": 0.5},
        "encoding_waiting": 0,
        "spotify": {"mode": "extended", "why": "The app may read profiles.", "login": True},
        **more,
    }


def taste_map(**more: Any) -> dict[str, Any]:
    return {
        "index": "users-v3-b1",
        "model_version": 3,
        "method": "pca",
        "explained": [0.31, 0.12],
        "people": 3,
        "points": {
            "user_id": ["me", "u0", "u1"],
            "name": ["Me", "Ada", None],
            "x": [0.0, 1.0, 2.0],
            "y": [0.0, 1.0, -1.0],
            "genre": ["dub", None, "folk"],
        },
        **more,
    }


def model(version: int, **more: Any) -> dict[str, Any]:
    return {
        "version": version,
        "created_at": f"2026-11-{10 + version}T12:00:00Z",
        "accepted": version != 2,
        "verdict": "Not worse than the live model." if version != 2 else "Rejected: halves_mrr fell by 0.040.",
        "metrics": {"halves_hit_at_10": 0.5 + version / 10, "halves_mrr": 0.4},
        "people": 140,
        "text_model": "mini",
        "compared": {
            "model": {"halves_mrr": 0.4, "largest_k_occurrence": 31.0, "coverage": 0.97},
            "random": {"halves_mrr": 0.01},
            "raw features": {"halves_mrr": 0.2},
        },
        "curve": [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}],
        **more,
    }


def models(**more: Any) -> dict[str, Any]:
    return {"live": 3, "models": [model(3), model(2), model(1)], **more}


def history(**more: Any) -> dict[str, Any]:
    return {
        "at": ["2026-11-24T12:00:00Z", "2026-11-24T12:05:00Z"],
        "people": [140, 142],
        "outbox_waiting": [0, 2],
        "index_age_s": [3400.0, 3700.0],
        "model_age_s": [3700.0, 4000.0],
        **more,
    }


def job(**more: Any) -> dict[str, Any]:
    return {
        "id": "j1",
        "kind": "index",
        "state": "done",
        "started_at": "2026-11-24T12:00:00Z",
        "ended_at": "2026-11-24T12:01:00Z",
        "said": ["published users-v3-b2"],
        **more,
    }


def problem(status_code: int, what: str, mend: str = "Mend it.", **more: Any) -> httpx.Response:
    body = {
        "type": "urn:x",
        "title": "Not so",
        "status": status_code,
        "detail": what,
        "mend": mend,
        "code": "x",
        **more,
    }
    return httpx.Response(status_code, content=json.dumps(body), headers={"content-type": "application/problem+json"})


@dataclass
class Stub:
    """Answers with what ``answers`` holds for "METHOD /path"; anything else is a 404 problem."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def bodies(self, line: str) -> list[str]:
        return [asked.content.decode(errors="replace") for asked in self.asked if _line(asked) == line]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        found = self.answers.get(_line(request))
        if callable(found):
            found = found(request)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, httpx.Response):
            return found
        if found is None:
            return problem(404, "Nobody of that id is here.", code="unknown-user")
        return httpx.Response(200, json=found)


def a_stub(**more: Any) -> Stub:
    """An API in good health that knows everything."""
    known = {
        "GET /v1/status": status(),
        "GET /v1/status/history": history(),
        "POST /v1/recommendations": recommendations(),
        "POST /v1/profiles": recommendations(),
        "GET /v1/users/me": person(),
        **{f"GET /v1/users/u{number}": person(f"u{number}", display_name=NAMES[number]) for number in range(5)},
        "GET /v1/users/me/compatibility/u1": compatibility(),
        "GET /v1/users/me/export": {"user_id": "me"},
        "DELETE /v1/users/me": httpx.Response(204),
        "GET /v1/spotify/me": {"user_id": None},
        "POST /v1/spotify/disconnect": {"user_id": "me", "deleted": True},
        "GET /v1/map": taste_map(),
        "GET /v1/models": models(),
        "GET /v1/admin/jobs": {"jobs": [job()]},
        "POST /v1/admin/jobs": httpx.Response(202, json=job(state="running", ended_at=None)),
    }
    return Stub({**known, **more.pop("answers", {})}, **more)


def _line(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path}"
