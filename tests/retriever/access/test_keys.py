from datetime import timedelta

import pytest
from pydantic import ValidationError

from retriever.access.keys import PREFIX, ApiKey, KeyRing, new_key
from retriever.access.roles import Role
from tests.builders import NOW


def made(name: str = "web", role: Role = Role.READ, **more) -> tuple[str, ApiKey]:
    key, entry = new_key(name, role, now=NOW, **more)
    return key.get_secret_value(), entry


def test_a_key_is_found_by_itself_and_by_nothing_else() -> None:
    (key, entry), (other, other_entry) = made(), made("app", Role.ADMIN)
    ring = KeyRing(keys=(entry, other_entry))

    assert ring.find(key, NOW) == entry
    assert ring.find(other, NOW) == other_entry
    for wrong in ("", key[:-1], key + "x", key.upper(), PREFIX, entry.sha256, entry.id, "naïve"):
        assert ring.find(wrong, NOW) is None
    assert KeyRing().find(key, NOW) is None


def test_two_keys_of_one_name_are_valid_at_once_so_that_one_takes_over() -> None:
    (old, old_entry), (new, new_entry) = made("web"), made("web")
    both = KeyRing().with_key(old_entry).with_key(new_entry)
    after = both.without(old_entry)

    assert (both.find(old, NOW), both.find(new, NOW)) == (old_entry, new_entry)
    assert (after.find(old, NOW), after.find(new, NOW)) == (None, new_entry)


def test_a_key_is_valid_until_it_expires() -> None:
    key, entry = made(expires_at=NOW + timedelta(days=1))
    ring = KeyRing(keys=(entry,))

    assert ring.find(key, NOW + timedelta(hours=23)) == entry
    assert ring.find(key, NOW + timedelta(days=1)) is None
    assert ring.has_valid(NOW)
    assert not ring.has_valid(NOW + timedelta(days=1))
    assert not KeyRing().has_valid(NOW)


def test_every_entry_is_compared_in_constant_time_wherever_the_key_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac

    compared: list[str] = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(a) or compare(a, b))
    keys = [made() for _ in range(3)]
    ring = KeyRing(keys=tuple(entry for _, entry in keys))

    for key in (keys[0][0], keys[2][0], "unknown"):
        compared.clear()
        ring.find(key, NOW)
        assert compared == [entry.sha256 for _, entry in keys]


def test_keys_are_long_recognisable_and_never_twice_the_same() -> None:
    keys = {made()[0] for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith(PREFIX) and len(key) == len(PREFIX) + 43 for key in keys)


def test_what_is_kept_or_shown_of_a_key_does_not_hold_it() -> None:
    secret, entry = new_key("web", Role.READ, now=NOW)
    key = secret.get_secret_value()

    for text in (repr(secret), str(secret), repr(entry), str(entry), entry.model_dump_json()):
        assert key not in text
        assert key.removeprefix(PREFIX) not in text
    assert str(entry) == f"web ({entry.id})"


def test_a_key_is_named_by_its_id_or_by_its_name() -> None:
    _, first = made("web")
    _, second = made("web")
    _, disguised = made(first.id)
    ring = KeyRing(keys=(disguised, first, second))

    assert ring.named("web") == (first, second)
    assert ring.named(first.id) == (first,)
    assert ring.named("nobody") == ()


@pytest.mark.parametrize("name", ["", "two words", "a\nb", "a" * 65, "ann@example.org", "é"])
def test_a_name_that_does_not_fit_a_log_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        made(name)


@pytest.mark.parametrize("has", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_do_what_the_roles_before_it_may(has: Role, needed: Role) -> None:
    may = {"read": {"read"}, "write": {"read", "write"}, "admin": {"read", "write", "admin"}}

    assert has.covers(needed) == (needed in may[has])
