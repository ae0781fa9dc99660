"""Where a listening can be read from, and the fields that say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.api.asked import Asked
from dashboard.api.client import Api
from dashboard.api.people import Recommendations
from dashboard.api.service import Status
from dashboard.room import Room
from dashboard.views import fragments
from dashboard.views.words import escaped

LINK, LOGIN, LISTENBRAINZ, FILE = "Spotify link", "Log in with Spotify", "ListenBrainz", "Upload a file"


@dataclass(frozen=True)
class Source:
    """Where to read from.

    Attributes:
        doing: what is done while it is read, as a title.
        step: the same in a sentence.
        ask: puts the question.
        proves: whether it can only be the listening of who asks, and not of somebody whose name they know.
    """

    doing: str
    step: str
    ask: Callable[[Api, Asked], Recommendations]
    proves: bool = False


def choose(room: Room, status: Status) -> Source | None:
    """The fields; None until one is filled in."""
    ways = [FILE, LINK, LOGIN, LISTENBRAINZ]
    back = st.query_params.get("spotify") == "logged-in"
    way = st.segmented_control(
        "Where is your listening?", ways, default=LOGIN if back else FILE, key="way", required=True
    )
    if way == LINK:
        return _link(status)
    if way == LOGIN:
        return _login(room, status)
    if way == LISTENBRAINZ:
        return _listenbrainz()
    return _file()


def _link(status: Status) -> Source | None:
    if status.spotify.mode != "extended":
        st.html(fragments.notice("Links may not work here", status.spotify.why, _OTHER_WAYS, kind="note"))
    link = st.text_input(
        "Link to your Spotify profile", placeholder="https://open.spotify.com/user/…", key="link", max_chars=2048
    ).strip()
    if not link:
        return None
    return Source(
        "Reading your public playlists",
        "Reading playlists, artists and genres at Spotify, and embedding them. This can take half a minute; what was "
        "read until it breaks off is kept for a day, for the next try.",
        lambda api, asked: api.ask("spotify_url", link, asked),
    )


_OTHER_WAYS = "Upload your data export, log in, or use a name at ListenBrainz: those work without Spotify's leave."


def _login(room: Room, status: Status) -> Source | None:
    if not status.spotify.login:
        st.html(
            fragments.notice(
                "This server has no Spotify login",
                status.spotify.why,
                "Upload your data export, or use a name at ListenBrainz.",
                kind="note",
            )
        )
        return None
    if room.api.session == "" or room.api.logged_in().user_id is None:
        st.html(
            f'<p><a class="sa-button" href="{escaped(room.settings.login_url)}">Log in with Spotify</a></p>'
            '<p class="sa-quiet sa-after">You go to Spotify, agree to what is read, and come back here. We may only '
            "read, never change. Your login is kept, encrypted, until you press Disconnect under My data.</p>"
        )
        return None
    st.html(fragments.notice("You are logged in with Spotify", "Choose below whether to look or to join.", kind="good"))
    return Source(
        "Reading your library",
        "Reading playlists, liked songs, top and followed artists at Spotify, and embedding them.",
        lambda api, asked: api.ask("spotify_login", True, asked),
        proves=True,
    )


def _listenbrainz() -> Source | None:
    name = st.text_input("Name at ListenBrainz", key="listenbrainz", max_chars=64).strip()
    if not name:
        return None
    return Source(
        "Reading your statistics at ListenBrainz",
        "Reading your most played artists at ListenBrainz, one request a second, and embedding them.",
        lambda api, asked: api.ask("listenbrainz", name, asked),
    )


def _file() -> Source | None:
    file = st.file_uploader(
        "Spotify's data export (ZIP), or a playlist from Exportify (CSV)", type=["zip", "csv"], key="file"
    )
    if file is None:
        return None
    name, content = file.name, file.getvalue()
    return Source(
        "Reading your file",
        f"Sending {len(content) / 1e6:.1f} MB; the API reads playlists and plays, and embeds them.",
        lambda api, asked: api.upload(name, content, asked),
        proves=True,
    )
