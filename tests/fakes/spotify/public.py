"""What an app may ask without a person: people, their playlists, artists."""

from __future__ import annotations

from .answers import Answer, Json, Refused, bad_request, forbidden, not_found
from .fields import pick
from .ids import BASE62
from .paging import page
from .routing import Request, route
from .rows import playlist_row
from .shapes import artist, listed_playlist, person, playlist
from .state import State
from .world import Playlist

MOST_IDS = 50
MOST_ROWS = {"items": 50, "tracks": 100}
PRIVATE = "playlist-read-private"


def listed(state: State, ids: list[str | None], viewer: str | None) -> list[Playlist | None]:
    """Those of the playlists that somebody may see in a list; nulls stay."""
    found = (None if each is None else state.world.playlist(each) for each in ids)
    return [each for each in found if each is None or each.is_seen_by(viewer)]


def viewer_of(request: Request) -> str | None:
    """Who looks; private playlists are for those only who allowed it."""
    return request.person if PRIVATE in request.access.scopes else None


def tell_listed(state: State, each: Playlist | None) -> Json | None:
    """A row of a list of playlists."""
    return None if each is None else listed_playlist(state, each)


def _user(state: State, request: Request) -> Answer:
    who = state.world.person(request.named["id"])
    if who is None:
        raise Refused(not_found())
    return Answer(content=person(state, who))


def _user_playlists(state: State, request: Request) -> Answer:
    """Of a person that does not exist, too: an empty page."""
    who = state.world.person(request.named["id"])
    rows = [] if who is None else listed(state, who.playlists, viewer_of(request))
    return Answer(content=page(state, request, rows, lambda each: tell_listed(state, each)))


def _asked_playlist(state: State, request: Request) -> Playlist:
    _check_id(request.named["id"])
    found = state.world.playlist(request.named["id"])
    if found is None or not found.is_seen_by(viewer_of(request)):
        raise Refused(not_found())
    return found


def _check_id(which: str) -> None:
    if not BASE62.fullmatch(which):
        raise Refused(bad_request("Invalid base62 id"))


def _has_contents(state: State, request: Request, what: Playlist) -> bool:
    return not state.is_dev or what.is_edited_by(request.person)


def _contents(state: State, request: Request, what: Playlist, keys: tuple[str, ...], most: int) -> Json:
    with_episodes = "episode" in request.query.get("additional_types", "track").split(",")
    return page(
        state,
        request,
        what.rows,
        lambda row: playlist_row(state, row, keys=keys, with_episodes=with_episodes),
        limits=(most, most),
    )


def _playlist(state: State, request: Request) -> Answer:
    """With its first rows, if they may be seen."""
    what = _asked_playlist(state, request)
    told = playlist(state, what) | ({} if state.is_dev else {"followers": {"href": None, "total": 3}})
    if _has_contents(state, request, what):
        query = {key: value for key, value in request.query.items() if key in ("additional_types", "market")}
        for key, item_keys in _shown_as(state).items():
            path = f"/v1/playlists/{what.id}/{key}"
            first = Request("GET", path, query, access=request.access)
            told[key] = _contents(state, first, what, item_keys, MOST_ROWS[key])
    return Answer(content=pick(told, request.query.get("fields")))


def _shown_as(state: State) -> dict[str, tuple[str, ...]]:
    return {"items": ("item",)} if state.is_dev else {"items": ("item", "track"), "tracks": ("track",)}


def _items(state: State, request: Request) -> Answer:
    what = _asked_playlist(state, request)
    if not _has_contents(state, request, what):
        raise Refused(forbidden())
    told = _contents(state, request, what, _shown_as(state)["items"], MOST_ROWS["items"])
    return Answer(content=pick(told, request.query.get("fields")))


def _tracks(state: State, request: Request) -> Answer:
    told = _contents(state, request, _asked_playlist(state, request), ("track",), MOST_ROWS["tracks"])
    return Answer(content=pick(told, request.query.get("fields")))


def _artists(state: State, request: Request) -> Answer:
    ids = request.query.get("ids", "").split(",")
    if len(ids) > MOST_IDS:
        raise Refused(bad_request("Too many ids requested"))
    for each in ids:
        _check_id(each)
    found = (state.world.artist(each) for each in ids)
    return Answer(content={"artists": [None if each is None else artist(state, each) for each in found]})


def _artist(state: State, request: Request) -> Answer:
    _check_id(request.named["id"])
    found = state.world.artist(request.named["id"])
    if found is None:
        raise Refused(not_found())
    return Answer(content=artist(state, found))


ROUTES = (
    route("GET /v1/users/{id}", _user, in_dev=False),
    route("GET /v1/users/{id}/playlists", _user_playlists, in_dev=False),
    route("GET /v1/playlists/{id}", _playlist),
    route("GET /v1/playlists/{id}/items", _items),
    route("GET /v1/playlists/{id}/tracks", _tracks, in_dev=False),
    route("GET /v1/artists", _artists, in_dev=False),
    route("GET /v1/artists/{id}", _artist),
)
