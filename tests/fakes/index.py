"""Fakes of the indexer room's ports and of a model; the index passes the contract tests of the real thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from features.identity import point_id
from features.profile import UserId
from features.user_features import UserFeatures
from indexer.errors import IndexInUse, IndexUnavailable, NoIndex
from indexer.ports import EVERYBODY, IndexVersion, Neighbour, Outdated, Payload, PersonVector, Where, nobody
from indexer.vectors import unit
from trainer.ports import TOWERS, Embeddings

_NEVER = datetime.fromtimestamp(0, UTC)


class FoldingEmbedder:
    """Embedder without a model: folds the text vectors to ``width``, so that kindred people stay near."""

    text_model = "word-encoder"

    def __init__(self, version: int = 3, width: int = 16) -> None:
        self.version = version
        self.width = width

    def embed(self, people: Sequence[UserFeatures]) -> Embeddings:
        towers = np.zeros((len(people), len(TOWERS), self.width), np.float32)
        for row, person in zip(towers, people, strict=True):
            for tower, part in zip(row, (person.genre, person.artist, person.playlist), strict=True):
                if part is not None:
                    tower[:] = unit(part.reshape(-1, self.width).sum(axis=0), self.width)
        joint = np.stack([unit(row.sum(axis=0), self.width) for row in towers])
        return Embeddings(joint, towers)


class MemoryUserIndex:
    """UserIndex in a dictionary that outlives it, as files do; every search is exact."""

    def __init__(self, version: IndexVersion, people: dict[UUID, PersonVector]) -> None:
        self._version = version
        self._people = people
        self._closed = False

    @property
    def is_shared(self) -> bool:
        return False

    @property
    def version(self) -> IndexVersion:
        return self._version

    def search(
        self,
        vector: npt.NDArray[np.float32],
        limit: int,
        *,
        exclude: Sequence[UserId] = (),
        where: Where = EVERYBODY,
        exact: bool = False,
    ) -> list[Neighbour]:
        self._must_be_open()
        query = unit(vector, self._version.width)
        barred = set(exclude)
        people = [p for p in self._people.values() if p.user_id not in barred and _lets_through(where, p.payload)]
        similar = [float(np.einsum("w,w", person.vector, query).clip(-1, 1)) for person in people]
        found = [Neighbour(p.user_id, s, dict(p.payload)) for p, s in zip(people, similar, strict=True)]
        return sorted(found, key=lambda neighbour: (-neighbour.similarity, neighbour.user_id))[:limit]

    def near(self, user_id: UserId, limit: int) -> tuple[Payload, list[Neighbour]] | None:
        person = self.get([user_id]).get(user_id)
        return person and (dict(person.payload), self.search(person.vector, limit, exclude=[user_id]))

    def get(self, user_ids: Sequence[UserId]) -> dict[UserId, PersonVector]:
        self._must_be_open()
        return {u: self._people[point_id(u)] for u in user_ids if point_id(u) in self._people}

    def upsert(self, people: Sequence[PersonVector]) -> None:
        self._must_be_open()
        kept = [replace(p, vector=unit(p.vector, self._version.width), payload=dict(p.payload)) for p in people]
        self._people.update({point_id(person.user_id): person for person in kept})

    def delete(self, points: Iterable[UUID]) -> None:
        self._must_be_open()
        for point in points:
            self._people.pop(point, None)

    def contents(self, batch_size: int = 2000) -> Iterator[dict[UserId, str]]:
        self._must_be_open()
        everybody = list(self._people.values())
        for start in range(0, max(len(everybody), 1), batch_size):
            yield {p.user_id: str(p.payload.get("content", "")) for p in everybody[start : start + batch_size]}

    def walk(self, fields: Collection[str] | None, batch_size: int = 100) -> Iterator[list[PersonVector]]:
        self._must_be_open()
        everybody = [self._people[point] for point in sorted(self._people)]
        shown = [
            replace(p, payload={f: v for f, v in p.payload.items() if fields is None or f in fields}) for p in everybody
        ]
        for start in range(0, max(len(shown), 1), batch_size):
            yield shown[start : start + batch_size]

    def count(self) -> int:
        self._must_be_open()
        return len(self._people)

    def close(self) -> None:
        self._closed = True

    @property
    def is_closed(self) -> bool:
        return self._closed

    def _must_be_open(self) -> None:
        if self._closed:
            raise IndexUnavailable("The index is closed.")


def _lets_through(where: Where, payload: Payload) -> bool:
    return (
        (not where.sources or payload.get("source") in where.sources)
        and (where.min_artists <= 0 or int(payload.get("artist_count", 0)) >= where.min_artists)
        and (where.since_s is None or ("updated" in payload and int(payload["updated"]) >= where.since_s))
    )


class MemoryIndexCatalog:
    """RewritableCatalog in dictionaries; ``opens`` is the UserIndex that its versions are opened and built as."""

    opens: type[MemoryUserIndex] = MemoryUserIndex

    def __init__(self) -> None:
        self._sealed: dict[str, tuple[IndexVersion, dict[UUID, PersonVector]]] = {}
        self._opened: dict[str, MemoryUserIndex] = {}
        self._rewriters: dict[str, MemoryVersionBuilder] = {}
        self._builds: Counter[int] = Counter()
        self._live: str | None = None
        self._previous: str | None = None

    def create(self, model_version: int, width: int) -> MemoryVersionBuilder:
        self._builds[model_version] += 1
        name = f"users-v{model_version}-b{self._builds[model_version]}"
        version = IndexVersion(name, model_version, width, 0, _NEVER, _NEVER, 0.0, ())
        return MemoryVersionBuilder(self, version)

    def seal(self, version: IndexVersion, people: dict[UUID, PersonVector]) -> None:
        self._sealed[version.name] = version, people

    def publish(self, name: str) -> None:
        self._must_know(name)
        if name != self._live:
            self._live, self._previous = name, self._live

    def rollback(self) -> IndexVersion:
        if self._previous is None or self._previous not in self._sealed:
            raise NoIndex("There is no earlier version to go back to.")
        self._live, self._previous = self._previous, self._live
        return self.live()

    def live(self) -> IndexVersion:
        if self._live is None:
            raise NoIndex("No index was published yet.")
        return self._sealed[self._live][0]

    def versions(self) -> list[IndexVersion]:
        return sorted((version for version, _ in self._sealed.values()), key=lambda version: version.created_at)

    def open(self, name: str) -> MemoryUserIndex:
        self._must_know(name)
        self._must_not_be_rewritten(name)
        self._opened[name] = self.opens(*self._sealed[name])
        return self._opened[name]

    def rewrite(self, name: str, *, without: Collection[UUID], outdated: Outdated = nobody) -> MemoryVersionBuilder:
        self._must_know(name)
        self._must_not_be_rewritten(name)
        if self._is_in_use(name):
            raise IndexInUse("Somebody has the index open.")
        version, people = self._sealed[name]
        rest = {point: person for point, person in people.items() if point not in without}
        named = outdated({person.user_id: str(person.payload.get("content", "")) for person in rest.values()})
        living = {point: person for point, person in rest.items() if person.user_id not in named}
        self._rewriters[name] = MemoryVersionBuilder(self, replace(version, count=len(living)), living)
        return self._rewriters[name]

    def replace(self, name: str, fresh: str) -> bool:
        self._must_know(fresh)
        if self._live != name:
            return False
        self._live = fresh
        return True

    def drop(self, name: str) -> bool:
        if name in (self._live, self._previous) or self._is_in_use(name):
            return False
        self._sealed.pop(name, None)
        return True

    def prune(self, keep: int) -> list[str]:
        newest = [version.name for version in reversed(self.versions())]
        pointed = [name for name in (self._live, self._previous) if name in newest]
        kept = list(dict.fromkeys([*pointed, *newest]))[: max(keep, 1)]
        dropped = sorted(name for name in self._sealed.keys() - kept if not self._is_in_use(name))
        for name in dropped:
            del self._sealed[name]
        return dropped

    def close(self) -> None:
        pass

    def _must_know(self, name: str) -> None:
        if name not in self._sealed:
            raise NoIndex(f"There is no version {name} of the index.")

    def _must_not_be_rewritten(self, name: str) -> None:
        if self._is_rewritten(name):
            raise IndexUnavailable("The index is being rewritten.")

    def _is_rewritten(self, name: str) -> bool:
        return name in self._rewriters and self._rewriters[name].is_at_work

    def _is_in_use(self, name: str) -> bool:
        return self._is_rewritten(name) or (name in self._opened and not self._opened[name].is_closed)


class MemoryVersionBuilder:
    """VersionBuilder over a dictionary that nobody else sees before it is sealed."""

    def __init__(
        self, catalog: MemoryIndexCatalog, version: IndexVersion, people: dict[UUID, PersonVector] | None = None
    ) -> None:
        self._catalog = catalog
        self._people = people or {}
        self._index = catalog.opens(version, self._people)

    @property
    def is_at_work(self) -> bool:
        return not self._index.is_closed

    def add(self, people: Sequence[PersonVector]) -> int:
        self._index.upsert(people)
        return len(people)

    def writer(self) -> None:
        """Nobody else can write to it."""

    def added(self, user_ids: Sequence[UserId]) -> None:
        """Not asked for, as there are no writers."""

    def finish(self) -> MemoryUserIndex:
        return self._index

    def seal(self, version: IndexVersion) -> None:
        if version.name != self._index.version.name:
            raise IndexUnavailable(f"The version {version.name} cannot be sealed as {self._index.version.name}.")
        self._index.close()
        self._catalog.seal(version, self._people)

    def abort(self) -> None:
        self._index.close()

    pause = abort
