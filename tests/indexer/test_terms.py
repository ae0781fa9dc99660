from hypothesis import given
from hypothesis import strategies as st

from indexer.terms import LENGTH, artist_id, artist_numbers, genre_id, numbered, numbers


@given(st.lists(st.text(), unique=True))
def test_every_term_has_a_number_of_its_own_that_its_id_spells(terms: list[str]) -> None:
    ids = [*map(artist_id, terms), *map(genre_id, terms)]

    assert {len(each) for each in ids} <= {LENGTH}
    assert len(set(numbers("".join(ids)).tolist())) == 2 * len(terms)


def test_an_id_is_the_same_for_ever_since_it_lies_in_every_index() -> None:
    assert (artist_id("björk"), genre_id("pop")) == ("aSCrWcpt", "zy1NU/LA")


def test_artists_have_one_number_however_they_are_spelt() -> None:
    assert artist_numbers(["BJÖRK", "Air"]) == [*artist_numbers(["björk"]), *artist_numbers(["  air "])]


def test_what_is_known_of_terms_is_found_by_their_numbers() -> None:
    known = numbered({"air": 3}, {"air": 5})

    assert known == {int(numbers(artist_id("air"))[0]): 3, int(numbers(genre_id("air"))[0]): 5}
