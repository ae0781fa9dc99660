"""Clients of the stand-in as tests use them: the real spotipy, and plain httpx. No retries, so that faults are seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
import requests
from spotipy import MemoryCacheHandler, Spotify, SpotifyClientCredentials, SpotifyOAuth, SpotifyPKCE

from .fake import ALL_SCOPES, FakeSpotify

_Manager = TypeVar("_Manager", SpotifyOAuth, SpotifyPKCE)


def app_tokens(fake: FakeSpotify) -> SpotifyClientCredentials:
    """Where an app gets its own tokens."""
    manager = SpotifyClientCredentials(fake.client_id, fake.client_secret, cache_handler=MemoryCacheHandler())
    manager.OAUTH_TOKEN_URL = f"{fake.accounts_url}/api/token"
    return manager


def person_tokens(fake: FakeSpotify) -> SpotifyOAuth:
    """Where an app with a secret gets tokens of people."""
    manager = SpotifyOAuth(
        fake.client_id, fake.client_secret, fake.redirect_url, scope=ALL_SCOPES, cache_handler=MemoryCacheHandler()
    )
    return _pointed(manager, fake)


def pkce_tokens(fake: FakeSpotify) -> SpotifyPKCE:
    """Where an app without a secret gets tokens of people."""
    manager = SpotifyPKCE(fake.client_id, fake.redirect_url, scope=ALL_SCOPES, cache_handler=MemoryCacheHandler())
    return _pointed(manager, fake)


def _pointed(manager: _Manager, fake: FakeSpotify) -> _Manager:
    manager.OAUTH_TOKEN_URL = f"{fake.accounts_url}/api/token"
    manager.OAUTH_AUTHORIZE_URL = f"{fake.accounts_url}/authorize"
    return manager


@contextmanager
def spotipy_of(fake: FakeSpotify, person: str | None = None, scopes: str = ALL_SCOPES) -> Iterator[Spotify]:
    """spotipy for a person, as if they had logged in; or for the app."""
    given = {"auth_manager": app_tokens(fake)} if person is None else {"auth": fake.token(person, scopes)}
    with requests.Session() as session:
        client = Spotify(**given, requests_session=session)
        client.prefix = fake.api_url
        yield client


@contextmanager
def httpx_of(fake: FakeSpotify, person: str | None = None, scopes: str = ALL_SCOPES) -> Iterator[httpx.Client]:
    """httpx with a token of a person, or of the app; paths begin at the API."""
    headers = {"Authorization": f"Bearer {fake.token(person, scopes)}"}
    with httpx.Client(base_url=fake.api_url, headers=headers, timeout=5) as client:
        yield client
