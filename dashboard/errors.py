"""Errors of the dashboard room. It stands alone, so it has a root of its own.

    DashboardError
    ├── WrongSettings   a setting has a value that does not fit
    ├── NotStarted      the API or the page did not come up
    ├── ApiDown         the API does not answer
    ├── StrangeAnswer   what answers is no Soundalike, or one of another version
    └── Refused         the API answered with a problem document
        ├── NotThere    there is no such person, page or model
        └── KeyWanted   an API key is needed, or one that may do more

Pages catch what they can say more about; ``dashboard.shell`` shows the rest.
"""

from __future__ import annotations


class DashboardError(Exception):
    """Something that a person can mend; shown as a sentence and a next step, never as a traceback.

    Attributes:
        what: what happened.
        mend: what to do about it; may be empty.
    """

    title = "That did not work"

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(f"{what} {mend}".strip())
        self.what = what
        self.mend = mend


class WrongSettings(DashboardError):
    """A setting has a value that does not fit."""

    title = "A setting is wrong"


class NotStarted(DashboardError):
    """The API or the page did not come up."""

    title = "It did not start"


class ApiDown(DashboardError):
    """The API does not answer."""

    title = "The API does not answer"

    def __init__(self, url: str) -> None:
        super().__init__(f"Nothing answers at {url}.", "Start it with make serve, then try again.")


class StrangeAnswer(DashboardError):
    """What answers is no Soundalike, or one of another version."""

    title = "That is not the answer we know"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"What answers at {url} is no Soundalike of this version.",
            "Set SOUNDALIKE_API_URL to the server's address, or start a server of the same version.",
        )


class Refused(DashboardError):
    """The API answered with a problem document.

    Attributes:
        status: of the answer.
        code: the stable name of the kind of problem.
        retry_after_s: when to ask again, where that was told.
    """

    def __init__(
        self, title: str, what: str, mend: str, *, status: int, code: str, retry_after_s: int | None = None
    ) -> None:
        super().__init__(what, mend)
        self.title = title
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class NotThere(Refused):
    """There is no such person, page or model."""


class KeyWanted(Refused):
    """An API key is needed, or one that may do more."""
