"""The HTTP server: HTTP/1.1 with connections that stay, and the faults carried out. What is answered: handlers."""

from __future__ import annotations

import socket
import struct
import threading
import traceback
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import orjson

from . import accounts, authorize, library, public
from .answers import Answer, Refused, server_error
from .faults import Cut, Fault, Faults, Late
from .log import Log
from .routing import Request, Route, dispatch
from .state import State

ROUTES: Sequence[Route] = (*public.ROUTES, *library.ROUTES, *authorize.ROUTES, *accounts.ROUTES)
_RESET = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """Answers until it is closed, which breaks off what is under way."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], state: State, log: Log, faults: Faults) -> None:
        super().__init__(address, _Handler)
        self.state, self.log, self.faults = state, log, faults
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), name="fake spotify", daemon=True).start()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break off all the time here; nobody needs a traceback of that."""

    def answer(self, request: Request) -> Answer:
        """What a route answers, errors included."""
        try:
            return dispatch(ROUTES, self.state, request)
        except Refused as refused:
            return refused.answer
        except Exception:  # noqa: BLE001 - a slip of a handler is to be seen in the test
            self.state.unhandled.append(f"{request.method} {request.path}: {traceback.format_exc()}")
            return server_error()

    def close(self) -> None:
        """Stop, and break off all connections, those that wait for the next request, too."""
        self.closing.set()
        self.shutdown()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # so that an answer leaves in one piece
    timeout = 120

    def log_message(self, *_: object) -> None:
        """The log is the stand-in's ``requests``."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.log.entered(self.command, self.path):
            fault = self.server.faults.strike(f"{self.command} {self.path}")
            late_s = fault.seconds if isinstance(fault, Late) else 0.0
            if self.server.closing.wait(self.server.state.latency_s + late_s) or fault == Cut():
                self._break_off()
                return
            answer = self._answer(fault, body)
        self._send(answer, fault.after_bytes if isinstance(fault, Cut) else None)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - named by http.server

    def _answer(self, fault: Fault | None, body: bytes) -> Answer:
        given = fault.answer if isinstance(fault, Late) else fault
        return given if isinstance(given, Answer) else self.server.answer(self._request(body))

    def _request(self, body: bytes) -> Request:
        url = urlsplit(self.path)
        is_form = self.headers.get_content_type() == "application/x-www-form-urlencoded"
        return Request(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            form=dict(parse_qsl(body.decode("utf-8", "replace"))) if is_form else {},
            authorization=self.headers.get("Authorization", ""),
        )

    def _send(self, answer: Answer, after_bytes: int | None) -> None:
        """Send all of the answer, or so much of its body and break off."""
        body, kind = _encoded(answer)
        self.send_response(answer.status, _phrase(answer.status))
        for name, value in {"Content-Type": kind, **answer.headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:after_bytes])
        self.wfile.flush()
        if after_bytes is not None:
            # Not reset: that might throw away what the client has not read yet.
            self.close_connection = True

    def _break_off(self) -> None:
        """Reset the connection, as when a machine goes down."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()


def _encoded(answer: Answer) -> tuple[bytes, str]:
    if answer.content is None:
        return b"", "text/plain"
    if isinstance(answer.content, str):
        return answer.content.encode(), "text/plain; charset=utf-8"
    return orjson.dumps(answer.content), "application/json; charset=utf-8"


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
