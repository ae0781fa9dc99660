"""Invented names of people, acts and songs, put together from ``words``; any likeness to a real one is chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from features.synthetic import words
from features.synthetic.scenes import BAND, DARK, GROUP, MACHINE, RAP, SINGER


def _one(rng: np.random.Generator, table: Sequence[str]) -> str:
    return table[int(rng.integers(len(table)))]


def surname(rng: np.random.Generator) -> str:
    """Such as Tarnquist."""
    return _one(rng, words.SYLLABLES_FIRST) + _one(rng, words.SYLLABLES_LAST)


def person(rng: np.random.Generator) -> str:
    """Such as Yara Tarnquist."""
    return f"{_one(rng, words.GIVEN_NAMES)} {surname(rng)}"


def title(rng: np.random.Generator) -> str:
    """A song, such as Borrowed Umbrella."""
    return f"{_one(rng, words.ADJECTIVES)} {_one(rng, words.NOUNS)}"


def _band(rng: np.random.Generator) -> str:
    adjective, noun, other = _one(rng, words.ADJECTIVES), _one(rng, words.NOUNS), _one(rng, words.NOUNS)
    with_band = f"{noun} & the {_plural(other)}"
    return _one(rng, (f"The {adjective} {_plural(noun)}", f"{noun} {other}", f"{adjective} {noun}", with_band))


def _plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith(("ny", "ry")) else noun + "s"


def _dark(rng: np.random.Generator) -> str:
    noun, other, place = _one(rng, words.DARK_NOUNS), _one(rng, words.DARK_NOUNS), surname(rng)
    return _one(rng, (f"{noun} of {place}", f"{noun}{other.lower()}", f"{place}'s {noun}", f"{noun} {other}"))


def _machine(rng: np.random.Generator) -> str:
    word, other, number = _one(rng, words.MACHINE_WORDS), _one(rng, words.MACHINE_WORDS), int(rng.integers(2, 99))
    return _one(rng, (f"{word} {other}", f"{word}{other.lower()}", f"{other} {number}", f"{surname(rng)} {word}"))


def _rap(rng: np.random.Generator) -> str:
    return f"{_one(rng, words.RAP_FIRST)} {_one(rng, (surname(rng), _one(rng, words.NOUNS)))}"


def _group(rng: np.random.Generator) -> str:
    group = _one(rng, words.GROUPS)
    return _one(rng, (f"{person(rng)} {group}", f"{surname(rng)} {_one(rng, words.NOUNS)} {group}"))


_STYLES: dict[str, Callable[[np.random.Generator], str]] = {
    BAND: _band,
    SINGER: person,
    DARK: _dark,
    MACHINE: _machine,
    RAP: _rap,
    GROUP: _group,
}


def act(rng: np.random.Generator, *, style: str, taken: set[str]) -> str:
    """A name for an act, in the style of its scene, that is not in ``taken`` yet (it is afterwards)."""
    name = _STYLES[style](rng)
    while name in taken:
        name = f"{_STYLES[style](rng)} {_one(rng, words.NOUNS)}"
    taken.add(name)
    return name
