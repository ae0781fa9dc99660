"""What the SDK raises, in words: what happened and what to do. Sessions and deadlines: ``session``."""

from __future__ import annotations

from features.errors import HopsworksError, HopsworksUnavailable
from features.hopsworks.settings import HopsworksSettings

SCOPES = "featurestore, project, job, kafka, modelregistry, dataset.view, dataset.create and dataset.delete"
_AGAIN = "Nothing was lost: run the same command again in a while."
_NOT_BY_WAITING = "Nothing was lost. Ask the cluster's administrator what this answer means; waiting does not mend it."
_NOT_FOUND = (400, 404)
_FOLDER_EXISTS, _FOLDER_GONE = 110047, 110018
"""Error codes of Hopsworks: another process is registering a model at the same time, and was quicker; or it was slower,
and the SDK has deleted the folder of both."""
_NOTHING = ("No data found", "No delta logs found", "No commits found")


def holds_nothing(error: BaseException) -> bool:
    """Whether this is how the query service says that a table has no rows."""
    return any(words in str(error) for words in _NOTHING)


def in_words(error: BaseException, what: str, settings: HopsworksSettings) -> HopsworksError:
    """The error to raise instead of ``error``; ``what`` was being done, such as "reading the features"."""
    error = _behind(error)
    for words in (_of_answers, _of_the_network, _of_the_cluster):
        found = words(error, what, settings)
        if found is not None:
            return found
    return HopsworksError(f"Hopsworks failed at {what}: {type(error).__name__}: {_first_line(error)}", _AGAIN)


def too_late(what: str, settings: HopsworksSettings, seconds: float) -> HopsworksUnavailable:
    """Nothing came in time."""
    return HopsworksUnavailable(
        f"Hopsworks at {settings.host} did not finish {what} within {seconds:g} s.",
        "Try again in a while; HOPSWORKS_TIMEOUT_S gives it longer.",
    )


def _behind(error: BaseException) -> BaseException:
    """The answer that an error came from, where the SDK says something else.

    It says of any answer to a login that the project was not found, and of a model that could not be registered, that
    there was nothing to clean up.
    """
    from hopsworks_common.client.exceptions import ProjectException, RestAPIError

    behind = error.__cause__ or error.__context__
    if not isinstance(behind, RestAPIError):
        return error
    is_no_missing_project = isinstance(error, ProjectException) and behind.response.status_code not in _NOT_FOUND
    return behind if is_no_missing_project or behind.error_code == _FOLDER_EXISTS else error


def _of_answers(error: BaseException, what: str, settings: HopsworksSettings) -> HopsworksError | None:
    from hopsworks_common.client.exceptions import RestAPIError

    if not isinstance(error, RestAPIError):
        return None
    status = error.response.status_code
    if status == 401:
        return HopsworksError(
            f"Hopsworks at {settings.host} does not accept the API key.",
            "Make one under Account settings, API keys, and set HOPSWORKS_API_KEY.",
        )
    if status == 403:
        return HopsworksError(
            f"The API key may not do this at {settings.host}: {what}.",
            f"Give the key the scopes {SCOPES}, and its owner a role in the project {settings.project}.",
        )
    if status == 429 or status >= 500 or error.error_code in (_FOLDER_EXISTS, _FOLDER_GONE):
        return HopsworksUnavailable(f"Hopsworks at {settings.host} answered {status} to {what}.", _AGAIN)
    told = error.user_message or _first_line(error)
    return HopsworksError(f"Hopsworks at {settings.host} answered {status} to {what}: {told}", _NOT_BY_WAITING)


def _of_the_network(error: BaseException, what: str, settings: HopsworksSettings) -> HopsworksError | None:
    import requests
    from hopsworks_common.client.exceptions import HopsworksSSLClientError

    at = f"{settings.host}:{settings.port}"
    is_tls = isinstance(error, HopsworksSSLClientError | requests.exceptions.SSLError)
    if is_tls and "CERTIFICATE" in _all_of(error):  # one that is cut off is an error of TLS, too
        return HopsworksError(
            f"The certificate of {at} is not one to trust.",
            "Name the PEM file of its authority in HOPSWORKS_TRUST_STORE_PATH, or, on a network that is your own, set "
            "HOPSWORKS_HOSTNAME_VERIFICATION=false.",
        )
    if isinstance(error, requests.exceptions.RequestException | ConnectionError):
        return HopsworksUnavailable(
            f"Hopsworks at {at} cannot be reached, or broke off, at {what}.", "Check HOPSWORKS_HOST and the network."
        )
    return None


_KNOWN: tuple[tuple[str, type[HopsworksError], str, str], ...] = (
    (
        "No Models dataset exists",
        HopsworksError,
        "There is no dataset Models in the project {project} that this key may see.",
        f"Give the key the scopes {SCOPES}; in a new project, enable the model registry.",
    ),
    (
        "load balancer has been setup",
        HopsworksError,
        "This cluster lets no program outside of it write to its feature groups.",
        "Ask its administrator to set up the load balancers of namenode and datanode.",
    ),
    (
        "needs the Hopsworks Query Service",
        HopsworksError,
        "The query service of {host} is switched off or cannot be reached (port 5005), so nothing can be read.",
        "Ask its administrator to enable it (the variable enable_flyingduck).",
    ),
    (
        "using Hopsworks Query Service",
        HopsworksUnavailable,
        "The query service of {host} did not manage {what}.",
        _AGAIN,
    ),
    ("Query Service is busy", HopsworksUnavailable, "The query service of {host} is busy.", _AGAIN),
)
"""What the SDK says in its own words -> the kind of error, what happened, what to do."""


def _of_the_cluster(error: BaseException, what: str, settings: HopsworksSettings) -> HopsworksError | None:
    from deltalake.exceptions import CommitFailedError, DeltaError
    from hopsworks_common.client.exceptions import ProjectException

    if isinstance(error, ProjectException):
        return HopsworksError(
            f"There is no project {settings.project!r} at {settings.host} that this key belongs to.",
            "Set HOPSWORKS_PROJECT to its name.",
        )
    if isinstance(error, CommitFailedError):
        return HopsworksUnavailable(f"Another process wrote to the feature group at the same time as {what}.", _AGAIN)
    # delta-rs tells of its storage in these two; an OSError of this machine has a number.
    if type(error) is DeltaError or (isinstance(error, OSError) and error.errno is None):
        return HopsworksUnavailable(
            f"The file system of {settings.host} failed at {what}: {_first_line(error)}", _AGAIN
        )
    for words, kind, happened, mend in _KNOWN:
        if words in str(error):
            return kind(happened.format(host=settings.host, project=settings.project, what=what), mend)
    return None


def _all_of(error: BaseException | None) -> str:
    """What an error and those that it came from say."""
    return "" if error is None else f"{error}\n{_all_of(error.__cause__)}"


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
