"""Logging in with Spotify, and taking that back. A browser is sent to Spotify and comes back to the callback.

These routes need no API key, as a browser follows links without one; they let nobody do more than see their own login.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from features.errors import SpotifyError
from features.profile import UserId
from retriever import documents
from retriever.answers_spotify import Disconnected, LoggedIn
from retriever.browser_session import end_session, new_session, session_of, set_session
from retriever.elsewhere import SpotifyDoor
from retriever.members import Members
from retriever.routes.common import Opened, json_answer, opened

router = APIRouter(tags=["spotify"])
_MOST = 4096
_State = Annotated[str, Query(max_length=_MOST, description="As Spotify was told it when the login was begun.")]
_Code = Annotated[str | None, Query(max_length=_MOST, description="What tokens are given for.")]
_Refusal = Annotated[str | None, Query(max_length=_MOST, description="Why there is none, such as access_denied.")]


@router.get("/v1/spotify/login", status_code=303, response_class=RedirectResponse, responses=documents.AWAY)
async def login(request: Request) -> Response:
    """Send the browser to Spotify, to log in and to agree to what is read there."""
    room, session = opened(request), session_of(request) or new_session()
    spotify = _spotify(room)

    async def begin() -> str:
        return await room.workers.run(lambda: spotify.logins().begin(session))

    away = RedirectResponse(await room.workers.admit(begin), 303)
    set_session(away, session, is_https=_is_https(room))
    return away


@router.get("/v1/spotify/callback", response_model=LoggedIn, responses=documents.BACK)
async def callback(request: Request, state: _State = "", code: _Code = None, error: _Refusal = None) -> Response:
    """Where Spotify sends the browser back to; it goes on to the dashboard, where there is one."""
    room, session, fresh = opened(request), session_of(request), new_session()
    spotify, dashboard = _spotify(room), room.parts.settings.dashboard_url

    def finish() -> UserId:
        return spotify.logins().finish(session, state, code=code, error=error, becomes=fresh)

    try:
        user_id = await room.workers.admit(lambda: room.readers.run(finish))
    except SpotifyError as failure:
        if dashboard is None:
            raise
        return RedirectResponse(f"{dashboard}?{urlencode({'spotify': failure.code})}", 303)
    answer = (
        json_answer(LoggedIn(user_id)) if dashboard is None else RedirectResponse(f"{dashboard}?spotify=logged-in", 303)
    )
    set_session(answer, fresh, is_https=_is_https(room))
    return answer


@router.get("/v1/spotify/me", response_model=LoggedIn)
async def me(request: Request) -> Response:
    """Who is logged in with Spotify in this browser."""
    room, session = opened(request), session_of(request)
    door = _spotify(room)
    return json_answer(
        LoggedIn(await room.workers.run(lambda: door.login.who(session) if door.login is not None else None))
    )


@router.post("/v1/spotify/disconnect", response_model=Disconnected)
async def disconnect(request: Request) -> Response:
    """Log out, and delete at once all that was read from Spotify of this person: the tokens, and the person.

    Who joined by an upload stays; DELETE /v1/users/ID deletes them.
    """
    room, session = opened(request), session_of(request)
    spotify, members = _spotify(room), room.parts.members
    answer = json_answer(await room.workers.run(lambda: _disconnected(spotify, members, session)))
    end_session(answer, is_https=_is_https(room))
    return answer


def _disconnected(spotify: SpotifyDoor, members: Members, session: str) -> Disconnected:
    if spotify.login is None:
        return Disconnected(None, deleted=False)
    user_id = spotify.login.who(session)
    if user_id is None:
        return Disconnected(None, deleted=False)
    # Takes the login along at its end, so that a failure can be told and tried again.
    deleted = members.forget_spotify(user_id)
    spotify.login.disconnect(session)
    return Disconnected(user_id, deleted)


def _spotify(room: Opened) -> SpotifyDoor:
    return room.parts.elsewhere.spotify


def _is_https(room: Opened) -> bool:
    return room.parts.elsewhere.spotify.is_https
