"""The REST server: HTTP over TLS, and the faults carried out. What is answered lives with the handlers."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import ssl
import struct
import termios
import threading
import traceback
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from .faults import Cut, Failure
from .routing import Answer, NotFaked, Refused, Request, Route, dispatch
from .state import Call, State

_PREFIX = "/hopsworks-api/api/"
_STEP_S, _TRIES = 0.01, 200
_RESET = struct.pack("ii", 1, 0)


class RestServer(ThreadingHTTPServer):
    """Answers by a table of routes until it is closed, which breaks off what is under way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext, state: State, routes: Sequence[Route]) -> None:
        super().__init__(address, _Handler)
        self._tls, self.state, self._routes = tls, state, routes
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self.serve_forever, args=(0.05,), name="fake hopsworks", daemon=True).start()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        # The handshake is the handler's, in its own thread: one that hangs must not keep others waiting.
        secured = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(secured)
        return secured, address

    def shutdown_request(self, request: socket.socket) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break off all the time here; nobody needs a traceback of that."""

    def answer(self, request: Request) -> Answer:
        """What a route answers, errors included."""
        try:
            return dispatch(self._routes, self.state, request)
        except Refused as refused:
            return refused.answer
        except NotFaked as missing:
            self.state.unhandled.append(f"{request.call}: {missing}")
        except Exception:  # noqa: BLE001 - a slip of a handler is to be seen in the test
            self.state.unhandled.append(f"{request.call}: {traceback.format_exc()}")
        return Refused(501, 999999, f"The fake cannot answer {request.call}").answer

    def close(self) -> None:
        """Stop, and break off all connections, those that wait for the next request, too."""
        self.closing.set()
        self.shutdown()
        for connection in list(self._open):
            try:
                # Past the TLS layer, whose state belongs to the handler's thread.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RestServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def log_message(self, *_: object) -> None:
        """The log is the cluster's ``requests``."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        call = Call(self.command, unquote(url.path.removeprefix(_PREFIX)), parse_qs(url.query))
        strike = self.server.state.called(call)
        if strike.meanwhile is not None:
            strike.meanwhile.work()
        length = int(self.headers.get("Content-Length") or 0)
        cut = strike.cut
        if cut is not None and not cut.after and (length or cut.after_bytes is None):
            self.rfile.read(min(length, cut.after_bytes or 0))
            self._break_off()
            return
        body = self.rfile.read(length)
        if len(body) < length:  # who asks has gone in the middle of it, which no server answers
            self._break_off()
            return
        answer = self._answer(call, body, strike.failure)
        if self.server.closing.wait(strike.delay):
            self._break_off()
        else:
            self._send(answer, cut)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - named by http.server

    def _answer(self, call: Call, body: bytes, failure: Failure | None) -> Answer:
        kind, _, key = self.headers.get("Authorization", "").partition(" ")
        request = Request(call, key if kind == "ApiKey" else None, self.headers.get("Content-Type", ""), body)
        if failure is None:
            return self.server.answer(request)
        if failure.after:
            self.server.answer(request)
        return Refused(failure.status, failure.code, failure.message).answer

    def _send(self, answer: Answer, cut: Cut | None) -> None:
        """Send all of the answer, or as much as there is until it is cut."""
        if cut is not None and cut.after_bytes is None:
            self._break_off()
            return
        content, length = self._content(answer)
        with content:
            self.send_response(answer.status)
            self.send_header("Content-Type", _type_of(answer))
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if cut is None:
                shutil.copyfileobj(content, self.wfile)
                return
            self.wfile.write(content.read(cut.after_bytes))
        self._wait_until_sent()
        self._break_off()

    @staticmethod
    def _content(answer: Answer) -> tuple[BinaryIO, int]:
        if isinstance(answer.content, Path):
            return answer.content.open("rb"), answer.content.stat().st_size
        body = b"" if answer.content is None else json.dumps(answer.content).encode()
        return BytesIO(body), len(body)

    def _wait_until_sent(self) -> None:
        """A reset throws away what the client has not got yet."""
        unsent, tries = b"\1", 0
        while any(unsent) and tries < _TRIES and not self.server.closing.wait(_STEP_S):
            unsent, tries = fcntl.ioctl(self.connection, termios.TIOCOUTQ, bytes(4)), tries + 1

    def _break_off(self) -> None:
        """Reset the connection, as when a machine goes down: no goodbye, neither of TLS nor of TCP."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        os.close(self.connection.detach())


def _type_of(answer: Answer) -> str:
    return "application/octet-stream" if isinstance(answer.content, Path) else "application/json"
