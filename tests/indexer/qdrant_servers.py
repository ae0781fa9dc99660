"""The Qdrant servers that tests speak to: the fake one, or a real one where QDRANT_URL names it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from qdrant_client import QdrantClient

from indexer.qdrant.catalog import QdrantIndexCatalog
from indexer.qdrant.settings import QdrantSettings
from tests.fakes.qdrant import FakeQdrant

URL = os.environ.get("QDRANT_URL")
"""A real server or cluster; its key, where it has one, is in QDRANT_API_KEY."""
NO_SERVER = "no real Qdrant server: set QDRANT_URL to have the same tests run against one"


def settings_of(**changes: Any) -> QdrantSettings:
    """Settings that no file or variable adds to."""
    usual = {"vector_index": "qdrant", "qdrant_url": "http://127.0.0.1:6333", "qdrant_admin_timeout_s": 10.0}
    return QdrantSettings(**{**usual, **changes}, _env_file=None)


@contextmanager
def a_fake_catalog(fake: FakeQdrant | None = None, **changes: Any) -> Iterator[QdrantIndexCatalog]:
    """A catalogue as one process has it, on a fake server of its own if none is given."""
    with closing(QdrantIndexCatalog(settings_of(**changes), (fake or FakeQdrant()).transport())) as catalog:
        yield catalog


@contextmanager
def a_real_catalog() -> Iterator[QdrantIndexCatalog]:
    """A catalogue on the real server, under names of its own, of which nothing is left afterwards."""
    key = os.environ.get("QDRANT_API_KEY")
    prefix = f"test-{uuid.uuid4().hex[:12]}-"
    with closing(QdrantIndexCatalog(settings_of(qdrant_url=URL, qdrant_api_key=key, qdrant_prefix=prefix))) as catalog:
        yield catalog
    with closing(QdrantClient(URL, api_key=key)) as client:
        for collection in client.get_collections().collections:
            if collection.name.startswith(prefix):
                client.delete_collection(collection.name)
