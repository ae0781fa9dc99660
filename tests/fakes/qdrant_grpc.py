"""The same Qdrant server over gRPC: every call is put to the fake of the REST API, and its answer is put back.

So what is asked over either can be held against the other, and trouble is made for both in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
import httpx
from google.protobuf.message import Message
from pydantic import BaseModel, TypeAdapter
from qdrant_client import grpc as proto
from qdrant_client import models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc
from qdrant_client.http.models import QueryResponse  # in models it is that of fastembed

from tests.fakes.qdrant import FakeQdrant

_STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ALREADY_EXISTS,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class FakeQdrantGrpc(FakeQdrant):
    """The server, to be entered; ``address`` is where it is then, on loopback, as the index's settings have it."""

    def __init__(self, *, tls: grpc.ServerCredentials | None = None, **keys: str | None) -> None:
        super().__init__(**keys)
        self._tls = tls

    def __enter__(self) -> Self:
        self._threads = ThreadPoolExecutor(8)
        self._site = grpc.server(self._threads)
        proto.add_QdrantServicer_to_server(_Root(self), self._site)
        proto.add_CollectionsServicer_to_server(_Collections(self), self._site)
        proto.add_PointsServicer_to_server(_Points(self), self._site)
        place = "127.0.0.1:0"
        self._port = self._site.add_secure_port(place, self._tls) if self._tls else self._site.add_insecure_port(place)
        self._site.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._site.stop(None).wait()
        self._threads.shutdown()
        self.close()

    @property
    def address(self) -> dict[str, Any]:
        """Nobody answers at the URL: all has to go over gRPC."""
        url = f"{'https' if self._tls else 'http'}://127.0.0.1:1"
        return {"qdrant_grpc": True, "qdrant_grpc_port": self._port, "qdrant_url": url}


class _Service:
    """Puts a call as a request of REST: ``way`` is its method and path."""

    def __init__(self, fake: FakeQdrantGrpc) -> None:
        self._fake = fake

    def _asked(self, call: Message, context: grpc.ServicerContext, way: str, *body: BaseModel) -> Any:
        method, path = way.split()
        request = httpx.Request(
            method,
            f"http://fake{path}",
            params=_params(call),
            headers=[header for header in context.invocation_metadata() if header[0] == "api-key"],
            content="".join(model.model_dump_json(exclude_none=True, by_alias=True) for model in body),
        )
        try:
            answer = self._fake.answer(request)
        except httpx.TransportError as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, repr(error))
        assert isinstance(answer, httpx.Response)
        if not answer.is_success:
            context.set_trailing_metadata([header for header in answer.headers.items() if header[0] == "retry-after"])
            context.abort(_STATUS.get(answer.status_code, grpc.StatusCode.INTERNAL), _told(answer))
        return answer.json()

    def _found(self, kind: Any, call: Message, context: grpc.ServicerContext, way: str, *body: BaseModel) -> Any:
        return TypeAdapter(kind).validate_python(self._asked(call, context, way, *body)["result"])


class _Root(_Service, proto.QdrantServicer):
    def HealthCheck(self, call, context):  # noqa: N802 - as the protocol calls it, and all that follow
        return proto.HealthCheckReply(**self._asked(call, context, "GET /"))


class _Collections(_Service, proto.CollectionsServicer):
    def List(self, call, context):  # noqa: N802
        found = self._found(models.CollectionsResponse, call, context, "GET /collections")
        named = [proto.CollectionDescription(name=each.name) for each in found.collections]
        return proto.ListCollectionsResponse(collections=named)

    def ListAliases(self, call, context):  # noqa: N802
        found = self._found(models.CollectionsAliasesResponse, call, context, "GET /aliases")
        return proto.ListAliasesResponse(aliases=map(RestToGrpc.convert_alias_description, found.aliases))

    def UpdateAliases(self, call, context):  # noqa: N802
        actions = [GrpcToRest.convert_alias_operations(action) for action in call.actions]
        return self._done(call, context, "POST /collections/aliases", models.ChangeAliasesOperation(actions=actions))

    def CollectionExists(self, call, context):  # noqa: N802
        found = self._found(models.CollectionExistence, call, context, f"GET {_path(call)}/exists")
        return proto.CollectionExistsResponse(result=proto.CollectionExists(exists=found.exists))

    def Get(self, call, context):  # noqa: N802
        info = self._found(models.CollectionInfo, call, context, f"GET {_path(call)}")
        return proto.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(info))

    def Create(self, call, context):  # noqa: N802
        return self._done(call, context, f"PUT {_path(call)}", _collection(call))

    def Update(self, call, context):  # noqa: N802
        return self._done(call, context, f"PATCH {_path(call)}", GrpcToRest.convert_update_collection(call))

    def Delete(self, call, context):  # noqa: N802
        return self._done(call, context, f"DELETE {_path(call)}")

    def _done(self, *asked):
        return proto.CollectionOperationResponse(result=self._found(bool, *asked))


class _Points(_Service, proto.PointsServicer):
    def Upsert(self, call, context):  # noqa: N802
        points = models.PointsList(
            points=[GrpcToRest.convert_point_struct(point) for point in call.points],
            update_filter=_given(call, "update_filter", GrpcToRest.convert_filter),
            update_mode=_given(call, "update_mode", GrpcToRest.convert_update_mode),
        )
        return self._done(call, context, f"PUT {_path(call)}/points", points)

    def Delete(self, call, context):  # noqa: N802
        chosen = GrpcToRest.convert_points_selector(call.points)
        return self._done(call, context, f"POST {_path(call)}/points/delete", chosen)

    def SetPayload(self, call, context):  # noqa: N802
        chosen = GrpcToRest.convert_points_selector(call.points_selector).model_dump(exclude_none=True)
        change = models.SetPayload(payload=GrpcToRest.convert_payload(call.payload), **chosen)
        return self._done(call, context, f"POST {_path(call)}/points/payload", change)

    def CreateFieldIndex(self, call, context):  # noqa: N802
        schema = GrpcToRest.convert_payload_schema_params(call.field_index_params)
        index = models.CreateFieldIndex(field_name=call.field_name, field_schema=schema)
        return self._done(call, context, f"PUT {_path(call)}/index", index)

    def Get(self, call, context):  # noqa: N802
        asked = models.PointRequest(ids=[GrpcToRest.convert_point_id(point) for point in call.ids], **_shown(call))
        found = self._found(list[models.Record], call, context, f"POST {_path(call)}/points", asked)
        return proto.GetResponse(result=map(_point, found))

    def Scroll(self, call, context):  # noqa: N802
        asked = models.ScrollRequest(
            offset=_given(call, "offset", GrpcToRest.convert_point_id),
            limit=_given(call, "limit"),
            filter=_given(call, "filter", GrpcToRest.convert_filter),
            **_shown(call),
        )
        found = self._found(models.ScrollResult, call, context, f"POST {_path(call)}/points/scroll", asked)
        following = found.next_page_offset
        return proto.ScrollResponse(
            result=map(_point, found.points),
            next_page_offset=None if following is None else RestToGrpc.convert_extended_point_id(following),
        )

    def Count(self, call, context):  # noqa: N802
        asked = models.CountRequest(filter=_given(call, "filter", GrpcToRest.convert_filter), exact=call.exact)
        found = self._found(models.CountResult, call, context, f"POST {_path(call)}/points/count", asked)
        return proto.CountResponse(result=RestToGrpc.convert_count_result(found))

    def Query(self, call, context):  # noqa: N802
        asked = GrpcToRest.convert_query_points(call)
        found = self._found(QueryResponse, call, context, f"POST {_path(call)}/points/query", asked)
        return proto.QueryResponse(result=map(RestToGrpc.convert_scored_point, found.points))

    def _done(self, *asked):
        done = self._found(models.UpdateResult, *asked)
        return proto.PointsOperationResponse(result=RestToGrpc.convert_update_result(done))


def _path(call: Message) -> str:
    return f"/collections/{call.collection_name}"


def _params(call: Message) -> dict[str, Any]:
    """What REST has in the address."""
    fields = {field.name: value for field, value in call.ListFields()}
    params = {name: fields[name] for name in ("wait", "timeout") if name in fields}
    if "ordering" in fields:
        params["ordering"] = GrpcToRest.convert_write_ordering(call.ordering).value
    return params


def _given(call: Message, name: str, convert: Callable[[Any], Any] = lambda value: value) -> Any:
    return convert(getattr(call, name)) if call.HasField(name) else None


def _shown(call: Message) -> dict[str, Any]:
    return {
        "with_payload": _given(call, "with_payload", GrpcToRest.convert_with_payload_interface),
        "with_vector": _given(call, "with_vectors", GrpcToRest.convert_with_vectors_selector),
    }


def _point(record: models.Record) -> proto.RetrievedPoint:
    return RestToGrpc.convert_record(record.model_copy(update={"payload": record.payload or {}}))


def _collection(call: proto.CreateCollection) -> models.CreateCollection:
    return models.CreateCollection(
        vectors=_given(call, "vectors_config", GrpcToRest.convert_vectors_config),
        shard_number=_given(call, "shard_number"),
        replication_factor=_given(call, "replication_factor"),
        write_consistency_factor=_given(call, "write_consistency_factor"),
        payload=_given(call, "payload", GrpcToRest.convert_payload_storage_params),
        hnsw_config=_given(call, "hnsw_config", GrpcToRest.convert_hnsw_config_diff),
        optimizers_config=_given(call, "optimizers_config", GrpcToRest.convert_optimizers_config_diff),
        quantization_config=_given(call, "quantization_config", GrpcToRest.convert_quantization_config),
        strict_mode_config=_given(call, "strict_mode_config", GrpcToRest.convert_strict_mode_config),
        metadata=GrpcToRest.convert_payload(call.metadata) or None,
    )


def _told(answer: httpx.Response) -> str:
    try:
        return str(json.loads(answer.content)["status"]["error"])
    except ValueError:
        return answer.text
