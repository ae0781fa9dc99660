"""A stand-in for MusicBrainz: the search for artists and the look-up of one, shaped as its documentation tells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from features.identity import artist_key
from tests.fakes.web import Asked, FakeSite, Reply

_PHRASE = re.compile(r'artist:"((?:\\.|[^"\\])*)" OR alias:"((?:\\.|[^"\\])*)"')


@dataclass
class Artist:
    name: str
    genres: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    disambiguation: str = ""
    score: int = 100

    @property
    def mbid(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.name} {self.disambiguation}"))


class FakeMusicBrainz(FakeSite):
    """Knows the ``artists`` that it is given."""

    def __init__(self, *artists: Artist) -> None:
        super().__init__()
        self.artists = list(artists)

    @property
    def names_asked(self) -> list[str]:
        """The names that were searched for, in order."""
        return [_phrase(asked) for asked in self.asked if "query" in asked.query]

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/ws/2/artist":
            name = _phrase(asked)
            found = [_found(artist) for artist in self.artists if _fits(artist, name)]
            return Reply(document={"created": "2026-11-24", "count": len(found), "offset": 0, "artists": found})
        for artist in self.artists:
            if asked.path == f"/ws/2/artist/{artist.mbid}" and asked.query.get("inc") == "genres+tags":
                return Reply(document=_about(artist))
        return Reply(
            404, {"error": "Not Found", "help": "For usage, please see: https://musicbrainz.org/development/mmd"}
        )


def _phrase(asked: Asked) -> str:
    match = _PHRASE.fullmatch(asked.query["query"])
    assert match is not None
    assert match[1] == match[2]
    return re.sub(r"\\(.)", r"\1", match[1])


def _fits(artist: Artist, name: str) -> bool:
    """A search finds whoever has all the words of the phrase in their name or an alias."""
    return any(f" {artist_key(name)} " in f" {artist_key(known)} " for known in (artist.name, *artist.aliases))


def _found(artist: Artist) -> dict[str, object]:
    found: dict[str, object] = {
        "id": artist.mbid,
        "type": "Group",
        "score": artist.score,
        "name": artist.name,
        "sort-name": artist.name,
        "life-span": {"ended": None},
    }
    if artist.aliases:  # what there is none of is left out
        found["aliases"] = [
            {"name": alias, "sort-name": alias, "locale": None, "type": None} for alias in artist.aliases
        ]
    if artist.tags:
        found["tags"] = _votes(artist.tags)
    return found


def _about(artist: Artist) -> dict[str, object]:
    genres = [
        {**vote, "id": str(uuid5(NAMESPACE_URL, str(vote["name"]))), "disambiguation": ""}
        for vote in _votes(artist.genres)
    ]
    return {"id": artist.mbid, "name": artist.name, "genres": genres, "tags": _votes(artist.tags | artist.genres)}


def _votes(votes: dict[str, int]) -> list[dict[str, object]]:
    return [{"name": name, "count": count} for name, count in sorted(votes.items())]
