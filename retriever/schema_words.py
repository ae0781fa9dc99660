"""What the OpenAPI document says of a question beyond types: examples, and which of its fields go together."""

from __future__ import annotations

from typing import Any

EXAMPLE: dict[str, Any] = {
    "profile": {
        "display_name": "Ada",
        "source": "by-hand",
        "playlists": [
            {
                "name": "Rainy evenings",
                "tracks": [
                    {"artist": "Nick Drake", "title": "Pink Moon", "genres": ["folk"], "release_year": 1972},
                    {"artist": "Vashti Bunyan", "genres": ["folk", "psych folk"], "plays": 41},
                ],
            }
        ],
    },
    "limit": 5,
    "remember": False,
}
BENT: dict[str, Any] = {
    "user_id": "ada",
    "like": {"artists": ["Alice Coltrane"]},
    "unlike": {"users": ["bob"]},
    "min_artists": 20,
    "diversity": 0.3,
}
LIKING: dict[str, Any] = {"like": {"artists": ["Alice Coltrane", "Pharoah Sanders"]}, "limit": 5}

# What the validators of ``schemas`` ask for beyond types, in the schema's own words.
_NO_NULL, _NULL = {"not": {"type": "null"}}, {"type": "null"}
_AN_ARTIST = {"required": ["artist"], "properties": {"artist": {"pattern": r"\S"}}}
_A_PLAYLIST = {"required": ["tracks"], "properties": {"tracks": {"type": "array", "contains": _AN_ARTIST}}}
_WITH_A_TRACK = {
    "required": ["playlists"],
    "properties": {"playlists": {"type": "array", "contains": _A_PLAYLIST}},
}
_KINDS = ("users", "artists")
_NONE = dict.fromkeys(("profile", "user_id", "spotify_url", "listenbrainz"), _NULL) | {
    "spotify_login": {"const": False}
}


def _asked_by(name: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"required": [name], "properties": _NONE | {name: told}}


ASKERS: list[Any] = [
    _asked_by("profile", {**_NO_NULL, **_WITH_A_TRACK}),
    _asked_by("user_id", _NO_NULL),
    _asked_by("spotify_url", _NO_NULL),
    _asked_by("listenbrainz", _NO_NULL),
    _asked_by("spotify_login", {"const": True}),
    _asked_by("like", {"anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in _KINDS]}),
]
