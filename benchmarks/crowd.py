"""A home with an index of very many people, made of the ones in another home with noise."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from features.compose import build as build_features
from features.profile import UserId
from features.settings import FeatureSettings, load
from indexer.check import similarity_quantiles
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.follow import vectors_of
from indexer.ports import PersonVector
from indexer.settings import IndexSettings
from trainer.compose import load_embedder, registry
from trainer.errors import TooFewPeople


@contextmanager
def crowd(people: int) -> Iterator[tuple[Path, list[UserId]]]:
    """A home of ``people`` made of the ones in SOUNDALIKE_HOME, which now names it; and their ids.

    The home that it named is left as it is.

    Raises:
        NoModel, TooFewPeople: it holds nothing that a crowd could be made of.
    """
    must_have_somebody()
    source = load(FeatureSettings).home
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(source / "models", home / "models")
        os.environ["SOUNDALIKE_HOME"] = str(source)
        ids = _index(home, people)
        os.environ["SOUNDALIKE_HOME"] = str(home)
        try:
            yield home, ids
        finally:
            os.environ["SOUNDALIKE_HOME"] = str(source)


def must_have_somebody() -> None:
    """Raises NoModel or TooFewPeople where SOUNDALIKE_HOME holds nothing to measure with."""
    settings = load(FeatureSettings)
    registry(settings).latest()
    if not build_features(settings).store.count():
        raise TooFewPeople(f"There is nobody in {settings.home}.", "make demo brings a community.")


def _index(home: Path, people: int) -> list[UserId]:
    settings = load(FeatureSettings)
    embedder = load_embedder(settings, registry(settings).latest())
    known = [p for batch in build_features(settings).store.scan() for p in vectors_of(batch, embedder)]
    catalog = EdgeIndexCatalog(home / "index", load(IndexSettings))
    builder = catalog.create(embedder.version, embedder.width)
    rng = np.random.default_rng(1)
    ids: list[UserId] = []
    while len(ids) < people:
        batch = []
        for person in known[: people - len(ids)]:
            noisy = person.vector + rng.standard_normal(embedder.width).astype(np.float32) * 0.06
            user_id = UserId(f"bench-{len(ids):07d}")
            batch.append(PersonVector(user_id, (noisy / np.linalg.norm(noisy)).astype(np.float32), person.payload))
            ids.append(user_id)
        builder.add(batch)
    index = builder.finish()
    now = datetime.now(UTC)
    quantiles = similarity_quantiles(np.stack([person.vector for person in known]), 0)
    builder.seal(replace(index.version, count=people, watermark=now, created_at=now, similarity_quantiles=quantiles))
    catalog.publish(index.version.name)
    return ids
