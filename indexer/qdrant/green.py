"""How a collection that was filled is waited for until its graph is built."""

from __future__ import annotations

import time

from qdrant_client import models
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from indexer.errors import IndexRejected, IndexUnavailable
from indexer.qdrant.line import Line
from indexer.qdrant.making import EXACT_BELOW_KB
from indexer.qdrant.trouble import Passing

_LOOK_EVERY_S, _LOOK_AT_LEAST_EVERY_S, _LOOKS = 0.5, 10.0, 3
_BYTES = 4  # of a float32
_LOOKING = "The collection cannot be looked at"


def wait_until_green(line: Line, name: str, width: int) -> None:
    """Wait until the server has nothing more to build; looked at several times where there is a graph.

    Raises:
        IndexRejected: the server failed to build it.
        IndexUnavailable: it does not answer, or takes longer than it may; what was uploaded stays for the next build.
    """
    settings, looks = line.settings, 0
    until = time.monotonic() + settings.qdrant_green_within_s
    while True:
        info = _looked_at(line, name)
        if info.status == models.CollectionStatus.RED:
            raise IndexRejected(f"Qdrant cannot build the graph of {name}: {info.optimizer_status}.", "See its log.")
        if info.status == models.CollectionStatus.GREY:  # it waits for a word after a restart
            _wake(line, name)
        is_green = info.status == models.CollectionStatus.GREEN and _kb_without_graph(info, width) <= EXACT_BELOW_KB
        looks = looks + 1 if is_green else 0
        has_graph = (info.points_count or 0) * width * _BYTES > EXACT_BELOW_KB * 1024
        if looks >= (_LOOKS if has_graph else 1):
            return
        if not is_green and time.monotonic() > until:
            raise IndexUnavailable(
                f"The graph of {name} was not built within {settings.qdrant_green_within_s:g} s.",
                "The server goes on: build again later, which uploads nobody twice; give it more cores, or raise "
                "SOUNDALIKE_QDRANT_GREEN_WITHIN_S.",
            )
        time.sleep(_LOOK_EVERY_S)


def _looked_at(line: Line, name: str) -> models.CollectionInfo:
    """Asked again while the server is away, as a restart is no reason to give up hours of work."""
    settings = line.settings
    asked = Retrying(
        retry=retry_if_exception_type(Passing),
        wait=wait_random_exponential(multiplier=_LOOK_EVERY_S, max=_LOOK_AT_LEAST_EVERY_S),
        stop=stop_after_delay(settings.qdrant_upload_patience_s),
        reraise=True,
    )
    return asked(
        line.read, _LOOKING, lambda client: client.get_collection(name), within_s=settings.qdrant_write_timeout_s
    )


def _kb_without_graph(info: models.CollectionInfo, width: int) -> float:
    """Of a segment, on average; green is also a server that has not yet noticed that there is something to build."""
    without = (info.points_count or 0) - (info.indexed_vectors_count or 0)
    return without * width * _BYTES / 1024 / max(info.segments_count, 1)


def _wake(line: Line, name: str) -> None:
    within_s = line.settings.qdrant_admin_timeout_s
    nothing = models.OptimizersConfigDiff()
    line.write(_LOOKING, lambda client: client.update_collection(name, optimizers_config=nothing), within_s=within_s)
