"""Reconciling without a server, or through the one that has the index open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import SecretStr

from features.settings import FeatureSettings, load
from indexer.errors import IndexInUse
from retriever.assembly import assemble
from retriever.client import Client
from retriever.compose import outside
from retriever.handover import patiently
from retriever.observe.metrics import Metrics
from retriever.reconcile import Reconciled, compare
from retriever.settings import RetrieverSettings


def reconciled(settings: RetrieverSettings, url: str | None, key: SecretStr | None, *, dry_run: bool) -> dict[str, Any]:
    """What ``POST /v1/admin/reconcile`` answers: from ``url``, from the index itself, or from the server that has it.

    An eraser at work is waited for.

    Raises:
        NoAnswer, Refused: the server. What ``compose.build`` raises: the stores.
    """
    if url is None:
        try:
            return asdict(_dry(settings) if dry_run else _mended(settings))
        except IndexInUse:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            url = f"http://{host}:{settings.port}"
    return Client(url, key).reconcile(dry_run=dry_run)


def _dry(settings: RetrieverSettings) -> Reconciled:
    """Opened as it lies there: a service would bring it up to date first."""
    stores = outside(settings, load(FeatureSettings))
    index = patiently(lambda: stores.catalog.open(stores.catalog.live().name), in_use_s=0)
    try:
        if stores.refresh is not None:
            stores.refresh()
        return Reconciled.of(compare(stores.store, stores.outbox, index), dry_run=True)
    finally:
        index.close()
        stores.outbox.close()
        stores.close()


def _mended(settings: RetrieverSettings) -> Reconciled:
    features = load(FeatureSettings)
    parts = patiently(lambda: assemble(outside(settings, features), settings, features, Metrics()), in_use_s=0)
    try:
        return Reconciled.of(parts.reconciler.mend(), dry_run=False)
    finally:
        parts.close()
