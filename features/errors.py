"""Errors of the features room, and the root that every room's tree grows from.

    SoundalikeError             what happened, and how to mend it
    ├── SettingsError           a setting is missing or wrong
    └── FeaturesError
        ├── InvalidProfile      the input is not a usable TasteProfile
        │   ├── EmptyProfile    it holds no track
        │   └── ProfileTooLarge it holds more than the limits allow
        ├── UnreadableSource    a file is of no known format, broken, or unsafe
        ├── UnknownUser         nobody of that id is in the feature store, or of that name on a site
        ├── SourceUnavailable   a site that people or genres come from does not answer, for the moment
        ├── GenreTableError     the operator's table of genres cannot be read
        ├── TextModelError      the text model cannot be loaded, or is not the one the vectors came from
        ├── StoreError          the feature store cannot be read or written
        │   └── HopsworksError  it is in Hopsworks, which refuses, or cannot do what was asked
        │       ├── HopsworksUnavailable  for the moment: trying again may help
        │       └── UnreadableRows  all but a few rows were read
        └── SpotifyError        Spotify cannot be asked, or refuses
            ├── SpotifyNotConfigured  no app of Spotify's is set up here
            ├── SpotifyLink     a text is no link to a Spotify profile
            ├── SpotifyForbidden  the app may not read this
            │   └── SpotifySwitchedOff  nor anything else, until its owner pays
            ├── SpotifyNotFound   there is no such profile or playlist
            ├── SpotifyLoginNeeded  nobody is logged in, or not any more
            │   └── SpotifyLoginEnded  somebody was, whose data are to go
            └── SpotifyUnavailable  for the moment: trying again may help
                └── SpotifyRateLimited  it was asked for too much
                    └── SpotifyQuotaUsedUp  by all of its owner's programs together

Every room draws its own tree in its own ``errors.py``; the rims (command line, HTTP) know only the root.
"""

from __future__ import annotations

from typing import Any

from features.profile import UserId


class SoundalikeError(Exception):
    """Something a person can mend; shown as one line, never as a traceback.

    Attributes:
        what: what happened, in one sentence.
        mend: what to do about it, in one sentence; may be empty.
        http_status: the status that the HTTP rim answers with.
        exit_status: the status that a command line ends with.
        code: a stable, machine-readable name of the kind of error.
        title: the kind of error in a few words.
    """

    http_status: int = 500
    exit_status: int = 2
    code: str = "error"
    title: str = "Something went wrong"

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(f"{what} {mend}".strip())
        self.what = what
        self.mend = mend

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its parts, since no two errors are made alike; so that it can cross to another process."""
        return _restored, (type(self), self.args), vars(self)


def _restored(kind: type[SoundalikeError], args: tuple[Any, ...]) -> SoundalikeError:
    error = kind.__new__(kind)
    error.args = args
    return error


class SettingsError(SoundalikeError):
    """A setting is missing or wrong."""

    code, title = "settings", "A setting is missing or wrong"


class FeaturesError(SoundalikeError):
    """Root of the features room."""

    http_status, code, title = 400, "features", "The features could not be made"


class InvalidProfile(FeaturesError):
    """The input is not a usable TasteProfile."""

    http_status, code, title = 422, "invalid-profile", "The profile is not valid"


class EmptyProfile(InvalidProfile):
    """The profile holds no track."""

    code, title = "empty-profile", "The profile is empty"


class ProfileTooLarge(InvalidProfile):
    """The profile or the file that it came from holds more than the limits allow."""

    http_status, code, title = 413, "profile-too-large", "The profile is too large"


class UnreadableSource(FeaturesError):
    """A file is of no known format, broken, or unsafe to read."""

    http_status, code, title = 422, "unreadable-source", "The file cannot be read"


class UnknownUser(FeaturesError):
    """Nobody of that id is in the feature store, or of that name on the site that was asked."""

    http_status, code, title = 404, "unknown-user", "Unknown user"


class SourceUnavailable(FeaturesError):
    """A site that people or genres come from does not answer, or not yet; trying again later may help."""

    http_status, code, title = 503, "source-unavailable", "The source is not available"


class GenreTableError(FeaturesError):
    """The table of genres that the operator named cannot be read, or is not of the form that it has to be."""

    http_status, code, title = 503, "genre-table", "The genre table is not usable"


class TextModelError(FeaturesError):
    """The text model cannot be loaded, or is not the one that the vectors came from."""

    http_status, code, title = 503, "text-model", "The text model is not usable"


class StoreError(FeaturesError):
    """The feature store cannot be read or written."""

    http_status, code, title = 503, "feature-store", "The feature store is not available"


class HopsworksError(StoreError):
    """Hopsworks refuses, or cannot do what was asked."""

    code, title = "hopsworks", "Hopsworks is not usable"


class HopsworksUnavailable(HopsworksError):
    """Hopsworks does not answer for the moment, or was interrupted; trying again may help."""

    code, title = "hopsworks-unavailable", "Hopsworks is not available"


class UnreadableRows(HopsworksError):
    """Everything was read but the rows of a few people, which are not what was written.

    Attributes:
        user_ids: theirs; for a terminal, never for a log, so the message names nobody.
    """

    code, title = "unreadable-rows", "Rows of the feature group cannot be read"

    def __init__(self, user_ids: list[str]) -> None:
        super().__init__(
            f"The rows of {len(user_ids)} people in the feature group are not what was written.",
            "python -m features refresh names them; delete them with python -m features delete, and import them again.",
        )
        self.user_ids = user_ids


class SpotifyError(FeaturesError):
    """Spotify cannot be asked, or refuses what it was asked."""

    http_status, code, title = 502, "spotify", "Spotify cannot be read"


class SpotifyNotConfigured(SpotifyError):
    """No app of Spotify's is set up here, or Spotify does not know it."""

    http_status, code, title = 403, "spotify-not-configured", "Spotify is not set up"


class SpotifyLink(SpotifyError):
    """A text is no link to a Spotify profile."""

    http_status, code, title = 422, "spotify-link", "The link is not one to a Spotify profile"


class SpotifyForbidden(SpotifyError):
    """The app's access mode, or the person, does not allow that this is read."""

    http_status, code, title = 403, "spotify-forbidden", "Spotify does not let this app read it"


class SpotifySwitchedOff(SpotifyForbidden):
    """Spotify has switched the app off, because its owner has no Premium subscription."""

    code, title = "spotify-switched-off", "Spotify has switched this app off"


class SpotifyNotFound(SpotifyError):
    """Spotify has no such profile or playlist."""

    http_status, code, title = 404, "spotify-not-found", "Not found on Spotify"


class SpotifyLoginNeeded(SpotifyError):
    """Nobody is logged in to Spotify, or not any more."""

    http_status, code, title = 401, "spotify-login-needed", "Log in with Spotify"


class SpotifyLoginEnded(SpotifyLoginNeeded):
    """Somebody was logged in, and took that back at Spotify, or it is over.

    Attributes:
        user_id: who, for the caller, who has to delete what was read with it; not in the message.
    """

    code = "spotify-login-ended"

    def __init__(self, what: str, mend: str, user_id: UserId) -> None:
        super().__init__(what, mend)
        self.user_id = user_id


class SpotifyUnavailable(SpotifyError):
    """Spotify does not answer for the moment; trying again may help."""

    http_status, code, title = 503, "spotify-unavailable", "Spotify is not available"


class SpotifyRateLimited(SpotifyUnavailable):
    """Spotify was asked for too much, and wants to be left alone for a while.

    Attributes:
        retry_after_s: seconds until it may be asked again.
    """

    code, title = "spotify-rate-limited", "Spotify wants to be asked later"

    def __init__(self, what: str, mend: str = "", *, retry_after_s: int) -> None:
        super().__init__(what, mend)
        self.retry_after_s = retry_after_s


class SpotifyQuotaUsedUp(SpotifyRateLimited):
    """The quota of the app's owner is used up; waiting for a moment does not help."""
