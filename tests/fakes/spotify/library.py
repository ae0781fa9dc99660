"""What a person who is logged in may ask about themselves: all below /me."""

from __future__ import annotations

from .answers import Answer, Refused, bad_request
from .paging import cursor_page, page
from .public import listed, tell_listed, viewer_of
from .routing import Request, route
from .rows import track
from .shapes import artist, me
from .state import State
from .world import TIME_RANGES, Artist, Person, Playlist, Row

COLLABORATIVE = "playlist-read-collaborative"


def _person(state: State, request: Request) -> Person:
    return state.world.person(request.person or "") or Person(request.person or "")


def _me(state: State, request: Request) -> Answer:
    return Answer(content=me(state, _person(state, request), request.access.scopes))


def _playlists(state: State, request: Request) -> Answer:
    """Their own and those they follow; what the scopes leave out is not there, without a word."""

    def is_shown(each: Playlist | None) -> bool:
        return each is None or not each.collaborative or COLLABORATIVE in request.access.scopes

    found = listed(state, _person(state, request).playlists, viewer_of(request))
    rows = [each for each in found if is_shown(each)]
    return Answer(content=page(state, request, rows, lambda each: tell_listed(state, each)))


def _saved(state: State, request: Request) -> Answer:
    def told(row: Row) -> dict[str, object]:
        return {"added_at": row.added_at, "track": track(state, row.item)}

    return Answer(content=page(state, request, _person(state, request).saved, told))


def _top(state: State, request: Request) -> Answer:
    time_range = request.query.get("time_range", "medium_term")
    if time_range not in TIME_RANGES:
        raise Refused(bad_request("Invalid time range"))
    rows = _person(state, request).top.get(time_range, [])
    return Answer(content=page(state, request, rows, lambda each: artist(state, _known(state, each))))


def _following(state: State, request: Request) -> Answer:
    if request.query.get("type") != "artist":
        raise Refused(bad_request("Missing parameter type" if "type" not in request.query else "Invalid type"))
    rows = [artist(state, _known(state, each)) for each in _person(state, request).followed]
    return Answer(content={"artists": cursor_page(state, request, rows, lambda each: each["id"])})


def _known(state: State, each: Artist) -> Artist:
    return state.world.artist(each.id) or each


ROUTES = (
    route("GET /v1/me", _me, for_person=True),
    route("GET /v1/me/playlists", _playlists, for_person=True),
    route("GET /v1/me/tracks", _saved, for_person=True, scope="user-library-read"),
    route("GET /v1/me/top/artists", _top, for_person=True, scope="user-top-read"),
    route("GET /v1/me/following", _following, for_person=True, scope="user-follow-read"),
)
