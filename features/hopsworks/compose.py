"""How the parts that stand on Hopsworks fit together in this process; the rooms' own ``compose`` choose them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from features.files import locked
from features.hopsworks.group import FeatureGroup
from features.hopsworks.ledger import Ledger
from features.hopsworks.legacy import LegacyGroup
from features.hopsworks.people import RemotePeople
from features.hopsworks.quiet import sdk
from features.hopsworks.session import Session, session_of
from features.hopsworks.settings import HopsworksSettings
from features.hopsworks.store import HopsworksFeatureStore
from features.settings import load
from features.sqlite.store import SqliteFeatureStore


def session() -> Session:
    """The connection that the settings name. Raises SettingsError where they do not, or the SDK is not installed."""
    settings = load(HopsworksSettings)
    sdk()
    return session_of(settings)


def folder_of(home: Path) -> Path:
    """Where this project's replica, ledger and models lie: one folder for each, so that two are never mixed."""
    settings = load(HopsworksSettings)
    return home / "hopsworks" / f"{settings.host}-{settings.port}" / settings.project


def remote_people(home: Path) -> RemotePeople:
    """The feature group as people, with its ledger."""
    return RemotePeople(FeatureGroup(session()), Ledger(folder_of(home) / "ledger.db"))


@contextmanager
def alone(home: Path) -> Iterator[tuple[RemotePeople, set[UUID]]]:
    """The feature group as people, and the point ids of those deleted from it; nobody else with this replica writes."""
    folder = folder_of(home)
    replica = SqliteFeatureStore(folder / "features.db")
    with closing(replica), closing(remote_people(home)) as people, locked(folder / "features.lock"):
        yield people, set(replica.deleted(since=datetime.min.replace(tzinfo=UTC)))


def feature_store(home: Path) -> HopsworksFeatureStore:
    """The feature store in Hopsworks, with its replica. Raises StoreError where the folder cannot be used."""
    return HopsworksFeatureStore(remote_people(home), SqliteFeatureStore(folder_of(home) / "features.db"))


def legacy_group() -> LegacyGroup:
    """The feature group that the earlier program left behind."""
    return LegacyGroup(session())
