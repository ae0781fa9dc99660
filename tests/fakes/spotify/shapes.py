"""How people, playlists and artists are told in JSON, in either mode. Tracks and their rows: ``rows``."""

from __future__ import annotations

from urllib.parse import quote

from .answers import Json
from .ids import spotify_id
from .state import State
from .world import ABSENT, Artist, Person, Playlist

OPEN = "https://open.spotify.com"


def reference(state: State, kind: str, which: str) -> Json:
    """What everything has that has an id; ids of people may hold any letter, which addresses have encoded."""
    encoded = quote(which, safe="") if kind == "user" else which
    return {
        "external_urls": {"spotify": f"{OPEN}/{kind}/{encoded}"},
        "href": f"{state.api_url}{kind}s/{encoded}",
        "id": which,
        "type": kind,
        "uri": f"spotify:{kind}:{encoded}",
    }


def images(what: str, count: int) -> list[Json]:
    """So many images, of sizes that are known and are not."""
    sizes = (640, 300, None)
    address = f"https://i.scdn.co/image/{spotify_id('image', what)}"
    return [{"url": f"{address}{size or ''}", "height": size, "width": size} for size in sizes[:count]]


def person(state: State, who: Person) -> Json:
    """A person as others see them, and in extended mode as they see themselves."""
    told = reference(state, "user", who.id) | {
        "display_name": who.display_name,
        "images": images(who.id, who.images),
    }
    return told if state.is_dev else told | {"followers": {"href": None, "total": who.followers}}


def me(state: State, who: Person, scopes: frozenset[str]) -> Json:
    """A person as they see themselves."""
    told = person(state, who) | {"account_id": spotify_id("account", who.id)}
    if state.is_dev:
        return told
    if "user-read-private" in scopes:
        told |= {"country": "SE", "product": "premium", "explicit_content": {"filter_enabled": False}}
    return told | ({"email": f"{who.id}@example.com"} if "user-read-email" in scopes else {})


def artist(state: State, who: Artist) -> Json:
    """An artist as asked for by id."""
    told = reference(state, "artist", who.id) | {"name": who.name, "images": images(who.id, 1)}
    genres = (
        who.genres
        if state.told_genres == "filled"
        else {"absent": ABSENT, "null": None, "empty": ()}[state.told_genres]
    )
    if genres is not ABSENT:
        told["genres"] = None if genres is None else list(genres)
    if state.is_dev:
        return told
    return told | {"popularity": who.popularity, "followers": {"href": None, "total": who.followers}}


def artist_in_track(state: State, who: Artist) -> Json:
    """An artist as tracks and albums name them."""
    return reference(state, "artist", who.id) | {"name": who.name}


def owner(state: State, which: str | None) -> Json:
    """The owner of a playlist, who may be all nulls."""
    if which is None:
        return dict.fromkeys(("display_name", "external_urls", "href", "id", "type", "uri"))
    known = state.world.person(which)
    return reference(state, "user", which) | {"display_name": known.display_name if known else None}


def playlist(state: State, what: Playlist) -> Json:
    """A playlist without its rows, and without a word of how many there are."""
    told = reference(state, "playlist", what.id) | {
        "collaborative": what.collaborative,
        "description": what.description,
        "images": None if what.images is None else images(what.id, what.images),
        "name": what.name,
        "owner": owner(state, what.owner),
        "primary_color": None,
        "public": what.public,
        "snapshot_id": spotify_id("snapshot", what.id, str(len(what.rows))),
    }
    return {key: value for key, value in told.items() if value is not ABSENT}


def listed_playlist(state: State, what: Playlist) -> Json:
    """A playlist as lists show it."""
    counted = {"total": len(what.rows) if what.tells_total else None}
    address = f"{state.api_url}playlists/{what.id}"
    told = playlist(state, what) | {"items": {"href": f"{address}/items", **counted}}
    return told if state.is_dev else told | {"tracks": {"href": f"{address}/tracks", **counted}}
