from hypothesis import given
from hypothesis import strategies as st

from indexer.payload import MAX_ARTISTS, MAX_GENRES, Card
from indexer.terms import ids_of, numbered
from retriever.shared import Belongings, Shared

ARTISTS = [f"artist {i}" for i in range(3 * MAX_ARTISTS)]
GENRES = [f"genre {i}" for i in range(3 * MAX_GENRES)]


def a_card(artists: list[str], genres: list[str]) -> Card:
    return Card({"artists": "\n".join(artists), "genres": "\n".join(genres), "ids": ids_of(artists, genres)})


def some(names: list[str], most: int) -> st.SearchStrategy[list[str]]:
    return st.builds(
        lambda start, step, size: names[start::step][:size],
        st.integers(0, len(names)), st.integers(1, 5), st.integers(0, most),
    )  # fmt: skip


CARDS = st.builds(a_card, some(ARTISTS, MAX_ARTISTS), some(GENRES, MAX_GENRES))


@given(CARDS, st.lists(CARDS, max_size=5))
def test_people_of_any_size_share_what_is_in_both(me: Card, others: list[Card]) -> None:
    found = Belongings(me, {}).shared_with(others, MAX_ARTISTS)

    assert [(sorted(each.artists), sorted(each.genres)) for each in found] == [
        (sorted({*me.artists} & {*other.artists}), sorted({*me.genres} & {*other.genres})) for other in others
    ]


def test_artists_and_genres_come_rarest_first_each_kind_by_itself() -> None:
    me = a_card(["b", "a", "c"], ["rock", "pop", "folk"])
    people = numbered({"a": 1, "b": 9, "c": 5}, {"pop": 2, "rock": 3, "folk": 4})

    assert Belongings(me, people).shared_with([me], 2) == [Shared(("a", "c"), ("pop", "rock"))]


def test_with_nobody_near_or_nothing_liked_nothing_is_shared() -> None:
    nothing, me = a_card([], []), a_card(["a"], ["pop"])

    assert Belongings(me, {}).shared_with([], 5) == []
    assert Belongings(nothing, {}).shared_with([me], 5) == [Shared((), ())]
    assert Belongings(me, {}).shared_with([nothing, me], 5) == [Shared((), ()), Shared(("a",), ("pop",))]
