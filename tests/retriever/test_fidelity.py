"""Reasons are true: taken away, they lower a match more than anything else of the asker does."""

import pytest

from features.synthetic.community import Community
from features.user_features import UserFeatures
from features.vectors import TextVectors, mixtures_of, view_of
from indexer.terms import numbered
from retriever.fidelity import Fidelity, fidelity
from tests.builders import WordEncoder, features_of
from trainer.checkpoint import NoCheckpoint
from trainer.lesson_files import open_lessons
from trainer.lessons import prepare
from trainer.settings import TrainerSettings
from trainer.trained import TrainedModel
from trainer.training import Progress, Trainer

SETTINGS = TrainerSettings(width=32, co_listening_width=16, rotation_width=24, genre_width=8, clusters=16, views=3)


def _heard(people: list[UserFeatures]) -> dict[int, int]:
    artists: dict[str, int] = {}
    genres: dict[str, int] = {}
    for person in people:
        for counts, terms in ((artists, person.listening.artists), (genres, person.listening.genre_weights())):
            for term in terms:
                counts[term] = counts.get(term, 0) + 1
    return numbered(artists, genres)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Fidelity:
    people = features_of(*Community(people=120, seed=3).profiles())
    vectors = TextVectors({t for p in people for t in mixtures_of(p.listening).texts()}, WordEncoder())
    folder = tmp_path_factory.mktemp("lessons")
    learnt = prepare(people, WordEncoder(), SETTINGS, folder, lambda _what: None)
    network, _ = Trainer(SETTINGS, open_lessons(folder)).fit(Progress(), NoCheckpoint())
    model = TrainedModel(network, learnt, WordEncoder.name)
    return fidelity(people, model, lambda person, part: view_of(person, part, vectors), _heard(people), askers=100)


def test_without_the_stated_artists_a_match_falls_more_than_without_random_ones(found: Fidelity) -> None:
    stated, chance = found.artists.mean(axis=0)

    assert len(found.artists) > 50
    assert stated > 2 * chance
    assert (found.artists[:, 0] > found.artists[:, 1]).mean() > 0.7


def test_without_the_stated_genres_a_match_falls_more_than_without_random_ones(found: Fidelity) -> None:
    stated, chance = found.genres.mean(axis=0)

    assert len(found.genres) > 20
    assert stated > chance


def test_the_similarities_by_tower_account_for_the_similarity(found: Fidelity) -> None:
    assert 0.5 < found.towers <= 1.0
