from dataclasses import replace

import numpy as np
import pytest

from features.listening import Listening
from tests.builders import a_community, a_playlist, a_profile, a_track, features_of
from trainer.census import census_of
from trainer.colistening import FOLDED, CoListening, genre_rows
from trainer.community import Widths, fold_of, learn, learn_folds

WIDTHS = Widths(8, 8, 4, 6)


def _listenings(people: int = 80) -> list[Listening]:
    return [person.listening for person in features_of(*a_community(people))]


@pytest.fixture(scope="module")
def learnt() -> CoListening:
    return learn(census_of(_listenings()), WIDTHS)


def _fold(learnt: CoListening, *tracks: object) -> dict[str, np.ndarray]:
    (person,) = features_of(a_profile("new", a_playlist("p", *tracks)))
    return {part: rows[0] for part, rows in learnt.fold([person.listening]).items()}


def test_artists_heard_by_the_same_people_are_near(learnt: CoListening) -> None:
    scene = np.array([int(artist.split()[1]) for artist in learnt.artists])
    unit = learnt.vectors / np.linalg.norm(learnt.vectors, axis=1, keepdims=True)
    near = unit @ unit.T
    same = scene[:, None] == scene[None, :]

    assert near[same].mean() > near[~same].mean() + 0.3


def test_a_person_folds_in_without_training_and_every_part_has_unit_length(learnt: CoListening) -> None:
    folded = _fold(learnt, a_track("scene 1 ARTIST 3", genres=["genre 1"]), "Scene 1 artist 4", "Nobody Knows")

    assert set(folded) == set(FOLDED)
    for part, vector in folded.items():
        assert vector.shape == (learnt.widths[part],)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_person_of_unknown_artists_and_genres_has_no_taste_that_can_be_told(learnt: CoListening) -> None:
    folded = _fold(learnt, "Nobody Knows")

    assert not any(folded[part].any() for part in ("genre_mix", "co_listening", "rotation", "clusters"))


def test_an_artist_that_nobody_has_is_placed_by_its_genres(learnt: CoListening) -> None:
    stranger = _fold(learnt, a_track("Nobody Knows", genres=["genre 1", "style 1-0"]))
    own = _fold(learnt, "Scene 1 artist 3", "Scene 1 artist 5")["co_listening"]
    other = _fold(learnt, "Scene 2 artist 3", "Scene 2 artist 5")["co_listening"]

    assert stranger["co_listening"] @ own > stranger["co_listening"] @ other + 0.3
    assert not stranger["rotation"].any()


def test_a_rare_genre_says_more_of_an_artist_than_a_common_one() -> None:
    rows = genre_rows([["common", "rare", "unknown"], []], {"common": 0, "rare": 1}, np.float32([1.0, 3.0])).toarray()

    np.testing.assert_allclose(rows, [[1 / 10**0.5, 3 / 10**0.5], [0, 0]], atol=1e-6)


def test_what_is_played_most_stands_out_in_heavy_rotation(learnt: CoListening) -> None:
    mixed = [a_track("Scene 0 artist 1", plays=900), a_track("Scene 3 artist 1", plays=1)]
    rotation = _fold(learnt, *mixed)["rotation"]

    assert rotation @ _fold(learnt, "Scene 0 artist 1")["rotation"] > 0.9
    assert rotation @ _fold(learnt, "Scene 3 artist 1")["rotation"] < 0.5


def test_alone_or_among_others_a_person_folds_alike(learnt: CoListening) -> None:
    strange = features_of(a_profile("new", a_playlist("p", a_track("X", genres=["genre 2"]), "Scene 0 artist 1")))
    listenings = [*_listenings(5), strange[0].listening]

    together = learnt.fold(listenings)

    for row, listening in enumerate(listenings):
        for part, alone in learnt.fold([listening]).items():
            np.testing.assert_allclose(together[part][row], alone[0], atol=1e-6)


def test_an_artist_of_a_single_person_is_not_remembered() -> None:
    people = [*a_community(20), a_profile("odd", a_playlist("p", "Only Mine", "Scene 0 artist 1"))]

    assert "only mine" not in learn(census_of(p.listening for p in features_of(*people)), WIDTHS).artists


def test_the_same_people_give_the_same_vectors(learnt: CoListening) -> None:
    np.testing.assert_array_equal(learnt.vectors, learn(census_of(_listenings()), WIDTHS).vectors)


@pytest.mark.parametrize("people", [0, 1, 2, 3])
def test_too_few_people_give_narrow_or_empty_spaces_instead_of_an_error(people: int) -> None:
    learnt = learn(census_of(_listenings(people)), WIDTHS)

    folded = learnt.fold(_listenings(4))

    assert {part: rows.shape for part, rows in folded.items()} == {
        part: (4, width) for part, width in learnt.widths.items()
    }
    assert all(np.isfinite(rows).all() for rows in folded.values())


def test_people_without_genres_have_no_genre_space() -> None:
    bare = [replace(listening, genres={}) for listening in _listenings()]

    assert learn(census_of(bare), WIDTHS).fold(bare[:2])["genre_mix"].shape == (2, 0)


def test_a_fold_is_learnt_without_its_people_in_the_coordinates_of_all(learnt: CoListening) -> None:
    listenings = _listenings()
    mine = [replace(listenings[0], playlists=(replace(listenings[0].playlists[0], artists=_renamed(listenings[0])),))]
    everybody = [*mine, *mine, *listenings]
    folds = [0, 0, *(1 + person // 4 % 2 for person in range(len(listenings)))]
    whole = learn(census_of(everybody), WIDTHS)

    by_fold = learn_folds(census_of(everybody), np.array(folds), whole, WIDTHS)

    assert "mine 0" in whole.artists
    assert "mine 0" not in by_fold[0].artists
    assert "mine 0" in by_fold[1].artists
    agree = by_fold[1].fold(listenings)["co_listening"] * whole.fold(listenings)["co_listening"]
    assert agree.sum(axis=1).mean() > 0.8
    assert all(each.widths == whole.widths for each in by_fold.values())


def _renamed(listening: Listening) -> tuple[str, ...]:
    return tuple(f"Mine {number}" for number in range(len(listening.playlists[0].artists)))


def test_a_persons_fold_is_always_the_same_and_all_folds_are_used() -> None:
    folds = [fold_of(person.user_id, 5) for person in features_of(*a_community(60))]

    assert folds == [fold_of(person.user_id, 5) for person in features_of(*a_community(60))]
    assert set(folds) == set(range(5))
