import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.errors import InvalidRequest
from retriever.schemas import Ask
from retriever.whole_numbers import with_whole_numbers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_nothing_changes_but_how_whole_numbers_are_written(value: object) -> None:
    assert json.loads(with_whole_numbers(json.dumps(value).encode())) == value


def test_a_whole_number_may_be_written_with_a_point() -> None:
    asked = Ask.parse(b'{"user_id": "ada", "limit": 5.0, "top_artists": 1e1}')

    assert (asked.limit, asked.top_artists, type(asked.limit)) == (5, 10, int)


@pytest.mark.parametrize("limit", ["5.5", '"5"', "true", "1e400", "NaN", "[5.0]"])
def test_what_is_no_whole_number_is_refused(limit: str) -> None:
    with pytest.raises(InvalidRequest):
        Ask.parse(f'{{"user_id": "ada", "limit": {limit}}}'.encode())
