from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.identity import artist_key
from indexer.payload import MAX_ARTISTS, MAX_GENRES, Card, pack, towers_of, unpack
from indexer.ports import Neighbour
from indexer.terms import ids_of
from retriever.combined import combined
from retriever.explain import Asker, Yardstick
from tests.builders import a_playlist, a_profile, a_track, features_of

WIDTH = 4
YARDSTICK = Yardstick({}, (), 100)


def a_card(*artists: str, genres: Sequence[str] = (), towers: Sequence[int | None] = (0, 1, 2)) -> Card:
    """Somebody who plays ``artists``, the first most; each tower points along the axis that ``towers`` names."""
    plays = range(len(artists), 0, -1)
    tracks = [a_track(artist, genres=genres, plays=10 * many) for artist, many in zip(artists, plays, strict=True)]
    (person,) = features_of(a_profile("ann", a_playlist("p", *tracks)))
    rows = [np.zeros(WIDTH) if axis is None else np.eye(WIDTH)[axis] for axis in towers]
    return unpack(pack(person, np.array(rows, np.float32)))


def test_what_all_have_is_taken_in_turn_the_heaviest_first_and_spelt_as_it_came_first() -> None:
    card = combined([a_card("Air", "Can", genres=["pop"]), a_card("Moby", "AIR", "Low", genres=["rock", "pop"])])

    assert card.artists == ["Air", "Moby", "Can", "Low"]
    assert card.genres == ["pop", "rock"]
    assert card.ids == ids_of(["air", "moby", "can", "low"], ["pop", "rock"])
    assert card.artist_count == 4


@given(st.lists(st.lists(st.sampled_from(["Air", "air", "Can", "Low", "Moby"]), min_size=1), min_size=1, max_size=4))
def test_nothing_is_lost_and_nothing_is_there_twice(people: list[list[str]]) -> None:
    card = combined([a_card(*artists) for artists in people])

    keys = [artist_key(artist) for artist in card.artists]
    assert sorted(keys) == sorted({artist_key(artist) for artists in people for artist in artists})
    assert card.ids == ids_of(keys)


def test_one_alone_is_compared_as_ever() -> None:
    alone = a_card("Air", "Can", genres=["pop"])
    other = a_card("Can", genres=["pop"], towers=(0, 2, None))
    told = [Asker(card, YARDSTICK) for card in (alone, combined([alone]))]

    shared, towers = zip(*[_reasons(asker, other) for asker in told], strict=True)

    assert shared[0] == shared[1] == (("Can",), ("pop",))
    assert towers[0] == towers[1] == (1.0, 0.0, None)


def test_a_part_points_to_the_middle_of_those_who_have_it() -> None:
    card = combined([a_card("Air", towers=(0, 1, None)), a_card("Can", towers=(1, None, None))])

    (towers,) = towers_of([card])
    lengths = np.linalg.norm(towers, axis=1) / 127
    assert lengths == pytest.approx([1, 1, 0], abs=0.01)
    assert towers[0] / 127 == pytest.approx([0.5**0.5, 0.5**0.5, 0, 0], abs=0.01)
    assert towers[1] / 127 == pytest.approx([0, 1, 0, 0], abs=0.01)


def test_of_very_many_the_heaviest_are_kept() -> None:
    crowd = [
        a_card(*[f"{person}-{number}" for number in range(300)], genres=[f"{person} {number}" for number in range(30)])
        for person in range(3)
    ]

    card = combined(crowd)

    assert (len(card.artists), len(card.genres)) == (MAX_ARTISTS, MAX_GENRES)
    assert card.artists[:4] == ["0-0", "1-0", "2-0", "0-1"]
    assert len(card.ids) == len(ids_of(["any"])) * (MAX_ARTISTS + MAX_GENRES)


def test_who_listens_to_more_than_a_card_names_is_not_made_smaller() -> None:
    assert combined([a_card(*map(str, range(MAX_ARTISTS + 9))), a_card("Air")]).artist_count == MAX_ARTISTS + 9


def _reasons(asker: Asker, other: Card) -> tuple[object, object]:
    (found,) = asker.compare([(Neighbour("other", 0.5, {}), other)])
    return (found.shared_artists, found.shared_genres), (found.towers.genre, found.towers.artist, found.towers.playlist)
