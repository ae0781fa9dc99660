"""How the API is spoken to: one pool of connections, timeouts, retries of reads, and answers turned into models.

What the answers mean lives in ``dashboard.api.client``. A test puts a transport of its own in the network's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
import tenacity
from pydantic import SecretStr, ValidationError

from dashboard.api.people import Answer
from dashboard.errors import ApiDown, KeyWanted, NotThere, Refused, StrangeAnswer

COOKIE = "soundalike_session"
_TRIES = 3
_LONGER = 10
_AGAIN = frozenset({502, 503, 504})
_Shape = TypeVar("_Shape", bound=Answer)
Params = Mapping[str, str | int | list[str]]


@dataclass(frozen=True)
class Tagged(Generic[_Shape]):
    """An answer to keep, with the tag by which the API tells whether it is still the same; empty where it gave none."""

    tag: str
    answer: _Shape


class Wire:
    """Sends requests to one server. Thread-safe, so one serves all sessions of the page."""

    def __init__(self, url: str, *, timeout_s: float, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._quick = httpx.Timeout(timeout_s, connect=min(timeout_s, 3))
        self._patient = httpx.Timeout(timeout_s * _LONGER, connect=min(timeout_s, 3))
        self._http = httpx.Client(base_url=self.url, timeout=self._quick, transport=transport)

    def get(self, path: str, headers: Mapping[str, str], params: Params | None = None) -> httpx.Response:
        """A read: tried up to three times, as reading twice changes nothing. Raises ApiDown, Refused."""
        again = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=1),
            retry=tenacity.retry_if_exception_type(httpx.TransportError)
            | tenacity.retry_if_result(lambda response: response.status_code in _AGAIN),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            response: httpx.Response = again(self._http.get, path, headers=dict(headers), params=params)
        except httpx.HTTPError as error:
            raise ApiDown(self.url) from error
        return _accepted(response, self.url)

    def get_again(
        self,
        shape: type[_Shape],
        path: str,
        headers: Mapping[str, str],
        params: Params,
        kept: Tagged[_Shape] | None,
    ) -> Tagged[_Shape]:
        """A read that the API does not answer in full while it is what was ``kept``. Raises what ``read_as`` does."""
        known = {"if-none-match": kept.tag} if kept is not None and kept.tag else {}
        response = self.get(path, {**headers, **known}, params)
        if kept is not None and response.status_code == httpx.codes.NOT_MODIFIED:
            return kept
        return Tagged(response.headers.get("etag", ""), self.read_as(shape, response))

    def send(self, method: str, path: str, headers: Mapping[str, str], **body: Any) -> httpx.Response:  # noqa: ANN401
        """A write, tried once; it may take longer than a read. Raises ApiDown, Refused."""
        try:
            response = self._http.request(method, path, headers=dict(headers), timeout=self._patient, **body)
        except httpx.HTTPError as error:
            raise ApiDown(self.url) from error
        return _accepted(response, self.url)

    def read_as(self, shape: type[_Shape], response: httpx.Response) -> _Shape:
        """The answer as a model. Raises StrangeAnswer."""
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            raise StrangeAnswer(self.url) from error


def headers_of(key: SecretStr | None, session: str) -> dict[str, str]:
    """The headers that say who asks: an API key, and the browser's session."""
    shown = {} if key is None else {"authorization": f"Bearer {key.get_secret_value()}"}
    # A session id is URL-safe; anything else came from somebody else, and could hold a second cookie.
    known = session if session.replace("-", "").replace("_", "").isalnum() and session.isascii() else ""
    return {**shown, **({"cookie": f"{COOKIE}={known}"} if known else {})}


def _accepted(response: httpx.Response, url: str) -> httpx.Response:
    if response.is_success or response.status_code == httpx.codes.NOT_MODIFIED:
        return response
    try:
        problem = response.json()
        title, what = str(problem["title"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError) as error:
        raise StrangeAnswer(url) from error
    kind = {401: KeyWanted, 403: KeyWanted, 404: NotThere}.get(response.status_code, Refused)
    code = str(problem.get("code", ""))
    if code.startswith("spotify"):  # these speak of Spotify's leave, which no key of ours gives
        kind = Refused if kind is KeyWanted else kind
    after = response.headers.get("retry-after", "")
    raise kind(
        title,
        what,
        str(problem.get("mend", "")),
        status=response.status_code,
        code=code,
        retry_after_s=int(after) if after.isdigit() else None,
    )
