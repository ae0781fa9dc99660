"""A small site on loopback that answers JSON, remembers what it was asked, and fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request: the path as it came, percent-encoded; the parameters, decoded; the headers, lower case."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer; of ``hangs`` nothing ever comes, ``breaks_off`` ends in the midst of the body."""

    status: int = 200
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hangs: bool = False
    breaks_off: bool = False


class FakeSite:
    """To be entered; ``url`` is where it is then. Whoever fakes a site says what it answers in :meth:`answer`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.next: deque[Reply] = deque()
        """What is answered first of all, whatever is asked."""
        self.always_headers: dict[str, str] = {}
        self.closing = threading.Event()

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def __enter__(self) -> Self:
        site = self

        class Handler(_Handler):
            fake = site

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeSite

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        asked = Asked(url.path, query, {name.lower(): value for name, value in self.headers.items()})
        self.fake.asked.append(asked)
        reply = self.fake.next.popleft() if self.fake.next else self.fake.answer(asked)
        if reply.hangs:
            self.fake.closing.wait(30)
            return
        body = reply.raw if reply.raw is not None else json.dumps(reply.document).encode()
        body = b"" if reply.status == 204 else body
        self.send_response(reply.status)
        for name, value in {**self.fake.always_headers, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + reply.breaks_off))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
