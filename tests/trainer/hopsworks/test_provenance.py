"""Which features a model came from, as the registry tells it; and that a model is never lost for the want of that."""

import logging
from pathlib import Path

import pytest

from features.hopsworks.group import FeatureGroup
from features.hopsworks.ledger import Ledger
from features.hopsworks.people import RemotePeople
from features.tables.columns import COLUMNS
from tests.builders import a_playlist, a_profile, features_of
from tests.cluster import Cluster
from tests.trainer.hopsworks.models import CARD, LATER, PARTS, model_of
from trainer.hopsworks.registry import HopsworksModelRegistry
from trainer.hopsworks.versions import VIEW


@pytest.fixture
def features(cluster: Cluster, tmp_path: Path) -> None:
    """The feature group, by the name that a model is trained on."""
    people = RemotePeople(FeatureGroup(cluster.session), Ledger(tmp_path / "ledger.db"))
    people.upsert(features_of(a_profile("ann", a_playlist("mix", "Air"))))
    people.close()


def views_of(cluster: Cluster, version: int) -> list[object]:
    model = model_of(cluster, version)
    links = cluster.session.call("looking", lambda _project: model.get_feature_view_provenance())
    return [] if links is None else list(links.accessible)


@pytest.mark.usefixtures("features")
def test_every_model_tells_the_features_that_it_came_from_and_until_when(
    cluster: Cluster, registry: HopsworksModelRegistry
):
    for card in (CARD, LATER):
        version = registry.save(card, PARTS)
        (view,) = views_of(cluster, version)
        assert (view.name, view.version) == (VIEW, 3)
        assert {feature.name for feature in view.features} == {column.name for column in COLUMNS} - {"updated_at"}
        model = model_of(cluster, version)
        rows = cluster.session.call("looking", lambda _project, m=model: m.get_training_dataset_provenance().accessible)
        assert [each.event_end_time for each in rows] == [int(card.created_at.timestamp() * 1000)]


def test_without_features_in_hopsworks_a_model_has_no_provenance_and_is_saved(
    cluster: Cluster, registry: HopsworksModelRegistry
):
    assert registry.save(CARD, PARTS) == 1
    assert views_of(cluster, 1) == []


@pytest.mark.usefixtures("features")
def test_a_model_whose_origin_cannot_be_told_is_saved_and_that_is_said(
    cluster: Cluster, registry: HopsworksModelRegistry, caplog: pytest.LogCaptureFixture
):
    cluster.fake.fail(".*featureview", status=403, times=9)
    with caplog.at_level(logging.WARNING):
        assert registry.save(CARD, PARTS) == 1
    assert "does not tell which features it came from" in caplog.text
    cluster.fake.mend()
    assert registry.load(1)[0].version == 1
