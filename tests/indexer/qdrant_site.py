"""A Qdrant server that several processes share, each with a catalogue of its own, and a clock that tests set."""

from dataclasses import dataclass

from indexer.ports import VersionBuilder
from indexer.qdrant.catalog import QdrantIndexCatalog
from tests.fakes.qdrant import FakeQdrant
from tests.indexer.qdrant_servers import settings_of
from tests.indexer.versions import sealed_as
from tests.waiting import until


@dataclass
class Site:
    """A server, the time, and the processes that share it; each of them has a catalogue of its own."""

    fake: FakeQdrant
    processes: list[QdrantIndexCatalog]
    now: float = 1_000_000.0

    def process(self, **settings: object) -> QdrantIndexCatalog:
        catalog = QdrantIndexCatalog(settings_of(**settings), self.fake.transport(), lambda: self.now)
        self.processes.append(catalog)
        return catalog

    def dies(self, catalog: QdrantIndexCatalog) -> None:
        """Without a word; its leases are over some time later."""
        catalog.close()
        self.now += 61

    def wait_for_a_renewal(self) -> None:
        before = len(self.fake.asked)
        until(lambda: sum(request.url.path.endswith("/payload") for request in self.fake.asked[before:]) > 1)


def content(user_id: str, of: str = "") -> dict[str, str]:
    return {"content": of or f"of {user_id}", "source": "test"}


def finished(builder: VersionBuilder) -> str:
    version = sealed_as(builder.finish().version)
    builder.seal(version)
    return version.name
