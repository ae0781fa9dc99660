"""Errors of the retriever room, on the server and at its client.

    RetrieverError
    ├── InvalidRequest      fields of a request do not fit; lists each one
    ├── StaleCursor         a list goes on in an index that is not live any more
    ├── UnsupportedBody     a body of a media type that is not read here
    ├── BodyTooLarge        a body beyond the size limit
    ├── Overloaded          more is asked than can be answered in time
    ├── Unexpected          a bug: something that nobody thought of
    ├── AddressTaken        the server cannot listen where it was told to
    ├── NoAnswer            the client reached no server, or the server did not come up
    └── Refused             the client's question was answered with a problem document

What the rooms above raise passes through unchanged; ``retriever.problems`` turns every error into one document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import SoundalikeError


class RetrieverError(SoundalikeError):
    """Root of the retriever room."""

    code, title = "retriever", "The service did not work"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a request: ``where`` as a dotted path, ``what`` in a sentence."""

    where: str
    what: str


class InvalidRequest(RetrieverError):
    """Fields of a request do not fit.

    Attributes:
        findings: every one of them, in the order of the request.
    """

    http_status, code, title = 422, "invalid-request", "The request is not valid"

    def __init__(self, findings: Sequence[Finding]) -> None:
        shown = "; ".join(f"{finding.where}: {finding.what}" for finding in findings[:3])
        more = f" (and {len(findings) - 3} more)" if len(findings) > 3 else ""
        super().__init__(f"{shown}{more}.", "See /docs for what each field may be.")
        self.findings = tuple(findings)


class StaleCursor(RetrieverError):
    """A list goes on in an index that is not live any more."""

    http_status, code, title = 410, "stale-cursor", "The index changed"

    def __init__(self, what: str) -> None:
        super().__init__(what, "Begin again without a cursor.")


class UnsupportedBody(RetrieverError):
    """A body of a media type that is not read here."""

    http_status, code, title = 415, "unsupported-body", "The body's media type is not supported"


class BodyTooLarge(RetrieverError):
    """A body beyond the size limit."""

    http_status, code, title = 413, "body-too-large", "The body is too large"

    def __init__(self, max_body_bytes: int) -> None:
        super().__init__(
            f"The body holds more than {max_body_bytes / 2**20:g} MB.",
            "Send fewer playlists, or raise SOUNDALIKE_MAX_BODY_MB on the server.",
        )


class Overloaded(RetrieverError):
    """More is asked than can be answered in time."""

    http_status, code, title = 503, "overloaded", "The service is overloaded"

    def __init__(self, what: str) -> None:
        super().__init__(what, "Ask again after the seconds of the Retry-After header.")


class Unexpected(RetrieverError):
    """A bug: the server logs where it was met, the client learns nothing of it."""

    http_status, code, title = 500, "internal-server-error", "Internal Server Error"

    def __init__(self) -> None:
        super().__init__(
            "The server met an unexpected condition.", "Try again later; the server's log has the details."
        )


class AddressTaken(RetrieverError):
    """The server cannot listen where it was told to."""

    code, title = "address", "Cannot listen there"


class NoAnswer(RetrieverError):
    """The client reached no server, or the server did not come up."""

    http_status, code, title = 503, "no-answer", "No answer"


class Refused(RetrieverError):
    """The client's question was answered with a problem document."""

    code, title = "refused", "The server refused"
