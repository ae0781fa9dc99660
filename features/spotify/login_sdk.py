"""The packages of the extra ``spotify``, imported when they are needed, and kept from logging what is secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from features.errors import SpotifyNotConfigured

EXTRA = "soundalike[spotify]"
_LOGGERS = ("spotipy.client", "spotipy.oauth2", "spotipy.util", "spotipy.cache_handler")


@contextmanager
def installed() -> Iterator[None]:
    """Around an import of the extra's packages.

    Raises:
        SpotifyNotConfigured: they are not installed.
    """
    try:
        yield
    except ImportError as error:
        raise SpotifyNotConfigured(
            "What speaks with Spotify is not installed.", f"Install it with: pip install '{EXTRA}'"
        ) from error


def sdk() -> ModuleType:
    """The package ``spotipy``, whose loggers are silent whatever their level.

    At DEBUG they tell codes, verifiers and tokens, at ERROR whom the request was about. A filter, as a level or
    ``disabled`` is set anew by whoever sets up logging after this.

    Raises:
        SpotifyNotConfigured: it is not installed.
    """
    with installed():
        import spotipy
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_nothing)
    return spotipy


def _nothing(_record: logging.LogRecord) -> bool:
    return False
