"""What a login asks: versions and variables, the project, the user's certificates."""

from __future__ import annotations

import base64

from .certificates import Authority
from .routing import IN_PROJECT, Answer, Refused, Request, route
from .state import EMAIL, PROJECT_ID, USER, Json, State

_ANYBODY = ("USER", "PROJECT", "FEATURESTORE")


def credentials(authority: Authority, user: str) -> Json:
    """What the SDK writes to its folder of certificates; nothing reads the two stores, which are Java's."""
    client, store = authority.issue(user), base64.b64encode(b"not a store").decode()
    return {
        "caChain": authority.pem.decode(),
        "clientCert": client.certificate.decode(),
        "clientKey": client.key.decode(),
        "kStore": store,
        "tStore": store,
        "fileExtension": "jks",
        "password": "not a password",
    }


def _versions(state: State, request: Request) -> Answer:
    return Answer([{"software": "hopsworks", "version": state.version}])


def _variable(state: State, request: Request) -> Answer:
    value = state.variables.get(request.named["name"])
    if value is None:
        raise Refused(404, 100050, "Requested variable not found")
    return Answer({"successMessage": value})


def _memberships(state: State, request: Request) -> Answer:
    user = {"uid": 10000, "username": USER, "email": EMAIL, "fname": "Some", "lname": "Body"}
    return Answer([{"user": user, "project": {"id": PROJECT_ID, "name": state.project, "owner": user}}])


def _project(state: State, request: Request) -> Answer:
    if request.named["name"] != state.project:
        raise Refused(400, 150004, "Project wasn't found.")
    about: Json = {"projectId": PROJECT_ID, "projectName": state.project, "owner": EMAIL, "description": ""}
    return Answer({**about, "created": "2025-01-01T00:00:00Z", "services": []})


def _credentials(state: State, request: Request) -> Answer:
    return Answer(state.credentials)


ROUTES = (
    route("GET variables/versions", _versions, *_ANYBODY),
    route("GET variables/{name}", _variable, *_ANYBODY),
    route("GET project", _memberships, "PROJECT"),
    route("GET project/getProjectInfo/{name}", _project, "PROJECT"),
    route(f"GET {IN_PROJECT}/credentials", _credentials, "PROJECT"),
)
