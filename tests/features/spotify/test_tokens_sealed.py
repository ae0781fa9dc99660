"""The key that tokens are encrypted with: given, made, changed, lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from features.errors import SettingsError, SpotifyLoginNeeded, StoreError
from features.spotify.secrets_key import KEY_FILE, sealing_of
from features.spotify.secrets_sealing import Sealing
from tests.features.spotify.login_world import ANN, ANNS, Desk, a_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_desk(tmp_path) as desk:
        yield desk


def a_key() -> str:
    return Fernet.generate_key().decode()


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    home = tmp_path / "new"
    with ThreadPoolExecutor(8) as pool:
        sealings = [future.result() for future in [pool.submit(sealing_of, None, home) for _ in range(8)]]
    sealed = [sealing.seal("secret", belongs_to="ann") for sealing in sealings]

    assert {sealing_of(None, home).unseal(each, belongs_to="ann") for each in sealed} == {"secret"}
    assert (home / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in home.iterdir()) == [KEY_FILE, "spotify.lock"]


def test_a_key_that_is_given_leaves_no_file(tmp_path: Path) -> None:
    sealing_of(SecretStr(a_key()), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["", ",", "changethis", "é", "A" * 44, "not a key, either"])
def test_a_setting_that_is_no_key_is_told_and_not_shown(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"SOUNDALIKE_SPOTIFY_TOKEN_KEY.*generate_key") as caught:
        sealing_of(SecretStr(f"{a_key()},{wrong}" if len(wrong) > 5 and wrong != "A" * 44 else wrong), tmp_path)

    assert caught.value.__context__ is None
    assert "changethis" not in str(caught.value)


def test_a_key_file_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.touch(0o600)
    for content in (b"", b"\xff\xfe", b"changethis"):
        path.write_bytes(content)
        with pytest.raises(SettingsError, match=KEY_FILE):
            sealing_of(None, tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match=KEY_FILE):
        sealing_of(None, tmp_path)


def test_a_key_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    sealing_of(None, tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)

    with pytest.raises(SettingsError, match="chmod 600"):
        sealing_of(None, tmp_path)


def test_a_home_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="SOUNDALIKE_SPOTIFY_TOKEN_KEY"):
        sealing_of(None, tmp_path / "file")


def test_who_logged_in_with_a_key_that_is_gone_logs_in_again_or_the_key_comes_back(desk: Desk) -> None:
    old = (desk.home / KEY_FILE).read_text()
    desk.logs_in()
    desk.restart(token_key=a_key())
    for _ in range(2):
        with pytest.raises(SpotifyLoginNeeded, match="Log in again"):
            desk.login.tokens.access_token(ANN)
    assert desk.login.tidy(desk.clock.now) == 0

    desk.restart(token_key=f"{a_key()},{old}")
    assert desk.login.tokens.access_token(ANN)
    desk.restart(token_key=a_key())
    desk.logs_in()
    assert desk.login.tokens.access_token(ANN)


def test_who_logged_in_with_a_key_that_is_gone_can_disconnect(desk: Desk) -> None:
    desk.logs_in()
    desk.restart(token_key=a_key())

    assert desk.login.disconnect(ANNS) == ANN


def test_a_login_that_was_begun_with_a_key_that_is_gone_is_begun_again(desk: Desk) -> None:
    brought = desk.agrees(desk.login.begin(ANNS))
    desk.restart(token_key=a_key())

    with pytest.raises(SpotifyLoginNeeded):
        desk.login.finish(ANNS, **brought)
    assert desk.logs_in() == ANN


def test_an_old_key_can_be_taken_away_once_everything_is_tidied(desk: Desk) -> None:
    old, new = a_key(), a_key()
    desk.restart(token_key=old)
    desk.logs_in()
    desk.restart(token_key=f"{new}, {old}")
    desk.login.tidy(desk.clock.now)
    desk.restart(token_key=new)

    assert desk.login.tokens.access_token(ANN)
    desk.restart(token_key=old)
    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)


def test_tokens_that_were_put_into_anothers_row_do_not_open_anything(desk: Desk) -> None:
    desk.logs_in()
    desk.logs_in("bob", "session-of-bobs-browser")
    with desk.login._file.writing() as connection:
        connection.execute(
            "UPDATE tokens SET sealed = (SELECT sealed FROM tokens WHERE user_id = 'bob') WHERE user_id = 'ann'"
        )

    with pytest.raises(SpotifyLoginNeeded):
        desk.login.tokens.access_token(ANN)


SEALING = Sealing([SecretStr(a_key())], come_from="the test")
OTHER = Sealing([SecretStr(a_key())], come_from="the test")


@given(secret=st.text(), owner=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_is_sealed_is_told_to_who_has_the_key_and_names_the_owner(secret: str, owner: str) -> None:
    sealed = SEALING.seal(secret, belongs_to=owner)

    assert SEALING.unseal(sealed, belongs_to=owner) == secret
    for sealing, other in ((OTHER, owner), (SEALING, f"{owner}x")):
        with pytest.raises(SpotifyLoginNeeded):
            sealing.unseal(sealed, belongs_to=other)


@given(st.data())
def test_what_was_tampered_with_is_not_told(data: st.DataObject) -> None:
    sealed = bytearray(SEALING.seal("secret", belongs_to="ann"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 127))

    with suppress(SpotifyLoginNeeded):
        assert SEALING.unseal(bytes(sealed), belongs_to="ann") == "secret"  # base64 has spellings alike
