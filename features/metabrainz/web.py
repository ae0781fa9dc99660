"""Web: polite GET requests to a site of MetaBrainz. A turn for each, retries within bounds, every failure in words.

Taken from the sites' documentation, and not measured on them: one request a second, a User-Agent that names the program
and a contact, 503 (MusicBrainz) or 429 (ListenBrainz) for whoever asks too often, and ``X-RateLimit-Remaining`` with
``X-RateLimit-Reset-In`` (seconds) in ListenBrainz's answers. What is asked, and what answers mean, lives with the
callers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self

import httpx
import orjson
import tenacity

from features.errors import SourceUnavailable
from features.metabrainz.pace import Pace

_AGAIN = frozenset({429, 500, 502, 503, 504})
_TOO_OFTEN = frozenset({429, 503})
_MOST_BYTES = 20_000_000
_LONGEST_BACK_OFF_S = 8.0


class Deadline:
    """A moment by which something has to be over."""

    def __init__(self, within_s: float) -> None:
        self._at = time.monotonic() + within_s

    @property
    def left_s(self) -> float:
        """Seconds until then; negative afterwards."""
        return self._at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes:
        tries: requests for one answer, at most.
        back_off_s: the first wait between two of them is up to this, the next up to twice as long, 8 s at most.
        timeout_s: seconds for connecting, and between two pieces of an answer.
    """

    tries: int = 4
    back_off_s: float = 1.0
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came through: 200, or a status that the caller asked to see."""

    site: str
    status: int
    body: bytes

    def json(self) -> object:
        """The document. Raises SourceUnavailable where the body is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise SourceUnavailable(f"{self.site} answered what is no JSON.", "Try again later.") from error


class _Again(Exception):
    """Why a request is to be made once more; its text goes on after the site's name."""


class Web:
    """Requests to one site, safe to share between threads; to be closed."""

    def __init__(
        self, site: str, url: str, pace: Pace, *, contact: str | None, patience: Patience | None = None
    ) -> None:
        """Ask ``site``, which lies at ``url``; ``contact`` tells it whom to write to about this program."""
        self.site = site
        self._pace, self._patience = pace, patience or Patience()
        self._client = httpx.Client(
            base_url=url,
            headers={"User-Agent": _user_agent(contact), "Accept": "application/json"},
            timeout=self._patience.timeout_s,
        )

    def get(
        self, path: str, query: Mapping[str, str], deadline: Deadline, *, expected: frozenset[int] = frozenset()
    ) -> Answer:
        """Ask once it is our turn, and again where that may help.

        Args:
            path: below the site's URL, percent-encoded.
            query: parameters.
            deadline: for all tries together.
            expected: statuses besides 200 that are answers.

        Raises:
            SourceUnavailable: there was no answer in time, or another status.
            StoreError: the turns cannot be kept.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._patience.tries),
            wait=tenacity.wait_random_exponential(self._patience.back_off_s, max=_LONGEST_BACK_OFF_S),
            retry=tenacity.retry_if_exception_type(_Again),
            reraise=True,
        )
        try:
            return retrying(self._once, path, query, deadline, expected | {200})
        except _Again as error:
            mend = "Check the network; nothing is lost, try again later."
            raise SourceUnavailable(f"{self.site} {error}.", mend) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _once(self, path: str, query: Mapping[str, str], deadline: Deadline, expected: frozenset[int]) -> Answer:
        if deadline.left_s <= 0:
            raise SourceUnavailable(f"{self.site} did not answer in time.", "Try again later.")
        self._pace.turn(deadline.left_s)
        try:
            with self._client.stream("GET", path, params=dict(query)) as response:
                self._heed(response)
                if response.status_code in _AGAIN:
                    raise _Again(f"answered {response.status_code}")
                if response.status_code not in expected:
                    raise SourceUnavailable(f"{self.site} answered {response.status_code}.", "Try again later.")
                return Answer(self.site, response.status_code, self._body(response, deadline))
        except httpx.TimeoutException as error:
            raise _Again("did not answer in time") from error
        except httpx.RequestError as error:
            raise _Again(f"cannot be reached, or broke off ({type(error).__name__})") from error

    def _body(self, response: httpx.Response, deadline: Deadline) -> bytes:
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _MOST_BYTES:
                raise SourceUnavailable(f"{self.site} answered more than {_MOST_BYTES / 1e6:,.0f} MB.")
            if deadline.left_s < 0:
                raise SourceUnavailable(f"{self.site} did not finish its answer in time.", "Try again later.")
        return bytes(body)

    def _heed(self, response: httpx.Response) -> None:
        """Leave the site alone for as long as it asks for."""
        reset_s = _seconds(response.headers.get("X-RateLimit-Reset-In"))
        if response.status_code in _TOO_OFTEN:
            wait_s = _seconds(response.headers.get("Retry-After")) or reset_s
        else:
            wait_s = reset_s if response.headers.get("X-RateLimit-Remaining", "").strip() == "0" else 0.0
        if wait_s:
            self._pace.postpone(wait_s)


def _seconds(header: str | None) -> float:
    """A header of seconds; 0 where there is none, or it is a date, which these sites do not send."""
    return float(header) if header and header.strip().isascii() and header.strip().isdigit() else 0.0


def _user_agent(contact: str | None) -> str:
    try:
        program = f"Soundalike/{version('soundalike')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        program = "Soundalike"
    return f"{program} ( {contact} )" if contact else program
