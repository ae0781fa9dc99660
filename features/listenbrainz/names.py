"""What names a person on ListenBrainz: ``listenbrainz:NAME``, or the address of their page. Pure text."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

from features.errors import UnreadableSource
from features.profile import CONTROL_CHARACTERS, UserId

PREFIX = "listenbrainz:"
_PAGE = re.compile(r"https://(?:www\.)?listenbrainz\.org/user/([^/?#]+)/?(?:[?#].*)?")
_MOST_LETTERS = 64  # of a name on MusicBrainz, where the accounts are


def is_reference(text: str) -> bool:
    """Whether a text, which may also be a path, names somebody on ListenBrainz."""
    return text.startswith(PREFIX) or bool(_PAGE.fullmatch(text))


def user_name_of(reference: str) -> str:
    """The name in a reference, or a bare name.

    Raises:
        UnreadableSource: it cannot be a name there. The error does not repeat it.
    """
    page = _PAGE.fullmatch(reference)
    name = unicodedata.normalize("NFC", unquote(page[1]) if page else reference.removeprefix(PREFIX))
    is_fit = name == name.strip() and not CONTROL_CHARACTERS.search(name) and "/" not in name and name.strip(".")
    if not is_fit or len(name) > _MOST_LETTERS or "�" in name or not name.isprintable():
        raise UnreadableSource(
            "That is no name of somebody on ListenBrainz.",
            "Write listenbrainz:NAME, with the name as it stands on listenbrainz.org/user/NAME/.",
        )
    return name


def user_id_of(name: str) -> UserId:
    """The id of a person: names on ListenBrainz are the same in any case."""
    return UserId(f"{PREFIX}{name.lower()}")


def page_of(name: str) -> str:
    """The address of a person's page."""
    return f"https://listenbrainz.org/user/{quoted(name)}/"


def quoted(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")
