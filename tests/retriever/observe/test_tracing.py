import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.types import Receive, Scope, Send

from features.errors import SettingsError, UnknownUser
from retriever import problems
from retriever.access.wiring import guard
from retriever.observe.metrics import Metrics
from retriever.observe.traced import Traced
from retriever.observe.tracing import Tracing, span
from retriever.settings import RetrieverSettings

WHO = "ann-of-green-gables"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def a_toy(tracing: Tracing | None) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/users/{user_id}")
    async def person(user_id: str) -> Response:
        def search() -> None:
            with span("search"):
                pass

        with span("encode"):
            await anyio.to_thread.run_sync(search)
        return Response()

    @app.get("/v1/users/{user_id}/bug")
    async def bug(user_id: str) -> Response:
        with span("search"):
            raise KeyError(user_id)

    @app.get("/v1/users/{user_id}/unknown")
    async def unknown(user_id: str) -> Response:
        raise UnknownUser(user_id)

    problems.install(app)
    guard(app, RetrieverSettings(_env_file=None, host_names="testserver"), Metrics(), tracing)
    return app


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Iterator[Tracing]:
    tracing = Tracing(exporter)
    yield tracing
    tracing.close()


@pytest.fixture
def api(tracing: Tracing) -> Iterator[TestClient]:
    with TestClient(a_toy(tracing)) as client:
        yield client


def spans(tracing: Tracing, exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    tracing.close()
    return {each.name: each for each in exporter.get_finished_spans()}


def test_a_request_is_a_span_by_its_route_and_its_parts_are_spans_inside_also_in_threads(
    api: TestClient, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    answer = api.get(f"/v1/users/{WHO}")

    found = spans(tracing, exporter)
    request, encode, search = (found[name] for name in ("GET /v1/users/{user_id}", "encode", "search"))
    assert request.kind is SpanKind.SERVER
    assert dict(request.attributes) == {
        "http.request.method": "GET",
        "http.route": "/v1/users/{user_id}",
        "http.response.status_code": 200,
        "soundalike.request_id": answer.headers["x-request-id"],
    }
    assert request.parent is None
    assert encode.parent.span_id == request.context.span_id
    assert search.parent.span_id == encode.context.span_id
    assert request.resource.attributes["service.name"] == "soundalike-retriever"


def test_the_trace_of_a_caller_is_continued(api: TestClient, tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    api.get(f"/v1/users/{WHO}", headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "baggage": f"user={WHO}"})

    request = spans(tracing, exporter)["GET /v1/users/{user_id}"]
    assert f"{request.context.trace_id:032x}" == TRACE
    assert f"{request.parent.span_id:016x}" == PARENT
    assert request.parent.is_remote


@pytest.mark.parametrize("broken", ["", "x", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", WHO])
def test_a_broken_parent_begins_a_new_trace(
    api: TestClient, tracing: Tracing, exporter: InMemorySpanExporter, broken: str
) -> None:
    assert api.get(f"/v1/users/{WHO}", headers={"traceparent": broken}).status_code == 200
    assert spans(tracing, exporter)["GET /v1/users/{user_id}"].parent is None


def test_failures_of_the_server_are_told_by_their_kind_and_those_of_clients_are_none(
    api: TestClient, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    api.get(f"/v1/users/{WHO}/bug")
    api.get(f"/v1/users/{WHO}/unknown")

    found = spans(tracing, exporter)
    bug, unknown = found["GET /v1/users/{user_id}/bug"], found["GET /v1/users/{user_id}/unknown"]
    assert (bug.status.status_code, bug.attributes["error.type"]) == (StatusCode.ERROR, "KeyError")
    assert bug.attributes["http.response.status_code"] == 500
    assert found["search"].attributes["error.type"] == "KeyError"
    assert (unknown.status.status_code, unknown.attributes["http.response.status_code"]) == (StatusCode.UNSET, 404)


def test_no_id_and_no_text_is_in_any_span(api: TestClient, tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "baggage": f"user={WHO}", "X-API-Key": WHO, "User-Agent": WHO,
               "tracestate": f"vendor={WHO}"}  # fmt: skip
    for path in ("", "/bug", "/unknown", "/nowhere"):
        api.request("GET", f"/v1/users/{WHO}{path}?q={WHO}", headers=headers)
        api.request(WHO.upper(), f"/v1/users/{WHO}{path}", headers=headers)

    found = (tracing.close(), exporter.get_finished_spans())[1]
    assert len(found) == 11
    assert not any(WHO in each.to_json().lower() for each in found)


def test_spans_outside_of_a_request_or_without_tracing_are_nothing(
    tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    with span("search"):
        pass
    with TestClient(a_toy(None)) as client:
        assert client.get(f"/v1/users/{WHO}").status_code == 200

    assert spans(tracing, exporter) == {}


def test_a_request_leaves_no_tracer_behind(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    async def nothing(*_: Any) -> Any:
        pass

    async def scenario() -> None:
        await Traced(inner, tracing.tracer)({"type": "http", "method": "GET", "headers": []}, nothing, nothing)
        with span("search"):
            pass

    asyncio.run(scenario())
    assert spans(tracing, exporter).keys() == {"GET unmatched"}


def test_the_names_that_opentelemetry_reads_from_the_environment_hold(
    monkeypatch: pytest.MonkeyPatch, exporter: InMemorySpanExporter
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=mine,deployment.environment=test")
    tracing = Tracing(exporter)
    with tracing.tracer.start_as_current_span("x"):
        pass

    attributes = spans(tracing, exporter)["x"].resource.attributes
    assert (attributes["service.name"], attributes["deployment.environment"]) == ("mine", "test")


class Collector(BaseHTTPRequestHandler):
    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    handler = type("Handler", (Collector,), {"received": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.received
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_reach_a_collector_by_otlp_at_the_latest_when_the_server_stops(
    monkeypatch: pytest.MonkeyPatch, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    tracing = Tracing()
    with TestClient(a_toy(tracing)) as client:
        client.get(f"/v1/users/{WHO}")
    tracing.close()

    assert {path for path, _ in received} == {"/v1/traces"}
    sent = [ExportTraceServiceRequest.FromString(body) for _, body in received]
    names = {
        each.name for one in sent for group in one.resource_spans for kind in group.scope_spans for each in kind.spans
    }
    assert names == {"GET /v1/users/{user_id}", "encode", "search"}
    assert not any(WHO.encode() in body for _, body in received)


class Stuck(SpanExporter):
    def __init__(self) -> None:
        self.let_go = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.let_go.wait(60)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        pass


def test_a_collector_that_never_answers_does_not_hold_the_server_back() -> None:
    exporter = Stuck()
    tracing = Tracing(exporter)
    with tracing.tracer.start_as_current_span("x"):
        pass
    tracing.close(within_s=0.01)

    assert "close-tracing" in {thread.name for thread in threading.enumerate()}
    exporter.let_go.set()


def test_without_the_extra_there_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(SettingsError, match=r"pip install 'soundalike\[tracing\]'"):
        Tracing()


def test_without_tracing_opentelemetrys_sdk_stays_out(tmp_path: Path) -> None:
    script = "import sys, retriever.access.wiring; print('opentelemetry.sdk' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert run.stdout.strip() == "False"
