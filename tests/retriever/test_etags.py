import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from retriever.etags import etag_of, is_known

OTHER = st.text(st.characters(codec="latin-1", exclude_characters='"'), max_size=20).map(lambda tag: f'"{tag}"')


@given(st.binary())
def test_a_tag_is_quoted_and_made_of_sixteen_hex_digits(body: bytes) -> None:
    tag = etag_of(body)
    assert (tag[0], tag[-1], len(tag)) == ('"', '"', 18)
    int(tag[1:-1], 16)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_two_bodies_have_one_tag_only_if_they_are_one(one: bytes, other: bytes) -> None:
    assert (etag_of(one) == etag_of(other)) == (one == other)


def test_a_tag_is_the_same_in_every_process() -> None:
    assert etag_of(b"Soundalike") == '"82c696570a31d096"'


@given(
    st.binary(), st.lists(OTHER), st.lists(OTHER), st.sampled_from(["", "W/"]), st.sampled_from([",", ", ", "\t,  "])
)
def test_a_body_is_known_if_its_tag_is_anywhere_in_the_list_weak_or_strong(
    body: bytes, before: list[str], after: list[str], weak: str, comma: str
) -> None:
    mine = weak + etag_of(body)
    assert is_known(etag_of(body), comma.join([*before, mine, *after]))


@given(st.binary(), st.lists(OTHER))
def test_other_tags_make_no_body_known(body: bytes, others: list[str]) -> None:
    assert not is_known(etag_of(body), ", ".join(others))
    assert not is_known(etag_of(body), ", ".join(["*", '"x"', *others]))


@given(st.binary(), st.text(max_size=50))
def test_what_is_no_tag_is_no_error_and_makes_no_body_known(body: bytes, header: str) -> None:
    assert is_known(etag_of(body), header) == (header.strip(" \t") == "*")


def test_a_star_means_whatever_body_there_is() -> None:
    assert is_known(etag_of(b"any"), "*")
    assert is_known(etag_of(b"any"), " * ")


def test_without_the_header_nothing_is_known() -> None:
    assert not is_known(etag_of(b"any"), None)


@pytest.mark.parametrize("header", ["{}", "w/{}", "W/ {}", "W/W/{}", "x{}"])
def test_a_tag_is_known_by_its_exact_spelling(header: str) -> None:
    tag = etag_of(b"any")
    assert not is_known(tag, header.format(tag.strip('"')))
    assert is_known(tag, header.format(tag)) == (header == "{}")


def test_who_has_an_answer_already_is_not_sent_it_again(api: TestClient) -> None:
    for path in (
        "/v1/users/person-0",
        "/v1/users/person-0/compatibility/person-4",
        "/v1/users/person-0/similar?limit=7",
        "/v1/users/person-0/similar?source=test",
    ):
        first = api.get(path)
        again = api.get(path, headers={"if-none-match": first.headers["etag"]})
        other = api.get(path, headers={"if-none-match": '"something-else"'})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert (other.status_code, other.json()) == (200, first.json())


def test_any_answer_is_known_to_whom_says_so(api: TestClient) -> None:
    answers = [api.get("/v1/users/person-0/similar?limit=9", headers={"if-none-match": "*"}) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(304, b"")] * 2
    assert len(api.get("/v1/users/person-0/similar?limit=9").json()["recommendations"]) == 9
