"""Pasted links, and what an id can be."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from features.errors import SpotifyLink
from features.profile import UserIdText
from features.spotify.links import profile_url, quoted, user_id_of

ID = TypeAdapter(UserIdText)


def _is_id(text: str) -> bool:
    try:
        ID.validate_python(text)
    except ValidationError:
        return False
    return True


IDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=128).filter(_is_id)


@pytest.mark.parametrize(
    ("link", "user_id"),
    [
        ("https://open.spotify.com/user/ann", "ann"),
        ("  https://open.spotify.com/user/ann/\n", "ann"),
        ("https://OPEN.spotify.com/intl-de/user/ann?si=0123#x", "ann"),
        ("https://open.spotify.com/intl-pt-BR/user/ann", "ann"),
        ("https://open.spotify.com/user/o.d%2Bd_%23%C3%A9", "o.d+d_#é"),
        ("https://open.spotify.com/user/o.d+d_é", "o.d+d_é"),
        ("https://open.spotify.com/user/100%2525", "100%25"),
        ("https://open.spotify.com/user/...ann", "...ann"),
        ("spotify:user:ann", "ann"),
        ("spotify:user:o%23d?si=1", "o#d"),
    ],
)
def test_a_link_to_a_profile_holds_its_id(link: str, user_id: str):
    assert user_id_of(link) == user_id


@pytest.mark.parametrize(
    "link",
    [
        "",
        "ann",
        "http://open.spotify.com/user/ann",
        "https://open.spotify.com:443/user/ann",
        "https://me@open.spotify.com/user/ann",
        "https://open.spotify.com.evil.org/user/ann",
        "https://evil.org/https://open.spotify.com/user/ann",
        "https://open.spotify.com\\@evil.org/user/ann",
        "//open.spotify.com/user/ann",
        "https://[open.spotify.com/user/ann",
        "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M",
        "https://open.spotify.com/user/ann/playlist/1",
        "https://open.spotify.com/user/",
        "https://open.spotify.com/user/a/../b",
        "https://open.spotify.com/user/a%2F..%2Fb",
        "https://open.spotify.com/user/..",
        "https://open.spotify.com/user/%2E%2E",
        "https://open.spotify.com/user/%20ann",
        "https://open.spotify.com/user/a%00b",
        "https://open.spotify.com/user/a%0Ab",
        "https://open.spotify.com/user/a\nb",
        "https://open.spotify.com/user/a%zz",
        "https://open.spotify.com/user/a%",
        "https://open.spotify.com/user/%ff%fe",
        "https://open.spotify.com/user/\ud83d",
        f"https://open.spotify.com/user/{'a' * 129}",
        f"https://open.spotify.com/user/a?{'x' * 3000}",
        "spotify:user:ann:playlist:1",
        "spotify:user:",
        "spotify:track:1",
    ],
)
def test_anything_else_is_refused_without_being_repeated(link: str):
    with pytest.raises(SpotifyLink) as refused:
        user_id_of(link)
    assert refused.value.mend
    assert not link or link not in refused.value.what


@pytest.mark.parametrize("link", ["https://spotify.link/AbCd", "https://spotify.app.link/AbCd"])
def test_a_short_link_is_not_followed_but_explained(link: str):
    with pytest.raises(SpotifyLink, match="short link") as refused:
        user_id_of(link)
    assert "browser" in refused.value.mend


@given(IDS)
def test_every_id_comes_back_from_its_link(user_id: str):
    assert user_id_of(profile_url(user_id)) == user_id


@given(st.text())
def test_whatever_is_pasted_is_an_id_or_refused(text: str):
    for link in (text, f"https://open.spotify.com/user/{text}", f"spotify:user:{text}"):
        try:
            found = user_id_of(link)
        except SpotifyLink:
            continue
        assert _is_id(found)


@given(IDS)
def test_an_id_is_one_piece_of_a_path(user_id: str):
    url = urlsplit(f"https://api.spotify.com/v1/users/{quoted(user_id)}/playlists")
    assert [unquote(piece) for piece in url.path.split("/")] == ["", "v1", "users", user_id, "playlists"]
    assert not url.query
    assert quote(user_id, safe="") == quoted(user_id)
