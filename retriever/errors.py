"""Errors of the retriever room, on the server and at its client.

    RetrieverError
    ├── InvalidRequest      fields of a request do not fit; lists each one
    ├── UnknownCursor       a place in a list that was never given out
    ├── StaleCursor         a list goes on in an index that is not live any more
    ├── UnsupportedBody     a body of a media type that is not read here
    ├── BodyTooLarge        a body beyond the size limit
    ├── BodyTooSlow         a body that does not come in time
    ├── Overloaded          more is asked than can be answered in time
    ├── Unexpected          a bug: something that nobody thought of
    ├── KeyFileError        the API keys cannot be read or changed
    ├── NoKeys              keys are asked for, and there is none
    ├── KeyNeeded           a request without an API key
    ├── KeyRefused          an API key that is unknown, revoked or expired
    ├── StrangeHost         a request under a name that is none of the server's
    ├── RoleTooLow          an API key that may not do this
    ├── TooManyRequests     more requests than the limit
    ├── BadIdempotencyKey   an Idempotency-Key of a form that is not read here
    ├── KeyReused           an Idempotency-Key that stands for another request
    ├── StillRunning        the first request of an Idempotency-Key is not answered yet
    ├── AnswerGone          a request was carried out before, and its person was deleted since
    ├── TheirsAlready       a public profile is to replace what somebody brought themselves
    ├── WrongLeaveCode      a leave code that nobody was given, or that is void
    ├── JobRunning          a job is to begin while another one is not over
    ├── NoReport            a model that no report is kept of
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


class UnknownCursor(RetrieverError):
    """A place in a list that was never given out."""

    http_status, code, title = 404, "unknown-cursor", "There is no such page"

    def __init__(self) -> None:
        super().__init__("The cursor is none that was given out.", "Leave it out to begin at the start.")


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
        self.max_body_bytes = max_body_bytes


class BodyTooSlow(RetrieverError):
    """A body that does not come in time."""

    http_status, code, title = 408, "body-too-slow", "The body takes too long"

    def __init__(self, max_body_s: float) -> None:
        super().__init__(f"The body was not whole after {max_body_s:g} s.", "Send it faster, or in smaller requests.")
        self.max_body_s = max_body_s


class Overloaded(RetrieverError):
    """More is asked than can be answered in time."""

    http_status, code, title = 503, "overloaded", "The service is overloaded"

    def __init__(self, what: str) -> None:
        super().__init__(what, "Ask again after the seconds of the Retry-After header.")


class Unexpected(RetrieverError):
    """A bug: the server logs where it was met, the client learns nothing of it."""

    http_status, code, title = 500, "internal-server-error", "Internal Server Error"

    def __init__(self) -> None:
        super().__init__("The server met an unexpected condition.", "Try again later; its log has the details.")


class KeyFileError(RetrieverError):
    """The API keys cannot be read or changed."""

    code, title = "key-file", "The API keys are not usable"


class NoKeys(RetrieverError):
    """Keys are asked for, and there is none that would be let in."""

    code, title = "no-keys", "There is no API key"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"A server on {host} asks for API keys, and there is none that is valid.",
            "Make one: python -m retriever keys add NAME --role admin",
        )


class KeyNeeded(RetrieverError):
    """A request without an API key."""

    http_status, code, title = 401, "key-needed", "An API key is needed"

    def __init__(self) -> None:
        super().__init__("The request brings no API key.", "Send one: Authorization: Bearer KEY")


class KeyRefused(RetrieverError):
    """An API key that is unknown, revoked or expired; which of them is not told."""

    http_status, code, title = 401, "key-refused", "The API key is not valid"

    def __init__(self) -> None:
        super().__init__("The API key is unknown, revoked or expired.", "Ask the operator of the server for a new one.")


class StrangeHost(RetrieverError):
    """A request under a name that is none of the server's."""

    http_status, code, title = 421, "strange-host", "The server does not go by that name"

    def __init__(self) -> None:
        super().__init__(
            "A server without API keys answers only under localhost and loopback addresses.",
            "Use one of those, or add the name to SOUNDALIKE_HOST_NAMES on the server.",
        )


class RoleTooLow(RetrieverError):
    """An API key that may not do this."""

    http_status, code, title = 403, "role-too-low", "The API key may not do this"

    def __init__(self, role: str, needed: str) -> None:
        super().__init__(f"The API key has the role {role}; this needs {needed}.", f"Use a key of the role {needed}.")


class TooManyRequests(RetrieverError):
    """More requests than the limit."""

    http_status, code, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, what: str) -> None:
        super().__init__(what, "Ask again after the seconds of the Retry-After header.")


class BadIdempotencyKey(RetrieverError):
    """An Idempotency-Key of a form that is not read here."""

    http_status, code, title = 400, "bad-idempotency-key", "The Idempotency-Key is not valid"

    def __init__(self) -> None:
        super().__init__(
            "The header Idempotency-Key is not 1 to 200 letters, digits and . _ ~ : + / = -, in quotes or without.",
            "Send a fresh UUID for each request, and the same one when it is repeated.",
        )


class KeyReused(RetrieverError):
    """An Idempotency-Key that stands for another request."""

    http_status, code, title = 422, "idempotency-key-reused", "The Idempotency-Key stands for another request"

    def __init__(self) -> None:
        super().__init__("Another request was sent with this Idempotency-Key.", "Send a fresh key with a new request.")


class StillRunning(RetrieverError):
    """The first request of an Idempotency-Key is not answered yet."""

    http_status, code, title = 409, "still-running", "The request is still being worked on"

    def __init__(self) -> None:
        super().__init__("The request of this Idempotency-Key is still being worked on.", "Repeat it in a second.")


class AnswerGone(RetrieverError):
    """A request was carried out before, and its person was deleted since; repeating it must not bring them back."""

    http_status, code, title = 410, "answer-gone", "The answer is gone"

    def __init__(self) -> None:
        super().__init__(
            "The request of this Idempotency-Key was carried out, and somebody in it was deleted since.",
            "Send it with a fresh key if they want to join again.",
        )


class TheirsAlready(RetrieverError):
    """A public profile, which anybody can name, is to replace what somebody brought themselves."""

    http_status, code, title = 409, "theirs-already", "What is kept is their own"

    def __init__(self) -> None:
        super().__init__(
            "What is kept of this person they brought themselves, and a link to their profile does not replace it.",
            "Log in with Spotify if it is you, or ask without remember.",
        )


class WrongLeaveCode(RetrieverError):
    """A leave code that nobody was given, or that is void: its owner has left, or joined again."""

    http_status, code, title = 404, "wrong-leave-code", "Nobody has this leave code"

    def __init__(self) -> None:
        super().__init__("The leave code is nobody's.", "Send it as it was shown; leaving or joining again voids it.")


class JobRunning(RetrieverError):
    """A job is to begin while another one is not over."""

    http_status, code, title = 409, "job-running", "Another job is running"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The job {kind!r} is not over yet.", "Wait for it; GET /v1/admin/jobs tells how far it is.")


class NoReport(RetrieverError):
    """A model that no report is kept of."""

    http_status, code, title = 404, "no-report", "There is no report"

    def __init__(self, version: int) -> None:
        super().__init__(f"There is no report of a model {version}.", "Models that were never proven have none.")


class AddressTaken(RetrieverError):
    """The server cannot listen where it was told to."""

    code, title = "address", "Cannot listen there"


class NoAnswer(RetrieverError):
    """The client reached no server, or the server did not come up."""

    http_status, code, title = 503, "no-answer", "No answer"


class Refused(RetrieverError):
    """The client's question was answered with a problem document."""

    code, title = "refused", "The server refused"
