"""What the fake cluster knows: its settings, keys, feature groups, models and files, and the log of what was asked."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from .faults import Faults, Strike

Json: TypeAlias = dict[str, Any]

PROJECT_ID, STORE_ID = 119, 67
USER, EMAIL = "meb10000", "somebody@example.com"
DOMAIN = "fake.consul"
GOOD_KEY = "Z0f9cNotARealKey.ofTheFakeCluster"
SCOPES = frozenset(
    {"FEATURESTORE", "PROJECT", "JOB", "KAFKA", "MODELREGISTRY", "DATASET_VIEW", "DATASET_CREATE", "DATASET_DELETE"}
)
TAG_SCHEMAS = frozenset({"soundalike_gate"})


class Call(NamedTuple):
    """A request: its ``path`` is decoded and without the prefix of the API."""

    method: str
    path: str
    query: dict[str, list[str]]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class State:
    """Everything that handlers read and change; they hold ``lock`` meanwhile."""

    def __init__(self, root: Path, *, project: str, version: str, address: str, credentials: Json) -> None:
        self.root, self.project, self.address, self.credentials = root, project, address, credentials
        self.lock = threading.RLock()
        self.faults = Faults()
        self.requests: list[Call] = []
        self.unhandled: list[str] = []
        self._first_version = version
        # Never the same again, even after a reset: what a client remembers of before must not fit.
        self._ids = itertools.count(1001)
        self._last_moment = 0
        self.reset()

    def reset(self) -> None:
        """As new; the lists stay the objects that they are."""
        with self.lock:
            self.faults.clear()
            self.requests.clear()
            self.unhandled.clear()
            self.version = self._first_version
            self.is_hopsfs = False
            self.links_views = False
            self.batch_rows = 1000
            self.keys: dict[str, frozenset[str]] = {GOOD_KEY: SCOPES}
            self.tag_schemas: set[str] = set(TAG_SCHEMAS)
            self.variables: dict[str, str] = {
                "enable_flyingduck": "true",
                "enable_data_science_profile": "true",
                "service_discovery_domain": DOMAIN,
                "loadbalancer_external_domain_feature_query": self.address,
            }
            self.groups: dict[int, Json] = {}
            self.commits: dict[int, list[Json]] = {}
            self.views: dict[tuple[str, int], Json] = {}
            self.training_data: dict[tuple[str, int], list[Json]] = {}
            self.models: dict[str, Json] = {}
            self.tags: dict[str, dict[str, str]] = {}
            self.origins: dict[str, Json] = {}
            self.uploads: dict[Path, set[int]] = {}
            for folder in (self.files, self.staging, self.root / "tables"):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
            (self.files / "Projects" / self.project / "Models").mkdir(parents=True)

    @property
    def store_name(self) -> str:
        """Name of the project's feature store."""
        return f"{self.project}_featurestore"

    @property
    def files(self) -> Path:
        """Root of the file system."""
        return self.root / "files"

    @property
    def staging(self) -> Path:
        """Where chunks lie until their file is whole."""
        return self.root / "staging"

    def table(self, name: str, version: int) -> Path:
        """Folder of a feature group's Delta table."""
        return self.root / "tables" / f"{name}_{version}"

    def next_id(self) -> int:
        """An id that nothing had before."""
        return next(self._ids)

    def moment(self) -> int:
        """Milliseconds since 1970, each time more."""
        with self.lock:
            self._last_moment = max(self._last_moment + 1, time.time_ns() // 1_000_000)
            return self._last_moment

    def time(self) -> str:
        """Now, in words, each time later."""
        return datetime.fromtimestamp(self.moment() / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"

    def called(self, call: Call) -> Strike:
        """Take a call down, and say what hits it."""
        with self.lock:
            self.requests.append(call)
        return self.faults.strike(str(call))

    def allowed(self, key: str | None, scopes: Iterable[str]) -> bool | None:
        """Whether a key has one of the scopes; None where there is no such key."""
        held = self.keys.get(key or "")
        return None if held is None else not held.isdisjoint(scopes)
