"""The same words over gRPC: what a small server that speaks it is told, and what its refusals become."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest
from qdrant_client import grpc as proto

from indexer.errors import IndexRefused, IndexUnavailable
from indexer.manifest import unproven
from indexer.qdrant.collection import Collection
from indexer.qdrant.index import QdrantUserIndex
from indexer.qdrant.line import Line
from indexer.qdrant.trouble import Passing
from tests.indexer.qdrant_servers import settings_of
from tests.indexer.versions import EAST, WIDTH, a_person

KEY = "a-key-that-writes"


class SmallServer(proto.PointsServicer, proto.QdrantServicer):
    """Takes people in and counts them; ``refuses`` with a status, or ``hangs``."""

    def __init__(self) -> None:
        self.points: list[proto.PointStruct] = []
        self.keys: set[str | None] = set()
        self.refuses: grpc.StatusCode | None = None
        self.hangs, self.over = False, threading.Event()

    def HealthCheck(self, request, context):  # noqa: N802 - as the protocol calls it
        return proto.HealthCheckReply(title="qdrant", version="1.20.0")

    def Upsert(self, request, context):  # noqa: N802
        self.keys.add(dict(context.invocation_metadata()).get("api-key"))
        self.points.extend(request.points)
        done = proto.UpdateResult(operation_id=0, status=proto.UpdateStatus.Completed)
        return proto.PointsOperationResponse(result=done, time=0.0)

    def Count(self, request, context):  # noqa: N802
        if self.refuses is not None:
            context.abort(self.refuses, "Some trouble")
        if self.hangs:
            self.over.wait(60)
        return proto.CountResponse(result=proto.CountResult(count=len(self.points)), time=0.0)


@pytest.fixture
def server() -> Iterator[SmallServer]:
    small = SmallServer()
    with ThreadPoolExecutor(4) as threads:
        running = grpc.server(threads)
        proto.add_PointsServicer_to_server(small, running)
        proto.add_QdrantServicer_to_server(small, running)
        small.port = running.add_insecure_port("127.0.0.1:0")
        running.start()
        yield small
        small.over.set()
        running.stop(None).wait()


@pytest.fixture
def index(server: SmallServer) -> Iterator[QdrantUserIndex]:
    settings = settings_of(
        qdrant_grpc=True, qdrant_grpc_port=server.port, qdrant_api_key=KEY, qdrant_search_timeout_s=5.0
    )
    with closing(Line(settings)) as line:
        yield QdrantUserIndex(Collection(line, "users"), unproven("users-v1-b1", 1, WIDTH), lambda: None)


def test_people_go_over_with_the_key_as_they_are(index: QdrantUserIndex, server: SmallServer):
    index.upsert([a_person("ann", EAST, source="csv", artist_count=7)])
    assert index.count() == 1
    assert server.keys == {KEY}
    (point,) = server.points
    assert list(point.vectors.vector.dense.data or point.vectors.vector.data) == EAST.tolist()
    assert point.payload["artist_count"].integer_value == 7
    assert point.payload["source"].string_value == "csv"


REFUSALS = {
    grpc.StatusCode.UNAUTHENTICATED: IndexRefused,
    grpc.StatusCode.PERMISSION_DENIED: IndexRefused,
    grpc.StatusCode.UNAVAILABLE: Passing,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Passing,
    grpc.StatusCode.INTERNAL: Passing,
    grpc.StatusCode.INVALID_ARGUMENT: IndexUnavailable,
}


@pytest.mark.parametrize(("status", "error"), REFUSALS.items(), ids=str)
def test_what_is_refused_is_told_in_our_words(
    index: QdrantUserIndex, server: SmallServer, status: grpc.StatusCode, error: type[IndexUnavailable]
):
    server.refuses = status
    with pytest.raises(IndexUnavailable) as told:
        index.count()
    assert type(told.value) is error
    server.refuses = None
    assert index.count() == 0


def test_what_hangs_is_broken_off(server: SmallServer):
    server.hangs = True
    settings = settings_of(qdrant_grpc=True, qdrant_grpc_port=server.port, qdrant_search_timeout_s=0.3)
    with closing(Line(settings)) as line, pytest.raises(Passing, match=r"no answer within 0\.3 s"):
        Collection(line, "users").count()
