"""Settings of the indexer room: how a version is built, what it must prove, and how it is searched."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from features.settings import HomeSettings

Kind = Literal["embedded", "qdrant"]
"""What may search."""


class IndexSettings(HomeSettings):
    """What the index can be told; the defaults were measured on 100,000 people of width 128."""

    vector_index: Kind = "embedded"
    """What searches: ``embedded``, Qdrant's engine in the server's own process; ``qdrant``, a Qdrant server or cluster,
    which several of our servers may share."""
    index_engine: Literal["single", "ray"] = "single"
    """Who embeds everybody when a version is built: ``single``, the indexer's process; ``ray``, processes of this
    machine or of a Ray cluster, for communities of millions."""
    keep_versions: Annotated[int, Field(ge=1)] = 2
    """Versions that stay after a build: the live one, the one that was live before (for ``--rollback``), newer ones."""
    min_recall: Annotated[float, Field(ge=0, le=1)] = 0.98
    """Recall@10 against exact search that a new version must reach, or it is not published."""
    hnsw_ef: Annotated[int, Field(ge=16, le=4096)] = 256
    """Candidates that a search follows through the graph: more finds more and takes longer (256: recall 0.998)."""
    hnsw_m: Annotated[int, Field(ge=4, le=128)] = 16
    """Links per person in the graph; takes effect with the next build."""
    hnsw_ef_construct: Annotated[int, Field(ge=16, le=4096)] = 128
    """Candidates looked at for each link while the graph is built; takes effect with the next build."""
    oversampling: Annotated[float, Field(ge=1, le=16)] = 2.0
    """How many times more candidates than asked for are rescored with full precision, as int8 alone loses recall."""
