import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from features.identity import new_user_id
from features.profile import UserIdText
from retriever.access.caller import admit
from retriever.access.keys import new_key
from retriever.access.request_key import RequestKey, fingerprint, request_key_of, user_id_for
from retriever.access.roles import Role
from retriever.errors import BadIdempotencyKey
from tests.builders import NOW

UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def a_scope(*values: bytes) -> dict:
    return {"headers": [(b"accept", b"*/*"), *((b"idempotency-key", value) for value in values)]}


def test_a_request_may_come_without_a_key() -> None:
    assert request_key_of(a_scope()) is None


@pytest.mark.parametrize("value", [UUID, "a", "a" * 200, "2026-11-24T12:00:00+00:00", "order/7_~=x.y"])
def test_a_key_is_read_with_quotes_and_without_and_means_the_same(value: str) -> None:
    bare, quoted = (request_key_of(a_scope(text.encode())) for text in (value, f'"{value}"'))

    assert bare == quoted == RequestKey("anonymous", value)


@pytest.mark.parametrize(
    "value", [b"", b'""', b'"a', b'a"', b"a" * 201, b"two words", b"a\tb", b"\xc3\xa9", b'a"b', b"'a'", b"a,b", b"a\n"]
)
def test_any_other_key_is_refused(value: bytes) -> None:
    with pytest.raises(BadIdempotencyKey):
        request_key_of(a_scope(value))


def test_two_keys_are_none() -> None:
    with pytest.raises(BadIdempotencyKey):
        request_key_of(a_scope(b"a", b"a"))


def test_a_key_belongs_to_who_sent_it() -> None:
    keys = []
    for _ in range(2):
        scope = a_scope(UUID.encode())
        admit(scope, new_key("web", Role.WRITE, now=NOW)[1])
        keys.append(request_key_of(scope))

    assert keys[0].value == keys[1].value == UUID
    assert len({key.digest for key in (*keys, RequestKey("anonymous", UUID))}) == 3


PARTS = st.lists(st.binary(max_size=4) | st.text(st.characters(), max_size=4), max_size=4)


@given(PARTS, PARTS)
def test_requests_have_the_same_fingerprint_only_if_all_parts_are_the_same(one: list, other: list) -> None:
    def plain(parts: list) -> list[bytes]:
        return [part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass") for part in parts]

    assert (fingerprint(*one) == fingerprint(*other)) == (plain(one) == plain(other))
    assert len(fingerprint(*one)) == 32


def test_a_person_without_an_id_gets_the_same_one_whenever_the_request_is_repeated() -> None:
    key = RequestKey("1a2b3c4d", UUID)

    assert user_id_for(key, b"request") == user_id_for(RequestKey("1a2b3c4d", UUID), b"request")
    others = {user_id_for(RequestKey("other", UUID), b"request"), user_id_for(RequestKey("1a2b3c4d", "x"), b"request"),
              user_id_for(key, b"other request")}  # fmt: skip
    assert len(others | {user_id_for(key, b"request")}) == 4


def test_such_an_id_is_spelled_like_any_other_and_never_changes() -> None:
    found = user_id_for(RequestKey("1a2b3c4d", UUID), b"request")

    assert found == "u-213b0270d21755f889c016db80a6971a"
    assert len(found) == len(new_user_id())
    TypeAdapter(UserIdText).validate_python(found)
