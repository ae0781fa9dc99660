"""Lessons as files: written batch by batch, then mapped into memory, by every process that trains on this machine.

What they hold is told in ``trainer.lessons``; numpy's own formats, nothing pickled.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
from scipy import sparse

from trainer.inputs import PARTS, Inputs
from trainer.neighbours import Gallery, Hidden

Rows = npt.NDArray[np.intp]
_FACTS, _GALLERY, _PLACE, _VOTES = "facts.json", "gallery", "place.npy", "votes.npz"


@dataclass(frozen=True)
class Views:
    """Inputs of pairs of views, row by row the same people; ``usable`` is bool [people]: both views hold something."""

    left: Inputs
    right: Inputs
    usable: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lessons:
    """All that training is shown; the rows of every part are the same people. Inputs stay on the disk until used.

    Attributes:
        widths: of the parts of an input row.
        views: drawings of pairs.
        gallery: who votes on hidden artists.
        hidden: as many drawings of hidden artists.
        fingerprint: of who they are and with what.
    """

    widths: tuple[int, ...]
    views: list[Views]
    gallery: Gallery
    hidden: list[Hidden]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.gallery.place)


class LessonWriter:
    """Writes lessons into a folder; what is never put is there as nothing known."""

    def __init__(self, folder: Path, widths: tuple[int, ...], drawings: int, gallery: Gallery) -> None:
        """Makes room for ``drawings`` of everybody who has a place in the gallery's ``place``."""
        self._folder, self._widths, self._people = folder, widths, len(gallery.place)
        self._left, self._right, self._asking = (
            [_InputsFile(folder / f"{side}-{drawing}", self._people, sum(widths)) for drawing in range(drawings)]
            for side in ("left", "right", "asking")
        )
        self._usable = np.zeros((drawings, self._people), np.bool_)
        self._kept, self._hidden = ([_Scattered() for _ in range(drawings)] for _ in range(2))
        self._gallery = gallery

    def put_pair(self, drawing: int, rows: Rows, views: Views) -> None:
        """Pairs of views of the people of ``rows``."""
        self._left[drawing].put(rows, views.left)
        self._right[drawing].put(rows, views.right)
        self._usable[drawing, rows] = views.usable

    def put_hidden(self, drawing: int, rows: Rows, hidden: Hidden) -> None:
        """What is hidden from the neighbours of the people of ``rows``."""
        self._asking[drawing].put(rows, hidden.inputs)
        self._kept[drawing].put(rows, hidden.left)
        self._hidden[drawing].put(rows, hidden.hidden)

    def finish(self, fingerprint: str) -> None:
        """Write what is still in memory."""
        for file in (*self._left, *self._right, *self._asking):
            file.close()
        np.save(self._folder / "usable.npy", self._usable)
        for name, drawn in (("kept", self._kept), ("hidden", self._hidden)):
            for drawing, rows in enumerate(drawn):
                sparse.save_npz(self._folder / f"{name}-{drawing}.npz", rows.matrix(self._people), compressed=False)
        gallery = _InputsFile(self._folder / _GALLERY, len(self._gallery.inputs), sum(self._widths))
        gallery.put(np.arange(len(self._gallery.inputs)), self._gallery.inputs)
        gallery.close()
        np.save(self._folder / _PLACE, self._gallery.place)
        sparse.save_npz(self._folder / _VOTES, self._gallery.votes, compressed=False)
        facts = {"widths": self._widths, "artists": list(self._gallery.column), "fingerprint": fingerprint}
        (self._folder / _FACTS).write_bytes(orjson.dumps(facts))


def open_lessons(folder: Path) -> Lessons:
    """What a ``LessonWriter`` finished. The files may be deleted afterwards: what is mapped stays till it is let go."""
    facts = orjson.loads((folder / _FACTS).read_bytes())
    usable = np.load(folder / "usable.npy")
    place, votes = np.load(folder / _PLACE), sparse.load_npz(folder / _VOTES)
    column = {artist: at for at, artist in enumerate(facts["artists"])}
    gallery = Gallery(_inputs(folder / _GALLERY), place, column, votes)
    views, hidden = [], []
    for drawing in range(len(usable)):
        left, right, asking = (_inputs(folder / f"{side}-{drawing}") for side in ("left", "right", "asking"))
        views.append(Views(left, right, usable[drawing]))
        kept, gone = (sparse.load_npz(folder / f"{name}-{drawing}.npz") for name in ("kept", "hidden"))
        hidden.append(Hidden(asking, kept, gone))
    return Lessons(tuple(facts["widths"]), views, gallery, hidden, facts["fingerprint"])


class _InputsFile:
    """Inputs of so many people in two files, float16: all values are of the order of 1."""

    def __init__(self, stem: Path, people: int, width: int) -> None:
        self._values = _made(_values_of(stem), np.float16, (people, width))
        self._present = _made(_present_of(stem), np.bool_, (people, len(PARTS)))

    def put(self, rows: Rows, inputs: Inputs) -> None:
        """Inputs of the people of ``rows``, in their order."""
        self._values[rows], self._present[rows] = inputs.values, inputs.present

    def close(self) -> None:
        """Write what the kernel has not written yet, and let go."""
        self._values.flush()
        self._present.flush()
        del self._values, self._present


class _Scattered:
    """A sparse matrix whose rows come in batches, in any order."""

    def __init__(self) -> None:
        self._rows: list[Rows] = []
        self._parts: list[sparse.csr_matrix] = []

    def put(self, rows: Rows, part: sparse.csr_matrix) -> None:
        self._rows.append(rows)
        self._parts.append(part)

    def matrix(self, people: int) -> sparse.csr_matrix:
        """Bool [people, columns]; rows that did not come are empty."""
        rows = np.concatenate(self._rows)
        entries = sparse.vstack(self._parts, "csr").tocoo()
        return sparse.csr_matrix((entries.data, (rows[entries.row], entries.col)), shape=(people, entries.shape[1]))


def _inputs(stem: Path) -> Inputs:
    return Inputs(np.load(_values_of(stem), mmap_mode="r"), np.load(_present_of(stem), mmap_mode="r"))


def _made(path: Path, kind: npt.DTypeLike, shape: tuple[int, int]) -> np.memmap:
    """With its room on the disk taken: a full one is an error here, and would end the process at a later write."""
    made = np.lib.format.open_memmap(path, "w+", kind, shape)
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return made


def _values_of(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.values.npy")


def _present_of(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.present.npy")
