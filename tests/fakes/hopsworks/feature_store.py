"""Feature groups: their metadata and commits. Their rows are a Delta table that the SDK itself writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping

from .routing import IN_PROJECT, Answer, NotFaked, Refused, Request, echo, route
from .state import EMAIL, PROJECT_ID, STORE_ID, USER, Json, State

# By this the SDK takes the table for one that does not lie in HopsFS, and delta-rs writes straight to ``location``.
_CONNECTOR = {
    "id": 1,
    "name": "fake",
    "type": "featurestoreS3ConnectorDTO",
    "storageConnectorType": "S3",
    "featurestoreId": STORE_ID,
    "bucket": "fake",
    "region": "eu-north-1",
}
_CREATOR = {"username": USER, "email": EMAIL, "firstName": "Some", "lastName": "Body"}


def group_of(state: State, group_id: int | str) -> Json:
    """A feature group by its id. Raises Refused."""
    found = state.groups.get(int(group_id))
    if found is None:
        raise Refused(404, 270009, "Featuregroup wasn't found.", f"feature group id: {group_id}")
    return found


def _store(state: State, request: Request) -> Answer:
    if request.named["store"] not in (state.store_name, str(STORE_ID)):
        raise Refused(404, 270008, "Featurestore wasn't found.")
    return Answer(_about(state))


def _stores(state: State, request: Request) -> Answer:
    return Answer([_about(state)])


def _about(state: State) -> Json:
    return {
        "featurestoreId": STORE_ID,
        "featurestoreName": state.store_name,
        "projectId": PROJECT_ID,
        "projectName": state.project,
        "created": "2025-01-01T00:00:00Z",
        "offlineFeaturestoreName": state.store_name,
        "onlineFeaturestoreName": state.project,
        "onlineEnabled": True,
        "numFeatureGroups": len(state.groups),
    }


def _make(state: State, request: Request) -> Answer:
    sent: Json = request.json
    name, others = sent["name"], [each for each in state.groups.values() if each["name"] == sent["name"]]
    version = sent.get("version") or max((each["version"] for each in others), default=0) + 1
    if any(each["version"] == version for each in others):
        raise Refused(400, 270089, "The feature group you are trying to create does already exist.")
    if sent["type"] != "cachedFeaturegroupDTO" or sent["onlineEnabled"] or sent["timeTravelFormat"] != "DELTA":
        raise NotFaked(f"a feature group that is not an offline Delta table: {name}")
    made = _with_identity(state, sent, version)
    state.groups[made["id"]] = made
    return Answer(made, 201)


def _with_identity(state: State, sent: Mapping[str, object], version: int) -> Json:
    group_id = state.next_id()
    topic = f"{PROJECT_ID}_{group_id}_{sent['name']}_{version}_onlinefs"
    made = dict(sent) | {"id": group_id, "version": version, "created": state.time(), "creator": _CREATOR}
    made |= {"featurestoreId": STORE_ID, "featurestoreName": state.store_name, "onlineTopicName": topic}
    if state.is_hopsfs:
        place = f"apps/hive/warehouse/{state.store_name}.db/{sent['name']}_{version}"
        return made | {"location": f"hopsfs://namenode.service.consul:8020/{place}"}
    location = str(state.table(str(sent["name"]), version))
    return made | {"location": location, "dataSource": {"storageConnector": _CONNECTOR, "path": ""}}


def _get(state: State, request: Request) -> Answer:
    name, version = request.named["name"], request.asked("version")
    if name.isdigit():
        return Answer(group_of(state, name))
    found = [
        each
        for each in state.groups.values()
        if each["name"] == name and (version is None or each["version"] == int(version))
    ]
    if not found:
        raise Refused(404, 270009, "Featuregroup wasn't found.", f"feature group name: {name}, version: {version}")
    return Answer(found)


def _list(state: State, request: Request) -> Answer:
    return Answer({"count": len(state.groups), "items": list(state.groups.values())})


def _update(state: State, request: Request) -> Answer:
    group, sent = group_of(state, request.named["id"]), request.json
    if "updateMetadata" not in request.call.query:
        raise NotFaked(f"a change of {sorted(request.call.query)}")
    group |= {"description": sent["description"], "features": sent["features"]}
    return Answer(group)


def _delete(state: State, request: Request) -> Answer:
    group = group_of(state, request.named["id"])
    shutil.rmtree(state.table(group["name"], group["version"]), ignore_errors=True)
    del state.groups[group["id"]]
    state.commits.pop(group["id"], None)
    return Answer()


def _clear(state: State, request: Request) -> Answer:
    group = group_of(state, request.named["id"])
    shutil.rmtree(state.table(group["name"], group["version"]), ignore_errors=True)
    state.commits.pop(group["id"], None)
    return Answer()


def _expectations(state: State, request: Request) -> Answer:
    group_of(state, request.named["id"])
    return Answer({"count": 0})


def _commit(state: State, request: Request) -> Answer:
    group = group_of(state, request.named["id"])
    commit = {**request.json, "commitID": state.moment(), "href": f"https://{state.address}/{request.call.path}"}
    state.commits.setdefault(group["id"], []).append(commit)
    return Answer(commit)


def _commits(state: State, request: Request) -> Answer:
    group = group_of(state, request.named["id"])
    commits = list(reversed(state.commits.get(group["id"], [])))
    limit = request.asked("limit")
    return Answer({"count": len(commits), "items": commits[: None if limit in (None, "None") else int(limit or 0)]})


def _query(state: State, request: Request) -> Answer:
    """The query service is handed the query as it is: what the payload says is nothing to the client."""
    query: Json = request.json
    group = group_of(state, query["leftFeatureGroup"]["id"])
    columns = ", ".join(feature["name"] for feature in query["leftFeatures"])
    sql = f"SELECT {columns} FROM {state.store_name}.{group['name']}_{group['version']}"  # noqa: S608 - for the eye
    payload = {"query": query, "groupId": group["id"]}
    return Answer(
        {
            "query": sql,
            "queryOnline": sql,
            "hqsPayload": json.dumps(payload),
            "hqsPayloadSignature": "unsigned",
            "onDemandFeatureGroups": [],
            "hudiCachedFeatureGroups": [],
        }
    )


_STORES, _ALL = f"{IN_PROJECT}/featurestores", f"{IN_PROJECT}/featurestores/{STORE_ID}/featuregroups"
_ONE = _ALL + "/{id}"
ROUTES = (
    route(f"GET {_STORES}", _stores, "FEATURESTORE"),
    route(f"PUT {_STORES}/query", _query, "FEATURESTORE"),
    route(f"GET {_STORES}/{{store}}", _store, "FEATURESTORE"),
    route(f"POST {_ALL}", _make, "FEATURESTORE"),
    route(f"GET {_ALL}", _list, "FEATURESTORE"),
    route(f"GET {_ALL}/{{name}}", _get, "FEATURESTORE"),
    route(f"PUT {_ONE}", _update, "FEATURESTORE"),
    route(f"DELETE {_ONE}", _delete, "FEATURESTORE"),
    route(f"POST {_ONE}/clear", _clear, "FEATURESTORE"),
    route(f"GET {_ONE}/expectationsuite", _expectations, "FEATURESTORE"),
    route(f"POST {_ONE}/commits", _commit, "FEATURESTORE"),
    route(f"GET {_ONE}/commits", _commits, "FEATURESTORE"),
    route(f"POST {_ONE}/statistics", echo, "DATASET_VIEW", "FEATURESTORE"),
)
