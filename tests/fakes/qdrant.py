"""A Qdrant server's REST API over qdrant-client's local mode, so that the real client speaks to it as to a real one.

Local mode compares one by one, knows no graph and is green at once; its answers, aliases and conditional writes are
those of a server. What it cannot show is left to a real one (``QDRANT_URL``).
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx
from pydantic import TypeAdapter
from qdrant_client import models
from qdrant_client.local.qdrant_local import QdrantLocal

VERSION = "1.20.0"
_READS = re.compile(r"/points(/(query|scroll|count|query/batch))?$")
_SCHEMA: TypeAdapter[Any] = TypeAdapter(
    models.PayloadSchemaType | models.KeywordIndexParams | models.IntegerIndexParams
)

Answer = httpx.Response | Awaitable[httpx.Response]
Trouble = Callable[[httpx.Request], Answer | None]


class FakeQdrant:
    """The server. ``asked`` are all requests; ``trouble`` answers in its place, raises, or returns None."""

    def __init__(self, *, key: str | None = None, read_only_key: str | None = None) -> None:
        self._local = QdrantLocal(":memory:")
        self._guard = threading.Lock()
        self._keys = {"writes": key, "reads": read_only_key}
        self.version = VERSION
        self.asked: list[httpx.Request] = []
        self.made: dict[str, models.CreateCollection] = {}
        self.changed: dict[str, list[models.UpdateCollection]] = {}
        self.indexed: dict[str, dict[str, int]] = {}
        self.status = models.CollectionStatus.GREEN
        self.is_unaware = False  # that there is a graph to build
        self.on_change: Callable[[], None] = lambda: None
        self.trouble: Trouble = lambda _request: None

    def transport(self) -> httpx.AsyncBaseTransport:
        """In place of the network."""
        return httpx.MockTransport(self.answer)

    def close(self) -> None:
        self._local.close()

    def answer(self, request: httpx.Request) -> Answer:
        self.asked.append(request)
        return self.trouble(request) or self.served(request)

    def served(self, request: httpx.Request) -> httpx.Response:
        """What is answered where there is no trouble."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if self._is_too_slow(request):
            return httpx.Response(400, json={"status": {"error": "Limit exceeded for timeout"}})
        if request.url.path == "/":
            return httpx.Response(200, json={"title": "qdrant", "version": self.version})
        body = json.loads(request.content or b"{}")
        try:
            with self._guard:
                result = self._result(request.method, request.url.path, body)
        except (ValueError, KeyError) as error:
            told = str(error)
            status = 404 if "not found" in told else 409 if "already exists" in told else 400
            return httpx.Response(status, json={"status": {"error": told}, "time": 0.0})
        return httpx.Response(200, json={"result": _plain(result), "status": "ok", "time": 0.0})

    def info(self, name: str) -> models.CollectionInfo:
        """A collection, by its name or an alias."""
        return self._local.get_collection(name)

    def names(self) -> set[str]:
        """Of all collections."""
        return {collection.name for collection in self._local.get_collections().collections}

    def paths(self, method: str) -> list[str]:
        """Where requests of a method went."""
        return [request.url.path for request in self.asked if request.method == method]

    def _refusal(self, request: httpx.Request) -> httpx.Response | None:
        if not any(self._keys.values()) or request.url.path == "/":
            return None
        key = request.headers.get("api-key")
        if key is not None and key == self._keys["writes"]:
            return None
        if key is None or key != self._keys["reads"]:
            return httpx.Response(401, text="Must provide an API key or an Authorization bearer token")
        return None if is_read(request) else httpx.Response(403, json={"status": {"error": "Forbidden: write access"}})

    def _is_too_slow(self, request: httpx.Request) -> bool:
        """Of what strict mode refuses, that a search wants more time than it allows."""
        _, *place = request.url.path.split("/")
        if place[:1] != ["collections"] or place[2:] != ["points", "query"]:
            return False
        aliases = {alias.alias_name: alias.collection_name for alias in self._local.get_aliases().aliases}
        changes = self.changed.get(aliases.get(place[1], place[1]), [])
        strict = next((each.strict_mode_config for each in reversed(changes) if each.strict_mode_config), None)
        wanted = int(request.url.params.get("timeout", 0))
        return strict is not None and bool(strict.enabled) and wanted > (strict.max_timeout or wanted)

    def _result(self, method: str, path: str, body: Any) -> Any:
        match method, *[part for part in path.split("/") if part]:
            case "GET", "collections":
                return self._local.get_collections()
            case "GET", "aliases":
                return self._local.get_aliases()
            case "POST", "collections", "aliases":
                return self._local.update_collection_aliases(models.ChangeAliasesOperation.model_validate(body).actions)
            case method, "collections", name, "points", *rest:
                return self._points(name, "/".join([method, *rest]), body)
            case method, "collections", name, *rest:
                return self._collection(name, "/".join([method, *rest]), body)
        raise ValueError(f"the fake does not know {method} {path}")

    def _collection(self, name: str, what: str, body: Any) -> Any:
        match what:
            case "GET/exists":
                return {"exists": self._local.collection_exists(name)}
            case "GET":
                info = self._local.get_collection(name)
                indexed = 0 if self.is_unaware else info.points_count
                return info.model_copy(update={"status": self.status, "indexed_vectors_count": indexed})
            case "PUT":
                return self._create(name, models.CreateCollection.model_validate(body))
            case "PATCH":
                return self._update(name, models.UpdateCollection.model_validate(body))
            case "DELETE":
                return self._local.delete_collection(name)
            case "PUT/index":
                return self._index(name, models.CreateFieldIndex.model_validate(body))
        raise ValueError(f"the fake does not know {what}")

    def _create(self, name: str, made: models.CreateCollection) -> bool:
        self.made[name] = made
        return self._local.create_collection(name, vectors_config=made.vectors or {}, metadata=made.metadata)

    def _update(self, name: str, change: models.UpdateCollection) -> bool:
        self.changed.setdefault(name, []).append(change)
        self.on_change()
        return self._local.update_collection(name, metadata=change.metadata)

    def _index(self, name: str, index: models.CreateFieldIndex) -> dict[str, object]:
        self.indexed.setdefault(name, {})[index.field_name] = self._local.count(name).count
        return _DONE

    def _points(self, name: str, what: str, body: Any) -> Any:  # noqa: PLR0911
        match what:
            case "PUT":
                some = models.PointsList.model_validate(body)
                self._local.upsert(name, some.points, update_filter=some.update_filter, update_mode=some.update_mode)
                return _DONE
            case "POST":
                asked = models.PointRequest.model_validate(body)
                return self._local.retrieve(name, asked.ids, asked.with_payload, asked.with_vector or False)
            case "POST/delete":
                self._local.delete(name, _selected(body))
                return _DONE
            case "POST/payload":
                change = models.SetPayload.model_validate(body)
                self._local.set_payload(name, change.payload, change.points or change.filter)
                return _DONE
            case "POST/count":
                return self._local.count(name, models.CountRequest.model_validate(body).filter)
            case "POST/scroll":
                return self._scrolled(name, models.ScrollRequest.model_validate(body))
            case "POST/query":
                return self._found(name, models.QueryRequest.model_validate(body))
        raise ValueError(f"the fake does not know {what}")

    def _scrolled(self, name: str, asked: models.ScrollRequest) -> dict[str, object]:
        points, following = self._local.scroll(
            name,
            scroll_filter=asked.filter,
            limit=asked.limit or 10,
            offset=asked.offset,
            with_payload=True if asked.with_payload is None else asked.with_payload,
            with_vectors=asked.with_vector or False,
        )
        return {"points": points, "next_page_offset": following}

    def _found(self, name: str, asked: models.QueryRequest) -> models.QueryResponse:
        origin = asked.query.nearest if isinstance(asked.query, models.NearestQuery) else asked.query
        return self._local.query_points(
            name,
            query=origin,
            limit=10 if asked.limit is None else asked.limit,
            query_filter=asked.filter,
            with_payload=asked.with_payload or False,
            with_vectors=asked.with_vector or False,
        )


_DONE = {"operation_id": 0, "status": "completed"}


def is_read(request: httpx.Request) -> bool:
    """Whether it asks and changes nothing."""
    return request.method == "GET" or (request.method == "POST" and _READS.search(request.url.path) is not None)


def _selected(body: Any) -> models.PointsSelector:
    with suppress(ValueError):
        return models.PointIdsList.model_validate(body)
    return models.FilterSelector.model_validate(body)


def _plain(result: Any) -> Any:
    return TypeAdapter(Any).dump_python(result, mode="json")


class FakeQdrantSite(FakeQdrant):
    """The server for other processes, to be entered; ``url`` is where it is then, on loopback."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, **keys: str | None) -> None:
        super().__init__(**keys)
        self._tls = tls

    def __enter__(self) -> Self:
        fake = self

        class Handler(_Handler):
            server_is = fake

        self._site = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._site.daemon_threads = True
        if self._tls is not None:
            self._site.socket = self._tls.wrap_socket(self._site.socket, server_side=True)
        self._thread = threading.Thread(target=self._site.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._site.shutdown()
        self._site.server_close()
        self._thread.join()
        self.close()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._site.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server_is: FakeQdrant
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = httpx.Request(self.command, f"http://fake{self.path}", headers=dict(self.headers), content=content)
        answer = self.server_is.answer(request)
        assert isinstance(answer, httpx.Response)
        self.send_response(answer.status_code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - as the library calls them

    def log_message(self, *_: object) -> None:
        pass
