"""The same over gRPC: a server is told all that it is over REST, and what it answers or refuses becomes the same.

The contract of every index runs over gRPC as well; see ``conftest``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest

from features.identity import point_id
from features.profile import UserId
from indexer.errors import IndexRefused, IndexUnavailable
from indexer.ports import Where
from indexer.qdrant.catalog import QdrantIndexCatalog
from indexer.qdrant.connecting import connect
from indexer.qdrant.leases import Leases
from indexer.qdrant.line import Line
from indexer.qdrant.trouble import NotThere, Passing
from tests.fakes.qdrant import FakeQdrant, Trouble
from tests.fakes.qdrant_grpc import FakeQdrantGrpc
from tests.indexer.qdrant_servers import a_fake_catalog, settings_of
from tests.indexer.versions import EAST, NORTH, UP, WIDTH, a_person, a_version, ids

KEY, READ_KEY = "a-key-that-writes", "a-key-that-reads"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[FakeQdrantGrpc]:
    with FakeQdrantGrpc(key=KEY, read_only_key=READ_KEY) as fake:
        yield fake


@pytest.fixture
def settings(server: FakeQdrantGrpc) -> dict[str, Any]:
    return {**server.address, "qdrant_api_key": KEY, "qdrant_search_timeout_s": 5.0}


@pytest.fixture
def catalog(server: FakeQdrantGrpc, settings: dict[str, Any]) -> Iterator[QdrantIndexCatalog]:
    with a_fake_catalog(server, **settings) as catalog:
        yield catalog


def answers(status: int, told: str = "Some trouble", **headers: str) -> Trouble:
    return lambda _request: httpx.Response(status, headers=headers, json={"status": {"error": told}})


def times(number: int, trouble: Trouble, *, of: str) -> Trouble:
    """The trouble for the first requests to paths that end so, and then none."""
    left = [trouble] * number
    return lambda request: left.pop()(request) if request.url.path.endswith(of) and left else None


# What a server is told


def test_people_go_over_with_the_key_as_they_are(catalog: QdrantIndexCatalog, server: FakeQdrantGrpc):
    index = catalog.open(a_version(catalog))
    vector = [0.6, 0.0, -0.8, 0.0]
    index.upsert([a_person("Ünal 🎧", vector, source="csv", artist_count=7)])
    (point,) = json.loads(server.asked[-1].content)["points"]
    assert point["id"] == str(point_id(UserId("Ünal 🎧")))
    assert point["vector"] == pytest.approx(vector)
    assert point["payload"] == {"user_id": "Ünal 🎧", "source": "csv", "artist_count": 7}
    assert {request.headers["api-key"] for request in server.asked} == {KEY}
    index.close()


def a_life(fake: FakeQdrant, monkeypatch: pytest.MonkeyPatch, **address: Any) -> list[httpx.Request]:
    """All that a server is asked while versions come and go, with the same settings, names and time each time."""
    numbers = count(1)
    monkeypatch.setattr("indexer.qdrant.leases.uuid4", lambda: UUID(int=next(numbers)))
    many = {"qdrant_shards": 6, "qdrant_replicas": 3, "qdrant_write_consistency": 2}
    slow = {"qdrant_vectors_on_disk": True, "qdrant_graph_on_disk": True, "qdrant_lease_s": 3600}
    settings = settings_of(**many, **slow, **address)
    with closing(QdrantIndexCatalog(settings, fake.transport(), lambda: 1_000_000.25)) as catalog:
        first = a_version(catalog, a_person("ann"), a_person("bob", NORTH, source="csv", artist_count=3, updated=7))
        second = a_version(catalog)
        catalog.rollback()
        index = catalog.open(first)
        index.search(EAST, 3)
        index.search(UP, 3, exclude=["ann"], where=Where(frozenset({"csv"}), 2, SINCE), exact=True)
        index.get(["ann"])
        list(index.walk(["source"], 1))
        list(index.contents(1))
        index.upsert([a_person("cleo", UP)])
        index.delete([point_id(UserId("cleo"))])
        index.close()
        builder = catalog.rewrite(first, without=[point_id(UserId("ann"))])
        builder.seal(builder.finish().version)
        catalog.drop(second)
        catalog.prune(1)
        fresh = catalog.create(2, WIDTH)
        fresh.add([a_person("ann", content="of ann")])
        fresh.finish()
        fresh.pause()
        again = catalog.create(2, WIDTH)
        again.add([a_person("ann", content="of ann"), a_person("bob", content="of bob")])
        again.finish()
        again.abort()
    return fake.asked


def is_part(some: Any, whole: Any) -> bool:
    """Whether nothing of ``some`` is missing; numbers may have been those of half the bits."""
    if isinstance(some, dict):
        return isinstance(whole, dict) and all(is_part(each, whole.get(name)) for name, each in some.items())
    if isinstance(some, list):
        return isinstance(whole, list) and len(some) == len(whole) and all(map(is_part, some, whole))
    return some is None or whole == (pytest.approx(some, rel=1e-7) if isinstance(some, float) else some)


def test_whatever_a_server_is_told_over_rest_it_is_told_over_grpc(monkeypatch: pytest.MonkeyPatch):
    over_rest = a_life(FakeQdrant(), monkeypatch)
    with FakeQdrantGrpc() as fake:
        over_grpc = a_life(fake, monkeypatch, **fake.address)

    for one, other in zip(over_rest, over_grpc, strict=True):
        assert (one.method, one.url.path, one.url.params) == (other.method, other.url.path, other.url.params)
        told, came = (json.loads(request.content or b"{}") for request in (one, other))
        assert is_part(told, came), f"of {told} to {one.url} came {came}"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (Where(sources=frozenset({"csv", "unheard of"})), ["cleo", "bob"]),
        (Where(min_artists=10), ["ann", "cleo"]),
        (Where(active_since=SINCE), ["ann"]),
        (Where(frozenset({"csv"}), 10), ["cleo"]),
    ],
)
def test_a_search_may_be_narrowed(catalog: QdrantIndexCatalog, where: Where, found: list[str]):
    people = [
        a_person("ann", EAST, source="json", artist_count=20, updated=int(SINCE.timestamp())),
        a_person("bob", NORTH, source="csv", artist_count=9, updated=int(SINCE.timestamp()) - 1),
        a_person("cleo", EAST + NORTH, source="csv", artist_count=10),
    ]
    index = catalog.open(a_version(catalog, *people))
    assert ids(index, EAST, 9, where=where) == found
    assert ids(index, EAST, 9, where=where, exclude=["ann"]) == [name for name in found if name != "ann"]
    index.close()


def test_a_lease_is_had_by_one_at_a_time_and_by_the_next_once_it_is_over(settings: dict[str, Any]):
    now = [1_000_000.0]
    with closing(Line(settings_of(**settings))) as line, closing(Line(settings_of(**settings))) as another:
        one, other = (Leases(each, "users-leases", lambda: now[0]) for each in (line, another))
        assert one.take("building") is not None
        assert other.take("building") is None
        now[0] += 61
        lease = other.take("building")
        assert lease is not None
        assert one.take("building") is None
        lease.release()
        assert one.take("building") is not None


def test_with_a_key_to_read_with_only_a_version_can_be_searched_and_not_written(
    catalog: QdrantIndexCatalog, server: FakeQdrantGrpc
):
    name = a_version(catalog)
    begun = len(server.asked)
    with a_fake_catalog(server, **server.address, qdrant_read_only_api_key=READ_KEY) as reader:
        index = reader.open(name)
        assert ids(index, EAST, 3) == ["ann"]
        index.close()
    assert {request.headers["api-key"] for request in server.asked[begun:]} == {READ_KEY}
    with a_fake_catalog(server, **server.address, qdrant_api_key=READ_KEY) as thief, pytest.raises(IndexRefused):
        thief.publish(name)


# What becomes of its troubles

REFUSALS = {400: IndexUnavailable, 401: IndexRefused, 403: IndexRefused, 404: NotThere, 409: IndexUnavailable}
PASSING = dict.fromkeys((429, 500, 503, 504), Passing)


@pytest.mark.parametrize(("status", "error"), [*REFUSALS.items(), *PASSING.items()])
def test_what_is_refused_is_told_in_our_words_and_over_when_the_server_is_well(
    catalog: QdrantIndexCatalog, server: FakeQdrantGrpc, status: int, error: type[IndexUnavailable]
):
    index = catalog.open(a_version(catalog))
    server.trouble = answers(status, "Some trouble\n" + "and more of it " * 100)
    with pytest.raises(IndexUnavailable) as told:
        index.count()
    assert type(told.value) is error
    assert KEY not in str(told.value)
    assert "and more of it" not in str(told.value)
    server.trouble = lambda _request: None
    assert index.count() == 1
    index.close()


def test_a_server_that_is_away_is_not_said_to_have_answered_and_is_looked_for_every_second():
    nowhere = settings_of(qdrant_grpc=True, qdrant_grpc_port=1, qdrant_search_timeout_s=5.0)
    with closing(QdrantIndexCatalog(nowhere)) as catalog:
        with pytest.raises(Passing, match="failed to connect") as told:
            catalog.live()
        assert "answers" not in str(told.value)
    assert connect(nowhere).reading.init_options["grpc_options"]["grpc.max_reconnect_backoff_ms"] == 1_000


def test_what_hangs_is_broken_off(server: FakeQdrantGrpc, settings: dict[str, Any]):
    over = threading.Event()
    server.trouble = lambda _request: over.wait(60) and None
    with closing(Line(settings_of(**settings))) as line:
        asked = line.start(line.reading("It cannot be read", lambda client: client.get_aliases(), within_s=0.3))
        with pytest.raises(Passing, match=r"no answer within 0\.3 s"):
            asked.result(60)
    over.set()


@pytest.mark.parametrize("trouble", [answers(503), answers(429), answers(500)], ids=["503", "429", "500"])
def test_a_batch_is_tried_again_until_the_server_takes_it(
    catalog: QdrantIndexCatalog, server: FakeQdrantGrpc, trouble: Trouble
):
    builder = catalog.create(1, WIDTH)
    server.trouble = times(2, trouble, of="b1-r1/points")
    builder.add([a_person("ann"), a_person("bob")])
    assert builder.finish().count() == 2
    builder.abort()


def test_how_long_a_server_asks_to_be_left_alone_is_heard(catalog: QdrantIndexCatalog, server: FakeQdrantGrpc):
    server.trouble = answers(429, **{"retry-after": "7"})
    with pytest.raises(Passing) as told:
        catalog.live()
    assert told.value.wait_s == 7
