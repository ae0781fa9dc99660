"""For tests of erasing: homes whose people can be looked for byte by byte, and a server that has a version open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from features.profile import UserId
from features.sqlite.store import SqliteFeatureStore
from features.user_features import UserFeatures
from indexer.build import BuildOptions, build_index
from indexer.edge_catalog import EdgeIndexCatalog
from indexer.erase import Erased, EraseOptions, erase
from indexer.errors import IndexUnavailable
from indexer.follow import catch_up
from indexer.ports import UserIndex
from indexer.settings import IndexSettings
from tests.builders import a_community, a_playlist, features_of
from tests.fakes.index import FoldingEmbedder
from trainer.ports import Embedder

PEOPLE = 24


def user(number: int) -> UserId:
    """Of one length, so that no id is a part of another one."""
    return UserId(f"person-{number:04}")


GONE = user(7)
"""Who leaves."""


def everybody(count: int = PEOPLE) -> list[UserFeatures]:
    """Each has a name, and an artist that nobody else plays."""
    profiles = []
    for number, profile in enumerate(a_community(count)):
        own = a_playlist("own", f"Artist of {number} alone")
        named = {
            "user_id": user(number),
            "display_name": f"Name of {number} alone",
            "playlists": (*profile.playlists, own),
        }
        profiles.append(profile.model_copy(update=named))
    return features_of(*profiles)


@dataclass
class Home:
    """A feature store and an index on disk; ``loaded`` are the models that erasing asked for."""

    folder: Path
    embedder: Embedder = field(default_factory=FoldingEmbedder)
    loaded: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = SqliteFeatureStore(self.folder / "features.db")
        self.catalog = EdgeIndexCatalog(self.folder / "index", IndexSettings())

    def publish(self, model: int = 3) -> str:
        return build_index(self.store, FoldingEmbedder(model), self.catalog, BuildOptions()).name

    def delete(self, *numbers: int) -> None:
        self.store.delete([user(number) for number in numbers])

    def erase(self, *, wait_s: float = 0, **build: object) -> Erased:
        return erase(self.store, self.catalog, self._load, EraseOptions(wait_s, BuildOptions(**build)))

    def _load(self, model: int) -> Embedder:
        self.loaded.append(model)
        return self.embedder

    @contextmanager
    def opened(self, name: str | None = None) -> Iterator[UserIndex]:
        with closing(self.catalog.open(name or self.catalog.live().name)) as index:
            yield index

    def left_of(self, *numbers: int) -> list[str]:
        """What stands of people in any file of the index, in any spelling."""
        wanted = {(number, *key): text for number in numbers for key, text in _spellings(number).items()}
        found = []
        for file in filter(Path.is_file, (self.folder / "index").rglob("*")):
            content = (
                file.read_bytes().rstrip(b"\0") + b"\0"
            )  # the engine sets 32 MB aside; the last text may be UTF-16
            found += [
                f"{what} of {number} ({code}) in {file}" for (number, what, code), it in wanted.items() if it in content
            ]
        return found


def _spellings(number: int) -> dict[tuple[str, str], bytes]:
    texts = {"id": user(number), "name": f"Name of {number} alone", "artist": f"Artist of {number} alone"}
    codes = ("utf-8", "utf-16-le", "utf-16-be")
    return {(what, code): text.encode(code) for what, text in texts.items() for code in codes}


Answers = dict[str, list[tuple[str, float, dict[str, object]]]]


def answers(index: UserIndex, *, but: int = -1) -> Answers:
    """Who is near to everybody, exactly as it is told; of nobody and to nobody ``but`` one."""
    people = [user(number) for number in range(PEOPLE) if number != but]
    told = {}
    for person in index.get(people).values():
        near = index.search(person.vector, PEOPLE, exclude=[user(but)])
        told[person.user_id] = [(one.user_id, one.similarity, dict(one.payload)) for one in near]
    return told


class Server(threading.Thread):
    """Has the live version open, follows the store, and moves over to another one, as the API's process does."""

    def __init__(self, home: Home, *, is_moving: bool = True) -> None:
        super().__init__(daemon=True)
        self._home, self._is_moving = home, is_moving
        self._stop_now, self._guard = threading.Event(), threading.Lock()
        self.index = self._open()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_now.set()
        self.join()
        self.index.close()

    def run(self) -> None:
        while not self._stop_now.wait(0.05):
            if self._is_moving and self._home.catalog.live().name != self.index.version.name:
                with suppress(IndexUnavailable), self._guard:  # not available while it is rewritten
                    left, self.index = self.index, self._open()
                    left.close()

    def answers(self, *, but: int) -> Answers:
        """What it answers now."""
        with self._guard:
            return answers(self.index, but=but)

    def _open(self) -> UserIndex:
        version = self._home.catalog.live()
        index = self._home.catalog.open(version.name)
        catch_up(index, self._home.store, FoldingEmbedder(version.model_version), since=version.watermark)
        return index
