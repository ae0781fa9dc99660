from datetime import timedelta

import pytest

from features.errors import SettingsError
from retriever.access.keys import KeyRing, new_key
from retriever.access.policy import is_loopback, keys_required, require_a_key
from retriever.access.roles import Role
from retriever.errors import NoKeys
from tests.builders import NOW

LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1"]
ANYWHERE = "0.0.0.0"  # noqa: S104 - never listened on
OUTSIDE = [ANYWHERE, "::", "", "192.168.0.7", "10.0.0.1", "2001:db8::1", "soundalike.example", "localhost.example",
           "::ffff:10.0.0.1", "127.1", "0"]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_on_loopback_keys_are_asked_for_only_where_one_wants_them(host: str) -> None:
    assert is_loopback(host)
    assert [keys_required(host, asked) for asked in (None, False, True)] == [False, False, True]


@pytest.mark.parametrize("host", OUTSIDE)
def test_where_others_can_reach_the_server_keys_are_always_asked_for(host: str) -> None:
    assert not is_loopback(host)
    assert [keys_required(host, asked) for asked in (None, True)] == [True, True]
    with pytest.raises(SettingsError, match="SOUNDALIKE_API_KEYS_REQUIRED is false"):
        keys_required(host, False)


def test_without_a_valid_key_there_is_one_line_that_names_the_command() -> None:
    _, expired = new_key("web", Role.ADMIN, now=NOW, expires_at=NOW + timedelta(days=1))
    ring = KeyRing(keys=(expired,))

    require_a_key(ring, ANYWHERE, NOW)
    for empty, now in ((KeyRing(), NOW), (ring, NOW + timedelta(days=2))):
        with pytest.raises(NoKeys, match=r"0\.0\.0\.0 .*python -m retriever keys add NAME --role admin$") as found:
            require_a_key(empty, ANYWHERE, now)
        assert "\n" not in str(found.value)
