"""Version 2 of the feature group, as the earlier program wrote it: doubles, no event time, an online index."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from features.errors import HopsworksError, StoreError
from features.hopsworks.legacy import LegacyGroup, Origin
from features.user_features import Coverage, UserFeatures
from tests.cluster import Cluster
from tests.features.hopsworks.version_2 import columns, left_behind

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ORIGIN = Origin(text_model="word-encoder", width=4, consent=False, updated_at=NOW)
SOMETHING = [3.0, 4.0, 0.0, 0.0]


@pytest.fixture
def cluster(cluster: Cluster) -> Cluster:
    if cluster.fake is None:
        pytest.skip("the feature group has a fixed name, so only in the fake cluster")
    return cluster


def people(cluster: Cluster, origin: Origin = ORIGIN) -> dict[str, UserFeatures]:
    return {each.user_id: each for batch in LegacyGroup(cluster.session).people(origin) for each in batch}


def test_vectors_come_as_float32_of_unit_length_and_what_is_missing_stays_missing(cluster: Cluster):
    left_behind(cluster, columns(("ann", SOMETHING, [0.0] * 4, []), ("bob", SOMETHING, None, SOMETHING)))
    found = people(cluster)
    np.testing.assert_allclose(found["ann"].genre, np.float32([0.6, 0.8, 0, 0]))
    assert found["ann"].genre.dtype == np.float32
    assert (found["ann"].artist, found["ann"].playlist, found["bob"].artist) == (None, None, None)
    assert found["bob"].playlist is not None


def test_nothing_is_made_up_of_what_version_2_does_not_hold(cluster: Cluster):
    left_behind(cluster, columns(("ann", SOMETHING, SOMETHING, SOMETHING)))
    ann = people(cluster)["ann"]
    assert (ann.source, ann.consent, ann.updated_at, ann.text_model) == ("feature-group-2", False, NOW, "word-encoder")
    assert (ann.years, ann.coverage, ann.display_name) == (None, Coverage(0.0, 0.0), None)
    assert ann.listening.playlists == ()


def test_consent_is_as_it_is_said_for_all_of_them(cluster: Cluster):
    left_behind(cluster, columns(("ann", SOMETHING, SOMETHING, SOMETHING)))
    assert people(cluster, replace(ORIGIN, consent=True))["ann"].consent


def test_a_row_that_names_nobody_is_left_out(cluster: Cluster):
    left_behind(cluster, columns(("ann", SOMETHING, SOMETHING, SOMETHING), ("", SOMETHING, SOMETHING, SOMETHING)))
    assert people(cluster).keys() == {"ann"}


def test_who_has_no_vector_at_all_is_left_out(cluster: Cluster):
    left_behind(cluster, columns(("ann", SOMETHING, SOMETHING, SOMETHING), ("bob", [0.0] * 4, [], None)))
    assert people(cluster).keys() == {"ann"}


@pytest.mark.parametrize("vector", [[1.0, 2.0], [float("nan"), 1.0, 1.0, 1.0], [float("inf"), 0.0, 0.0, 0.0]])
def test_vectors_that_are_not_of_the_text_model_are_refused(cluster: Cluster, vector: list[float]):
    left_behind(cluster, columns(("ann", vector, SOMETHING, SOMETHING)))
    with pytest.raises(StoreError, match="SOUNDALIKE_TEXT_MODEL"):
        people(cluster)


def test_where_nothing_was_left_behind_that_is_said(cluster: Cluster):
    with pytest.raises(HopsworksError, match="no version 2 of the feature group"):
        people(cluster)


def test_many_come_in_batches(cluster: Cluster):
    cluster.fake.batch_rows = 10
    left_behind(cluster, columns(*[(f"p{at:03}", SOMETHING, SOMETHING, SOMETHING) for at in range(35)]))
    batches = list(LegacyGroup(cluster.session).people(ORIGIN))
    assert [len(batch) for batch in batches] == [10, 10, 10, 5]
