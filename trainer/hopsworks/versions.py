"""What the SDK knows of the model's versions: metadata, metrics, tags, files moved there and back.

Functions of the SDK's ``Project``, run by the connection (``features.hopsworks.session``) with its deadlines. What a
version means lives in ``registry``.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from features.hopsworks.schema import COLUMNS, EVENT_TIME, NAME, VERSION
from features.hopsworks.session import Project
from trainer.artefact import CARD
from trainer.hopsworks.metric_names import from_letters

SdkModel: TypeAlias = Any
SdkView: TypeAlias = Any
_log = logging.getLogger(__name__)
MODEL, VIEW, TAG = "two_tower_model_torch", "two_tower_model_features", "soundalike_gate"
REGISTRATION_S = 60
"""How long the SDK asks whether a model that it sent is registered; it asks every five seconds."""
TAG_SCHEMA = (
    '{"type": "object", "properties": {"accepted": {"type": "boolean"}, "verdict": {"type": "string"}}, '
    '"required": ["accepted"]}'
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A version as its metadata tell it.

    Attributes:
        version: from 1; some may be missing.
        made: when it was registered, as Hopsworks says it: another one, if a version was deleted and trained anew.
        metrics: by our names.
        accepted: as the tag says; None where there is no tag.
    """

    version: int
    made: str
    metrics: Mapping[str, float]
    accepted: bool | None


def numbers(project: Project) -> set[int]:
    """All versions, whoever registered them."""
    return {int(model.version) for model in project.get_model_registry().get_models(MODEL)}


def versions(project: Project, but: Container[int] = ()) -> list[Registered]:
    """All versions but some, oldest first, whoever registered them."""
    models = [model for model in project.get_model_registry().get_models(MODEL) if int(model.version) not in but]
    return sorted((_registered(model) for model in models), key=lambda found: found.version)


def version(project: Project, number: int) -> Registered | None:
    """One version; None where there is no such."""
    model = project.get_model_registry().get_model(MODEL, number)
    return None if model is None else _registered(model)


def send(project: Project, folder: Path, metrics: Mapping[str, float], said: Mapping[str, Any]) -> None:
    """Register the files in ``folder`` as a new version.

    Args:
        project: the SDK's.
        folder: with nothing else in it.
        metrics: by names in letters.
        said: what else ``create_model`` is told.
    """
    model = project.get_model_registry().torch.create_model(
        MODEL,
        metrics=dict(metrics),
        feature_view=_feature_view(project),
        **said,
    )
    model.save(str(folder), await_registration=REGISTRATION_S, keep_original_files=True)


def tag(project: Project, number: int, *, accepted: bool, verdict: str) -> None:
    """Say on a version whether it was promoted or rejected; in a cluster without this tag only its card says so."""
    from hopsworks_common.client.exceptions import RestAPIError

    try:
        model = project.get_model_registry().get_model(MODEL, number)
        model.set_tag(TAG, {"accepted": accepted, "verdict": verdict})
    except RestAPIError as error:
        if error.response.status_code not in (400, 404):
            raise
        _log.warning(
            "This cluster has no tag %s, so model %d carries its verdict only in %s. An administrator adds the tag "
            "under Cluster settings, Tag schemas: %s",
            TAG,
            number,
            CARD,
            TAG_SCHEMA,
        )


def fetch_card(project: Project, number: int, folder: Path) -> bool:
    """Download a version's card into ``folder``; whether it has one, which those of other programs have not."""
    files, path = project.get_dataset_api(), f"Models/{MODEL}/{number}/Files/{CARD}"
    if not files.exists(path):
        return False
    files.download(path, str(folder), overwrite=True)
    return True


def fetch(project: Project, number: int, folder: Path) -> None:
    """Download all files of a version into ``folder``."""
    project.get_model_registry().get_model(MODEL, number).download(str(folder))


def drop(project: Project, number: int) -> None:
    """Delete a version."""
    model = project.get_model_registry().get_model(MODEL, number)
    if model is not None:
        model.delete()


def _registered(model: SdkModel) -> Registered:
    said = model.get_tags().get(TAG)
    return Registered(
        version=int(model.version),
        made="".join(filter(str.isalnum, str(model.created))),
        metrics={from_letters(name): float(value) for name, value in (model.training_metrics or {}).items()},
        accepted=bool(said["accepted"]) if isinstance(said, dict) and "accepted" in said else None,
    )


def _feature_view(project: Project) -> SdkView:
    """What the model's features are a view of, for provenance; None where the features are not in Hopsworks."""
    store = project.get_feature_store()
    group = store.get_feature_group(NAME, VERSION)
    if group is None:
        return None
    columns = [column.name for column in COLUMNS if column.name != EVENT_TIME]
    return store.get_or_create_feature_view(
        name=VIEW, version=VERSION, query=group.select(columns), description="What the two-tower model is trained on"
    )
