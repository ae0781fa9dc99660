"""Are stated reasons true? The deletion test of ``retriever.fidelity`` over the community in SOUNDALIKE_HOME."""

from __future__ import annotations

import numpy as np

from features.compose import build as build_features
from features.settings import FeatureSettings, load
from features.vectors import view_of
from indexer.terms import numbered
from retriever.fidelity import NEAREST, REMOVED, Floats, fidelity
from trainer.compose import load_embedder, registry
from trainer.run import text_vectors


def run(askers: int) -> list[str]:
    """The figures, over the nearest match of up to ``askers`` people."""
    settings = load(FeatureSettings)
    room = build_features(settings)
    embedder = load_embedder(settings, registry(settings).latest())
    people = [person for batch in room.store.scan() for person in batch]
    vectors = text_vectors(people, room.encoder)
    found = fidelity(
        people,
        embedder,
        lambda person, part: view_of(person, part, vectors),
        numbered(*room.catalog.popularity()),
        askers=askers,
    )
    return [
        f"model v{embedder.version}, {len(people):,} people, the nearest match of {askers:,}",
        _line(f"up to {REMOVED} rarest shared artists", found.artists),
        _line(f"up to {REMOVED} rarest shared genres", found.genres),
        f"the three towers explain {found.towers:.1%} of the variance of the similarity to the {NEAREST} nearest",
    ]


def _line(what: str, falls: Floats) -> str:
    stated, chance = falls.mean(axis=0)
    more = (falls[:, 0] > falls[:, 1]).mean()
    error = np.std(falls[:, 0] - falls[:, 1]) / np.sqrt(len(falls))
    return (
        f"without the {what} the similarity falls by {stated:.4f}, without as many random ones by {chance:.4f} "
        f"(difference {stated - chance:.4f} ± {1.96 * error:.4f}; larger in {more:.0%} of {len(falls)} matches)"
    )
