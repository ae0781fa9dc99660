import humps
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.hopsworks.metric_names import from_letters, to_letters

names = (
    st.lists(st.from_regex(r"[a-z]{1,8}|[0-9]{1,4}", fullmatch=True), min_size=1, max_size=5)
    .map("_".join)
    .filter(lambda name: name[0].isalpha())
)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("halves_hit_at_10", "halves_hit_at_onezero"),
        ("halves_mrr", "halves_mrr"),
        ("friends_auc", "friends_auc"),
        ("recall_at_100", "recall_at_onezerozero"),
        ("onerous_share", "onerous_share"),
        ("weightone_7", "weightone_seven"),
    ],
)
def test_numbers_are_spelt(name: str, letters: str):
    assert to_letters(name) == letters
    assert from_letters(letters) == name


@given(names)
def test_a_name_comes_back_as_it_was_or_is_refused(name: str):
    try:
        letters = to_letters(name)
    except ValueError:
        return
    assert from_letters(letters) == name
    assert humps.decamelize({letters: 1}) == {letters: 1}  # what the SDK does to every answer
    assert not any(letter.isdigit() for letter in letters)


@pytest.mark.parametrize("name", ["p95_ms", "recall@10", "recall_at_one", "NDCG", "", "_x", "10_x", "a__b"])
def test_a_name_that_would_not_come_back_is_refused(name: str):
    with pytest.raises(ValueError, match="metric"):
        to_letters(name)
