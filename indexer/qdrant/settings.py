"""Settings of an index on a Qdrant server; how much of them fits which size is in docs/qdrant.md."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, FilePath, SecretStr, model_validator

from indexer.settings import IndexSettings

LONGEST_SEARCH_S = 60
"""What a search may be given at most; a finished collection refuses to be asked for more."""


class QdrantSettings(IndexSettings):
    """Where the server is and how collections are made; what makes collections takes effect with the next build."""

    qdrant_url: Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$")] | None = None
    """Where the server, the cluster's load balancer or one of its nodes is: http://127.0.0.1:6333."""
    qdrant_api_key: SecretStr | None = None
    """Key that may read and write. Beyond this machine give it over https only."""
    qdrant_read_only_api_key: SecretStr | None = None
    """Key that may only read. With both, every search is asked with this one; with it alone, nothing can be written."""
    qdrant_ca_file: FilePath | None = None
    """Certificates (PEM) that an https server is trusted by, where its own are not signed by a public authority."""
    qdrant_grpc: bool = False
    """Whether to speak gRPC: vectors as bytes instead of text. REST passes any proxy, and is easier to look into."""
    qdrant_grpc_port: Annotated[int, Field(ge=1, le=65535)] = 6334
    """Port for gRPC, on the same host as the URL's."""
    qdrant_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,60}$")] = ""
    """Put before the names of all collections and aliases, so that several communities share a server."""
    qdrant_search_timeout_s: Annotated[float, Field(gt=0, le=LONGEST_SEARCH_S)] = 0.8
    """Seconds that a search or a look at some people may take: with a second, one that hangs is told within it."""
    qdrant_write_timeout_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    """Seconds that one write, or one batch of a walk through everybody, may take."""
    qdrant_admin_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds to make or drop a collection or move an alias, which the nodes of a cluster have to agree on."""
    qdrant_connections: Annotated[int, Field(ge=1, le=1000)] = 16
    """Most connections at once: as many as the server's worker threads and the background ones ever ask at once."""
    qdrant_upload_batch: Annotated[int, Field(ge=1, le=1000)] = 256
    """People in one request of a build; with their payloads some 2 MB, where a server takes 32."""
    qdrant_upload_streams: Annotated[int, Field(ge=1, le=64)] = 4
    """Requests of a build under way at once, which is also all that memory holds. Two to four fill a node. (With Ray,
    each of its processes has as many.)"""
    qdrant_upload_patience_s: Annotated[float, Field(ge=0, le=86_400)] = 300.0
    """Seconds for which a build tries a batch again while the server restarts or has too much to do."""
    qdrant_green_within_s: Annotated[float, Field(gt=0, le=604_800)] = 7200.0
    """Seconds to wait for the graph of a new collection; a million people take some minutes."""
    qdrant_lease_s: Annotated[float, Field(ge=3, le=3600)] = 60.0
    """Seconds after which a process that died is not waited for any more: a server's hold on a version, a builder's on
    its collection. Clocks of all machines must agree to within a tenth of it."""
    qdrant_shards: Annotated[int, Field(ge=1, le=1024)] = 1
    """Shards of a collection. 1 on one node, since every search asks all of them; on a cluster a multiple of the nodes,
    as it cannot be changed later."""
    qdrant_replicas: Annotated[int, Field(ge=1, le=64)] = 1
    """Copies of each shard, on different nodes. 2, on three nodes or more, to go on when one is lost."""
    qdrant_write_consistency: Annotated[int, Field(ge=1, le=64)] = 1
    """Copies that must have a write before it is acknowledged. The feature store can mend an index, so 1; as many as
    there are replicas, to have a write refused rather than mended."""
    qdrant_quantization: Literal["int8", "none"] = "int8"
    """int8: searched in a quarter of the memory, then rescored in float32 (SOUNDALIKE_OVERSAMPLING), and built in half
    the time. none: float32 throughout. Fewer bits lose too many neighbours at width 128."""
    qdrant_vectors_on_disk: bool = False
    """Whether float32 vectors are left on disk until they are asked for: for collections beyond the memory, on SSD."""
    qdrant_graph_on_disk: bool = False
    """The same for the graph; each step through it may then be a read from disk."""
    qdrant_payload_on_disk: bool = True
    """The same for names, artists and genres: they are most of the bytes, and read for those who are found only."""
    qdrant_strict: bool = True
    """Whether a finished collection refuses what would load the server too much: filters on fields without an index,
    larger limits, batches and conditions than this program ever asks for."""

    @model_validator(mode="after")
    def _must_be_possible(self) -> Self:
        if self.qdrant_write_consistency > self.qdrant_replicas:
            raise ValueError("SOUNDALIKE_QDRANT_WRITE_CONSISTENCY cannot be more than SOUNDALIKE_QDRANT_REPLICAS")
        return self
