"""A client of the HTTP API: what the commands speak with; ``retriever.own_server`` starts a server for a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from features.errors import UnreadableSource
from retriever.errors import NoAnswer, Refused

_UPLOAD_TIMEOUT = httpx.Timeout(300, connect=5)
_WORK_TIMEOUT = httpx.Timeout(3600, connect=5)


class Client:
    """Asks one server, with a key where it needs one."""

    def __init__(self, url: str, key: SecretStr | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {} if key is None else {"authorization": f"Bearer {key.get_secret_value()}"}

    def upload(self, file: Path, *, limit: int, remember: bool) -> dict[str, Any]:
        """Post a file to ``/v1/profiles``.

        Raises:
            UnreadableSource: the file cannot be opened.
            NoAnswer: nobody answers. Refused: the answer is a problem document.
        """
        try:
            with file.open("rb") as opened:
                return self._post(
                    "/v1/profiles",
                    _UPLOAD_TIMEOUT,
                    files={"file": (file.name, opened)},
                    data={"limit": limit, "remember": remember},
                )
        except OSError as error:
            raise UnreadableSource(f"{file} cannot be read: {error.strerror}.", "Give a file that exists.") from error

    def recommend(self, asked: dict[str, Any], *, limit: int, remember: bool) -> dict[str, Any]:
        """Post a question to ``/v1/recommendations``. Raises NoAnswer, Refused."""
        question = {**asked, "limit": limit, "remember": remember}
        return self._post("/v1/recommendations", _UPLOAD_TIMEOUT, json=question)

    def reconcile(self, *, dry_run: bool) -> dict[str, Any]:
        """Have the server compare its stores. Raises NoAnswer, Refused."""
        return self._post("/v1/admin/reconcile", _WORK_TIMEOUT, params={"dry_run": dry_run})

    def _post(self, path: str, timeout: httpx.Timeout, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as httpx takes it
        try:
            response = httpx.post(f"{self._url}{path}", headers=self._headers, timeout=timeout, **more)
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(
                f"No answer from {self._url}: {error}.", "Start a server: python -m retriever, or add --start"
            ) from error
        except ValueError as error:
            raise NoAnswer(
                f"{self._url} answers, but is no Soundalike.", "Give the server's address with --url."
            ) from error
        if response.is_error:
            raise Refused(answer.get("detail", f"Status {response.status_code}."), answer.get("mend", ""))
        return answer


def elsewhere_of(source: str) -> dict[str, Any] | None:
    """The question about a profile that the server is to read elsewhere; None for a file."""
    if source.startswith("listenbrainz:"):
        return {"listenbrainz": source.removeprefix("listenbrainz:")}
    return {"spotify_url": source} if source.startswith(("https://", "http://", "spotify:")) else None
