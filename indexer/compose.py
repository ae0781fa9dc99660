"""Composition root of the indexer room: which index the settings mean."""

from __future__ import annotations

from features.settings import load
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.ports import RewritableCatalog
from indexer.settings import IndexSettings


def catalog(settings: IndexSettings | None = None) -> RewritableCatalog:
    """The versions of the index that the settings name."""
    settings = load(IndexSettings) if settings is None else settings
    return EdgeIndexCatalog(settings.home / "index", settings)
