"""What goes wrong between here and a Qdrant server, in this room's words, and whether it may pass by itself."""

from __future__ import annotations

import json
import re

import grpc
import httpx
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexer.errors import IndexRefused, IndexUnavailable

_AGAIN = "It may pass: try again. Is the server up, and SOUNDALIKE_QDRANT_URL right?"
_KEY = "Check SOUNDALIKE_QDRANT_API_KEY and SOUNDALIKE_QDRANT_READ_ONLY_API_KEY."
_TRUST = (
    "Its certificate must be valid, for the name in SOUNDALIKE_QDRANT_URL, and if no public authority has signed it, "
    "SOUNDALIKE_QDRANT_CA_FILE must hold that of who has."
)
_MOST_SAID = 200  # characters of what a server says that are passed on
_CUT = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_DISTRUST = re.compile(
    r"certificate verify failed: [^(]+|CERTIFICATE_VERIFY_FAILED: [^:]+|Hostname Verification Check failed"
)
"""How OpenSSL says it to httpx, and to gRPC, which looks at names itself."""


class Passing(IndexUnavailable):
    """It may pass: the server is away, restarts, or has too much to do.

    Attributes:
        wait_s: seconds that the server asks to be left alone for; None where it does not say.
        was_cut: whether a connection was lost with no answer, as happens to one that both sides let lie too long.
    """

    def __init__(self, what: str, *, wait_s: float | None = None, was_cut: bool = False) -> None:
        super().__init__(what, _AGAIN)
        self.wait_s, self.was_cut = wait_s, was_cut


class NotThere(IndexUnavailable):
    """The server does not know the collection or the person."""


def too_late(doing: str, within_s: float) -> Passing:
    """There was no answer in time."""
    return Passing(f"{doing}: there was no answer within {within_s:g} s.")


def trouble_of(doing: str, error: Exception) -> IndexUnavailable:
    """An error of the client as one of ours.

    Args:
        doing: what failed, as the beginning of a sentence: ``"The index cannot be searched"``.
        error: what the client raised.
    """
    if isinstance(error, UnexpectedResponse):
        return _of_status(doing, error.status_code or 0, _said_in(error))
    if isinstance(error, ResourceExhaustedResponse):
        return Passing(f"{doing}: the server has too much to do.", wait_s=float(error.retry_after_s))
    if isinstance(error, ResponseHandlingException | ValueError):  # ValueError: what is said to be JSON is not
        return _of_exchange(doing, getattr(error, "source", error))
    if isinstance(error, grpc.aio.AioRpcError):
        return _of_call(doing, error.code(), error.details() or "")
    return IndexUnavailable(f"{doing}: {_named(error)}.")


_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.DEADLINE_EXCEEDED: 408,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.UNIMPLEMENTED: 400,
}
"""HTTP's word for what gRPC says; all others are the server's fault and may pass."""


def _of_exchange(doing: str, source: Exception) -> IndexUnavailable:
    if isinstance(source, httpx.HTTPError):
        said = str(source)
        return _distrusted(doing, said) or Passing(f"{doing}: {_named(source)}.", was_cut=isinstance(source, _CUT))
    return IndexUnavailable(f"{doing}: the answer cannot be read.", "Is it a Qdrant server that answers there?")


def _of_call(doing: str, code: grpc.StatusCode, details: str) -> IndexUnavailable:
    said = _first(details) or code.name
    if code is grpc.StatusCode.UNAVAILABLE:  # mostly there is no server that could have said so
        return _distrusted(doing, details) or Passing(f"{doing}: {said}.")
    return _of_status(doing, _STATUS.get(code, 500), said)


def _distrusted(doing: str, said: str) -> IndexUnavailable | None:
    """A certificate that is not accepted, which does not pass by itself."""
    why = _DISTRUST.search(said)
    return why and IndexUnavailable(f"{doing}: the server is not trusted ({why[0].rstrip('. ')}).", _TRUST)


def _of_status(doing: str, status: int, said: str) -> IndexUnavailable:
    if status in (401, 403):
        return IndexRefused(f"{doing}: the server does not accept the key ({status}).", _KEY)
    if status == 404:
        return NotThere(f"{doing}: {said}.")
    if status in (408, 429) or status >= 500:
        return Passing(f"{doing}: the server answers {status} ({said}).")
    return IndexUnavailable(f"{doing}: the server answers {status} ({said}).")


def _said_in(error: UnexpectedResponse) -> str:
    try:
        said = str(json.loads(error.content)["status"]["error"])
    except (ValueError, TypeError, KeyError):
        said = error.reason_phrase
    return _first(said)


def _named(error: Exception) -> str:
    """The kind of error and what it says; httpx has nothing to say of most cut connections."""
    said = _first(str(error))
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _first(said: str) -> str:
    """As much of it as fits within a sentence."""
    return said.partition("\n")[0][:_MOST_SAID].rstrip(".")
