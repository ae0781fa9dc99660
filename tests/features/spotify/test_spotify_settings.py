"""How Spotify is reached: what is taken, and what is refused because secrets would go there."""

import pytest

from features.errors import SettingsError
from features.settings import load
from features.spotify.settings import SpotifySettings


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in SpotifySettings.model_fields:
        monkeypatch.delenv(f"SOUNDALIKE_SPOTIFY_{name.upper()}", raising=False)
    monkeypatch.setenv("SOUNDALIKE_SPOTIFY_CLIENT_ID", "0123abc")
    monkeypatch.setenv("SOUNDALIKE_SPOTIFY_CLIENT_SECRET", "a-secret")
    return monkeypatch


def test_the_defaults_lead_to_spotify_and_show_no_secret(named: pytest.MonkeyPatch):
    settings = load(SpotifySettings)
    assert settings.api_url == "https://api.spotify.com/v1/"
    assert settings.accounts_url == "https://accounts.spotify.com"
    assert settings.market == "US"
    assert "a-secret" not in repr(settings)


def test_nothing_has_to_be_set():
    settings = SpotifySettings(_env_file=None, client_id=None)
    assert (settings.client_id, settings.client_secret) == (None, None)


@pytest.mark.parametrize("name", ["API_URL", "ACCOUNTS_URL", "REDIRECT_URL"])
@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        *(("https://music.example/x", True), ("http://127.0.0.1:8000/x", True), ("http://[::1]:80/x", True)),
        *(("http://localhost:8000/x", False), ("http://music.example/x", False), ("http://127.0.0.1.evil/x", False)),
        *(("https://me:you@music.example/x", False), ("https://music.example/x?a=b", False), ("/x", False)),
        *(("https://music.example/x#", False), ("https://music.example:99999/x", False), ("https://[x", False)),
        *(("https://music .example/x", False), ("ftp://127.0.0.1/x", False), ("https://", False)),
    ],
)
def test_addresses_are_encrypted_or_on_this_machine(named: pytest.MonkeyPatch, name: str, url: str, is_taken: bool):
    named.setenv(f"SOUNDALIKE_SPOTIFY_{name}", url)
    if is_taken:
        assert getattr(load(SpotifySettings), name.lower()).rstrip("/") == url
    else:
        with pytest.raises(SettingsError, match=name):
            load(SpotifySettings)


@pytest.mark.parametrize(("market", "is_taken"), [("de", True), ("GB", True), ("DEU", False), ("1A", False)])
def test_a_market_is_two_letters(named: pytest.MonkeyPatch, market: str, is_taken: bool):
    named.setenv("SOUNDALIKE_SPOTIFY_MARKET", market)
    if is_taken:
        assert load(SpotifySettings).market == market.upper()
    else:
        with pytest.raises(SettingsError, match="MARKET"):
            load(SpotifySettings)


def test_a_secret_that_cannot_be_sent_is_refused_without_being_shown(named: pytest.MonkeyPatch):
    named.setenv("SOUNDALIKE_SPOTIFY_CLIENT_SECRET", "gehëim")
    with pytest.raises(SettingsError, match="CLIENT_SECRET") as refused:
        load(SpotifySettings)
    assert "gehëim" not in str(refused.value)
