"""FakeHopsworks: a Hopsworks cluster in this process, for the SDK as it is. Start here.

A fake written from the client's source shows that the client takes it for a cluster, not that a cluster is like it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Self, TypeVar

from . import datasets, feature_store, feature_views, login, models
from .certificates import Authority
from .faults import Cut, Delay, Failure, Meanwhile
from .flight import QueryService
from .server import RestServer
from .state import DOMAIN, GOOD_KEY, USER, Call, State

_Value = TypeVar("_Value")
_ROUTES = (*login.ROUTES, *feature_store.ROUTES, *feature_views.ROUTES, *datasets.ROUTES, *models.ROUTES)


class _Known(Generic[_Value]):
    """An attribute that the cluster's state has under the same name, or ``name``."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = self._name or name

    def __get__(self, fake: FakeHopsworks, _owner: type) -> _Value:
        return getattr(fake._state, self._name)

    def __set__(self, fake: FakeHopsworks, value: _Value) -> None:
        setattr(fake._state, self._name, value)


class FakeHopsworks:
    """A cluster with one project; a context manager.

    Attributes:
        host: of the REST API, and of the query service at port 5005.
        port: of the REST API; the same one after another ``start``.
        ca_file: PEM of the authority by which a client can verify both.
    """

    GOOD_KEY = GOOD_KEY
    requests = _Known[list[Call]]()
    """What was asked, oldest first."""
    unhandled = _Known[list[str]]()
    """What was asked and the fake does not do (it answered 501); tests assert that there is nothing."""
    version = _Known[str]()
    """Version that the cluster says it has."""
    cluster_variables = _Known[dict[str, str]]("variables")
    """Settings of the cluster; one that is missing is answered with 404."""
    tag_schemas = _Known[set[str]]()
    """Names of the tags that there may be."""
    batch_rows = _Known[int]()
    """Rows in a record batch of the query service."""
    is_hopsfs = _Known[bool]()
    """Whether feature groups made from now on lie in HopsFS, as in most clusters; their rows cannot be written."""
    links_views = _Known[bool]()
    """Whether a model's provenance tells its feature view even where no training dataset stands between them."""

    def __init__(
        self, root: Path, *, address: str = "127.0.0.41", project: str = "soundalike", version: str = "5.2.0"
    ) -> None:
        """``root`` is a folder of the fake's own; ``address`` a loopback address that no other fake uses."""
        self.host, self.port = address, 0
        self.ca_file = root / "ca.pem"
        self._rest: RestServer | None = None
        self._flight: QueryService | None = None
        root.mkdir(parents=True, exist_ok=True)
        self._authority = Authority("Fake Hopsworks")
        self.ca_file.write_bytes(self._authority.pem)
        hosts = ["localhost", f"flyingduck.service.{DOMAIN}"]
        self._identity = self._authority.issue(address, hosts=hosts, addresses=[address])
        self._identity_file = root / "server.pem"
        self._identity_file.touch(mode=0o600)
        self._identity_file.write_bytes(self._identity.certificate + self._identity.key)
        credentials = login.credentials(self._authority, f"{project}__{USER}")
        self._state = State(root / "state", project=project, version=version, address=address, credentials=credentials)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Begin to answer; what is known stays as it was before ``close``."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._identity_file)
        self._flight = QueryService(self._state, self._identity, self._authority.pem)
        self._rest = RestServer((self.host, self.port), tls, self._state, _ROUTES)
        self.port = self._rest.server_address[1]

    def close(self) -> None:
        """Stop, and break off what is under way."""
        if self._rest is not None:
            self._rest.close()
        if self._flight is not None:
            self._flight.close()
        self._rest = self._flight = None

    def reset(self) -> None:
        """Forget everything: feature groups, models, files, keys, settings, faults and the log."""
        self._state.reset()

    def variables(self) -> dict[str, str]:
        """Environment variables by which a client finds the fake."""
        return {
            "HOPSWORKS_HOST": self.host,
            "HOPSWORKS_PORT": str(self.port),
            "HOPSWORKS_PROJECT": self._state.project,
            "HOPSWORKS_API_KEY": GOOD_KEY,
            "HOPSWORKS_TRUST_STORE_PATH": str(self.ca_file),
        }

    def add_key(self, key: str, scopes: set[str]) -> None:
        """Accept another API key, for what these scopes allow; 403 for anything else."""
        self._state.keys[key] = frozenset(scopes)

    def fail(
        self,
        pattern: str,
        *,
        status: int = 500,
        times: int = 1,
        after: bool = False,
        code: int | None = None,
        message: str = "A generic error occurred.",
    ) -> None:
        """Answer the next ``times`` calls whose "METHOD path" matches with an error.

        Args:
            pattern: regular expression. Calls of the query service are FLIGHT and its method, such as "FLIGHT do_get".
            status: of the answer; of the query service, 503 is unavailable, any other a server error.
            times: how many calls.
            after: the work is done first, so that only the answer is an error. Not of the query service.
            code: ``errorCode`` in the answer.
            message: ``errorMsg`` in the answer, or what the query service says.
        """
        self._state.faults.order(pattern, Failure(status, 120000 if code is None else code, message, after), times)

    def slow(self, pattern: str, seconds: float, times: int = 1) -> None:
        """Answer calls late. The work is done at once; the wait ends when the fake is closed."""
        self._state.faults.order(pattern, Delay(seconds), times)

    def cut(self, pattern: str, times: int = 1, *, after_bytes: int | None = None, after: bool = False) -> None:
        """Break the connection off.

        Args:
            pattern: as for :meth:`fail`. A "FLIGHT do_get" breaks off after its first record batch.
            times: how many calls.
            after_bytes: as many bytes of the request's body are read or, where it has none, of the answer's body sent;
                None breaks off without an answer.
            after: the work is done first, so that only the answer is lost.
        """
        self._state.faults.order(pattern, Cut(after_bytes, after), times)

    def meanwhile(self, pattern: str, work: Callable[[], object], times: int = 1) -> None:
        """Do ``work`` before the next ``times`` calls are looked at, each in its own thread: clients can meet there.

        Not of the query service.
        """
        self._state.faults.order(pattern, Meanwhile(work), times)

    def mend(self) -> None:
        """Faults that were ordered and have not struck yet are taken back."""
        self._state.faults.clear()

    def table(self, name: str, version: int) -> Path:
        """Folder of a feature group's Delta table."""
        return self._state.table(name, version)

    def files(self) -> Path:
        """Root of the file system: the project's files are in Projects/<project>, models in its folder Models."""
        return self._state.files
