"""The model registry: versions of models with their metrics, and what they were made from. Tags: ``tags``."""

from __future__ import annotations

from .datasets import place, remove
from .feature_views import view_of
from .routing import IN_PROJECT, Answer, NotFaked, Refused, Request, route
from .state import PROJECT_ID, Json, State
from .tags import accepted, kept_tags

_SCOPE = "MODELREGISTRY"


def model_of(state: State, model_id: str) -> Json:
    """A version by its id, which is name and version. Raises Refused."""
    found = state.models.get(model_id)
    if found is None:
        raise Refused(404, 360000, "No model found for provided name and version.")
    return found


def _put(state: State, request: Request) -> Answer:
    sent, model_id = request.json, request.named["id"]
    for name, value in (sent.get("metrics") or {}).items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused(400, 360002, "Could not cast provided metric to double.", name)
    tags = {
        tag["name"]: accepted(state, tag["name"], tag["value"]) for tag in (sent.get("tags") or {}).get("items", ())
    }
    # Where a model comes from is asked for by its provenance; its metadata do not say it.
    view, data = sent.pop("featureView", None), sent.pop("trainingDatasetVersion", None)
    made = state.models.get(model_id, {}).get("created") or state.time()
    model = {**sent, "id": model_id, "created": made, "modelRegistryId": PROJECT_ID, "projectName": state.project}
    state.models[model_id] = model | {"userFullName": "Some Body", "trainingDatasetVersion": data or 0}
    state.tags[model_id] = tags
    state.origins[model_id] = {"view": view, "data": data}
    return Answer(state.models[model_id])


def _change(state: State, request: Request) -> Answer:
    model = model_of(state, request.named["id"])
    model["framework"] = request.json["framework"]
    return Answer(model)


def _get(state: State, request: Request) -> Answer:
    return Answer(model_of(state, request.named["id"]))


def _list(state: State, request: Request) -> Answer:
    models = list(state.models.values())
    for rule in request.call.query.get("filter_by", []):
        kind, _, value = rule.partition(":")
        if kind != "name_eq":
            raise NotFaked(f"models filtered by {kind}")
        models = [model for model in models if model["name"] == value]
    order = request.asked("sort_by")
    if order:
        metric, _, direction = order.rpartition(":")
        models = [model for model in models if metric in (model["metrics"] or {})]
        models.sort(key=lambda model: float(model["metrics"][metric]), reverse=direction == "desc")
    count, limit = len(models), request.asked("limit")
    return Answer({"count": count, "items": models[: int(limit) if limit else None]})


def _delete(state: State, request: Request) -> Answer:
    """The version's files go with it."""
    model = model_of(state, request.named["id"])
    folder = place(state, f"Models/{model['name']}/{model['version']}")
    if folder.exists():
        remove(state, folder)
    for kept in (state.models, state.tags, state.origins):
        kept.pop(model["id"], None)
    return Answer(status=204)


def _links(state: State, request: Request) -> Answer:
    """What the model was made from: Hopsworks links it to a training dataset, and that to its feature view.

    So a model that was saved with a feature view alone has no parent there, unless ``links_views`` says otherwise.
    """
    model = model_of(state, request.named["id"])
    view, data = state.origins[model["id"]]["view"], state.origins[model["id"]]["data"]
    above = [] if view is None or not (data or state.links_views) else [_of_view(state, view)]
    if above and data:
        above = [_of_data(state, view, data, above)]
    node = _node("MODEL", _artifact(state, model["name"], model["version"]))
    return Answer({"node": node, "upstream": above, "downstream": []})


def _of_view(state: State, sent: Json) -> Json:
    name, version = sent["name"], sent["version"]
    try:
        node = _node("FEATURE_VIEW", view_of(state, name, version))
    except Refused as refused:
        is_deleted = (name, version) not in state.views
        node = _node("FEATURE_VIEW", _artifact(state, name, version), is_deleted=is_deleted)
        if not is_deleted:
            node |= {"exceptionCause": str(refused)}
    return {"node": node, "upstream": [], "downstream": []}


def _of_data(state: State, sent: Json, number: int, above: list[Json]) -> Json:
    kept = state.training_data.get((sent["name"], sent["version"]), [])
    if number <= len(kept):
        node = _node("TRAINING_DATASET", kept[number - 1])
    else:
        node = _node("TRAINING_DATASET", _artifact(state, sent["name"], number), is_deleted=True)
    return {"node": node, "upstream": above, "downstream": []}


def _node(kind: str, artifact: Json, *, is_deleted: bool = False) -> Json:
    return {"artifactType": kind, "artifact": artifact, "accessible": not is_deleted, "deleted": is_deleted}


def _artifact(state: State, name: str, version: int) -> Json:
    return {"project": state.project, "name": name, "version": version, "href": ""}


_ALL = f"{IN_PROJECT}/modelregistries/{PROJECT_ID}/models"
_ONE = _ALL + "/{id}"
ROUTES = (
    route(f"GET {_ALL}", _list, _SCOPE),
    route(f"PUT {_ONE}", _put, _SCOPE),
    route(f"PATCH {_ONE}", _change, _SCOPE),
    route(f"GET {_ONE}", _get, _SCOPE),
    route(f"DELETE {_ONE}", _delete, _SCOPE),
    route(f"GET {_ONE}/provenance/links", _links, _SCOPE),
    *kept_tags(_ONE + "/tags", model_of, _SCOPE),
)
