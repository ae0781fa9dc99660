"""A stand-in for ListenBrainz: statistics of people and metadata, shaped as its documentation and its source tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.web import Asked, FakeSite, Reply

_STATS = re.compile(r"/1/stats/user/([^/]+)/(artists|recordings)")


def mbid_of(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


@dataclass
class Heard:
    """A recording somebody has heard: by whom, how often, from when."""

    title: str
    artists: tuple[str, ...]
    listens: int
    year: int | None = None
    is_linked: bool = True


@dataclass
class Person:
    artists: dict[str, int] = field(default_factory=dict)
    recordings: list[Heard] = field(default_factory=list)
    is_counted: bool = True


class FakeListenBrainz(FakeSite):
    """Knows ``people`` by name, in any case, and ``genres`` and other ``tags`` of artists: name -> tag -> votes."""

    def __init__(self, page: int = 1000) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}
        self.genres: dict[str, dict[str, int]] = {}
        self.tags: dict[str, dict[str, int]] = {}
        self.unlinked: set[str] = set()
        self.page = page

    def answer(self, asked: Asked) -> Reply:
        if stats := _STATS.fullmatch(asked.path):
            return self._stats(unquote(stats[1]), stats[2], asked)
        if asked.path == "/1/metadata/artist/":
            return self._artists(asked)
        if asked.path == "/1/metadata/recording/":
            return self._recordings(asked)
        return Reply(404, {"code": 404, "error": "Not found"})

    def _stats(self, name: str, kind: str, asked: Asked) -> Reply:
        person = next((each for known, each in self.people.items() if known.lower() == name.lower()), None)
        if person is None:
            return Reply(404, {"code": 404, "error": f"Cannot find user: {name}"})
        if asked.query.get("range") != "all_time":
            return Reply(400, {"code": 400, "error": "Invalid range"})
        if not person.is_counted:
            return Reply(204)
        offset, count = int(asked.query["offset"]), min(int(asked.query["count"]), self.page)
        found = [self._artist(*each) for each in person.artists.items()]
        found = found if kind == "artists" else [_recording(heard) for heard in person.recordings]
        page = found[offset : offset + count]
        # More are counted than ranked.
        told = {"user_id": name, kind: page, "count": len(page), f"total_{kind[:-1]}_count": len(found) + 50}
        return Reply(document={"payload": {**told, "offset": offset, "range": "all_time", "last_updated": 1588494361}})

    def _artist(self, name: str, listens: int) -> dict[str, object]:
        mbid = None if name in self.unlinked else mbid_of(name)
        return {"artist_mbid": mbid, "artist_name": name, "listen_count": listens}

    def _artists(self, asked: Asked) -> Reply:
        wanted = asked.query["artist_mbids"].split(",")
        known = {mbid_of(name): name for name in (*self.genres, *self.tags)}
        rows = []
        for mbid in sorted(set(wanted) & known.keys()):
            name = known[mbid]
            genres = [
                {"artist_mbid": mbid, "count": count, "genre_mbid": mbid_of(tag), "tag": tag}
                for tag, count in self.genres.get(name, {}).items()
            ]
            tags = [{"artist_mbid": mbid, "count": count, "tag": tag} for tag, count in self.tags.get(name, {}).items()]
            row = {"artist_mbid": mbid, "mbid": mbid, "name": name, "begin_year": 1900, "type": "Group", "rels": {}}
            rows.append({**row, "tag": {"artist": tags + genres}})
        return Reply(document=rows)

    def _recordings(self, asked: Asked) -> Reply:
        heard = {mbid_of(each.title): each for person in self.people.values() for each in person.recordings}
        document = {}
        for mbid in asked.query["recording_mbids"].split(","):
            if mbid in heard:
                year = heard[mbid].year
                release = None if year is None else {"mbid": mbid_of("r"), "name": "Release", "year": year}
                document[mbid] = {"recording": {"rels": []}, "release": release}
        return Reply(document=document)


def _recording(heard: Heard) -> dict[str, object]:
    return {
        "artist_mbids": [mbid_of(artist) for artist in heard.artists] if heard.is_linked else [],
        "artist_name": " & ".join(heard.artists),
        "listen_count": heard.listens,
        "recording_mbid": mbid_of(heard.title),
        "release_mbid": "",
        "release_name": "Release",
        "track_name": heard.title,
    }
