"""What the dashboard asks the API, method by method; every one raises ApiDown, Refused or StrangeAnswer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

from pydantic import SecretStr

from dashboard.api.asked import Asked, Place
from dashboard.api.people import (
    Compatibility,
    Disconnected,
    Export,
    LoggedIn,
    Person,
    Recommendations,
)
from dashboard.api.service import History, Job, Jobs, Models, Status
from dashboard.api.taste_map import TasteMap
from dashboard.api.transport import Params, Tagged, Wire, headers_of
from dashboard.errors import DashboardError, KeyWanted

JobKind = Literal["index", "train", "rollback"]
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Api:
    """Asks one server for one visitor.

    Attributes:
        key: shown to a server that asks for one.
        session: of the visitor's browser, for the login with Spotify; empty where there is none.
    """

    wire: Wire
    key: SecretStr | None = None
    session: str = ""

    def with_key(self, key: SecretStr | None) -> Api:
        """The same with another key."""
        return replace(self, key=key)

    def asks_for_keys(self) -> bool:
        """Whether the server turns away who brings no key."""
        try:
            self.wire.get("/v1/status", {})
        except KeyWanted:
            return True
        return False

    def ask(self, place: Place, name: str | bool, asked: Asked) -> Recommendations:
        """The people nearest to a profile that the server reads elsewhere, or to somebody known."""
        body = {place: name, **asked.fields()}
        return self.wire.read_as(
            Recommendations, self.wire.send("POST", "/v1/recommendations", self._headers(), json=body)
        )

    def upload(self, file_name: str, content: bytes, asked: Asked) -> Recommendations:
        """The people nearest to the owner of a file: an export or a playlist, as their owner is who made the file.

        Raises DashboardError for JSON, which can say that it is somebody else's.
        """
        if content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"", b"{", b"[") or content[:2] == _GZIP:
            raise DashboardError(
                "This is neither a ZIP nor a CSV.", "Bring Spotify's export, or a playlist of Exportify."
            )
        form = {name: str(value).lower() for name, value in asked.fields().items()}
        files = {"file": (file_name, content)}
        answer = self.wire.send("POST", "/v1/profiles", self._headers(), data=form, files=files)
        return self.wire.read_as(Recommendations, answer)

    def person(self, user_id: str) -> Person:
        """What is kept of somebody, in brief."""
        return self.wire.read_as(Person, self.wire.get(_user(user_id), self._headers()))

    def compatibility(self, one: str, other: str) -> Compatibility:
        """How two people fit."""
        path = f"{_user(one)}/compatibility/{quote(other, safe='')}"
        return self.wire.read_as(Compatibility, self.wire.get(path, self._headers()))

    def export(self, user_id: str) -> bytes:
        """All that is kept of somebody, as JSON."""
        return self.wire.get(f"{_user(user_id)}/export", self._headers()).content

    def export_mine(self, code: str) -> tuple[str, bytes]:
        """The id of whoever was given a leave code, and all that is kept of them, as JSON. Raises NotThere."""
        answer = self.wire.send("POST", "/v1/mine/export", self._headers(), json={"leave_code": code})
        return self.wire.read_as(Export, answer).user_id, answer.content

    def forget(self, user_id: str) -> None:
        """Delete somebody."""
        self.wire.send("DELETE", _user(user_id), self._headers())

    def logged_in(self) -> LoggedIn:
        """Who is logged in with Spotify in this browser."""
        return self.wire.read_as(LoggedIn, self.wire.get("/v1/spotify/me", self._headers()))

    def disconnect(self) -> Disconnected:
        """Log out of Spotify, and delete what was read from there."""
        return self.wire.read_as(Disconnected, self.wire.send("POST", "/v1/spotify/disconnect", self._headers()))

    def taste_map(self, present: Sequence[str] = (), kept: Tagged[TasteMap] | None = None) -> Tagged[TasteMap]:
        """Everybody as a point, or what was ``kept`` of that if it is still so.

        Those who are named are ``present`` even where only some are drawn (at most 50).
        """
        params: Params = {"user_id": list(present[:50])} if present else {}
        return self.wire.get_again(TasteMap, "/v1/map", self._headers(), params, kept)

    def status(self) -> Status:
        """How the service is."""
        return self.wire.read_as(Status, self.wire.get("/v1/status", self._headers()))

    def history(self, hours: int) -> History:
        """How it was."""
        return self.wire.read_as(History, self.wire.get("/v1/status/history", self._headers(), {"hours": hours}))

    def models(self) -> Models:
        """The registered models, newest first."""
        return self.wire.read_as(Models, self.wire.get("/v1/models", self._headers()))

    def report(self, version: int) -> str:
        """The report of a model, as Markdown."""
        return self.wire.get(f"/v1/models/{version}/report", self._headers()).text

    def jobs(self) -> Jobs:
        """What the operator had done, newest first."""
        return self.wire.read_as(Jobs, self.wire.get("/v1/admin/jobs", self._headers()))

    def start_job(self, kind: JobKind) -> Job:
        """Have something done."""
        return self.wire.read_as(Job, self.wire.send("POST", "/v1/admin/jobs", self._headers(), json={"kind": kind}))

    def _headers(self) -> dict[str, str]:
        return headers_of(self.key, self.session)


def _user(user_id: str) -> str:
    return f"/v1/users/{quote(user_id, safe='')}"
