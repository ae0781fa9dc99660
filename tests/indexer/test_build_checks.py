"""What a new version must prove: an index that loses people or finds the wrong ones is never published."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import numpy as np
import pytest

from features.listener import listener_of
from features.profile import UserId
from features.user_features import UserFeatures
from indexer.build import BuildOptions, build_index, whole_or_not
from indexer.errors import IndexRejected, IndexUnavailable
from indexer.ports import Neighbour, PersonVector, VersionBuilder
from tests.builders import NOW, a_community, features_of
from tests.fakes.index import FoldingEmbedder, MemoryIndexCatalog, MemoryUserIndex
from tests.fakes.stores import MemoryFeatureStore
from tests.small_world import a_small_world
from trainer.ports import Embeddings


class LosesOne(MemoryUserIndex):
    def upsert(self, people: Sequence[PersonVector]) -> None:
        super().upsert(people[1:])


class FindsTheFarthest(MemoryUserIndex):
    def search(self, vector: np.ndarray, limit: int, *, exact: bool = False, **whom: Any) -> list[Neighbour]:
        return super().search(vector if exact else -vector, limit, **whom)


class ALateComer(FoldingEmbedder):
    """Somebody joins, and somebody leaves, while the first batch is being embedded."""

    def __init__(self, store: MemoryFeatureStore) -> None:
        super().__init__()
        self._store = store
        self._is_over = False

    def embed(self, people: Sequence[UserFeatures]) -> Embeddings:
        if not self._is_over:
            self._is_over = True
            self._store.upsert(features_of(a_community(1)[0].model_copy(update={"user_id": "late"})))
            self._store.delete([UserId("person-5")])
        return super().embed(people)


@pytest.fixture
def store() -> MemoryFeatureStore:
    store = MemoryFeatureStore()
    store.upsert(features_of(*a_community(40)))
    return store


def a_catalog(index: type[MemoryUserIndex]) -> MemoryIndexCatalog:
    catalog = MemoryIndexCatalog()
    catalog.opens = index
    return catalog


@pytest.mark.parametrize(("index", "reason"), [(LosesOne, "39 people instead of 40"), (FindsTheFarthest, "Recall@10")])
def test_an_index_that_fails_its_checks_is_not_published(
    store: MemoryFeatureStore, index: type[MemoryUserIndex], reason: str
) -> None:
    catalog = a_catalog(index)

    with pytest.raises(IndexRejected, match=reason):
        build_index(store, FoldingEmbedder(), catalog, BuildOptions())
    assert catalog.versions() == []


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (KeyboardInterrupt(), [call.pause()]),
        (IndexUnavailable("The server is away.", "Start it."), [call.pause()]),
        (IndexRejected("Recall@10 is too low.", "Look at it."), [call.abort()]),
        (ValueError(), [call.abort()]),
    ],
)
def test_what_broke_off_can_be_gone_on_with_and_what_failed_leaves_nothing(
    error: BaseException, ended: list[Any]
) -> None:
    builder = Mock(VersionBuilder)

    with pytest.raises(type(error)), whole_or_not(builder):
        raise error
    assert builder.mock_calls == ended


def test_what_was_sealed_stays() -> None:
    builder = Mock(VersionBuilder)

    with whole_or_not(builder):
        pass
    assert builder.mock_calls == []


def test_who_comes_and_goes_during_the_build_is_in_the_version_as_the_store_has_it(store: MemoryFeatureStore) -> None:
    catalog = a_catalog(MemoryUserIndex)

    version = build_index(store, ALateComer(store), catalog, BuildOptions())

    index = catalog.open(version.name)
    assert index.get([UserId("late"), UserId("person-5")]).keys() == {"late"}
    assert version.count == index.count() == store.count() == 40


def test_a_version_is_followed_from_a_time_before_its_last_catching_up(store: MemoryFeatureStore) -> None:
    before = datetime.now(UTC)

    version = build_index(store, FoldingEmbedder(), a_catalog(MemoryUserIndex), BuildOptions())

    assert before - timedelta(seconds=61) <= version.watermark <= before
    assert version.created_at >= before


def test_the_same_person_has_the_same_vector_from_the_build_and_from_the_service(tmp_path: Path) -> None:
    """Rule 6: one function computes it, everywhere."""
    world = a_small_world(tmp_path)
    index = world.catalog.open(world.publish())
    built = index.get([UserId("person-3")])[UserId("person-3")]
    index.close()

    (online,) = world.builder.build([listener_of(a_community(40)[3])], now=NOW, consent=False)

    assert world.embedder.embed([online]).joint[0] == pytest.approx(built.vector, abs=1e-6)
