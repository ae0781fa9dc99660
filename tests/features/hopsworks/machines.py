"""People, machines that hold them, and what is to be seen of both: here and in the feature group."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from features.hopsworks.ledger import Key
from features.hopsworks.store import HopsworksFeatureStore
from features.profile import UserId
from features.user_features import UserFeatures
from tests.builders import NOW, a_playlist, a_profile, a_track, features_of
from tests.cluster import Cluster

COMMIT = r"POST .*featuregroups/\d+/commits"
"""The request by which a write to the feature group is registered."""
PERSON = features_of(
    a_profile("ann", a_playlist("mix", a_track("Air", genres=["electronic"], release_year=1998, plays=7)))
)[0]
Machine = Callable[[str], HopsworksFeatureStore]
"""The store of the machine of a name."""


def person(user_id: str = "ann", state: str = "", minutes: int = 0) -> UserFeatures:
    later = NOW + timedelta(minutes=minutes)
    return replace(PERSON, user_id=UserId(user_id), display_name=state, updated_at=later)


def known(store: HopsworksFeatureStore) -> dict[str, str | None]:
    return {each.user_id: each.display_name for batch in store.scan() for each in batch}


def rows(cluster: Cluster) -> list[Key]:
    return sorted(key for keys in cluster.group().row_keys() for key in keys)
