"""From a pasted link to the id of a Spotify profile, and from an id to a piece of a path. Nothing is asked of anybody.

spotipy parses no links to users and puts ids into paths as they are, so ``a/../b`` would ask for something else.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from features.errors import SpotifyLink
from features.profile import CONTROL_CHARACTERS, UserId, UserIdText

PROFILE_URL: Final = "https://open.spotify.com/user/"
_HOST = "open.spotify.com"
_URI = "spotify:user:"
_SHORT_HOSTS = frozenset({"spotify.link", "www.spotify.link", "spotify.app.link", "spoti.fi"})
_PATH = re.compile(r"/(?:intl-[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?/)?user/([^/]+)/?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MAX_LENGTH = 2048
_MEND = (
    "On Spotify, open the profile, choose Share, Copy link to profile, and paste that: https://open.spotify.com/user/…"
)


def user_id_of(text: str) -> UserId:
    """The id in ``https://open.spotify.com/user/ID`` (also after ``/intl-xx/``, with any query) or ``spotify:user:ID``.

    Raises:
        SpotifyLink: it is neither, or its id could be no id of ours; the message does not repeat it.
    """
    text = text.strip()
    if len(text) > _MAX_LENGTH or CONTROL_CHARACTERS.search(text):
        raise SpotifyLink("That is no link to a Spotify profile.", _MEND)
    escaped = _escaped_id(text)
    if _BROKEN_ESCAPE.search(escaped):
        raise SpotifyLink("The link is broken: it has a % that stands for nothing.", _MEND)
    try:
        # Once: what is still escaped after that is what the id looks like.
        return UserId(_id_checker().validate_python(_encodable(unquote(escaped, errors="strict"))))
    except (UnicodeError, ValidationError):
        raise SpotifyLink("The link does not hold an id that a Spotify profile can have.", _MEND) from None


def quoted(spotify_id: str) -> str:
    """An id as one piece of a path; ``#``, ``?`` and letters beyond ASCII are escaped."""
    return quote(spotify_id, safe="")


def profile_url(user_id: str) -> str:
    """The page of a profile, for the link back that Spotify asks for."""
    return f"{PROFILE_URL}{quoted(user_id)}"


def _escaped_id(text: str) -> str:
    if text.startswith(_URI):
        found_id = text.removeprefix(_URI).split("?", 1)[0]
        return _no_profile() if ":" in found_id else found_id  # such as a playlist of theirs
    try:
        parts = urlsplit(text)
    except ValueError:
        return _no_profile()
    host = parts.netloc.lower()
    if host in _SHORT_HOSTS:
        raise SpotifyLink(
            "That is a short link, and what it leads to cannot be seen in it.",
            "Open it in a browser and paste the address that it ends at: https://open.spotify.com/user/…",
        )
    if parts.scheme != "https" or host != _HOST:
        return _no_profile()
    found = _PATH.fullmatch(parts.path)
    return found[1] if found else _no_profile()


def _no_profile() -> str:
    raise SpotifyLink("That is no link to a Spotify profile.", _MEND)


def _encodable(text: str) -> str:
    """The same; half an emoji (a lone surrogate) is refused, as it cannot be sent."""
    text.encode()
    return text


@lru_cache(maxsize=1)
def _id_checker() -> TypeAdapter[str]:
    return TypeAdapter(UserIdText)
