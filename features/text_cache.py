"""CachedTextEncoder: no text is encoded twice, by any process, and no text is written down.

The file keeps vectors under a digest of the model's name and the text. A playlist's name can be personal, and the
cache does not know whose it was; as only digests and vectors lie here, deleting a person leaves nothing to read. But
a name can be guessed, so texts of people who come and go are only looked up here, and not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.errors import StoreError
from features.ports import TextEncoder
from features.sqlite.database import Database
from features.sqlite.opening import Schema
from features.sqlite.trouble import is_damage

SCHEMA = Schema(
    what="text cache",
    application_id=0x50756E65,
    version=1,
    statements=("CREATE TABLE vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID",),
    page_size=16_384,  # several vectors of 1.5 kB a page
)
CHUNK = 2048
"""Texts encoded between two writes: what an interruption can lose."""
_LOOKUP = 30_000  # SQLite takes 32,766 parameters

Progress = Callable[[int, int], None]
"""Told how many of the texts that were not in the cache are encoded, and how many there are."""


class CachedTextEncoder:
    """TextEncoder that asks ``inner`` only for what no process has asked before; safe to share between threads."""

    def __init__(
        self, inner: TextEncoder, path: Path, *, keeps: bool = True, on_progress: Progress | None = None
    ) -> None:
        """Open the cache, or begin a new one; a damaged file is moved aside and begun anew.

        Without ``keeps`` nothing is added to it.

        Raises:
            StoreError: the file or its folder cannot be used.
        """
        self._inner = inner
        self._path = path
        self._keeps = keeps
        self._on_progress = on_progress
        try:
            self._database = Database(path, SCHEMA)
        except StoreError as error:
            if not is_damage(error):
                raise
            self._begin_anew()

    @property
    def name(self) -> str:
        """Name of the inner model."""
        return self._inner.name

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self._inner.width

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return self._path

    def warm_up(self) -> None:
        """Load the inner model. Raises TextModelError."""
        self._inner.warm_up()

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Float32 [len(texts), width], rows of unit length, in the order of ``texts``.

        Raises:
            TextModelError: a text is not in the cache and the model cannot be loaded.
            StoreError: the cache cannot be read or written.
        """
        if not texts:
            return np.empty((0, self.width), np.float32)
        digests = dict(zip(texts, self._digests(texts), strict=True))
        vectors = self._known(digests.values())
        missing = sorted((text for text in digests if digests[text] not in vectors), key=lambda text: (len(text), text))
        for start in range(0, len(missing), CHUNK):
            self._tell(start, len(missing))
            chunk = missing[start : start + CHUNK]
            encoded = np.asarray(self._inner.encode(chunk), "<f4")
            fresh = {digests[text]: vector.tobytes() for text, vector in zip(chunk, encoded, strict=True)}
            if self._keeps:
                self._keep(fresh)
            vectors |= fresh
        if missing:
            self._tell(len(missing), len(missing))
        joined = bytearray().join([vectors[digests[text]] for text in texts])
        return np.frombuffer(joined, "<f4").reshape(len(texts), -1).astype(np.float32, copy=False)

    def close(self) -> None:
        """Close the file; the encoder cannot be used after."""
        self._database.close()

    def _digests(self, texts: Iterable[str]) -> list[bytes]:
        model = blake2b(self.name.encode() + b"\0", digest_size=16)
        digests = []
        for text in texts:
            digest = model.copy()
            digest.update(text.encode())
            digests.append(digest.digest())
        return digests

    def _known(self, digests: Iterable[bytes]) -> dict[bytes, bytes]:
        ordered = sorted(digests)
        found: dict[bytes, bytes] = {}
        try:
            with self._database.reading() as connection:
                for start in range(0, len(ordered), _LOOKUP):
                    part = ordered[start : start + _LOOKUP]
                    marks = ",".join("?" * len(part))
                    query = f"SELECT digest, vector FROM vectors WHERE digest IN ({marks})"  # noqa: S608 - only marks
                    found.update(connection.execute(query, part))
        except StoreError as error:
            if not is_damage(error):
                raise
            self._begin_anew()
            return {}
        return found

    def _keep(self, vectors: dict[bytes, bytes]) -> None:
        with self._database.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", sorted(vectors.items()))

    def _begin_anew(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            file = self._path.with_name(self._path.name + suffix)
            if file.exists():
                file.replace(file.with_name(f"{file.name}.damaged"))
        self._database = Database(self._path, SCHEMA)

    def _tell(self, done: int, total: int) -> None:
        if self._on_progress is not None:
            self._on_progress(done, total)
