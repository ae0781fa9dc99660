"""Clients of a Qdrant server as the settings name it: one that reads, and one that writes."""

from __future__ import annotations

import math
import ssl
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient

from indexer.errors import IndexUnavailable
from indexer.qdrant.settings import QdrantSettings

_IDLE_S = 3.0  # the server hangs up after five; who hangs up first never finds a dead connection
_BACK_MS = 1_000  # gRPC's own would leave alone, for two minutes more, a server that was away for some and is back


@dataclass(frozen=True, slots=True)
class Clients:
    """One client for reading and one for writing, which are the same where there is one key for both."""

    reading: AsyncQdrantClient
    writing: AsyncQdrantClient

    async def close(self) -> None:
        """Let go of all connections."""
        await self.reading.close()
        if self.writing is not self.reading:
            await self.writing.close()


def connect(settings: QdrantSettings, transport: httpx.AsyncBaseTransport | None = None) -> Clients:
    """Clients that have asked nothing yet; ``transport`` is in place of the network, for tests.

    Raises:
        IndexUnavailable: the file of certificates cannot be read.
    """
    write_key, read_key = settings.qdrant_api_key, settings.qdrant_read_only_api_key
    writing = _client(settings, write_key or read_key, transport)
    if write_key is None or read_key is None:
        return Clients(writing, writing)
    return Clients(_client(settings, read_key, transport), writing)


def _client(
    settings: QdrantSettings, key: SecretStr | None, transport: httpx.AsyncBaseTransport | None
) -> AsyncQdrantClient:
    most = settings.qdrant_connections
    more: dict[str, Any] = {} if transport is None else {"transport": transport}
    grpc_options: dict[str, Any] = {"grpc.max_reconnect_backoff_ms": _BACK_MS}
    if settings.qdrant_ca_file is not None:
        try:
            more["verify"] = ssl.create_default_context(cafile=settings.qdrant_ca_file)
            grpc_options["root_certificates"] = settings.qdrant_ca_file.read_bytes()
        except (OSError, ssl.SSLError) as error:
            raise IndexUnavailable(f"{settings.qdrant_ca_file} holds no certificates: {error}.") from error
    return AsyncQdrantClient(
        url=settings.qdrant_url,
        prefer_grpc=settings.qdrant_grpc,
        grpc_port=settings.qdrant_grpc_port,
        grpc_options=grpc_options,
        # As a header: the client would warn of a key over http even on this machine or within a private network.
        headers=None if key is None else {"api-key": key.get_secret_value()},
        # Never reached: whoever asks has a shorter deadline, by the clock.
        timeout=math.ceil(max(settings.qdrant_admin_timeout_s, settings.qdrant_write_timeout_s)) + 1,
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=_IDLE_S),
        check_compatibility=False,  # indexer.qdrant.line looks itself, and does more than warn
        **more,
    )
