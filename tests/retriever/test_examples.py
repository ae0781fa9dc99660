from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from features.build import FeatureBuilder
from features.errors import UnknownUser
from features.listener import Listener
from features.profile import UserId
from features.user_features import UserFeatures
from indexer.payload import unpack
from indexer.ports import PersonVector, UserIndex
from indexer.terms import ids_of
from retriever.examples import ArtistVectors, people_of
from retriever.steering import steered
from tests.builders import NOW, KnownFacts, WordEncoder
from tests.fakes.index import FoldingEmbedder
from tests.small_world import SmallWorld, a_small_world

SCENES = 4
"""Scenes of ``a_community``; person n is of the scene n % SCENES."""


def vectors(people: Sequence[PersonVector]) -> np.ndarray:
    return np.array([person.vector for person in people], np.float32)


class Building:
    """Makes features, and notes of whom."""

    def __init__(self) -> None:
        self.built: list[list[str]] = []
        self._builder = FeatureBuilder(WordEncoder(), KnownFacts())

    def __call__(self, listeners: Sequence[Listener]) -> list[UserFeatures]:
        self.built.append([artist for listener in listeners for artist in listener.listening.artists])
        return self._builder.build(listeners, now=NOW, consent=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> SmallWorld:
    return a_small_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def index(world: SmallWorld) -> Iterator[UserIndex]:
    opened = world.catalog.open(world.publish())
    yield opened
    opened.close()


# People


def test_people_are_as_the_index_has_them_in_the_order_asked_for(index: UserIndex) -> None:
    asked = [UserId("person-7"), UserId("person-2"), UserId("person-7")]
    people = index.get(asked)

    found = people_of(index, asked)

    assert [person.user_id for person in found] == asked
    assert vectors(found).tolist() == [people[user_id].vector.tolist() for user_id in asked]
    assert found[0].payload == people[asked[0]].payload
    assert people_of(index, []) == []


def test_an_example_whom_nobody_knows_is_said_by_name(index: UserIndex) -> None:
    with pytest.raises(UnknownUser, match="'nobody'"):
        people_of(index, [UserId("person-1"), UserId("nobody"), UserId("no one")])


# Artists


def test_an_artist_has_the_vector_of_somebody_who_listens_to_nothing_else(world: SmallWorld) -> None:
    both = vectors(ArtistVectors(Building()).of(["Air", "Moby"], world.embedder))
    (moby,) = vectors(ArtistVectors(Building()).of(["Moby"], world.embedder))

    assert both.shape == (2, world.embedder.width)
    assert both[1] == pytest.approx(moby, abs=1e-6)
    assert np.linalg.norm(both, axis=1) == pytest.approx(1, abs=1e-5)
    assert abs(both[0] @ both[1]) < 0.99


def test_no_artists_have_no_vectors(world: SmallWorld) -> None:
    build = Building()
    assert ArtistVectors(build).of([], world.embedder) == []
    assert build.built == []


def test_what_the_community_knows_of_an_artist_is_made_use_of(world: SmallWorld) -> None:
    informed = ArtistVectors(lambda listeners: world.builder.build(listeners, now=NOW, consent=False))
    (known,) = informed.of(["Scene 1 artist 3"], world.embedder)
    (by_name,) = ArtistVectors(Building()).of(["Scene 1 artist 3"], world.embedder)

    assert known.vector @ by_name.vector < 0.999
    assert unpack(known.payload).genres == ["genre 1", "style 1-0"]
    assert unpack(by_name.payload).genres == []


def test_an_artist_is_embedded_once_in_whatever_spelling_and_all_new_ones_together() -> None:
    build = Building()
    artists, model = ArtistVectors(build), FoldingEmbedder()

    first = vectors(artists.of(["Björk", "Air", "BJÖRK"], model))
    again = vectors(artists.of(["air", "Moby", "björk"], model))

    assert build.built == [["björk", "air"], ["moby"]]
    assert first[0].tolist() == first[2].tolist() == again[2].tolist()
    assert first[1].tolist() == again[0].tolist()


def test_an_artist_is_spelt_as_each_question_spells_it_and_known_by_one_id() -> None:
    artists, model = ArtistVectors(Building()), FoldingEmbedder()

    cards = [unpack(somebody.payload) for somebody in artists.of(["Björk", "BJÖRK"], model)]

    assert [card.artists for card in cards] == [["Björk"], ["BJÖRK"]]
    assert cards[0].ids == cards[1].ids == ids_of(["björk"])


def test_another_model_sees_an_artist_anew() -> None:
    build = Building()
    artists = ArtistVectors(build)

    (one,), (other,) = artists.of(["Air"], FoldingEmbedder(version=1)), artists.of(["Air"], FoldingEmbedder(2, width=8))

    assert (one.vector.shape, other.vector.shape) == ((16,), (8,))
    assert build.built == [["air"], ["air"]]


def test_the_artist_that_was_asked_for_least_lately_is_forgotten_first() -> None:
    build = Building()
    artists, model = ArtistVectors(build, remembered=2), FoldingEmbedder()

    for artist in ("Air", "Moby", "Air", "Can", "Air", "Moby"):
        artists.of([artist], model)

    assert build.built == [["air"], ["moby"], ["can"], ["moby"]]


def test_more_artists_than_are_remembered_all_have_their_vectors() -> None:
    model = FoldingEmbedder()
    few, many = (ArtistVectors(Building(), remembered=remembered) for remembered in (1, 9))
    asked = ["Air", "Moby", "Can"]
    assert vectors(few.of(asked, model)).tolist() == vectors(many.of(asked, model)).tolist()


# What examples do to a question


def test_liking_an_artist_moves_the_people_of_its_scene_up_and_disliking_moves_them_down(
    world: SmallWorld, index: UserIndex
) -> None:
    artists = ArtistVectors(lambda listeners: world.builder.build(listeners, now=NOW, consent=False))
    nothing = np.zeros((0, world.embedder.width), np.float32)
    moved = []
    for asker in (UserId("person-0"), UserId("person-1"), UserId("person-2"), UserId("person-3")):
        (mine,) = vectors(people_of(index, [asker]))
        for scene in range(SCENES):
            example = vectors(artists.of([f"Scene {scene} artist 3"], world.embedder))
            liked, as_it_was, disliked = (
                _place_of_scene(index, scene, steered(mine, *examples))
                for examples in ((example, nothing), (nothing, nothing), (nothing, example))
            )
            assert liked <= as_it_was <= disliked
            moved.append(liked < as_it_was < disliked)
    assert sum(moved) >= SCENES


def test_with_an_artist_alone_the_people_of_its_scene_come_first(world: SmallWorld, index: UserIndex) -> None:
    artists = ArtistVectors(lambda listeners: world.builder.build(listeners, now=NOW, consent=False))
    nothing = np.zeros((0, world.embedder.width), np.float32)
    for scene in range(SCENES):
        query = steered(None, vectors(artists.of([f"Scene {scene} artist 3"], world.embedder)), nothing)
        assert {_scene_of(neighbour.user_id) for neighbour in index.search(query, 5)} == {scene}


def _place_of_scene(index: UserIndex, scene: int, query: np.ndarray) -> float:
    """The mean place of a scene's people in an answer that names everybody."""
    found = index.search(query, 40)
    return float(np.mean([place for place, each in enumerate(found) if _scene_of(each.user_id) == scene]))


def _scene_of(user_id: UserId) -> int:
    return int(user_id.removeprefix("person-")) % SCENES
