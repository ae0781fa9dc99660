"""Two views of one person: parts of their listening with no artist in common. Pure; randomness is handed in.

Views of one person are a positive pair in training and the question and answer of the halves protocol.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.compact import only_artists
from features.listening import Listening, PlaylistListening

Pair = tuple[Listening, Listening]


def halves(listening: Listening, rng: np.random.Generator) -> Pair:
    """Two halves with no artist and no playlist in both: what the evaluation asks with.

    Several playlists are dealt to the sides, the longest first, each to the side with fewer artists so far; an artist
    on both sides goes to the one with fewer of its own. A single playlist is cut in two and loses its name, which
    would otherwise give the answer away.
    """
    if len(listening.playlists) == 1:
        nameless = replace(listening, playlists=(replace(listening.playlists[0], name=""),))
        return _cut(nameless, _random_side(nameless, rng))
    left, right = _deal(listening.playlists, rng)
    on_left, on_right = _artists(left), _artists(right)
    shared = sorted(on_left & on_right)
    only_left, only_right = on_left - on_right, on_right - on_left
    for index in rng.permutation(len(shared)):
        (only_left if len(only_left) <= len(only_right) else only_right).add(shared[index])
    return (
        only_artists(replace(listening, playlists=left), frozenset(only_left)),
        only_artists(replace(listening, playlists=right), frozenset(only_right)),
    )


def artist_halves(listening: Listening, rng: np.random.Generator) -> Pair:
    """Two halves with no artist in both; every playlist may be in both, but only one of them knows its name."""
    side = _random_side(listening, rng)
    named_left = rng.random(len(listening.playlists)) < 0.5
    left, right = _cut(listening, side)
    names = {id_: bool(keep) for id_, keep in zip(_names(listening), named_left, strict=True)}
    return _hide_names(left, names, keep=True), _hide_names(right, names, keep=False)


def draw(listening: Listening, rng: np.random.Generator) -> Pair:
    """A pair of views to train on: halves of either kind in turn; a view may be empty for tiny profiles."""
    return halves(listening, rng) if rng.random() < 0.5 else artist_halves(listening, rng)


def hide_artists(listening: Listening, share: float, rng: np.random.Generator) -> tuple[Listening, set[str]]:
    """Hide a share of the artists (at least one): what is left, and the hidden artists' names."""
    artists = sorted(_artists(listening.playlists))
    hidden = {artists[index] for index in rng.permutation(len(artists))[: max(1, round(share * len(artists)))]}
    return only_artists(listening, frozenset(artists) - hidden), hidden


def _artists(playlists: tuple[PlaylistListening, ...]) -> set[str]:
    return set().union(*(playlist.artists for playlist in playlists))


def _random_side(listening: Listening, rng: np.random.Generator) -> frozenset[str]:
    artists = sorted(_artists(listening.playlists))
    order = rng.permutation(len(artists))
    return frozenset(artists[index] for index in order[: (len(artists) + 1) // 2])


def _cut(listening: Listening, left: frozenset[str]) -> Pair:
    right = frozenset(_artists(listening.playlists)) - left
    return only_artists(listening, left), only_artists(listening, right)


def _deal(
    playlists: tuple[PlaylistListening, ...], rng: np.random.Generator
) -> tuple[tuple[PlaylistListening, ...], tuple[PlaylistListening, ...]]:
    order = sorted(rng.permutation(len(playlists)), key=lambda index: -len(playlists[index].artists))
    sides: tuple[list[PlaylistListening], list[PlaylistListening]] = ([], [])
    heard: tuple[set[str], set[str]] = (set(), set())
    turn = int(rng.integers(2))
    for index in order:
        if len(heard[0]) != len(heard[1]):
            turn = 0 if len(heard[0]) < len(heard[1]) else 1
        sides[turn].append(playlists[index])
        heard[turn].update(playlists[index].artists)
    return tuple(sides[0]), tuple(sides[1])


def _names(listening: Listening) -> list[str]:
    return [playlist.name for playlist in listening.playlists]


def _hide_names(listening: Listening, names: dict[str, bool], *, keep: bool) -> Listening:
    playlists = tuple(
        playlist if names[playlist.name] is keep else replace(playlist, name="") for playlist in listening.playlists
    )
    return replace(listening, playlists=playlists)
