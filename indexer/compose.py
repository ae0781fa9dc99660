"""Composition root of the indexer room: which index the settings mean, and who fills it."""

from __future__ import annotations

from features.errors import SettingsError
from features.settings import load
from indexer.embedding import Engine, SingleProcess
from indexer.ports import RewritableCatalog
from indexer.settings import IndexSettings, Kind


def catalog(kind: Kind | None = None) -> RewritableCatalog:
    """The versions of the index that the settings name, or of the ``kind`` that is given. To be closed.

    Raises:
        SettingsError: the settings do not say what there is to know.
    """
    settings = load(IndexSettings)
    if (kind or settings.vector_index) == "embedded":  # each brings its engine or client only where it is used
        from indexer.edge_catalog import EdgeIndexCatalog

        return EdgeIndexCatalog(settings.home / "index", settings)
    from indexer.qdrant.catalog import QdrantIndexCatalog
    from indexer.qdrant.settings import QdrantSettings

    server = load(QdrantSettings)
    if server.qdrant_url is None:
        raise SettingsError(
            "SOUNDALIKE_QDRANT_URL: says where the Qdrant server is, and is not set.", "See docs/qdrant.md."
        )
    return QdrantIndexCatalog(server)


def engine() -> Engine:
    """Who embeds everybody, as the settings say."""
    if load(IndexSettings).index_engine == "single":
        return SingleProcess()
    from indexer.distributed.engine import RayEngine
    from indexer.distributed.settings import RaySettings

    return RayEngine(load(RaySettings))
