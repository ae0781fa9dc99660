"""The Hopsworks that tests talk to through the real SDK: the fake one, or a live project where one is asked for.

With ``TEST_HOPSWORKS_LIVE`` set (``make test-hopsworks``) it is the project that the ``HOPSWORKS_…`` variables name.
There, every test has a feature group and a model of its own, which are deleted after it.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from features.hopsworks.group import FeatureGroup
from features.hopsworks.ledger import Ledger
from features.hopsworks.people import RemotePeople
from features.hopsworks.schema import VERSION
from features.hopsworks.session import Session
from features.hopsworks.settings import HopsworksSettings
from features.hopsworks.store import HopsworksFeatureStore
from features.sqlite.store import SqliteFeatureStore
from tests.fakes.hopsworks import FakeHopsworks
from trainer.hopsworks.registry import HopsworksModelRegistry
from trainer.hopsworks.versions import Versions

LIVE = "TEST_HOPSWORKS_LIVE"
TIMEOUT_S = 20.0
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def an_address(which: int = 0) -> str:
    """A loopback address of this process's own, by number: the query service has a fixed port."""
    pid = os.getpid()
    return f"127.{10 + 40 * which + pid // 65536 % 40}.{pid // 256 % 256}.{pid % 254 + 1}"


def settings_of(fake: FakeHopsworks, **changes: object) -> HopsworksSettings:
    """The settings by which the fake is reached."""
    told = {name.removeprefix("HOPSWORKS_").lower(): value for name, value in fake.variables().items()}
    return HopsworksSettings(**{"timeout_s": TIMEOUT_S, **told, **changes}, _env_file=None)


class Cluster:
    """A project, a session of it, and stores with names of their own in it."""

    def __init__(self, settings: HopsworksSettings, fake: FakeHopsworks | None) -> None:
        self.settings, self.fake = settings, fake
        self.session = Session(settings)
        self.name = "unset"

    def people(self, folder: Path) -> RemotePeople:
        """The feature group of this test, with a ledger in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        return RemotePeople(self.group(), Ledger(folder / "ledger.db"), wait_s=0.01)

    def group(self) -> FeatureGroup:
        """The feature group of this test."""
        return FeatureGroup(self.session, name=self.name)

    def store(
        self, folder: Path, *, clock: Callable[[], datetime] = lambda: LONG_AGO, patience_s: float = 60
    ) -> HopsworksFeatureStore:
        """A feature store over the feature group of this test, as one machine has it.

        By the default clock everybody who is deleted may come back with any event time.
        """
        replica = SqliteFeatureStore(folder / "features.db")
        return HopsworksFeatureStore(self.people(folder), replica, clock=clock, patience_s=patience_s)

    def registry(self, folder: Path) -> HopsworksModelRegistry:
        """A model registry over the model of this test, as one machine has it."""
        return HopsworksModelRegistry(self.session, folder, versions=Versions(self.name), wait_s=0.01)

    @contextmanager
    def lent(self) -> Iterator[Cluster]:
        """To one test; what it leaves behind is deleted."""
        self.name = f"test_{uuid.uuid4().hex}"
        if self.fake is not None:
            self.fake.reset()
            yield self
            assert self.fake.unhandled == []
            return
        try:
            yield self
        finally:
            with suppress(Exception):
                self.session.call("cleaning up", self._delete)

    def _delete(self, project: object) -> None:
        group = project.get_feature_store().get_feature_group(self.name, VERSION)  # type: ignore[attr-defined]
        if group is not None:
            group.delete()
        for model in project.get_model_registry().get_models(self.name):  # type: ignore[attr-defined]
            model.delete()


@contextmanager
def without_waiting() -> Iterator[None]:
    """The SDK asks at once whether a model is registered; else it sleeps five seconds before."""
    import hsml.engine.model_engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            hsml.engine.model_engine, "time", SimpleNamespace(**vars(time) | {"sleep": lambda _seconds: None})
        )
        yield


@contextmanager
def a_cluster(folder: Path) -> Iterator[Cluster]:
    """The cluster for all tests of a process."""
    pytest.importorskip("hopsworks", reason="the extra soundalike[hopsworks] is not installed")
    if os.environ.get(LIVE):
        cluster = Cluster(HopsworksSettings(), None)
        yield cluster
        cluster.session.close()
        return
    with FakeHopsworks(folder, address=an_address()) as fake, without_waiting():
        cluster = Cluster(settings_of(fake), fake)
        yield cluster
        cluster.session.close()
