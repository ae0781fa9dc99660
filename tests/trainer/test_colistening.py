import numpy as np

from features.listening import Listening
from tests.builders import a_community, a_playlist, a_profile, features_of
from trainer.colistening import learn


def _listenings(people: int = 80) -> list[Listening]:
    return [person.listening for person in features_of(*a_community(people))]


def test_artists_heard_by_the_same_people_are_near() -> None:
    learnt = learn(_listenings(), width=8, seed=0)
    scene = np.array([int(artist.split()[1]) for artist in learnt.artists])
    unit = learnt.vectors[:, :8] / np.linalg.norm(learnt.vectors[:, :8], axis=1, keepdims=True)
    near = unit @ unit.T
    same = scene[:, None] == scene[None, :]

    assert near[same].mean() > near[~same].mean() + 0.3


def test_a_person_folds_in_without_training_and_each_space_has_unit_length() -> None:
    learnt = learn(_listenings(), width=8, seed=0)
    (stranger,) = features_of(a_profile("new", a_playlist("p", "scene 1 ARTIST 3", "Scene 1 artist 4", "Nobody Knows")))

    vector = learnt.fold(stranger.listening)

    assert vector is not None
    assert vector.shape == (16,)
    np.testing.assert_allclose(np.linalg.norm(vector.reshape(2, 8), axis=1), 1, atol=1e-5)


def test_a_person_of_unknown_artists_has_no_vector() -> None:
    (stranger,) = features_of(a_profile("new", a_playlist("p", "Nobody Knows")))

    assert learn(_listenings(), width=8, seed=0).fold(stranger.listening) is None


def test_an_artist_of_a_single_person_is_not_remembered() -> None:
    people = [*a_community(20), a_profile("odd", a_playlist("p", "Only Mine", "Scene 0 artist 1"))]

    assert "only mine" not in learn([p.listening for p in features_of(*people)], width=8, seed=0).artists


def test_the_same_people_and_seed_give_the_same_vectors() -> None:
    one, other = learn(_listenings(), width=8, seed=3), learn(_listenings(), width=8, seed=3)

    np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-5)


def test_too_few_people_give_an_empty_space_instead_of_an_error() -> None:
    learnt = learn(_listenings(1), width=8, seed=0)

    assert learnt.width == 0
    assert learnt.fold(_listenings(1)[0]) is None
