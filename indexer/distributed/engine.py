"""RayEngine: shards of the feature store as files, embedded by actors of Ray Data, and into the index.

The actors write to the index themselves where it can be written to from anywhere; else what they embed comes back and
is written here. Either way, only ids and vectors of a batch at a time are in this process's memory.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from features.errors import SettingsError, SoundalikeError
from features.own_folder import own_folder
from features.ports import FeatureStore
from features.tables.shards import Shards, by_hash, write_shards
from indexer.distributed.actor import SHARD, EmbedsShards, to_people
from indexer.distributed.settings import RaySettings
from indexer.embedding import Embedded, refuse_bad
from indexer.errors import IndexUnavailable
from indexer.follow import BATCH, findable
from indexer.ports import VersionBuilder, Writer
from trainer.ports import Embedder

if TYPE_CHECKING:
    from ray.data import Dataset

EXTRA = "soundalike[distributed]"
_ANSWERS_WITHIN_S, _PREFIX, _TOKEN = 5.0, "soundalike-shards-", "~/.ray/auth_token"


class RayEngine:
    """An ``Engine`` over a cluster that runs, or over processes of this machine."""

    def __init__(self, settings: RaySettings, *, tries: int = 3) -> None:
        """``tries``: processes that may die over a shard before the build ends with what to do about it."""
        self._settings, self._tries = settings, tries

    def fill(self, builder: VersionBuilder, features: FeatureStore, embedder: Embedder) -> Iterator[Embedded]:
        """See ``Engine.fill``; in whatever order the shards are done.

        Raises:
            SettingsError: Ray is not installed, or the folder for shards cannot be written.
            IndexUnavailable: there is no cluster at the address, it failed, or the index did.
        """
        writer = builder.writer()
        with _connected(self._settings), self._shards(features) as folder, _in_our_words():
            embedded = self._embedded(folder, embedder, writer)
            for table in embedded.iter_batches(batch_size=BATCH, batch_format="pyarrow", prefetch_batches=1):
                people = to_people(table, embedder.width)
                vectors = np.array([person.vector for person in people], np.float32).reshape(-1, embedder.width)
                ids = [person.user_id for person in people]
                if writer is None:
                    refuse_bad(vectors)
                    builder.add(people)
                else:
                    builder.added(ids)
                yield Embedded(len(ids), ids, vectors)

    @contextmanager
    def _shards(self, features: FeatureStore) -> Iterator[Path]:
        """The people who agree to be found, as files that are gone afterwards."""
        home = self._settings.ray_folder or self._settings.home / "ray"
        shards = self._settings.ray_shards
        with ExitStack() as holding:
            try:
                own = own_folder(home / f"{_PREFIX}{uuid4().hex}", siblings=f"{_PREFIX}*")
                folder = holding.enter_context(own)
            except OSError as error:
                raise SettingsError(f"{home} cannot be written: {error}.", "Set SOUNDALIKE_RAY_FOLDER.") from error
            people = folder / "people"
            write_shards(map(findable, features.scan(batch_size=BATCH)), people, by_hash(shards), shards)
            yield people

    def _embedded(self, folder: Path, embedder: Embedder, writer: Callable[[], Writer] | None) -> Dataset:
        """A shard is a task, and is read by who embeds it: people's listening passes no network and no object store."""
        import ray

        shards = [{SHARD: str(file)} for file in Shards(folder).files]
        return ray.data.from_items(shards, override_num_blocks=len(shards)).map_batches(
            EmbedsShards,
            fn_constructor_args=(embedder, writer, self._tries),
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=min(self._settings.ray_actors or _cores(), len(shards))),
            num_cpus=1,
        )


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Ray's errors as ours; an error of ours in one of its processes is that error here."""
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        raise _ours(error) from error


def _ours(error: BaseException) -> Exception:
    first: BaseException = error  # Ray's own messages begin with where it was
    while (cause := getattr(first, "cause", None) or first.__cause__) is not None:
        first = cause
        if isinstance(first, SoundalikeError):
            return first
    told = str(first).strip().splitlines() or [type(first).__name__]
    return IndexUnavailable(f"The Ray cluster failed: {told[0]}.", "Look at its logs; run it again.")


def _cores() -> int:
    """Of the cluster as it is now."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


@contextmanager
def _connected(settings: RaySettings) -> Iterator[None]:
    """Ray, quiet, with nothing reported to anybody; what was started here ends here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # these two print past Python's logging
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "ERROR")
    logging.getLogger("ray").setLevel(logging.ERROR)
    if settings.ray_address and _has_token():
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray does so by itself only where it starts a cluster
    record_factory = logging.getLogRecordFactory()
    try:
        import ray
    except ImportError as error:
        raise SettingsError("Ray is not installed.", f"pip install '{EXTRA}'") from error
    logging.setLogRecordFactory(record_factory)  # Ray's puts a stamp of its own on everybody's records
    from ray.exceptions import RayError

    try:
        _must_answer(settings.ray_address)
        ray.init(settings.ray_address or "local", configure_logging=False, log_to_driver=False, **_of_its_own(settings))
    except (OSError, ValueError, RuntimeError, RayError) as error:  # it may be there again, so a build is only paused
        where = settings.ray_address or "on this machine"
        raise IndexUnavailable(
            f"There is no Ray cluster {where}: {error}.",
            f"Start it, or set SOUNDALIKE_RAY_ADDRESS; a token, if it asks for one, belongs in {_TOKEN}.",
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield
    finally:
        ray.shutdown()


def _of_its_own(settings: RaySettings) -> dict[str, Any]:
    """How Ray is started, where it is."""
    if settings.ray_address is not None:
        return {}
    cores = settings.ray_actors or len(os.sched_getaffinity(0))
    return {"include_dashboard": False, "num_cpus": cores, "_node_ip_address": "127.0.0.1"}


def _has_token() -> bool:
    """Where Ray looks for one."""
    return "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ or Path(_TOKEN).expanduser().exists()


def _must_answer(address: str | None) -> None:
    """Ray itself would ask for minutes. Raises OSError, or ValueError for what is no address."""
    if address in (None, "auto"):
        return
    host, _, port = str(address).rpartition(":")
    socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN_S).close()
