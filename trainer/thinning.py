"""A person as they would look with some of their rows lost: what a week does to a community, for stability. Pure."""

from __future__ import annotations

import numpy as np

from features.compact import only_artists
from features.identity import point_id
from features.user_features import UserFeatures
from features.vectors import TextVectors, view_of


def thinned(person: UserFeatures, share: float, vectors: TextVectors) -> UserFeatures:
    """The person without a random ``share`` of their artists; at least one is left. The same person, the same loss."""
    rng = np.random.default_rng(point_id(person.user_id).int)
    artists = sorted(person.listening.artists)
    lost = rng.random(len(artists)) < share
    lost[rng.integers(len(artists))] = False
    kept = frozenset(artist for artist, gone in zip(artists, lost, strict=True) if not gone)
    return view_of(person, only_artists(person.listening, kept), vectors)
