"""Settings of the distributed engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from features.settings import HomeSettings
from features.tables.shards import MOST_SHARDS


class RaySettings(HomeSettings):
    """Where Ray runs, and how the work is cut."""

    ray_address: str | None = None
    """A cluster that runs, told from one of its nodes: ``auto``, or ``HOST:PORT``. None: Ray is started on this
    machine, on loopback, for as long as it takes."""
    ray_actors: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Processes that embed, one core each; None: as many as the cluster has cores. There are never more than shards."""
    ray_shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)] = 64
    """Files that the feature store is cut into for them: a few for each process, so that none waits for another."""
    ray_folder: Path | None = None
    """Where those files lie for as long as it takes: a folder that all machines of the cluster see under this name.
    None: in the home."""
