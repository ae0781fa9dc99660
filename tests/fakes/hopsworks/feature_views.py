"""Feature views, and training datasets as far as their metadata go; no job ever writes one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce

from .feature_store import group_of
from .routing import IN_PROJECT, Answer, Refused, Request, echo, route
from .state import STORE_ID, Json, State


def view_of(state: State, name: str, version: int | str) -> Json:
    """A feature view with its query. Raises Refused, also where the feature group of its query is gone."""
    found = state.views.get((name, int(version)))
    if found is None:
        raise Refused(404, 270181, "Feature view wasn't found.", f"name: {name}, version: {version}")
    for group_id in _group_ids(found["query"]):
        group_of(state, group_id)
    return found


def _group_ids(query: Json) -> Iterator[int]:
    yield query["leftFeatureGroup"]["id"]
    for join in query.get("joins") or ():
        yield from _group_ids(join["query"])


def _make(state: State, request: Request) -> Answer:
    sent: Json = request.json
    versions = [version for name, version in state.views if name == sent["name"]]
    version = sent.get("version") or max(versions, default=0) + 1
    if version in versions:
        raise Refused(400, 270179, "The provided feature view name and version already exists")
    chosen = {feature["name"]: feature for feature in sent.get("features") or ()}
    query = _completed(state, sent["query"])
    features = list(_features(query, chosen))
    identity = {"id": state.next_id(), "version": version, "created": state.time()}
    made = {**sent, **identity, "featurestoreId": STORE_ID, "featurestoreName": state.store_name}
    made |= {"query": query, "features": features}
    state.views[made["name"], version] = made
    return Answer(made, 201)


def _completed(state: State, query: Json) -> Json:
    """The query with what the feature store knows of its columns; the client may send no more than their names."""
    group = group_of(state, query["leftFeatureGroup"]["id"])
    known = {feature["name"]: feature for feature in group["features"]}
    features = [known.get(feature["name"], feature) for feature in query["leftFeatures"]]
    joins = [join | {"query": _completed(state, join["query"])} for join in query.get("joins") or ()]
    return {**query, "leftFeatureGroup": group, "leftFeatures": features, "joins": joins}


def _features(query: Json, chosen: dict[str, Json]) -> Iterator[Json]:
    """What the query selects; ``chosen``: the labels and helpers among it, as the client says."""
    for index, feature in enumerate(query["leftFeatures"]):
        yield {
            "name": feature["name"],
            "type": feature["type"],
            "index": index,
            "label": False,
            "inferenceHelperColumn": False,
            "trainingHelperColumn": False,
            **{name: value for name, value in chosen.get(feature["name"], {}).items() if value is True},
            "featuregroup": query["leftFeatureGroup"],
            "featureGroupFeatureName": feature["name"],
        }
    for join in query.get("joins") or ():
        yield from _features(join["query"], chosen)


def _get(state: State, request: Request) -> Answer:
    return Answer(view_of(state, **request.named))


def _versions(state: State, request: Request) -> Answer:
    name = request.named["name"]
    found = [view_of(state, *key) for key in sorted(state.views) if key[0] == name]
    if not found:
        raise Refused(404, 270181, "Feature view wasn't found.", f"name: {name}")
    return Answer({"count": len(found), "items": found})


def _delete(state: State, request: Request) -> Answer:
    name, version = request.named["name"], request.named.get("version")
    keys = [key for key in state.views if key[0] == name and (version is None or key[1] == int(version))]
    if not keys:
        raise Refused(404, 270181, "Feature view wasn't found.", f"name: {name}, version: {version}")
    for key in keys:
        del state.views[key]
        state.training_data.pop(key, None)
    return Answer()


def _batch_query(state: State, request: Request) -> Answer:
    query = view_of(state, **request.named)["query"]
    rules = [query["filter"], request.json if request.body else None]
    rules += [_bound(query, condition, request.asked(bound)) for bound, condition in _BOUNDS.items()]
    return Answer(query | {"filter": reduce(_both, filter(None, rules), None)})


_BOUNDS = {"start_time": "GREATER_THAN_OR_EQUAL", "end_time": "LESS_THAN"}


def _bound(query: Json, condition: str, milliseconds: str | None) -> Json | None:
    """A filter by event time."""
    group = query["leftFeatureGroup"]
    if milliseconds is None or group["eventTime"] is None:
        return None
    moment = datetime.fromtimestamp(int(milliseconds) / 1000, UTC).replace(tzinfo=None)
    feature = next(feature for feature in group["features"] if feature["name"] == group["eventTime"])
    rule = {"feature": feature, "condition": condition, "value": moment.isoformat(" ")}
    return {"type": "SINGLE", "leftFilter": rule}


def _both(left: Json | None, right: Json) -> Json:
    return right if left is None else {"type": "AND", "leftLogic": left, "rightLogic": right}


def _empty(state: State, request: Request) -> Answer:
    view_of(state, **request.named)
    return Answer({"count": 0, "items": []})


def _make_training_data(state: State, request: Request) -> Answer:
    view = view_of(state, **request.named)
    kept = state.training_data.setdefault((view["name"], view["version"]), [])
    made = {**request.json, "id": state.next_id(), "version": len(kept) + 1, "featurestoreId": STORE_ID}
    made |= {"created": state.time(), "type": "trainingDatasetDTO", "statisticsConfig": {}}
    made["splits"] = made.get("splits") or []
    kept.append(made)
    return Answer(made, 201)


def _training_data(state: State, request: Request) -> Answer:
    name, version, number = (request.named[part] for part in ("name", "version", "number"))
    kept = state.training_data.get((name, int(version)), [])
    if int(number) > len(kept):
        raise Refused(404, 270012, "Training dataset wasn't found.")
    return Answer(kept[int(number) - 1])


_ALL = f"{IN_PROJECT}/featurestores/{STORE_ID}/featureview"
_ONE = _ALL + "/{name}/version/{version}"
ROUTES = (
    route(f"POST {_ALL}", _make, "FEATURESTORE"),
    route(f"GET {_ALL}/{{name}}", _versions, "FEATURESTORE"),
    route(f"DELETE {_ALL}/{{name}}", _delete, "FEATURESTORE"),
    route(f"GET {_ONE}", _get, "FEATURESTORE"),
    route(f"DELETE {_ONE}", _delete, "FEATURESTORE"),
    route(f"GET {_ONE}/query/batch", _batch_query, "FEATURESTORE"),
    route(f"POST {_ONE}/query/batch", _batch_query, "FEATURESTORE"),
    route(f"GET {_ONE}/preparedstatement", _empty, "FEATURESTORE"),
    route(f"GET {_ONE}/transformation/functions", _empty, "FEATURESTORE"),
    route(f"POST {_ONE}/trainingdatasets", _make_training_data, "FEATURESTORE"),
    route(f"GET {_ONE}/trainingdatasets/version/{{number}}", _training_data, "FEATURESTORE"),
    route(f"POST {_ONE}/trainingdatasets/version/{{number}}/statistics", echo, "DATASET_VIEW", "FEATURESTORE"),
)
